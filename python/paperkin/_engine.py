"""A library of papers, and everything that can be asked of it."""

from __future__ import annotations

import datetime
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paperkin._answers import Answer, Paper
from paperkin._errors import PaperkinError
from paperkin._native import NativeEngine


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
    `sources`, `by`, `min_relevance`, `diversity`, `explain` and others. Papers are named by ids or whole titles.

    >>> with paperkin.Engine() as engine:
    ...     summary = engine.add([{"title": "Robots that walk", "abstract": "Legs on soft ground."}])
    ...     answer = engine.search("legged robots")
    >>> answer[0].paper.title
    'Robots that walk'

    Raises PaperkinError, whose `code` says whose fault it is: `input`, `missing`, `environment` or `bug`.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, create: bool = True, model: str | None = None):
        self._native = NativeEngine(None if path is None else os.fspath(path), create, model)
        self._path = path

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

    def remove(self, papers: str | Iterable[str]) -> int:
        """Removes papers; gives how many."""
        return len(self._native.remove(_list(papers))["removed"])

    def paper(self, paper: str) -> Paper | None:
        """The paper of an id or a whole title; None if there is none."""
        fields = self._native.paper(paper)
        return None if fields is None else Paper._of(fields)

    def search(self, text: str, **filters: Any) -> Answer:
        """Papers about a text, a title, or an author."""
        return Answer(self._native.recommend(_request(filters, text=text)))

    def similar(self, paper: str, **filters: Any) -> Answer:
        """Papers like one of the library."""
        return Answer(self._native.similar(paper, _request(filters)))

    def recommend(
        self, like: str | Iterable[str] = (), dislike: str | Iterable[str] = (), text: str | None = None, **filters: Any
    ) -> Answer:
        """Papers for somebody who likes some papers, and dislikes others, each given by its id."""
        liked, disliked = _list(like), _list(dislike)
        request = _request(filters, positive=liked, negative=disliked)
        return Answer(self._native.recommend(request if text is None else {**request, "text": text}))

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
        day = None if since is None else str(since)
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
        """Numbers of the library: papers, model, profiles and others."""
        return self._native.status()

    def __len__(self) -> int:
        return self.status()["papers"]

    def __repr__(self) -> str:
        return f"Engine({'in memory' if self._path is None else str(self._path)!r})"


class Profile:
    """A reader: what was read, liked, saved, disliked and hidden. All methods but the last give the profile, so that
    they can be chained: `engine.profile("me").like("2401.12345").follow("Ada Example")`.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine

    def _add(self, papers: str | Iterable[str], kind: str, interest: str | None) -> Profile:
        self._engine._native.add_to_history(self.name, _list(papers), kind, interest)
        return self

    def like(self, papers: str | Iterable[str], interest: str | None = None) -> Profile:
        """Notes that papers are liked."""
        return self._add(papers, "like", interest)

    def read(self, papers: str | Iterable[str], interest: str | None = None) -> Profile:
        """Notes that papers were read."""
        return self._add(papers, "read", interest)

    def save(self, papers: str | Iterable[str], interest: str | None = None) -> Profile:
        """Notes that papers were saved."""
        return self._add(papers, "save", interest)

    def dislike(self, papers: str | Iterable[str]) -> Profile:
        """Notes that papers are disliked."""
        return self._add(papers, "dislike", None)

    def hide(self, papers: str | Iterable[str]) -> Profile:
        """Never shows papers again."""
        return self._add(papers, "hide", None)

    def forget(self, papers: str | Iterable[str]) -> Profile:
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


def _list(texts: str | Iterable[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else [str(text) for text in texts]


def _request(filters: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    request = {name: _plain(value) for name, value in {**filters, **fields}.items()}
    request = {name: value for name, value in request.items() if value is not None}
    for name in ("categories", "sources", "by", "titles", "phrases", "without", "authors", "exclude", "candidates"):
        if isinstance(request.get(name), str):
            request[name] = [request[name]]
    return request


def _plain(value: Any) -> Any:
    """A value as JSON has it; None for one that is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        fields = {str(name): _plain(item) for name, item in value.items()}
        return {name: item for name, item in fields.items() if item is not None}
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return _plain(value.tolist())
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return [item for item in (_plain(item) for item in value) if item is not None]
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    raise TypeError(f"{value!r} is of type {type(value).__name__}: expected a text, a number, a date or a list")


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
    if not isinstance(record, Mapping):
        raise TypeError(f"papers[{place}]: expected a dictionary, not {type(record).__name__}")
    try:
        return json.dumps(_plain(record), allow_nan=False)
    except ValueError as error:
        raise PaperkinError(f"papers[{place}]: {error}", "input") from None
