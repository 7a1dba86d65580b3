"""An INI that somebody is still writing, or that was cut off: it may be read, and is not meant."""

from __future__ import annotations

from podfetch_tui.config.loaded import Loaded, Problem

_ENDS = ("\n", "\r")


def cut_off(before: Loaded, now: Loaded) -> Problem | None:
    """Return what is wrong with an INI that is just the beginning of what it was.

    A file without its last lines is an edit; one that ends within a line, or holds nothing any
    more, is what a full disk, a broken copy or half a save leaves behind.
    """
    file = now.file or ""
    if before.text.strip() and not now.text.strip():
        return Problem(
            file=file,
            line=0,
            message="the file is empty now",
            hint="if that is meant, leave a comment in it",
        )
    rest = before.text[len(now.text) :]
    if before.text.startswith(now.text) and rest.strip() and not _is_at_end_of_line(now.text, rest):
        return Problem(
            file=file,
            line=1 + now.text.count("\n"),
            message="the file ends within a line that was longer: it looks cut off",
            hint="if that is meant, end the line",
        )
    return None


def is_unfinished(before: Loaded, now: Loaded) -> bool:
    """Whether the last line has no end, unlike before: its writer may not be done."""
    return before.text.endswith(_ENDS) and not now.text.endswith(_ENDS)


def _is_at_end_of_line(text: str, rest: str) -> bool:
    return text.endswith(_ENDS) or rest.startswith(_ENDS)
