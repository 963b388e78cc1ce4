"""Texts as vectors."""

import asyncio
import pathlib
import pickle

import numpy
import pytest

import paperkin

TEXTS = ["Robots that walk", "Parsing speech", "", "Bread without an oven " * 200]


def test_vectors(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (4, 384) and vectors.dtype == numpy.float32
    assert encoder.get_sentence_embedding_dimension() == 384
    numpy.testing.assert_allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode(TEXTS[0]).shape == (384,)
    assert encoder.encode([]).shape == (0, 384)
    near = vectors[0] @ encoder.encode("Legged robots")
    assert near > vectors[1] @ encoder.encode("Legged robots") + 0.2


def test_the_order_is_that_of_the_texts(encoder, capsys):
    texts = [f"paper {n} " * (n % 40) for n in range(1500)]
    vectors = encoder.encode(texts, show_progress_bar=True, batch_size=8)
    assert "1,500 of 1,500" in capsys.readouterr().err
    for place in (0, 1, 700, 1499):
        numpy.testing.assert_allclose(vectors[place], encoder.encode(texts[place]), atol=0.02)


def test_a_query_has_another_prompt_than_a_document(encoder):
    models = pathlib.Path(__file__).parents[2] / "tests/fixtures/encoders"
    for model, differs in [(models / "bert-prompts", True), (models / "roberta", False)]:
        prompted = paperkin.Encoder(model)
        query, document = prompted.encode_query("graph networks"), prompted.encode_document("graph networks")
        assert (not numpy.allclose(query, document, atol=1e-4)) == differs
        assert prompted.embed_query("graph networks") == query.tolist()
        assert prompted.get_text_embedding("graph networks") == document.tolist()
    with pytest.raises(paperkin.PaperkinError, match="prompt_name"):
        encoder.encode(TEXTS, prompt_name="sts")


def test_any_iterable(encoder):
    import pandas

    import polars
    import pyarrow

    expected = encoder.encode(TEXTS[:2])
    tables = (kind(TEXTS[:2]) for kind in (tuple, iter, pandas.Series, polars.Series, numpy.array, pyarrow.array))
    for texts in tables:
        numpy.testing.assert_array_equal(encoder.encode(texts), expected)


@pytest.mark.parametrize("texts", [b"bytes", [b"bytes"], [1.5], [None], 7, {"a": "b"}, numpy.zeros((2, 3)), ["a", ["b"]]])
def test_what_is_no_text(encoder, texts):
    with pytest.raises(TypeError, match="expected"):
        encoder.encode(texts)


def test_what_is_refused(encoder):
    with pytest.raises(paperkin.PaperkinError, match="normalize_embeddings"):
        encoder.encode(TEXTS, normalize_embeddings=False)
    with pytest.raises(paperkin.PaperkinError, match="convert_to_tensor"):
        encoder.encode(TEXTS, convert_to_tensor=True)
    with pytest.raises(paperkin.PaperkinError, match="device"):
        paperkin.Encoder(device="abacus")
    with pytest.raises(paperkin.PaperkinError, match="is not a pooling: use mean, cls, max"):
        paperkin.Encoder(pooling="sum")
    with pytest.raises(paperkin.PaperkinError, match="no such directory"):
        paperkin.Encoder("./nowhere")
    with pytest.raises(paperkin.PaperkinError, match=r"sentences\[1\]"):
        encoder.encode(["a", "\ud800"])


def test_a_copy_by_pickle(encoder):
    copy = pickle.loads(pickle.dumps(encoder))
    assert copy.fingerprint == encoder.fingerprint and repr(copy) == repr(encoder)


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", None])
def test_names_of_the_bundled_model(encoder, name):
    assert paperkin.Encoder(name).fingerprint == encoder.fingerprint
    with paperkin.Engine(model=name) as engine:
        engine.add([{"title": TEXTS[0]}])
        assert len(engine.search("robots")) == 1


def test_names_of_other_libraries(encoder):
    vectors = encoder.encode(TEXTS[:2], convert_to_numpy=True)
    numpy.testing.assert_array_equal(encoder.encode_query(TEXTS[:2]), vectors)
    assert encoder.similarity(vectors, vectors[0]).shape == (2, 1) and encoder.similarity(vectors[0], vectors)[0, 0] > 0.99
    assert encoder.embed_documents(TEXTS[:2]) == vectors.tolist() == encoder.get_text_embedding_batch(TEXTS[:2])
    assert encoder.embed_query(TEXTS[0]) == encoder.get_query_embedding(TEXTS[0])
    numpy.testing.assert_array_equal(encoder.fit(TEXTS).transform(TEXTS[:2]), vectors)
    assert type(encoder)(**encoder.get_params()).fingerprint == encoder.fingerprint
    assert asyncio.run(encoder.aembed_query(TEXTS[0])) == encoder.embed_query(TEXTS[0])


def test_a_data_frame_is_no_list_of_texts(encoder):
    import pandas

    with pytest.raises(TypeError, match="one of its columns"):
        encoder.encode(pandas.DataFrame({"title": TEXTS}))
