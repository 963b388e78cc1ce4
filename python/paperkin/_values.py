"""Values of Python and of its libraries, as JSON has them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from typing import Any


def plain(value: Any, place: str) -> Any:
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
        return {str(name): plain(item, f"{place}.{name}") for name, item in value.items()}
    if kind == "datetime64":  # numpy's, in any unit
        return None if str(value) == "NaT" else str(value.astype("datetime64[D]"))
    if hasattr(value, "tolist"):  # numpy's other numbers and arrays
        return plain(value.tolist(), place)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return [plain(item, f"{place}[{number}]") for number, item in enumerate(value)]
    raise TypeError(f"{place}: expected a text, a number, a date or a list, not {kind}")
