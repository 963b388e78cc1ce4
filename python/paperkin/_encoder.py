"""Texts as vectors, with the names of sentence-transformers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from paperkin._errors import PaperkinError
from paperkin._native import NativeEncoder

if TYPE_CHECKING:
    import numpy

#: The bundled model, as the hub calls it.
_BUNDLED_ID = "sentence-transformers/all-MiniLM-L6-v2"
#: Texts between two steps of the progress bar.
_STEP = 1024


class Encoder:
    """A sentence-transformer that runs without PyTorch: all-MiniLM-L6-v2 unless another one is named.

    `model` is None, `all-MiniLM-L6-v2` or `sentence-transformers/all-MiniLM-L6-v2` for the bundled model, a directory, or an
    id of the Hugging Face hub (with `@REVISION` also the published weights of the bundled one). An encoder may be shared by
    threads, and used after a fork; pickling keeps the model's name, not its weights.
    `pooling` is `cls`, `mean` or `max`, for a model that has no `modules.json` to say it.

    >>> import paperkin
    >>> paperkin.Encoder().encode(["Robots that walk", "Parsing speech"]).shape
    (2, 384)
    """

    def __init__(
        self, model: str | os.PathLike[str] | None = None, *, device: str = "auto", pooling: str | None = None
    ) -> None:
        self._model = model_name(model)
        self._device = device
        self._pooling = pooling
        self._native = NativeEncoder(self._model or "bundled", device, pooling)

    def encode(
        self,
        sentences: str | Iterable[str],
        batch_size: int | None = None,
        show_progress_bar: bool = False,
        normalize_embeddings: bool = True,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        prompt_name: str | None = None,
    ) -> numpy.ndarray:
        """Embeddings: an array of f32 of shape (texts, dimension), or (dimension,) for a single text.

        Where the model has prompts, `prompt_name="query"` puts the one for queries before the texts; without a name, or with
        `"document"`, it is the one for what is found by them.

        `batch_size` is accepted for sentence-transformers' sake: texts are grouped by their lengths. Embeddings are arrays of
        length 1, so `normalize_embeddings=False` and `convert_to_tensor=True` are refused.

        Raises TypeError for what is no text.
        """
        if not normalize_embeddings:
            raise PaperkinError("`normalize_embeddings`: embeddings of paperkin always have length 1", "input")
        if convert_to_tensor or not convert_to_numpy:
            raise PaperkinError("`convert_to_tensor`: embeddings are arrays: use `torch.from_numpy`", "input")
        if prompt_name not in (None, "document", "query"):
            raise PaperkinError(f"`prompt_name`: {prompt_name!r} is neither 'query' nor 'document'", "input")
        are_queries = prompt_name == "query"
        if batch_size is not None and batch_size < 1:
            raise PaperkinError(f"`batch_size`: {batch_size} is not above 0", "input")
        if isinstance(sentences, str):
            return self._native.encode(_texts([sentences]), are_queries)[0]
        texts = _texts(sentences)
        if not show_progress_bar or len(texts) <= _STEP:
            return self._native.encode(texts, are_queries)
        parts = []
        for start in range(0, len(texts), _STEP):
            parts.append(self._native.encode(texts[start : start + _STEP], are_queries))
            done = min(start + _STEP, len(texts))
            print(f"\rencoding {done:,} of {len(texts):,}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        import numpy

        return numpy.concatenate(parts)

    encode_document = encode

    def encode_query(self, sentences: str | Iterable[str], **options: Any) -> numpy.ndarray:
        """As `encode`, of queries."""
        return self.encode(sentences, **{"prompt_name": "query", **options})

    def similarity(self, embeddings: numpy.ndarray, others: numpy.ndarray) -> numpy.ndarray:
        """The cosines of embeddings with others: a row for each."""
        import numpy

        return numpy.atleast_2d(embeddings) @ numpy.atleast_2d(others).T

    def get_sentence_embedding_dimension(self) -> int:
        """Numbers in an embedding."""
        return self._native.dimension

    @property
    def name(self) -> str:
        """The name of its model."""
        return self._native.name

    @property
    def fingerprint(self) -> str:
        """What tells the model from every other one."""
        return self._native.fingerprint

    @property
    def device(self) -> str:
        """What it runs on: `cpu`, `cuda` or `metal`."""
        return self._native.device

    # What LangChain and LlamaIndex call embeddings; for code that asks for their own classes, see `paperkin.langchain` and
    # `paperkin.llama_index`.

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's name for the embeddings of texts."""
        return self.encode(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """LangChain's name for the embedding of a question."""
        return self.encode_query(text).tolist()

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """As `embed_documents`, on another thread."""
        import asyncio

        return await asyncio.to_thread(self.embed_documents, texts)

    async def aembed_query(self, text: str) -> list[float]:
        """As `embed_query`, on another thread."""
        import asyncio

        return await asyncio.to_thread(self.embed_query, text)

    def get_text_embedding_batch(self, texts: list[str], **_: Any) -> list[list[float]]:
        """LlamaIndex's name for the embeddings of texts."""
        return self.embed_documents(texts)

    def get_text_embedding(self, text: str) -> list[float]:
        """LlamaIndex's name for the embedding of a text."""
        return self.encode(text).tolist()

    get_query_embedding = embed_query

    # What scikit-learn calls a transformer.

    def fit(self, texts: Iterable[str], labels: Any = None) -> Encoder:
        """Does nothing: the model is trained already."""
        return self

    def transform(self, texts: Iterable[str]) -> numpy.ndarray:
        """scikit-learn's name for the embeddings of texts."""
        return self.encode(texts)

    def fit_transform(self, texts: Iterable[str], labels: Any = None) -> numpy.ndarray:
        """As `transform`."""
        return self.encode(texts)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """scikit-learn's name for the arguments of the constructor."""
        return {"model": self._model, "device": self._device, "pooling": self._pooling}

    def set_params(self, **params: Any) -> Encoder:
        """scikit-learn's way to change arguments: the model is opened again."""
        self.__init__(**{**self.get_params(), **params})  # type: ignore[misc]
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (type(self), self._model, self._device, self._pooling)

    def __repr__(self) -> str:
        return f"Encoder({self.name!r}, device={self.device!r})"


def model_name(model: str | os.PathLike[str] | None) -> str | None:
    """The name of a model as the engine knows it; None for the bundled one."""
    name = None if model is None else os.fspath(model)
    return None if name == _BUNDLED_ID and not os.path.isdir(name) else name


def _opened(kind: type[Encoder], model: str | None, device: str, pooling: str | None = None) -> Encoder:
    return kind(model, device=device, pooling=pooling)


def _texts(sentences: Iterable[str]) -> list[str]:
    if isinstance(sentences, (bytes, dict)) or hasattr(sentences, "columns") or not isinstance(sentences, Iterable):
        hint = ": give one of its columns" if hasattr(sentences, "columns") else ""
        raise TypeError(f"sentences: expected texts, not {type(sentences).__name__}{hint}")
    texts = sentences.to_pylist() if hasattr(sentences, "to_pylist") else list(sentences)  # pyarrow
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            hint = ": decode it" if isinstance(text, bytes) else ""
            raise TypeError(f"sentences[{place}]: expected a text, not {type(text).__name__}{hint}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PaperkinError(f"sentences[{place}]: it cannot be written in UTF-8: {error.reason}") from None
    return [str(text) for text in texts]
