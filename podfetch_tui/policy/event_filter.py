"""Which events are shown: ``kind:failed feed:12 family:transient !code:http_404 word``.

Blanks mean *and*, ``!`` means *not*, as in the filter language of feeds and episodes; an event
has too few fields for more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from podfetch_tui.policy.filters import BadFilter

FIELDS = ("kind", "feed", "episode", "family", "code")
LOOKED_AT = 5_000
"""In so many rows at a time, codes and words are looked for."""
_IDS = {"feed": "feed_id", "episode": "episode_id"}
_NUMBER = re.compile(r"[0-9]{1,18}\Z")
"""What the catalogue has numbers for."""
_TEXTS = ("kind", "code", "text", "feed_title", "episode_title")


class Condition(msgspec.Struct, frozen=True):
    """One condition; an empty ``field`` looks into all texts."""

    field: str
    value: str
    negated: bool = False

    def holds(self, row: Mapping[str, object]) -> bool:
        """Say whether ``row``, as ``events --json`` has it, fulfils it."""
        return self._found(row) != self.negated

    def _found(self, row: Mapping[str, object]) -> bool:
        if not self.field:
            return any(self.value in str(row.get(name) or "").lower() for name in _TEXTS)
        if self.field in _IDS:
            return str(row.get(_IDS[self.field])) == self.value
        told = str(row.get(self.field) or "").lower()
        return bool(told) if self.value == "*" else self.value in told


def conditions(text: str) -> tuple[Condition, ...]:
    """Return what ``text`` asks for; a blank one asks for nothing.

    Raises:
        BadFilter: It cannot be read.
    """
    return tuple(_condition(word, at) for word, at in _words(text))


def _words(text: str) -> list[tuple[str, int]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((word, at + 1))
        at += len(word)
    return found


def _condition(word: str, column: int) -> Condition:
    negated = word.startswith("!")
    bare = word[negated:].lower()
    if not bare:
        raise BadFilter(column, "! stands before what must not be there")
    field, colon, value = bare.partition(":")
    if not colon or field not in FIELDS:
        if colon and field.isidentifier() and not value.startswith("/"):
            raise BadFilter(column, f"no field {field!r}: there are {', '.join(FIELDS)}")
        return Condition("", bare, negated)
    if not value:
        raise BadFilter(column, f"{field}: of what?")
    if field in _IDS and not _NUMBER.match(value):
        raise BadFilter(column, f"{field} takes a number, not {value!r}")
    return Condition(field, value, negated)
