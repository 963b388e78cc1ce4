"""Messages speak of Python, not of the options of the program."""

import pytest

import paperkin
from paperkin._errors import in_python

LATIN = "@article{a, title = {R\xf6bots}}".encode("latin-1")


def file_of(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda engine, folder: paperkin.Engine(folder / "none", create=False), "create=False"),
        (lambda engine, folder: [engine.report(folder / "report") for _ in range(2)], "replace=True"),
        (lambda engine, folder: engine.add(file_of(folder, "x.csv", b"title\nR\xf6bots\n")), 'encoding="windows-1252"'),
        (lambda engine, folder: engine.add(file_of(folder, "y.csv", "灯塔,title".encode("utf-16-le"))), "encoding="),
        (lambda engine, folder: paperkin.Encoder(device="cuda"), "cuda"),
        (lambda engine, folder: paperkin.Encoder("no such model"), "model"),
        (lambda engine, folder: engine.feed("nobody"), "nobody"),
        (lambda engine, folder: engine.search("x", strategy="magic"), "strategy"),
        (lambda engine, folder: engine.search("x", limit=0), "limit"),
        (lambda engine, folder: engine.add(file_of(folder, "papers.bib", b"")), "papers.bib"),
        (lambda engine, folder: paperkin.Engine(file_of(folder, "file", b"text")), "file"),
        (lambda engine, folder: paperkin.Engine(other_database(folder)), "path"),
        (lambda engine, folder: engine.feed(read_profile(engine)), "again=True"),
    ],
)  # fmt: skip
def test_a_mistake(engine, tmp_path, mistake, message):
    try:
        said = mistake(engine, tmp_path)
        said = "\n".join(said.problems) if isinstance(said, paperkin.AddSummary) else said.note
    except paperkin.PaperkinError as error:
        said = str(error)
    assert message in said and "--" not in said, said


def other_database(folder):
    import sqlite3

    path = folder / "other"
    path.mkdir()
    with sqlite3.connect(path / "library.sqlite3") as connection:
        connection.execute("CREATE TABLE mine (x)")
    return path


def read_profile(engine):
    """A profile that has seen everything."""
    engine.profile("me").like("2401.90001").feed(mark_seen=True)
    return "me"


def test_an_option_without_a_name_of_its_own():
    assert in_python("see `--min-relevance WORD` and --seed") == "see `min_relevance` and `seed`"
    assert in_python("no file `a--b.bib`") == "no file `a--b.bib`"


def test_the_encoding_of_a_file(engine, tmp_path):
    path = file_of(tmp_path, "latin.bib", LATIN)
    assert engine.add(path, encoding="latin-1").new == 1
    assert engine.paper("R\xf6bots")
    with pytest.raises(TypeError, match="encoding"):
        engine.add([{"title": "x"}], encoding="latin-1")
    with pytest.raises(paperkin.PaperkinError, match="`encoding`"):
        engine.add(path, encoding="latin-77")
