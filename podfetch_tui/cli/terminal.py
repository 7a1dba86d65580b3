"""Whether there is a terminal for the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO


def missing(stdin: TextIO, stdout: TextIO, environ: Mapping[str, str]) -> str:
    """Return what keeps the application from being shown; empty when nothing does."""
    if not stdin.isatty():
        return "standard input is none"
    if not stdout.isatty():
        return "standard output is none"
    term = environ.get("TERM", "")
    if term in ("", "dumb"):
        return f"TERM={term or '(not set)'} cannot show one"
    return ""
