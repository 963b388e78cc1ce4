"""The filters of questions: keyword parameters that are written down once."""

from __future__ import annotations

import datetime
import difflib
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, TypeVar

from paperkin._errors import PaperkinError

Method = TypeVar("Method", bound=Callable[..., Any])


class Filters(TypedDict, total=False):
    """What every question takes by keyword. A filter that is None is none.

    limit: How many results; 20 when left out.
    published_after: Only papers published on this day or later: a date, or `2026-01-31`.
    published_before: Only papers published on this day or before.
    categories: Only papers of these categories: `cs.CL`, or `cs` for all of `cs.*`.
    sources: Only papers from these sources.
    by: Only papers by one of these authors, by any form of the name.
    titles: Only papers with all of these phrases in the title.
    phrases: Only papers with all of these phrases in the title or the abstract.
    without: Only papers without any of these words and phrases.
    exclude: Never these papers: ids.
    candidates: Rank these papers and no others: ids.
    min_score: Only papers that score at least this, from 0 to 1.
    min_relevance: Only papers that are at least this close.
    explain: Whether to find the sentences that match best.
    diversity: 0: the best; towards 1: the best that differ from each other.
    dedup_threshold: Of papers whose embeddings are at least this similar, from 0 to 1, only the best.
    authors: Authors whose papers gain.
    recency: How much new papers gain, from 0 to 1.
    votes: How much papers with many votes gain, from 0 to 1.
    smoothing: How far a score moves towards those of the nearest papers, from 0 to 1.
    strategy: How a reading history becomes a ranking.
    interest: Only for this interest of the history, by its label.
    half_life_days: Days after which a paper of the history counts half.
    as_of: Answer as on this day.
    """

    limit: int | None
    published_after: datetime.date | str | None
    published_before: datetime.date | str | None
    categories: str | Sequence[str] | None
    sources: str | Sequence[str] | None
    by: str | Sequence[str] | None
    titles: str | Sequence[str] | None
    phrases: str | Sequence[str] | None
    without: str | Sequence[str] | None
    exclude: str | Sequence[str] | None
    candidates: str | Sequence[str] | None
    min_score: float | None
    min_relevance: Literal["close", "related", "far"] | None
    explain: bool | None
    diversity: float | None
    dedup_threshold: float | None
    authors: str | Sequence[str] | None
    recency: float | None
    votes: float | None
    smoothing: float | None
    strategy: Literal["auto", "mean", "nearest", "interests", "classifier"] | None
    interest: str | None
    half_life_days: float | None
    as_of: datetime.date | str | None


#: Filters that are lists; a single text is a list of one.
LISTS = tuple(name for name, kind in Filters.__annotations__.items() if "Sequence" in str(kind))


#: What a number or a yes may be, by the first word of its annotation.
_KINDS: dict[str, tuple[str, Any]] = {
    "int": ("a whole number", int),
    "float": ("a number", (int, float)),
    "bool": ("True or False", bool),
}


def checked(name: str, value: Any) -> Any:
    """The value of a filter, if it is of its kind."""
    kind = str(_text(Filters.__annotations__.get(name, ""))).split(" ")[0]
    if kind not in _KINDS:
        return [value] if name in LISTS and isinstance(value, str) else value
    expected, types = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
        raise TypeError(f"{name}: expected {expected}, not {type(value).__name__}")
    if kind == "int" and value < 0:
        raise PaperkinError(f"`{name}`: {value} is below 0")
    return value


def with_filters(method: Method) -> Method:
    """Gives a method that ends in `**filters` their names: in its signature, where it refuses others."""
    own = inspect.signature(method)
    kept = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    named = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_text(kind))
        for name, kind in Filters.__annotations__.items()
        if name not in own.parameters
    ]
    signature = own.replace(parameters=[*kept, *named])
    known = signature.parameters

    @functools.wraps(method)
    def asked(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f": did you mean `{near[0]}`?" if near else ""
                raise TypeError(f"{method.__name__}() got an unexpected keyword argument `{name}`{hint}")
        return method(*args, **kwargs)

    asked.__signature__ = signature  # type: ignore[attr-defined]
    asked.__doc__ = f"{inspect.getdoc(method)}\n\n{inspect.getdoc(Filters)}"
    return asked  # type: ignore[return-value]


def _text(kind: Any) -> str:
    return kind.__forward_arg__ if hasattr(kind, "__forward_arg__") else str(kind)
