"""A library of papers, and everything that can be asked of it."""

from __future__ import annotations

import datetime
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from paperkin._answers import Answer, Paper, Recommendation
from paperkin._encoder import model_name
from paperkin._errors import PaperkinError, in_python
from paperkin._evaluation import Evaluation, judgments_of, queries_of
from paperkin._filters import Filters, checked, with_filters
from paperkin._native import NativeEngine
from paperkin._values import plain

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Papers, by ids or titles, or as they came in an answer.
Papers = Union[str, Paper, Recommendation, Iterable[Union[str, Paper, Recommendation]]]


@dataclass(frozen=True)
class AddSummary:
    """What became of the records of an addition."""

    new: int
    updated: int
    unchanged: int
    #: Records that could not be used.
    rejected: int
    #: What was wrong with records and fields: the first hundred.
    problems: tuple[str, ...] = ()


class Engine:
    """A library: in a directory, which is made if it does not exist, at `postgres://...`, or in memory without a path.

    Questions take filters by name, as the HTTP service does: `limit`, `published_after`, `categories`, `by` and others, which
    `help(paperkin.Filters)` describes. Papers are named by ids or titles, or given as they came in an answer. A process that was
    forked opens the library anew.

    >>> with paperkin.Engine() as engine:
    ...     summary = engine.add([{"title": "Robots that walk", "abstract": "Legs on soft ground."}])
    ...     answer = engine.search("legged robots")
    >>> answer[0].paper.title
    'Robots that walk'

    Raises PaperkinError, whose `code` says whose fault it is: `input`, `missing`, `environment` or `bug`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        model: str | os.PathLike[str] | None = None,
    ) -> None:
        self._path = None if path is None else os.fspath(path)
        if self._path == "":
            raise PaperkinError("`path` is empty: give a directory, or None for a library in memory")
        self._arguments = (self._path, create, model_name(model))
        self._opened = NativeEngine(*self._arguments)
        self._process = os.getpid()

    @property
    def _native(self) -> NativeEngine:
        if self._process != os.getpid():
            if self._path is None:
                raise PaperkinError("`engine`: its library is in memory: only the process that made it can use it")
            # The connection stays the parent's: it is neither used nor closed here.
            _OF_PARENTS.append(self._opened)
            self._opened, self._process = NativeEngine(*self._arguments), os.getpid()
        return self._opened

    def close(self) -> None:
        """Closes the library. Questions fail from now on."""
        self._native.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def add(self, papers: Any, *, encoding: str | None = None) -> AddSummary:
        """Adds papers, and updates those that are known: a path of a file in any format that `paperkin add` reads, a table
        (pandas, polars, pyarrow) or dictionaries, with the columns of `docs/sources.md`: `id`, `title`, `abstract`,
        `authors`, `published` and others. Cells that are None or NaN are left out.
        `encoding` is that of a file which does not say it: `windows-1252`, `utf-16le` and others; UTF-8 without it.
        """
        if isinstance(papers, (str, os.PathLike)):
            return _summary(self._native.add_file(os.fspath(papers), encoding))
        if encoding is not None:
            raise TypeError("encoding: only a file has one")
        records = [_json(place, record) for place, record in enumerate(_records(papers))]
        summary = _summary(self._native.add_records(records))
        columns = getattr(papers, "column_names", getattr(papers, "columns", ()))
        if len(columns) and summary.rejected == len(records) > 0:
            raise PaperkinError(f"papers: no row is used: {summary.problems[0]}; columns: {', '.join(map(str, columns))}")
        return summary

    def remove(self, papers: Papers) -> int:
        """Removes papers, by ids or whole titles; gives how many."""
        return len(self._native.remove(_list(papers))["removed"])

    def paper(self, paper: str) -> Paper | None:
        """The paper of an id or of a title, which may be a part of it; None if there is none."""
        fields = self._native.paper(paper)
        return None if fields is None else Paper._of(fields)

    @with_filters
    def search(self, text: str, **filters: Unpack[Filters]) -> Answer:
        """Papers about a text, a title, or an author."""
        if not isinstance(text, str):
            raise TypeError(f"text: expected a text, not {type(text).__name__}")
        return Answer(self._native.recommend(_request(filters, text=text)))

    @with_filters
    def similar(self, paper: str | Paper | Recommendation, **filters: Unpack[Filters]) -> Answer:
        """Papers like one of the library."""
        [paper] = _list([paper])
        return Answer(self._native.similar(paper, _request(filters)))

    @with_filters
    def recommend(
        self, like: Papers = (), dislike: Papers = (), text: str | None = None, **filters: Unpack[Filters]
    ) -> Answer:
        """Papers for somebody who likes some papers, and dislikes others, each given by its id."""
        liked, disliked = _list(like), _list(dislike)
        return Answer(self._native.recommend(_request(filters, positive=liked, negative=disliked, text=text)))

    @with_filters
    def feed(
        self,
        profile: str,
        *,
        mark_seen: bool = False,
        again: bool = False,
        since: datetime.date | str | None = None,
        backfill: bool = False,
        **filters: Unpack[Filters],
    ) -> Answer:
        """New papers for a profile. With `mark_seen`, the next feed has others; `again` gives the last feed once more; with
        `since`, papers since that day that were not shown yet; with `backfill`, when nothing is new, papers that earlier feeds
        had no room for.
        """
        mode = "last" if again else "new" if mark_seen else "peek"
        day = None if since is None else plain(since, "since")
        return Answer(self._native.feed(profile, _request(filters), mode, day, backfill))

    def evaluate(
        self,
        profile: str | None = None,
        *,
        history: Papers | Iterable[Mapping[str, Any]] | None = None,
        disliked: Papers | Iterable[Mapping[str, Any]] = (),
        queries: str | os.PathLike[str] | Iterable[Mapping[str, Any]] | None = None,
        judgments: str | os.PathLike[str] | Mapping[str, Mapping[str, float]] | None = None,
        metrics: str | Iterable[str] = (),
        relevance_threshold: float = 1.0,
        judged_only: bool = False,
        seed: int = 1,
    ) -> Evaluation:
        """Measures the ranking beside simple methods, as `paperkin eval` does: on the history of a profile, on a `history` given
        here, or on `queries` with `judgments`.

        Of a history the latest 30% are held out, and every method ranks the papers published since. It may have dictionaries
        with `id`, `at` and `weight`. Queries are JSON lines or dictionaries, with an `id` and `text` or `history`; judgments are
        a file (TREC's qrels), or gains by query and paper: `{"q1": {"2401.12345": 2}}`. Metrics are `map`, `mrr`, `ndcg@K`,
        `exp-ndcg@K`, `recall@K`, `recall@P%`, `auc` and `pairs`.
        """
        if sum(value is not None for value in (profile, history, queries)) != 1:
            raise TypeError("evaluate: give one of `profile`, `history` and `queries`")
        if (queries is None) != (judgments is None):
            raise TypeError("evaluate: `queries` and `judgments` belong together")
        request = {
            "profile": profile,
            "history": _history(history, "history"),
            "disliked": _history(disliked, "disliked"),
            "queries": None if queries is None else queries_of(queries),
            "judgments": {} if judgments is None else judgments_of(judgments),
            "metrics": [metrics] if isinstance(metrics, str) else list(metrics),
            "relevance_threshold": float(relevance_threshold),
            "judged_only": judged_only,
            "seed": seed,
        }
        return Evaluation(self._native.evaluate(request))

    def profile(self, name: str) -> Profile:
        """The reading history of this name, which is made when a paper is put into it."""
        return Profile(self, name)

    def profiles(self) -> list[str]:
        """The names of all profiles."""
        return self._native.profile_names()

    def report(self, out: str | os.PathLike[str], *, replace: bool = False) -> list[str]:
        """Writes a similarity report of the library into a directory, as `paperkin report` does; gives its findings."""
        return self._native.report(os.fspath(out), replace)

    def status(self) -> dict[str, Any]:
        """Numbers of the library: `papers`, `with_abstract`, `days`, `sources`, `profiles`, `bytes`."""
        return self._native.status()

    def __len__(self) -> int:
        return self.status()["papers"]

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        if self._path is None:
            return "Engine(in memory)"
        # An address may have a password.
        shown = re.sub(r"://[^@/]*@", "://", self._path)
        return f"Engine({re.sub(r'password=[^&]*', 'password=...', shown)!r})"

    def __reduce__(self) -> Any:
        raise TypeError("an engine cannot be copied: open the library again by its path")


#: Engines of processes that this one was forked from.
_OF_PARENTS: list[NativeEngine] = []


class Profile:
    """A reader: what was read, liked, saved, disliked and hidden. All methods but the last give the profile, so that
    they can be chained: `engine.profile("me").like("2401.12345").follow("Ada Example")`.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine

    def _add(self, papers: Papers, kind: str, interest: str | None) -> Profile:
        self._engine._native.add_to_history(self.name, _list(papers), kind, interest)
        return self

    def like(self, papers: Papers, interest: str | None = None) -> Profile:
        """Notes that papers are liked."""
        return self._add(papers, "like", interest)

    def read(self, papers: Papers, interest: str | None = None) -> Profile:
        """Notes that papers were read."""
        return self._add(papers, "read", interest)

    def save(self, papers: Papers, interest: str | None = None) -> Profile:
        """Notes that papers were saved."""
        return self._add(papers, "save", interest)

    def dislike(self, papers: Papers) -> Profile:
        """Notes that papers are disliked."""
        return self._add(papers, "dislike", None)

    def hide(self, papers: Papers) -> Profile:
        """Never shows papers again."""
        return self._add(papers, "hide", None)

    def forget(self, papers: Papers) -> Profile:
        """Takes papers out of the history."""
        self._engine._native.remove_from_history(self.name, _list(papers))
        return self

    def follow(self, authors: str | Iterable[str]) -> Profile:
        """Follows authors: their papers gain."""
        self._engine._native.follow(self.name, _list(authors))
        return self

    @with_filters
    def feed(
        self,
        *,
        mark_seen: bool = False,
        again: bool = False,
        since: datetime.date | str | None = None,
        backfill: bool = False,
        **filters: Unpack[Filters],
    ) -> Answer:
        """As `Engine.feed`."""
        options = {"mark_seen": mark_seen, "again": again, "since": since, "backfill": backfill}
        return self._engine.feed(self.name, **options, **filters)  # type: ignore[arg-type]

    def history(self) -> list[dict[str, Any]]:
        """What is in the history, oldest first: `id`, `kind`, `weight`, `at`, and `interest` if there is one."""
        return self._engine._native.profile(self.name)["history"]

    def __repr__(self) -> str:
        return f"Profile({self.name!r})"


def _summary(fields: dict[str, Any]) -> AddSummary:
    counts = {name: fields[name] for name in ("new", "updated", "unchanged", "rejected")}
    return AddSummary(**counts, problems=tuple(map(in_python, fields["problems"])))


def _list(papers: Papers) -> list[str]:
    """Ids and titles of papers, or names of authors."""
    if isinstance(papers, (str, Paper, Recommendation)):
        papers = [papers]
    texts: list[str] = []
    for paper in papers:
        paper = paper.paper if isinstance(paper, Recommendation) else paper
        text = paper.id if isinstance(paper, Paper) else paper
        if not isinstance(text, str):
            raise TypeError(f"expected an id, a title or a paper, not {type(text).__name__}")
        texts.append(text)
    return texts


def _history(papers: Any, place: str) -> list[Any]:
    """Papers of a history: ids, papers, or dictionaries with an id and more."""
    if papers is None or isinstance(papers, (str, Paper, Recommendation)):
        return _list(papers or ())
    items = papers.to_dict("records") if hasattr(papers, "to_dict") else list(papers)
    return [
        {name: value for name, value in plain(item, f"{place}[{number}]").items() if value is not None}
        if isinstance(item, Mapping)
        else _list([item])[0]
        for number, item in enumerate(items)
    ]


def _request(filters: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A request as the engine reads it. A filter that is None is none."""
    request = {name: plain(value, name) for name, value in {**filters, **fields}.items() if value is not None}
    for name, value in request.items():
        if value is None or (isinstance(value, list) and None in value):
            raise TypeError(f"{name}: a value is missing")
        request[name] = checked(name, value)
    return request


def _records(papers: Any) -> Iterable[Any]:
    if isinstance(papers, Mapping):
        return [papers]
    if hasattr(papers, "to_pylist"):  # pyarrow
        return papers.to_pylist()
    if hasattr(papers, "to_dicts"):  # polars
        return papers.to_dicts()
    if hasattr(papers, "to_dict") and hasattr(papers, "columns"):  # pandas
        return papers.to_dict("records")
    if isinstance(papers, (bytes, bytearray)) or not isinstance(papers, Iterable):
        raise TypeError(f"papers: expected a path, a table or dictionaries, not {type(papers).__name__}")
    return papers


def _json(place: int, record: Any) -> str:
    """A record as JSON, without what is missing."""
    if not isinstance(record, Mapping):
        raise TypeError(f"papers[{place}]: expected a dictionary such as {{'title': ...}}, not {type(record).__name__}")
    fields = {str(name): plain(value, f"papers[{place}].{name}") for name, value in record.items()}
    for name, value in list(fields.items()):
        if value is None or (isinstance(value, float) and math.isinf(value)):
            del fields[name]
        elif isinstance(value, list):
            fields[name] = [item for item in value if item is not None]
    return json.dumps(fields)
