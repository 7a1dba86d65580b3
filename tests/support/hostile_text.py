"""What strangers may call their shows, and what no terminal may be sent of it."""

from __future__ import annotations

TITLES = (
    "[b]bold[/b] [@click=app.quit]x[/] [/] [",
    "[@click='app.exit(1)']leave[/]",
    "\x1b]0;pwn\x07\x1b[2J\x1b[31mred",
    "\x1b]52;c;ZXZpbA==\x07clip",
    "\x9b2J\x9d52;c;eA==\x9c c1",
    "abc\u202egnp.exe\u2066\u2069\u200f",
    "line\nbreak\r\ttab\x00nul\x7fdel\u2028sep",
    "zalgo" + "\u0301\u0336" * 400,
    "\ud800lone\udfff",
    "夜" * 3000,
    "👩‍👩‍👧‍👦" * 50,
    "x" * 100_000,
    "",
)


RANGES = ((0, 31), (0x7F, 0x9F), (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF))
SINGLE = "\u061c\u200e\u200f\u2028\u2029\ufeff"


def forbidden(text: str) -> list[str]:
    """Return the characters of ``text`` that no terminal may get."""
    return [c for c in text if c in SINGLE or any(low <= ord(c) <= high for low, high in RANGES)]
