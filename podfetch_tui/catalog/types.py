"""The column types of the catalogue: four of them, the same on SQLite and PostgreSQL.

Times are UTC milliseconds in :data:`Int64`; flags are 0 or 1 in :data:`Int64`; words and JSON
are :data:`Text`. STRICT tables know no others.
"""

from __future__ import annotations

import math
from enum import Enum

from sqlalchemy import REAL, BigInteger, Integer, LargeBinary, Text
from sqlalchemy.types import TypeEngine

Int64: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
Real: TypeEngine[float] = REAL()
Blob: TypeEngine[bytes] = LargeBinary()
Words: TypeEngine[str] = Text()

MAX_INT64 = 2**63 - 1


def fits(number: int | None) -> int | None:
    """Return ``number``, or ``None`` where a stranger's number does not fit the column."""
    return number if number is not None and -MAX_INT64 <= number <= MAX_INT64 else None


def finite(number: float | None) -> float | None:
    """Return ``number``, or ``None`` where it is none or endless: JSON has no word for that."""
    return number if number is not None and math.isfinite(number) else None


def one_of(column: str, words: type[Enum]) -> str:
    """Return the condition that ``column`` holds one of the values of ``words``."""
    return f"{column} IN ({', '.join(repr(str(word.value)) for word in words)})"
