"""The embeddings in LangChain and LlamaIndex, where they are installed."""

import asyncio
import pickle

import pytest

import paperkin

TEXTS = ["Robots that walk on soft ground", "Parsing speech with small models", "Bread without an oven"]


def needed(module):
    """The module, or a skipped test that says why."""
    return pytest.importorskip(module, reason=f"skipped: {module} is not installed")


def test_a_store_of_langchain():
    stores = needed("langchain_core.vectorstores")
    from langchain_core.embeddings import Embeddings

    from paperkin.langchain import PaperkinEmbeddings

    embeddings = PaperkinEmbeddings()
    assert isinstance(embeddings, Embeddings) and isinstance(pickle.loads(pickle.dumps(embeddings)), Embeddings)
    for embedding in (paperkin.Encoder(), embeddings):
        store = stores.InMemoryVectorStore(embedding)
        store.add_texts(TEXTS, metadatas=[{"place": place} for place in range(len(TEXTS))])
        [(found, score)] = store.similarity_search_with_score("legged robots", k=1)
        assert found.metadata == {"place": 0} and 0.3 < score < 1
        assert asyncio.run(store.asimilarity_search("baking", k=1))[0].page_content == TEXTS[2]
        assert store.as_retriever(search_kwargs={"k": 1}).invoke("speech recognition")[0].page_content == TEXTS[1]


def test_an_index_of_llama_index():
    core = needed("llama_index.core")
    from paperkin.llama_index import PaperkinEmbedding

    embedding = PaperkinEmbedding()
    core.Settings.embed_model = embedding
    assert core.Settings.embed_model is embedding and embedding.model_name == "all-MiniLM-L6-v2"
    index = core.VectorStoreIndex.from_documents([core.Document(text=text) for text in TEXTS])
    retriever = index.as_retriever(similarity_top_k=1)
    assert retriever.retrieve("legged robots")[0].text == TEXTS[0]
    assert asyncio.run(retriever.aretrieve("baking"))[0].text == TEXTS[2]
    assert embedding.get_text_embedding(TEXTS[0]) == paperkin.Encoder().encode(TEXTS[0]).tolist()
