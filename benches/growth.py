"""Measures how costs grow with a library: files, memory, answers of a running server, answers of a new process.

    python3 benches/growth.py target/release/paperkin SMALL MEDIUM LARGE [--report] [--rebuild]

Each is the directory of a library, the smaller ones first (`benches/larger_library.py` makes large ones). Medians of questions
that were not asked before, one after the other; the last column is the exponent of growth from the first library to the last:
0 for what does not grow, 1 for what grows as the library does. `--rebuild` and `--report` take minutes for a million papers. The
profile `growth` is written to each library, with a history of 100 papers. Needs Linux.
"""

import http.client
import json
import math
import os
import pathlib
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HISTORY = 100
QUESTIONS = {"similar": 200, "search": 100, "recommend, 100 papers": 20, "recommend, 5 papers, by date and votes": 100, "feed": 10}
WARM_UP = 10
PROCESSES = 9


def papers_of(library, count, draw):
    """Ids and titles of so many papers that are drawn at random, and how many papers there are."""
    with sqlite3.connect(f"file:{library}/library.sqlite3?mode=ro", uri=True) as db:
        papers, last = db.execute("SELECT count(*), max(row) FROM paper").fetchone()
        found = {}
        while len(found) < min(count, papers // 2):
            row = db.execute("SELECT id, title FROM paper WHERE row >= ? LIMIT 1", [draw.randint(1, last)]).fetchone()
            if row:
                found[row[0]] = row[1]
    return papers, list(found.items())


class Server:
    """`paperkin serve`, and a connection to it."""

    def __init__(self, program, library):
        with tempfile.NamedTemporaryFile("w+") as log:
            command = [program, "--library", library, "serve", "--listen", "127.0.0.1:0"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
            address = None
            while address is None:
                time.sleep(0.05)
                text = pathlib.Path(log.name).read_text()
                address = next((word for word in text.split() if word.startswith("http://127.0.0.1:")), None)
                if self.process.poll() is not None:
                    sys.exit(text)
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address.rstrip("/,.")).netloc)

    def took(self, method, path, body=None):
        """The milliseconds that the server says an answer took."""
        return self.ask(method, path, body)["took_ms"]

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, answer
        return answer

    def memory(self):
        """Bytes of private memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()


def question(what, place, papers):
    identifier, title = papers[place % len(papers)]
    path = urllib.parse.quote(identifier, safe="")

    def liked(count):
        return [{"id": papers[(place * count + other) % len(papers)][0]} for other in range(count)]

    return {
        "similar": ("GET", f"/v1/papers/{path}/similar"),
        "search": ("POST", "/v1/search", {"text": title}),
        "recommend, 100 papers": ("POST", "/v1/recommend", {"positive": liked(HISTORY)}),
        "recommend, 5 papers, by date and votes":
            ("POST", "/v1/recommend", {"positive": liked(5), "recency": 0.5, "votes": 0.5}),
        # Another limit each time, so that no ranking is kept.
        "feed": ("GET", f"/v1/profiles/growth/feed?since=2015-01-01&limit={20 + place}"),
    }[what]


def warm(program, library, papers):
    server = Server(program, library)
    costs = {"private memory at rest, MB": server.memory() / 1e6}
    for what, count in QUESTIONS.items():
        times = [server.took(*question(what, place, papers)) for place in range(WARM_UP + count)]
        costs[f"{what}, ms"] = statistics.median(times[WARM_UP:])
    costs["private memory after all questions, MB"] = server.memory() / 1e6
    server.stop()
    return costs


def seconds(*command):
    """The seconds that a program takes, and the bytes of memory that it has at most."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - begin, 1024 * usage.ru_maxrss


def new_process(program, library, papers):
    costs = {}
    for what in ["similar", "search"]:
        runs = [seconds(program, "--library", library, what, paper[what == "search"], "--format", "json")
                for paper in papers[:PROCESSES]]
        costs[f"{what}, new process, ms"] = 1e3 * statistics.median(time for time, _ in runs)
    return costs


def measure(program, library, options):
    count, papers = papers_of(library, 4_000, random.Random(1))
    history = [identifier for identifier, _ in papers[:HISTORY]]
    subprocess.run([program, "--library", library, "profile", "growth", "like", *history], check=True, stdout=subprocess.DEVNULL)
    costs = {"library, MB": os.path.getsize(f"{library}/library.sqlite3") / 1e6}
    if "--rebuild" in options:
        time_taken, memory = seconds(program, "--library", library, "index", "rebuild")
        costs |= {"index rebuild, s": time_taken, "index rebuild, peak memory, MB": memory / 1e6}
    files = [path.stat().st_size for path in pathlib.Path(library, "index").iterdir()]
    costs["files of the index, MB"] = sum(files) / 1e6
    costs |= new_process(program, library, papers[HISTORY:])
    costs |= warm(program, library, papers[HISTORY:])
    if "--report" in options:
        with tempfile.TemporaryDirectory() as out:
            time_taken, memory = seconds(program, "--library", library, "report", "--out", f"{out}/report")
        costs |= {"report, s": time_taken, "report, peak memory, MB": memory / 1e6}
    return count, costs


def main():
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    program, *libraries = [word for word in sys.argv[1:] if not word.startswith("--")]
    if not libraries or options - {"--report", "--rebuild"}:
        sys.exit(__doc__)
    measured = [measure(program, library, options) for library in libraries]
    counts = [count for count, _ in measured]
    print("| |", " | ".join(f"{count:,}" for count in counts), "| exponent |")
    print("|---|" + "---|" * (len(counts) + 1))
    for what in measured[0][1]:
        values = [costs[what] for _, costs in measured]
        exponent = math.log(values[-1] / values[0]) / math.log(counts[-1] / counts[0]) if len(counts) > 1 else math.nan
        print(f"| {what} |", " | ".join(f"{value:.3g}" for value in values), f"| {exponent:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main()
