"""How well rankings find what is known to be relevant."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paperkin._errors import PaperkinError
from paperkin._native import read_judgments
from paperkin._values import plain

#: Names of fields of a query, by other names that they go by.
_FIELDS = {"qid": "id", "_id": "id", "user": "id", "history": "positive", "disliked": "negative"}
_KNOWN = ("id", "text", "positive", "negative", "candidates", "as_of", "published_after", "published_before")


@dataclass(frozen=True)
class Estimate:
    """A metric of one method over all queries."""

    method: str
    metric: str
    #: The mean; None without queries that have something to find.
    value: float | None
    #: What 95 of 100 means of other such queries are between; None for fewer than two queries.
    interval: tuple[float, float] | None
    #: How many queries it is the mean of.
    queries: int


@dataclass(frozen=True)
class Comparison:
    """What paperkin's ranking gains over another method, in the first metric."""

    method: str
    gain: float
    #: What 95 of 100 gains on other such queries are between.
    interval: tuple[float, float]


@dataclass(frozen=True)
class HeldOut:
    """How a history was split by date."""

    #: The first day that is held out.
    day: datetime.date
    #: Papers of the history before that day.
    known: int
    #: Papers that appeared since: the held-out ones are looked for among them.
    candidates: int
    #: Held-out papers among them.
    picks: int
    #: Papers of the history that were published before the split, but read later.
    older: tuple[str, ...]
    #: Papers of the history that are not in the library, or without a date.
    not_found: tuple[str, ...]


class Evaluation:
    """Metrics of paperkin's ranking, of parts of it, and of simple methods."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.estimates: tuple[Estimate, ...] = tuple(
            Estimate(row["method"], cell["metric"], cell["value"], _interval(cell["interval"]), cell["queries"])
            for row in fields["methods"]
            for cell in row["metrics"]
        )
        self.comparisons: tuple[Comparison, ...] = tuple(
            Comparison(row["baseline"], row["gain"], (row["interval"][0], row["interval"][1]))
            for row in fields["comparisons"]
        )
        #: Of a history; None for judged queries.
        self.held_out: HeldOut | None = _held_out(fields["held_out"])
        self.queries: int = fields["queries"]
        #: Papers of the library.
        self.papers: int = fields["papers"]
        self.model: str = fields["model"]
        #: Papers of the queries and judgments that are not in the library.
        self.not_found: tuple[str, ...] = tuple(fields["not_found"])
        self._table: str = fields["table"]

    @property
    def methods(self) -> list[str]:
        """The names of the methods: `paperkin` first."""
        return list(dict.fromkeys(estimate.method for estimate in self.estimates))

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics."""
        return list(dict.fromkeys(estimate.metric for estimate in self.estimates))

    def value(self, metric: str, method: str = "paperkin") -> float | None:
        """A metric of a method."""
        for estimate in self.estimates:
            if (estimate.method, estimate.metric) == (method, metric):
                return estimate.value
        raise KeyError(f"{metric} of {method}")

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a row for each method and metric: `method`, `metric`, `value`, `low`, `high`, `queries`."""
        import pandas

        rows = [
            (estimate.method, estimate.metric, estimate.value, *(estimate.interval or (None, None)), estimate.queries)
            for estimate in self.estimates
        ]
        table = pandas.DataFrame(rows, columns=["method", "metric", "value", "low", "high", "queries"])
        return table.astype(dict.fromkeys(("value", "low", "high"), float))

    def __repr__(self) -> str:
        held_out = self.held_out
        if held_out is None:
            head = f"{self.queries} queries, {self.papers} papers"
        else:
            head = (
                f"{held_out.picks} held-out papers among {held_out.candidates} published since {held_out.day}; "
                f"{held_out.known} in the history before"
            )
        return f"{head}\n\n{self._table.rstrip()}"


def _interval(bounds: list[float] | None) -> tuple[float, float] | None:
    return None if bounds is None else (bounds[0], bounds[1])


def _held_out(fields: dict[str, Any] | None) -> HeldOut | None:
    if fields is None:
        return None
    return HeldOut(
        day=datetime.date.fromisoformat(fields["day"]),
        known=fields["known"],
        candidates=fields["candidates"],
        picks=fields["picks"],
        older=tuple(fields["older"]),
        not_found=tuple(fields["not_found"]),
    )


def queries_of(queries: Any) -> list[dict[str, Any]]:
    """Queries as requests, from JSON lines or dictionaries."""
    if isinstance(queries, (str, os.PathLike)):
        return [_query(record, place) for place, record in _lines(os.fspath(queries))]
    if not isinstance(queries, Iterable) or isinstance(queries, (bytes, Mapping)):
        raise TypeError(f"queries: expected a path or dictionaries, not {type(queries).__name__}")
    return [_query(record, f"queries[{number}]") for number, record in enumerate(queries)]


def _lines(path: str) -> list[tuple[str, Any]]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            numbered = [(f"{path}, line {number}", line) for number, line in enumerate(file, 1) if line.strip()]
        return [(place, json.loads(line)) for place, line in numbered]
    except OSError as error:
        raise PaperkinError(f"{path}: cannot read: {error.strerror}", "environment") from None
    except ValueError as error:
        raise PaperkinError(f"{path}: expected JSON lines in UTF-8: {error}") from None


def _query(record: Any, place: str) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        raise TypeError(f"{place}: expected a dictionary, not {type(record).__name__}")
    named = {_FIELDS.get(name, name): value for name, value in record.items()}
    request = {name: plain(named[name], f"{place}.{name}") for name in _KNOWN if name in named}
    if request.get("id") is None:
        raise PaperkinError(f"{place}: it has no `id`")
    # As the ids of judgments, numbers may be ids.
    return {name: str(value) if name == "id" else value for name, value in request.items() if value is not None}


def judgments_of(judgments: Any) -> dict[str, dict[str, float]]:
    """Gains by query and paper."""
    if isinstance(judgments, (str, os.PathLike)):
        return read_judgments(os.fspath(judgments))
    if not isinstance(judgments, Mapping) or not all(isinstance(gains, Mapping) for gains in judgments.values()):
        raise TypeError('judgments: expected a path, or gains by query and paper: {"q1": {"2401.12345": 2}}')
    return {str(query): {str(paper): float(gain) for paper, gain in gains.items()} for query, gains in judgments.items()}
