"""Signs that stand beside words; never emoji, never wider than one cell."""

from __future__ import annotations

import locale
from collections.abc import Mapping

import msgspec


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of one set; every sign stands beside a word that says the same."""

    ok: str = "●"
    done: str = "✓"
    bad: str = "✗"
    warning: str = "▲"
    held: str = "⊘"
    paused: str = "‖"
    gone: str = "†"
    new: str = "☆"
    note: str = "·"
    ellipsis: str = "…"
    ascii_only: bool = False


UNICODE = Glyphs()
ASCII = Glyphs(
    ok="o",
    done="+",
    bad="x",
    warning="!",
    held="Q",
    paused="=",
    gone="-",
    new="?",
    note="-",
    ellipsis="~",
    ascii_only=True,
)


def choose(setting: str, environ: Mapping[str, str]) -> Glyphs:
    """Return the signs for ``[ui] glyphs``: ``unicode``, ``ascii`` or ``auto``."""
    if setting == "ascii":
        return ASCII
    if setting == "unicode":
        return UNICODE
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return ASCII if environ.get("TERM") == "linux" or encoding != "utf8" else UNICODE
