"""Two versions of the program answer the same questions in turn, so that both see the same machine.

    python3 benches/in_turn.py BEFORE@LIBRARY AFTER@COPY [QUESTION]

BEFORE and AFTER are programs; each has a copy of one library, whose index it wrote itself. Prints the medians of the
milliseconds that the servers say an answer took, and the ratio of the second to the first; QUESTION is one of those of `growth.py`.
With `same`, prints in how many of 400 lists of similar papers, and of 40 for histories, both name the same papers in the same
order.
"""

import random
import statistics
import sys

import growth

COUNT = {"recommend, 100 papers": 20, "feed": 10}


def medians(servers, what, papers):
    times = [[server.took(*growth.question(what, place, papers)) for server in servers]
             for place in range(growth.WARM_UP + COUNT.get(what, 300))]
    return [statistics.median(of_server) for of_server in zip(*times[growth.WARM_UP:])]


def same_lists(servers, what, count, papers):
    def ids(server, place):
        return [result["paper"]["id"] for result in server.ask(*growth.question(what, place, papers))["results"]]

    return sum(ids(servers[0], place) == ids(servers[1], place) for place in range(count))


def main(before, after, what=None):
    sides = [side.rsplit("@", 1) for side in (before, after)]
    _, papers = growth.papers_of(sides[0][1], 4_000, random.Random(1))
    servers = [growth.Server(*side) for side in sides]
    if what == "same":
        for question, count in [("similar", 400), ("recommend, 100 papers", 40)]:
            print(f"{question}: {same_lists(servers, question, count, papers)} of {count} lists are the same")
    else:
        for question in [what] if what else [name for name in growth.QUESTIONS if name != "feed"]:
            first, second = medians(servers, question, papers)
            print(f"{question}: {first:.2f} ms, {second:.2f} ms: {second / first:.2f}")
    for server in servers:
        server.stop()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
