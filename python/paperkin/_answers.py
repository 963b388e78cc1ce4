"""What comes back: papers with their scores and reasons."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from paperkin._errors import in_python

#: Authors that a line names.
_MAX_AUTHORS = 3


def _date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)


@dataclass(frozen=True)
class Paper:
    """A paper. What its sources do not say is empty or None."""

    id: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    published: datetime.date | None = None
    listed: datetime.date | None = None
    votes: int | None = None
    categories: tuple[str, ...] = ()
    source: str = ""
    url: str | None = None

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Paper:
        return cls(
            id=fields["id"],
            title=fields.get("title", ""),
            abstract=fields.get("abstract", ""),
            authors=tuple(fields.get("authors", ())),
            published=_date(fields.get("published")),
            listed=_date(fields.get("listed")),
            votes=fields.get("votes"),
            categories=tuple(fields.get("categories", ())),
            source=fields.get("source", ""),
            url=fields.get("url"),
        )

    @property
    def byline(self) -> str:
        """The first authors: `Ada Example, Bo Example and 4 more`."""
        rest = len(self.authors) - _MAX_AUTHORS
        return ", ".join(self.authors[:_MAX_AUTHORS]) + (f" and {rest} more" if rest > 0 else "")


@dataclass(frozen=True)
class Reason:
    """A paper of the history that a recommendation follows from."""

    #: Its id; None when it was given by its text.
    id: str | None
    title: str
    #: What it adds to the score.
    contribution: float


@dataclass(frozen=True)
class SentenceMatch:
    """Two sentences that are alike, when explanations were asked for."""

    #: Of the recommended paper.
    sentence: str
    #: Of the text asked for, or of the first reason.
    matched_sentence: str
    #: The cosine of their embeddings.
    similarity: float


@dataclass(frozen=True)
class Recommendation:
    """A paper that was found."""

    #: From 1.
    rank: int
    #: The share of ordinary papers that are less like what was asked for, 0 to 1.
    score: float
    paper: Paper
    #: How likely it is relevant, 0 to 1; None where nobody asked for anything.
    relevance: float | None = None
    #: `close`, `related` or `far`.
    relevance_word: str | None = None
    #: The cosine with what was asked for.
    similarity: float | None = None
    reasons: tuple[Reason, ...] = ()
    #: The interest of the reader that it is for.
    interest: str | None = None
    #: The sentence that matches best, with `explain=True`.
    sentence_match: SentenceMatch | None = None
    #: What the score is the sum of, by name.
    breakdown: dict[str, float] = field(default_factory=dict, hash=False)

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Recommendation:
        relevance, interest = fields.get("relevance") or {}, fields.get("interest") or {}
        match = fields.get("sentence_match")
        reasons = (Reason(reason["id"], reason["title"], reason["contribution"]) for reason in fields["reasons"])
        return cls(
            rank=fields["rank"],
            score=fields["score"],
            paper=Paper._of(fields["paper"]),
            relevance=relevance.get("probability"),
            relevance_word=relevance.get("word"),
            similarity=fields.get("similarity"),
            reasons=tuple(reasons),
            interest=interest.get("label"),
            sentence_match=None if match is None else SentenceMatch(**match),
            breakdown=fields["breakdown"],
        )

    @property
    def because(self) -> str:
        """The titles of its reasons."""
        return "; ".join(reason.title for reason in self.reasons)


class Answer(Sequence[Recommendation]):
    """Papers, best first. It is a sequence: `answer[0]`, `len(answer)`, `for result in answer`. In a first feed, the best of the
    papers that are too old to be new follow the new ones.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        found = [*fields["results"], *fields.get("best_of_library", [])]
        self.results: list[Recommendation] = [Recommendation._of(result) for result in found]
        #: Whether all results are far from what was asked for.
        self.nothing_close: bool = fields.get("nothing_close", False)
        #: Ids of the request that are not in the library.
        self.not_found: list[str] = fields["not_found"]
        #: What was done in place of what was asked, and why.
        self.note: str | None = in_python(fields["note"]) if fields.get("note") else None
        #: Milliseconds that the answer took.
        self.took_ms: float = fields["took_ms"]

    @overload
    def __getitem__(self, index: int) -> Recommendation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Recommendation]: ...
    def __getitem__(self, index: int | slice) -> Recommendation | list[Recommendation]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.results)

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "rank": result.rank,
                "score": result.score,
                "relevance": result.relevance,
                "id": result.paper.id,
                "title": result.paper.title,
                "authors": list(result.paper.authors),
                "published": result.paper.published,
                "categories": list(result.paper.categories),
                "url": result.paper.url,
                "because": result.because,
            }
            for result in self.results
        ]

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a row for each result."""
        import pandas

        return pandas.DataFrame(self._rows(), columns=list(_COLUMNS))

    def to_polars(self) -> Any:
        """A `polars.DataFrame` with a row for each result."""
        import polars

        types: dict[str, Any] = {
            "rank": polars.Int64,
            "score": polars.Float64,
            "relevance": polars.Float64,
            "authors": polars.List(polars.String),
            "published": polars.Date,
            "categories": polars.List(polars.String),
        }
        return polars.DataFrame(self._rows(), schema={name: types.get(name, polars.String) for name in _COLUMNS})

    def _remarks(self) -> list[str]:
        remarks = [self.note] if self.note else []
        if self.nothing_close and not self.note:
            remarks.append("nothing close in this library; nearest:")
        if self.not_found:
            remarks.append(f"not in the library: {', '.join(self.not_found)}")
        return remarks or ([] if self.results else ["no results"])

    def __repr__(self) -> str:
        lines = [f"{result.rank:3}  {result.score:.3f}  {result.paper.id}  {result.paper.title}" for result in self]
        return "\n".join([*(f"({remark})" for remark in self._remarks()), *lines])

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        rows = []
        for result in self.results:
            paper = result.paper
            title = html.escape(paper.title)
            if paper.url and paper.url.startswith(("https://", "http://")):
                title = f'<a href="{html.escape(paper.url)}">{title}</a>'
            because = f"<br><small>because of {html.escape(result.because)}</small>" if result.because else ""
            width = round(100 * min(max(result.score, 0.0), 1.0))
            rows.append(
                f"<tr><td>{result.rank}</td>"
                f'<td style="min-width:6em"><div style="background:#4a7ab5;height:.6em;width:{width}%"></div>'
                f"{result.score:.3f}</td>"
                f'<td style="text-align:left">{title}<br><small>{html.escape(paper.byline)}</small>{because}</td></tr>'
            )
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())
        if not rows:
            return remarks
        head = '<tr><th></th><th>score</th><th style="text-align:left">paper</th></tr>'
        return f"{remarks}<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


_COLUMNS = ("rank", "score", "relevance", "id", "title", "authors", "published", "categories", "url", "because")
