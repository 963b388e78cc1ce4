"""Runs the jobs of deploy/spark and compares them with the program on one machine.

`batch.py PROGRAM sail` runs them on Sail, in one process and in a cluster of its own; `batch.py PROGRAM spark` on a Spark
cluster of a master and two workers, one of which is killed. Each with the Python of an environment that has the engine.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

PROGRAM = str(Path(sys.argv[1]).absolute())
JOBS = Path(__file__).parent.parent / "deploy" / "spark"
LIMIT = 15
WORDS = """amber anchor antler apron arrow attic badge barn basil beacon bicycle birch blanket bridge bronze bucket butter
cabin candle canyon carpet cedar cello cherry chimney clay clover cobalt compass copper coral cotton cricket crystal dairy
desert diary dolphin drum eagle ember engine falcon feather fern ferry fiddle flint forge fountain fox garden garlic geyser
ginger glacier granite guitar hammer harbor hazel helmet heron honey igloo indigo iris island ivory jacket jasmine kettle
kite ladder lagoon lantern lark lemon lilac linen lizard magnet maple marble meadow mirror mosaic moth needle nutmeg oasis
olive onion orbit orchid otter owl oyster paddle parrot pebble pepper piano pigeon pillow plum pottery prairie quartz quilt
rabbit raft raven ribbon river robin saddle saffron salmon sandal scarf shadow silver sparrow spindle spruce squash statue
sugar swallow tailor teapot temple thistle thunder tiger timber tulip tunnel turtle umbrella valley velvet vinegar violin
walnut walrus weaver whale willow window winter wool yarn zebra""".split()


def make_papers(folder, count, shards):
    """Writes made-up papers, some of them the same work, one without a text."""
    chance = random.Random(17)
    papers = []
    for number in range(count):
        topic = chance.sample(WORDS, 4)
        title = f"The {chance.choice(topic)} and the {chance.choice(WORDS)}: {chance.choice(WORDS)} {number}"
        text = " ".join(chance.choice(topic + WORDS) for _ in range(40))
        papers.append({"id": f"p{number:06}", "title": title, "abstract": text})
    for number in range(0, count - 60, 50):
        field = "title" if number % 100 else "abstract"
        papers[number + 7][field] = papers[number][field].upper() + "."
    papers[3] |= {"title": "", "abstract": None}
    folder.mkdir()
    schema = pa.schema([(name, pa.string()) for name in ("id", "title", "abstract")])
    for shard in range(shards):
        table = pa.Table.from_pylist(papers[shard::shards], schema)
        pq.write_table(table, folder / f"shard-{shard:02}.parquet")
    return papers


def rows(folder):
    """The rows of all shards of a folder, by id."""
    folders = [path for path in sorted(folder.iterdir()) if not path.name.startswith(("_", "."))]
    found = [row for path in folders for row in pa.dataset.dataset(path, format="parquet").to_table().to_pylist()]
    by_id = {row["id"]: row for row in found}
    assert len(by_id) == len(found), f"{folder}: a row twice"
    return by_id


class Reference:
    """What the program makes of the papers by itself."""

    def __init__(self, papers, folder):
        lines = "".join(json.dumps(paper) + "\n" for paper in papers)
        embed = subprocess.run([PROGRAM, "embed", "--stream"], input=lines, capture_output=True, text=True, check=True)
        self.embedded = {row["id"]: row for row in map(json.loads, embed.stdout.splitlines())}
        (folder / "papers.jsonl").write_text(lines)
        command = [PROGRAM, "report", "--papers", folder / "papers.jsonl", "--out", folder / "report", f"-k{LIMIT}"]
        report = subprocess.run([*command, "--include", "neighbors,duplicates"], capture_output=True, text=True)
        assert report.returncode == 1 and report.stderr.count("error:") == 1, report.stderr
        self.neighbors = defaultdict(list)
        for row in map(json.loads, (folder / "report" / "neighbors.jsonl").read_text().splitlines()):
            self.neighbors[row["id"]].append((row["neighbor_id"], row["similarity"]))
        groups = defaultdict(set)
        for row in map(json.loads, (folder / "report" / "duplicates.jsonl").read_text().splitlines()):
            groups[row["number"]] |= {row["id"], row["other_id"]}
        self.groups = {frozenset(group) for group in groups.values()}

    def check_vectors(self, found):
        assert found.keys() == self.embedded.keys(), f"{len(found)} papers of {len(self.embedded)}"
        for key, row in found.items():
            expected = self.embedded[key]
            vector = expected["vector"] and pa.array(expected["vector"], pa.float32()).to_pylist()
            assert row == {**expected, "vector": vector}, key

    def check_neighbors(self, found):
        assert found.keys() == self.embedded.keys(), f"{len(found)} papers of {len(self.embedded)}"
        for key, row in found.items():
            if key not in self.neighbors:
                assert (row["neighbors"], row["error"]) == (None, "no vector"), row
            else:
                check_list(key, [(near["id"], near["cosine"]) for near in row["neighbors"]], self.neighbors[key])

    def check_groups(self, found):
        groups = defaultdict(set)
        for row in found.values():
            groups[row["group"]].add(row["id"])
        assert {frozenset(group) for group in groups.values()} == self.groups and self.groups, groups
        assert all(smallest == min(group) for smallest, group in groups.items())


def check_list(key, found, expected):
    """The same neighbors, up to those with the same cosine."""
    assert len(found) == len(expected), (key, found, expected)
    for (near, cosine), (other, similarity) in zip(found, expected):
        assert abs(cosine - similarity) < 1e-4, (key, found, expected)
        is_tie = sum(abs(cosine - another) < 1e-4 for _, another in expected) > 1 or (near, cosine) == found[-1]
        assert near == other or is_tie, (key, found, expected)


class Engine:
    """Runs jobs with a command and an environment."""

    def __init__(self, folder, command, environment):
        self.folder, self.command, self.environment = folder, command, {**os.environ, **environment}

    def start(self, job, *arguments):
        command = [*self.command, str(JOBS / job), *map(str, arguments)]
        # `spark-submit` puts what a job says on standard error on standard output. A pipe would fill up with its log.
        with open(self.folder / "job.log", "w") as log:
            return subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)

    def said(self, process):
        """What a job says, when it is done."""
        process.wait(timeout=600)
        return (self.folder / "job.log").read_text()

    def run(self, job, *arguments, fails=False):
        process = self.start(job, *arguments, "--paperkin", PROGRAM) if not fails else self.start(job, *arguments)
        said = self.said(process)
        assert (process.returncode != 0) == fails, said
        return said

    def check(self, papers, reference):
        """All jobs, one after the other."""
        self.run("embed.py", papers, "vectors")
        reference.check_vectors(rows(self.folder / "vectors"))
        self.check_resumption(papers)
        self.run("neighbors.py", "vectors", "neighbors", "--limit", LIMIT, "--partitions", 2)
        reference.check_neighbors(rows(self.folder / "neighbors"))
        self.run("neighbors.py", "vectors", "in-blocks", "--limit", LIMIT, "--blocks", 2)
        reference.check_neighbors(rows(self.folder / "in-blocks"))
        self.run("duplicates.py", papers, "neighbors", "duplicates")
        groups = pa.dataset.dataset(self.folder / "duplicates" / "groups", format="parquet").to_table().to_pylist()
        reference.check_groups({row["id"]: row for row in groups})

    def check_resumption(self, papers):
        """A shard that is not whole is made again, and no other."""
        shards = sorted((self.folder / "vectors").iterdir())
        before = {path: path.stat().st_mtime_ns for shard in shards[1:] for path in shard.iterdir()}
        expected = rows(self.folder / "vectors")
        (shards[0] / "_SUCCESS").unlink()
        next(shards[0].glob("*.parquet")).write_bytes(b"PAR1")
        self.run("embed.py", papers, "vectors")
        assert {path: path.stat().st_mtime_ns for shard in shards[1:] for path in shard.iterdir()} == before
        assert rows(self.folder / "vectors") == expected

    def check_bad_input(self, papers, most=None):
        """One clear line for each; only the first fail on an executor."""
        bad = self.folder / "bad"
        bad.mkdir()
        good = pq.read_table(next(papers.glob("*.parquet")))
        numbers = good.set_column(1, "title", pa.array([1.0] * len(good)))
        (bad / "text").mkdir()
        (bad / "text" / "shard.parquet").write_text("a lamp")
        for name, table in [("type", numbers), ("column", good.drop_columns(["abstract"]))]:
            (bad / name).mkdir()
            pq.write_table(table, bad / name / "shard.parquet")
        for arguments, expected in [
            ([papers, bad / "out", "--paperkin", "no-such-program"], "no-such-program: No such file or directory: name it"),
            ([papers, bad / "out", "--paperkin", PROGRAM, "--cpu", "abacus"], "invalid value 'abacus'"),
            ([bad / "text", bad / "out", "--paperkin", PROGRAM], "text/shard.parquet: not Parquet: "),
            ([bad / "type", bad / "out", "--paperkin", PROGRAM], "column `title` has the type double$"),
            ([bad / "column", bad / "out", "--paperkin", PROGRAM], "no column `abstract`: the columns are id, title$"),
            ([bad / "none", bad / "out", "--paperkin", PROGRAM], "bad/none: "),
        ][:most]:
            said = self.run("embed.py", *arguments, fails=True)
            lines = [line for line in said.splitlines() if line.startswith("error: ")]
            assert len(lines) == 1 and re.search(expected, lines[0]), (expected, said)


def sail(folder):
    from pysail.spark import SparkConnectServer

    papers = folder / "papers"
    reference = Reference(make_papers(papers, 160, 2), folder)
    for mode in ("local", "local-cluster"):
        os.environ["SAIL_MODE"] = mode
        server = SparkConnectServer()
        server.start(background=True)
        address, port = server.listening_address
        place = folder / mode
        place.mkdir()
        engine = Engine(place, [sys.executable], {"SPARK_REMOTE": f"sc://{address}:{port}"})
        engine.check(papers, reference)
        if mode == "local":
            engine.check_bad_input(papers)
        server.stop()
        print(f"Sail, {mode}: as on one machine", flush=True)


def spark(folder):
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)}
    os.environ |= environment
    papers = folder / "papers"
    reference = Reference(make_papers(papers, 2000, 8), folder)
    launched = []

    def launch(what, *arguments):
        log = open(folder / f"{what}-{len(launched)}.log", "w")
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what.lower()}.{what}", *arguments]
        launched.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        return launched[-1], Path(log.name)

    def wait_for(path, pattern):
        for _ in range(600):
            if found := re.search(pattern, path.read_text()):
                return found[1]
            time.sleep(0.1)
        sys.exit(f"error: no {pattern} in {path.read_text()}")

    try:
        _, log = launch("Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        master = wait_for(log, r"Starting Spark master at (\S+)")

        def start_worker():
            options = ["--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder / "work")]
            worker, log = launch("Worker", "--host", "127.0.0.1", *options, master)
            wait_for(log, r"(Successfully registered)")
            return worker

        workers = [start_worker(), start_worker()]
        submit = [str(home / "bin" / "spark-submit"), "--master", master, "--conf", "spark.executor.memory=512m"]
        engine = Engine(folder, [*submit, "--conf", "spark.ui.enabled=false"], environment)
        job = engine.start("embed.py", papers, "killed", "--paperkin", PROGRAM)
        while not list((folder / "killed").glob("*/_SUCCESS")):
            assert job.poll() is None, engine.said(job)
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)
        left = 8 - len(list((folder / "killed").glob("*/_SUCCESS")))
        said = engine.said(job)
        assert job.returncode == 0 and left > 0, said
        assert re.search("Lost executor|Executor lost|lost: ", said, re.IGNORECASE), said
        reference.check_vectors(rows(folder / "killed"))
        print(f"Spark: a worker was killed with {left} of 8 shards to go, and nothing is lost", flush=True)
        start_worker()
        engine.check(papers, reference)
        engine.check_bad_input(papers, most=1)
        print("Spark: as on one machine", flush=True)
    finally:
        for process in launched:
            process.kill()
            process.wait()
    nearest_by_join(folder)


def nearest_by_join(folder):
    """Compares the neighbors with those that Spark finds itself."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    vectors = session.read.parquet(*map(str, (folder / "vectors").iterdir())).where("vector is not null")
    one = vectors.select(f.col("id").alias("one"), f.col("vector").alias("left"))
    other = vectors.select(f.col("id").alias("other"), f.col("vector").alias("right"))
    cosine = f.expr("vector_cosine_similarity(left, right)")
    joined = one.nearestByJoin(other, cosine, LIMIT + 1, "exact", "similarity")
    found = defaultdict(list)
    for row in joined.select("one", "other", cosine.alias("cosine")).collect():
        if row.one != row.other:
            found[row.one].append((row.other, row.cosine))
    lists = rows(folder / "neighbors")
    assert len(found) == sum(row["neighbors"] is not None for row in lists.values()) == 1999
    for key, near in found.items():
        near.sort(key=lambda pair: (-pair[1], pair[0]))
        check_list(key, [(row["id"], row["cosine"]) for row in lists[key]["neighbors"]], near[:LIMIT])
    session.stop()
    print("Spark: neighbors as by its own nearestByJoin", flush=True)


with tempfile.TemporaryDirectory() as place:
    {"sail": sail, "spark": spark}[sys.argv[2]](Path(place))
