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
    snoozed: str = "z"
    new: str = "☆"
    note: str = "·"
    ellipsis: str = "…"
    link: str = "⇄"
    selected: str = "*"
    up: str = "↑"
    down: str = "↓"
    busy: str = "◐"
    idle: str = "○"
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
    link="@",
    up="^",
    down="v",
    busy="@",
    idle=".",
    ascii_only=True,
)


_NAMES = ("LC_ALL", "LC_CTYPE", "LANG")
_WIDE = ("ja", "ko", "zh")
"""Where terminals give signs as ``●`` two cells, which would push all else aside."""


def choose(setting: str, environ: Mapping[str, str]) -> Glyphs:
    """Return the signs for ``[ui] glyphs``: ``unicode``, ``ascii`` or ``auto``."""
    if setting == "ascii":
        return ASCII
    if setting == "unicode":
        return UNICODE
    named = next((environ[name] for name in _NAMES if environ.get(name)), "")
    # "C" in LANG alone is often an accident of how a shell was started; LC_ALL is meant.
    if environ.get("LC_ALL") in ("C", "POSIX") or named.partition("_")[0] in _WIDE:
        return ASCII
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return ASCII if environ.get("TERM") == "linux" or encoding != "utf8" else UNICODE
