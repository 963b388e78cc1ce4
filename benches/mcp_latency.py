"""Measures how long an assistant waits for `search_papers`, over standard input: from the question to the whole answer.

    python3 benches/mcp_latency.py target/release/paperkin LIBRARY

Every question is another one, so that nothing is found in a cache; the first 20 are not counted.
"""

import itertools
import json
import random
import subprocess
import sys
import time

WARM_UP = 20
MEASURED = 300
WORDS = (
    "language model agent tool diffusion image video speech reasoning graph retrieval code robot math safety benchmark "
    "alignment attention memory scaling"
).split()


class Client:
    """Just enough of the protocol, so that the time is the server's."""

    def __init__(self, program, library):
        command = [program, "--library", library, "mcp"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ids = itertools.count()
        client = {"name": "mcp_latency", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.server.stdin.write(json.dumps(message).encode() + b"\n")
        self.server.stdin.flush()

    def ask(self, method, params):
        number = next(self.ids)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = json.loads(self.server.stdout.readline())
        assert answer["id"] == number and "result" in answer, answer
        return answer["result"]

    def call(self, tool, **arguments):
        """The seconds that a call takes, and what it answers."""
        begin = time.perf_counter()
        result = self.ask("tools/call", {"name": tool, "arguments": arguments})
        return time.perf_counter() - begin, json.loads(result["content"][0]["text"])


def main():
    client = Client(*sys.argv[1:3])
    queries = [" ".join(words) for words in itertools.permutations(WORDS, 3)]
    random.Random(1).shuffle(queries)
    times = []
    for query in queries[: WARM_UP + MEASURED]:
        seconds, answer = client.call("search_papers", query=query)
        assert answer["papers"], answer
        times.append(seconds * 1e3)
    times = sorted(times[WARM_UP:])
    print(f"search_papers: median {times[MEASURED // 2]:.1f} ms, 95% within {times[MEASURED * 95 // 100]:.1f} ms")
    for name in ["first", "again"]:
        seconds, answer = client.call("collection_overview")
        print(f"collection_overview, {name}: {seconds * 1e3:.1f} ms for {answer['papers']} papers")


main()
