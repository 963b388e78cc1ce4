"""A library of papers, and everything that can be asked of it."""

from __future__ import annotations

import datetime
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Union

from paperkin._answers import Answer, Paper, Recommendation
from paperkin._errors import PaperkinError
from paperkin._native import NativeEngine


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

    Questions take filters by name, as the HTTP service does: `limit`, `published_after`, `published_before`, `categories`,
    `sources`, `by`, `min_relevance`, `diversity`, `explain` and others. Papers are named by ids or titles, or given as they came
    in an answer. A process that was forked opens the library anew.

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
        self._arguments = (self._path, create, None if model is None else os.fspath(model))
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

    def add(self, papers: Any) -> AddSummary:
        """Adds papers, and updates those that are known: a path of a file in any format that `paperkin add` reads, a table
        (pandas, polars, pyarrow) or dictionaries, with the columns of `docs/sources.md`: `id`, `title`, `abstract`,
        `authors`, `published` and others. Cells that are None or NaN are left out.
        """
        if isinstance(papers, (str, os.PathLike)):
            return _summary(self._native.add_file(os.fspath(papers)))
        return _summary(self._native.add_records([_json(place, record) for place, record in enumerate(_records(papers))]))

    def remove(self, papers: Papers) -> int:
        """Removes papers, by ids or whole titles; gives how many."""
        return len(self._native.remove(_list(papers))["removed"])

    def paper(self, paper: str) -> Paper | None:
        """The paper of an id or of a title, which may be a part of it; None if there is none."""
        fields = self._native.paper(paper)
        return None if fields is None else Paper._of(fields)

    def search(self, text: str, **filters: Any) -> Answer:
        """Papers about a text, a title, or an author."""
        if not isinstance(text, str):
            raise TypeError(f"text: expected a text, not {type(text).__name__}")
        return Answer(self._native.recommend(_request(filters, text=text)))

    def similar(self, paper: str | Paper | Recommendation, **filters: Any) -> Answer:
        """Papers like one of the library."""
        [paper] = _list([paper])
        return Answer(self._native.similar(paper, _request(filters, positive=None)))

    def recommend(
        self, like: Papers = (), dislike: Papers = (), text: str | None = None, **filters: Any
    ) -> Answer:
        """Papers for somebody who likes some papers, and dislikes others, each given by its id."""
        liked, disliked = _list(like), _list(dislike)
        return Answer(self._native.recommend(_request(filters, positive=liked, negative=disliked, text=text)))

    def feed(
        self,
        profile: str,
        *,
        mark_seen: bool = False,
        since: datetime.date | str | None = None,
        backfill: bool = False,
        **filters: Any,
    ) -> Answer:
        """New papers for a profile. With `mark_seen`, the next feed has others."""
        mode = "new" if mark_seen else "peek"
        day = None if since is None else _plain(since, "since")
        return Answer(self._native.feed(profile, _request(filters), mode, day, backfill))

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

    def feed(self, **options: Any) -> Answer:
        """As `Engine.feed`."""
        return self._engine.feed(self.name, **options)

    def history(self) -> list[dict[str, Any]]:
        """What is in the history, oldest first: `id`, `kind`, `weight`, `at`, and `interest` if there is one."""
        return self._engine._native.profile(self.name)["history"]

    def __repr__(self) -> str:
        return f"Profile({self.name!r})"


def _summary(fields: dict[str, Any]) -> AddSummary:
    counts = (fields[name] for name in ("new", "updated", "unchanged", "rejected"))
    return AddSummary(*counts, problems=tuple(fields["problems"]))


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


def _request(filters: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A request as the engine reads it. A filter that is None is none."""
    for name in filters:
        if name in fields:
            raise TypeError(f"{name}: it follows from the other arguments")
    request = {name: _plain(value, name) for name, value in {**filters, **fields}.items() if value is not None}
    for name, value in request.items():
        if value is None or (isinstance(value, list) and None in value):
            raise TypeError(f"{name}: a value is missing")
    for name in ("categories", "sources", "by", "titles", "phrases", "without", "authors", "exclude", "candidates"):
        if isinstance(request.get(name), str):
            request[name] = [request[name]]
    return request


def _plain(value: Any, place: str) -> Any:
    """A value as JSON has it; None for one that is missing."""
    kind = type(value).__name__
    if value is None or kind in ("NaTType", "NAType") or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(item, f"{place}.{name}") for name, item in value.items()}
    if kind == "datetime64":  # numpy's, in any unit
        return None if str(value) == "NaT" else str(value.astype("datetime64[D]"))
    if hasattr(value, "tolist"):  # numpy's other numbers and arrays
        return _plain(value.tolist(), place)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item, f"{place}[{number}]") for number, item in enumerate(value)]
    raise TypeError(f"{place}: expected a text, a number, a date or a list, not {kind}")


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
        raise TypeError(f"papers[{place}]: expected a dictionary, not {type(record).__name__}")
    fields = {str(name): _plain(value, f"papers[{place}].{name}") for name, value in record.items()}
    for name, value in list(fields.items()):
        if value is None or (isinstance(value, float) and math.isinf(value)):
            del fields[name]
        elif isinstance(value, list):
            fields[name] = [item for item in value if item is not None]
    return json.dumps(fields)
