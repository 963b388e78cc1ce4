"""Asks a server, whose address is the argument, with the Python client that was generated from its description."""

import datetime
import sys

from paperkin_client import AuthenticatedClient
from paperkin_client.api.papers import add_papers, get_paper, remove_paper
from paperkin_client.api.profiles import get_feed, get_profile, record_feedback, take_feed
from paperkin_client.api.queries import get_similar_papers, recommend_papers, search_papers, search_papers_by_url
from paperkin_client.api.service import get_status
from paperkin_client.models import (
    FeedbackKind,
    FeedbackRequest,
    FeedRequest,
    HistoryPaper,
    NewPaper,
    Problem,
    ProblemCode,
    RecommendRequest,
    RecordOutcome,
    RelevanceWord,
    ResultField,
    SearchRequest,
)

client = AuthenticatedClient(base_url=sys.argv[1], token="none")
before = get_status.sync(client=client).papers
record = NewPaper(id="2401.99999", title="Robots that share one hammer", authors=["Ada Example"])
added = add_papers.sync(client=client, body=record)
assert (added.id, added.outcome) == ("2401.99999", RecordOutcome.NEW), added
status = get_status.sync(client=client)
assert status.papers == before + 1 and status.sources[0].papers > 0, status
paper = get_paper.sync("arXiv:2401.99999v2", client=client)
assert (paper.title, paper.authors) == ("Robots that share one hammer", ["Ada Example"]), paper

found = search_papers.sync(client=client, body=SearchRequest(text="robots that share one hammer", limit=3))
assert (len(found.results), found.results[0].paper.id) == (3, "2401.99999"), found
page = search_papers_by_url.sync(
    client=client, q="robots", limit=2, fields=[ResultField.TITLE, ResultField.SCORE], sources=["hf-page"]
)
assert len(page.results) == 2 and page.results[0].score > 0 and page.results[0].paper.title, page
similar = get_similar_papers.sync("2401.99999", client=client, limit=2, exclude=[found.results[1].paper.id])
assert len(similar.results) == 2, similar
liked = HistoryPaper(id="2401.99999", weight=2.0)
recommended = recommend_papers.sync(client=client, body=RecommendRequest(positive=[liked, found.results[1].paper.id]))
assert "2401.99999" not in [result.paper.id for result in recommended.results], recommended
assert recommended.results[0].breakdown.base > 0, recommended

like = FeedbackRequest(kind=FeedbackKind.LIKE, papers=["2401.99999", "2401.88888"])
recorded = record_feedback.sync("reader", client=client, body=like)
assert (recorded.papers, recorded.not_found) == (["2401.99999"], ["2401.88888"]), recorded
assert [entry.id for entry in get_profile.sync("reader", client=client).history] == ["2401.99999"]
# The first feed has news alone, and no feed has papers that are far, unless it is asked for them.
everything = {"min_relevance": RelevanceWord.FAR, "since": datetime.date(2000, 1, 1)}
feed = get_feed.sync("reader", client=client, limit=5, **everything)
assert len(feed.results) == 5 and feed.results[0].relevance.word in RelevanceWord, feed
taken = take_feed.sync("reader", client=client, body=FeedRequest(limit=5, **everything))
assert [result.paper.id for result in taken.results] == [result.paper.id for result in feed.results]

assert remove_paper.sync_detailed("2401.99999", client=client).status_code == 204
missing = get_paper.sync("2401.99999", client=client)
assert isinstance(missing, Problem) and missing.code == ProblemCode.PAPER_NOT_FOUND, missing
print("the generated Python client works")
