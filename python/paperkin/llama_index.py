"""Embeddings for LlamaIndex. Needs `llama-index-core`.

    from llama_index.core import Settings
    from paperkin.llama_index import PaperkinEmbedding

    Settings.embed_model = PaperkinEmbedding()
"""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.embeddings import BaseEmbedding

from paperkin._encoder import Encoder


class PaperkinEmbedding(BaseEmbedding):
    """An embedding model of LlamaIndex, which takes no other object for one."""

    _encoder: Encoder = PrivateAttr()

    def __init__(self, model: Any = None, *, device: str = "auto", **options: Any) -> None:
        encoder = Encoder(model, device=device)
        super().__init__(**{"model_name": encoder.name, "embed_batch_size": 256, **options})
        self._encoder = encoder

    @classmethod
    def class_name(cls) -> str:
        """What LlamaIndex calls it in files."""
        return "PaperkinEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._encoder.embed_query(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._encoder.get_text_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._encoder.embed_documents(texts)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)
