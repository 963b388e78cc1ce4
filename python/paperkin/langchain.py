"""Embeddings for LangChain. Needs `langchain-core`.

    from langchain_core.vectorstores import InMemoryVectorStore
    from paperkin.langchain import PaperkinEmbeddings

    store = InMemoryVectorStore(PaperkinEmbeddings())
"""

from langchain_core.embeddings import Embeddings

from paperkin._encoder import Encoder


class PaperkinEmbeddings(Encoder, Embeddings):
    """An encoder that LangChain knows as its own: some of its stores ask for that."""
