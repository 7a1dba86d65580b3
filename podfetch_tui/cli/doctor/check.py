"""One finding of the doctor."""

from __future__ import annotations

from enum import Enum

import msgspec


class State(str, Enum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    """It works, but something should be looked at."""
    BAD = "bad"
    """Something will not work until it is mended."""


class Check(msgspec.Struct, frozen=True):
    """One line of the report; the keys of its JSON."""

    name: str
    state: State
    text: str
    """What was found."""
    mend: str = ""
    """What to do; empty when nothing is wrong."""


def ok(name: str, text: str) -> Check:
    """Return a finding that nothing is wrong with."""
    return Check(name, State.OK, text)


def warn(name: str, text: str, mend: str) -> Check:
    """Return a finding to be looked at."""
    return Check(name, State.WARN, text, mend)


def bad(name: str, text: str, mend: str) -> Check:
    """Return a finding to be mended."""
    return Check(name, State.BAD, text, mend)
