"""What can be asked of a library, and what is refused."""

import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import PAPERS

import paperkin


def ids(answer):
    return [result.paper.id for result in answer]


def test_questions(engine):
    assert ids(engine.search("walking robots"))[0] == "2401.90001"
    assert ids(engine.similar("Legs and wheels together"))[0] == "2401.90001"
    assert ids(engine.recommend(like=["2401.90001"], limit=1)) == ["2401.90003"]
    assert ids(engine.search("models", categories="cs.CL")) == ["2401.90002"]
    assert ids(engine.search("robots", published_after=datetime.date(2026, 2, 1), by="Ada Example")) == ["2401.90003"]


def test_the_same_answers_as_the_program(tmp_path):
    with paperkin.Engine(tmp_path / "library") as engine:
        engine.add(PAPERS)
        ours = [(result.paper.id, round(result.score, 4)) for result in engine.search("walking robots")]
    command = [sys.executable, "-c", "from paperkin._command import main; main()"]
    asked = ["--library", str(tmp_path / "library"), "search", "walking robots", "--format", "json"]
    run = subprocess.run([*command, *asked], capture_output=True, text=True, check=True)
    theirs = [(result["paper"]["id"], round(result["score"], 4)) for result in json.loads(run.stdout)["results"]]
    # The program leaves out what is far.
    assert theirs and ours[: len(theirs)] == theirs


def test_a_paper(engine):
    paper = engine.paper("2401.90001")
    assert (paper.title, paper.published, paper.votes) == (PAPERS[0]["title"], datetime.date(2026, 1, 5), 3)
    assert paper.byline == "Ada Example, Bo Sample"
    engine.add([{"id": "bare", "abstract": "An abstract without a title."}])
    bare = engine.paper("bare")
    assert (bare.title, bare.authors, bare.published, bare.url) == ("", (), None, None)
    assert "bare" in repr(engine.search("an abstract without a title"))
    assert engine.paper("2401.99999") is None
    assert engine.remove("2401.90004") == 1
    assert len(engine) == 4


def test_a_profile_has_a_feed(engine):
    profile = engine.profile("me").like("2401.90001", interest="robots").follow("Ada Example").dislike(["2401.90004"])
    assert [entry["kind"] for entry in profile.history()] == ["like", "dislike"]
    feed = profile.feed(limit=1)
    assert ids(feed) == ["2401.90003"] and feed[0].because == PAPERS[0]["title"]
    profile.feed(mark_seen=True)
    assert ids(profile.feed()) == []
    assert engine.profiles() == ["me"]
    assert profile.forget("2401.90004").history() == profile.history()[:1]


@pytest.mark.parametrize("table", ["pandas", "polars", "pyarrow", "generator"])
def test_tables(table):
    rows = [{**PAPERS[0]}, {**PAPERS[3], "votes": None, "published": None}]
    if table == "pandas":
        import pandas

        rows = pandas.DataFrame(rows)
    elif table == "polars":
        import polars

        rows = polars.DataFrame(rows)
    elif table == "pyarrow":
        import pyarrow

        rows = pyarrow.Table.from_pylist(rows)
    else:
        rows = iter(rows)
    with paperkin.Engine() as engine:
        summary = engine.add(rows)
        assert (summary.new, summary.rejected, summary.problems) == (2, 0, ())
        assert engine.paper("2401.90004").votes is None
        assert engine.paper("2401.90001").authors == ("Ada Example", "Bo Sample")


def test_a_file_is_added(tmp_path):
    file = tmp_path / "papers.bib"
    file.write_text("@article{a, title = {Robots that walk}, author = {Example, Ada}, year = 2026}")
    with paperkin.Engine() as engine:
        assert engine.add(file).new == 1
        with pytest.raises(paperkin.PaperkinError, match="missing.jsonl"):
            engine.add(tmp_path / "missing.jsonl")


def test_answers_are_shown(engine):
    answer = engine.recommend(like="2401.90001")
    assert "2401.90003  Legs and wheels together" in repr(answer)
    assert answer.to_pandas()["id"][0] == answer.to_polars()["id"][0] == "2401.90003"
    assert len(answer[:2]) == 2
    shown = answer._repr_html_()
    assert "Legs and wheels together" in shown and "because of Robots that walk" in shown
    engine.add([{"title": "<script>alert(1)</script> in papers", "url": "javascript:alert(1)"}])
    shown = engine.search("script alert in papers")._repr_html_()
    assert "<script>" not in shown and "javascript:" not in shown


def test_a_report(engine, tmp_path):
    findings = engine.report(tmp_path / "report")
    assert findings[0].startswith("4 papers") and (tmp_path / "report" / "report.html").exists()
    with pytest.raises(paperkin.PaperkinError, match="has a report already"):
        engine.report(tmp_path / "report")
    engine.report(tmp_path / "report", replace=True)


@pytest.mark.parametrize(
    ("ask", "kind", "message"),
    [
        (lambda engine: engine.search(""), "input", "`text`"),
        (lambda engine: engine.search("robots", limit=0), "input", "`limit`"),
        (lambda engine: engine.search("robots", limit=-1), "input", "`limit`: -1"),
        (lambda engine: engine.search("robots", published_after="soon"), "input", "`published_after`"),
        (lambda engine: engine.similar("2401.99999"), "missing", "2401.99999"),
        (lambda engine: engine.feed("nobody"), "missing", "nobody"),
        (lambda engine: engine.profile("me").like("2401.99999"), "missing", "2401.99999"),
        (lambda engine: paperkin.Engine("/nowhere/at/all", create=False), "missing", "/nowhere/at/all"),
        (lambda engine: paperkin.Engine(model="./no-model").search("x"), "input", "no-model"),
    ],
)
def test_what_is_refused(engine, ask, kind, message):
    with pytest.raises(paperkin.PaperkinError, match=message) as refused:
        ask(engine)
    assert refused.value.code == kind
    assert "\n" not in str(refused.value.args[0])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda engine: engine.search(None), "text"),
        (lambda engine: engine.search("x", published_after=float("nan")), "published_after"),
        (lambda engine: engine.search("x", categories=[None]), "categories"),
        (lambda engine: engine.search("x", limit="3"), "limit: expected a whole number, not str"),
        (lambda engine: engine.search("x", limit=True), "limit"),
        (lambda engine: engine.search("x", diversity="much"), "diversity: expected a number"),
        (lambda engine: engine.search("x", explain=1), "explain"),
        (lambda engine: engine.recommend(like="2401.90001", positive=["2401.90002"]), "positive"),
        (lambda engine: engine.similar("2401.90001", positive=["2401.90002"]), "positive"),
        (lambda engine: engine.profile("me").like([None]), "NoneType"),
        (lambda engine: engine.remove(b"2401"), "int"),
    ],
)
def test_arguments_that_are_none(engine, ask, message):
    with pytest.raises(TypeError, match=message):
        ask(engine)


def test_what_came_in_an_answer_names_papers(engine):
    found = engine.search("walking robots")
    assert ids(engine.similar(found[0])) == ids(engine.similar(found[0].paper)) == ids(engine.similar(found[0].paper.id))
    assert engine.recommend(like=found[:2], limit=1)[0].paper.id not in ids(found[:2])
    assert engine.remove("Bread without") == 0 and engine.remove("Bread without an oven") == 1
    assert "not in the library: 2401.99999" in repr(engine.recommend(like=["2401.90001", "2401.99999"]))
    assert engine.search("walking robots", explain=True)[0].sentence_match.sentence


def test_an_empty_engine_is_true_and_hides_its_password():
    with paperkin.Engine() as engine:
        assert engine and len(engine) == 0
        engine._path = "postgres://me:secret@db/papers?password=secret"
        assert "secret" not in repr(engine) and "db/papers" in repr(engine)
    with pytest.raises(paperkin.PaperkinError, match="`path` is empty"):
        paperkin.Engine("")


def test_dates_of_any_kind():
    import numpy
    import pandas

    days = [datetime.date(2024, 2, 3), datetime.datetime(2024, 2, 3, 4), pandas.Timestamp("2024-02-03", tz="UTC"), "2024-02-03"]
    days += [numpy.datetime64("2024-02-03", unit) for unit in ("D", "s", "ns")]
    with paperkin.Engine() as engine:
        papers = [{"id": f"p{n}", "title": f"Paper {n}", "published": day} for n, day in enumerate(days)]
        assert engine.add(papers).new == len(days)
        assert {engine.paper(f"p{n}").published for n in range(len(days))} == {datetime.date(2024, 2, 3)}
        for day in days:
            assert len(engine.search("paper", published_after=day, limit=100)) == len(days)


@pytest.mark.parametrize(
    "papers", [b"bytes", 5, [1, 2], [["a"]], [b"bytes"], [{"title": object()}], {"title": [b"bytes"]}]
)
def test_what_are_no_papers(engine, papers):
    with pytest.raises(TypeError, match="papers"):
        engine.add(papers)
    assert len(engine) == 4


def test_records_that_cannot_be_used_are_named(engine):
    summary = engine.add([{"title": "A fine paper"}, {"name": "no title"}, {"title": float("nan"), "abstract": None}])
    assert (summary.new, summary.rejected) == (1, 2)
    assert "record 2" in summary.problems[0]
    # A row of nothing, and a date that is none.
    summary = engine.add([{}, {"title": "Another paper", "published": "someday"}])
    assert (summary.new, summary.rejected, len(summary.problems)) == (0, 2, 2)
    assert "someday" in summary.problems[1]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_without_the_columns(engine, library):
    tables = pytest.importorskip(library)
    table = (tables.table if library == "pyarrow" else tables.DataFrame)({"name": ["a", "b"], "size": [1, 2]})
    with pytest.raises(paperkin.PaperkinError, match="no title and no abstract; columns: name, size"):
        engine.add(table)
    assert len(engine) == 4 and engine.add(table.slice(0, 0) if library == "pyarrow" else table[:0]).rejected == 0


def test_two_processes_on_one_library(tmp_path):
    program = """
import paperkin, sys
engine = paperkin.Engine(sys.argv[1])
print(engine.add({"title": f"Paper {sys.argv[2]} {n}"} for n in range(100)).new)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "library")]
    children = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("one", "two")]
    assert [child.communicate(timeout=120)[0] for child in children] == ["100\n", "100\n"]
    with paperkin.Engine(tmp_path / "library") as engine:
        assert len(engine) == 200


def test_a_closed_engine(engine):
    engine.close()
    with pytest.raises(paperkin.PaperkinError, match="closed"):
        engine.search("robots")


def test_two_engines_on_one_library(tmp_path):
    with paperkin.Engine(tmp_path / "library") as one, paperkin.Engine(tmp_path / "library") as other:
        one.add(PAPERS[:2])
        assert len(other) == 2
        other.add(PAPERS[2:])
        assert ids(one.search("bread", limit=1)) == ["2401.90004"]


def test_threads_share_an_engine(engine):
    found = []
    threads = [threading.Thread(target=lambda: found.append(ids(engine.search("robots")))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(found) == 8 and all(answer == found[0] for answer in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_asks_on(tmp_path, encoder):
    engine = paperkin.Engine(tmp_path / "library")
    engine.add(PAPERS)
    before, vector = ids(engine.search("robots")), encoder.encode("robots").tolist()
    in_memory = paperkin.Engine()
    child = os.fork()
    if child == 0:
        try:
            len(in_memory)
            os._exit(2)
        except paperkin.PaperkinError:
            pass
        is_same = ids(engine.search("robots")) == before and encoder.encode("robots").tolist() == vector
        os._exit(0 if is_same else 1)
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.1)
    else:
        os.kill(child, signal.SIGKILL)
    assert done and os.waitstatus_to_exitcode(status) == 0
    assert ids(engine.search("robots")) == before


def test_an_interruption_stops_an_addition(tmp_path):
    program = """
import paperkin, sys
engine = paperkin.Engine(sys.argv[1])
print("begun", flush=True)
try:
    engine.add({"title": f"Paper number {n}", "abstract": f"words {n} " * 100} for n in range(100_000))
except KeyboardInterrupt:
    print("interrupted", len(engine), flush=True)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "library")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "begun\n"
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    word, count = out.split()
    assert word == "interrupted" and int(count) < 100_000
