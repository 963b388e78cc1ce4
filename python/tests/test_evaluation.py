"""What `Engine.evaluate` measures, beside what the program prints."""

import datetime
import json
import subprocess
import sys

import pytest

import paperkin

TOPICS = {
    "robots": ["legs", "wheels", "grippers", "balance", "terrain", "stairs", "sand", "snow", "motors", "joints"],
    "bread": ["flour", "ovens", "yeast", "crust", "salt", "dough", "rye", "pans", "taste", "butter"],
    "speech": ["phones", "accents", "noise", "vowels", "tone", "pauses", "children", "singing", "echo", "words"],
}
PAPERS = [
    {
        "id": f"2401.{10 * topic + number:05}",
        "title": f"A study of {name} and {word}",
        "abstract": f"We examine {name} with {word}.",
        "published": str(datetime.date(2026, 1, 1) + datetime.timedelta(days=3 * number + topic)),
    }
    for topic, (name, words) in enumerate(TOPICS.items())
    for number, word in enumerate(words)
]
ROBOTS = [paper["id"] for paper in PAPERS[:10]]


@pytest.fixture
def library(tmp_path):
    """A library with a reader of robots."""
    with paperkin.Engine(tmp_path / "library") as engine:
        assert engine.add(PAPERS).new == len(PAPERS)
        engine.profile("me").like(ROBOTS).dislike(PAPERS[12]["id"])
    return tmp_path / "library"


@pytest.fixture
def judged(tmp_path):
    """Files of queries and judgments."""
    queries, judgments = tmp_path / "queries.jsonl", tmp_path / "judgments.tsv"
    history = [PAPERS[10]["id"], PAPERS[11]["id"]]
    lines = [{"id": "q1", "text": "robots that walk"}, {"qid": "q2", "history": history}, {"id": "q3", "text": "x"}]
    queries.write_text("\n".join(map(json.dumps, lines)))
    rows = [("q1", paper, 2) for paper in ROBOTS[:5]] + [("q2", PAPERS[place]["id"], 1) for place in range(13, 17)]
    judgments.write_text("query\tpaper\tgain\n" + "".join(f"{query}\t{paper}\t{gain}\n" for query, paper, gain in rows))
    return queries, judgments


def printed(library, *options):
    """What the program prints."""
    command = [sys.executable, "-m", "paperkin", "--library", str(library), "eval", *map(str, options), "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(run.stdout)


def assert_same(evaluation, expected):
    """That an evaluation has all figures of the program's."""
    cells = [(row["method"], cell) for row in expected["methods"] for cell in row["metrics"]]
    rows = [(method, cell["metric"], cell["value"], cell["interval"]) for method, cell in cells]
    ours = [(e.method, e.metric, e.value, e.interval and list(e.interval)) for e in evaluation.estimates]
    assert ours == rows and len(rows) > 20
    gains = [(row["baseline"], row["gain"], tuple(row["interval"])) for row in expected["comparisons"]]
    assert [(c.method, c.gain, c.interval) for c in evaluation.comparisons] == gains
    for name in ("queries", "papers", "model"):
        assert getattr(evaluation, name) == expected[name]


def test_a_profile_as_the_program_has_it(library):
    expected = printed(library, "--profile", "me")
    with paperkin.Engine(library) as engine:
        evaluation = engine.evaluate("me")
    assert_same(evaluation, expected)
    held_out = evaluation.held_out
    assert (str(held_out.day), held_out.picks, held_out.known) == (expected["day"], expected["picks"], expected["known"])
    assert held_out.picks == 3 and evaluation.methods[0] == "paperkin"
    assert evaluation.value(f"recall@{expected['first']}") == expected["methods"][0]["metrics"][0]["value"]
    assert "3 held-out papers among" in repr(evaluation) and "| paperkin " in repr(evaluation)


@pytest.mark.parametrize("is_judged_only", [False, True])
def test_judged_queries_as_the_program_has_them(library, judged, is_judged_only):
    queries, judgments = judged
    options = ["--judged-only"] if is_judged_only else []
    options += ["--metrics", "map,ndcg@5", "--seed", "3"]
    expected = printed(library, "--queries", queries, "--qrels", judgments, *options)
    how = {"metrics": ["map", "ndcg@5"], "seed": 3, "judged_only": is_judged_only}
    with paperkin.Engine(library) as engine:
        by_file = engine.evaluate(queries=queries, judgments=judgments, **how)
        gains = {"q1": dict.fromkeys(ROBOTS[:5], 2), "q2": {PAPERS[place]["id"]: 1 for place in range(13, 17)}}
        asked = [{"id": "q1", "text": "robots that walk"}, {"id": "q2", "positive": [PAPERS[10]["id"], PAPERS[11]["id"]]}]
        by_value = engine.evaluate(queries=asked, judgments=gains, **how)
        assert engine.evaluate(queries=asked, judgments=gains).metrics == ["map", "ndcg@10", "recall@50", "mrr", "pairs"]
    assert_same(by_file, expected)
    assert by_value.estimates == by_file.estimates and by_file.held_out is None


def test_a_history_with_days(library):
    history = [{"id": paper, "at": datetime.date(2026, 1, 1 + number)} for number, paper in enumerate(ROBOTS)]
    with paperkin.Engine(library) as engine:
        evaluation = engine.evaluate(history=history, metrics="mrr")
        assert evaluation.metrics[-1] == "mrr" and evaluation.held_out.picks == 3
        assert engine.evaluate(history=ROBOTS).held_out.picks == 3


def test_a_table_of_figures(library):
    with paperkin.Engine(library) as engine:
        evaluation = engine.evaluate("me")
    table = evaluation.to_pandas()
    assert list(table.columns) == ["method", "metric", "value", "low", "high", "queries"]
    assert len(table) == len(evaluation.methods) * len(evaluation.metrics)
    assert table["low"].isna().all() and table["value"].dtype == float


def test_what_cannot_be_evaluated(library, tmp_path):
    query = {"id": "q", "text": "robots"}
    with paperkin.Engine(library) as engine:
        for arguments in ({}, {"profile": "me", "history": ROBOTS}, {"queries": [query]}, {"queries": query, "judgments": {}},
                          {"queries": [query], "judgments": [1]}, {"queries": ["q"], "judgments": {}}):
            with pytest.raises(TypeError, match=r"evaluate|queries|judgments"):
                engine.evaluate(**arguments)
        (tmp_path / "bad.jsonl").write_text("not json\n")
        (tmp_path / "bad.tsv").write_text("q1\t2401.00001\t1\nq1\t2401.00001\t1\n")
        for arguments, message in (
            ({"profile": "nobody"}, "nobody"),
            ({"profile": "me", "metrics": "magic"}, "`metrics`"),
            ({"history": ROBOTS[:1]}, "`history`"),
            ({"queries": [{"text": "robots"}], "judgments": {}}, "no `id`"),
            ({"queries": [query], "judgments": {}}, "`judgments`"),
            ({"queries": tmp_path / "bad.jsonl", "judgments": {}}, "JSON lines"),
            ({"queries": tmp_path / "none.jsonl", "judgments": {}}, "cannot read"),
            ({"queries": [query], "judgments": tmp_path / "bad.tsv"}, "line 2: duplicate"),
        ):
            with pytest.raises(paperkin.PaperkinError, match=message):
                engine.evaluate(**arguments)
