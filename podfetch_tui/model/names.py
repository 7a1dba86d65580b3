"""When two names below the archive's root are the same, and what to try instead.

Pure functions on relative paths with ``/``. ``storage.layout`` makes the wanted name, the
catalogue reserves it: both have to agree on what clashes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator

COMPONENT_BYTES = 180
"""Longest file or folder name in UTF-8 bytes; leaves room for ``.json`` and a hidden copy."""

_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}\Z")
_NUMBERED = range(2, 10)


def unique_key(path: str) -> str:
    """Return the key under which ``path`` clashes with others on some file system.

    File systems fold case and compare Unicode in their normal form, some one, some the other:
    two paths with the same key may be one file (Unicode 3.13, D145, composed).
    """
    folded = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded).casefold())


def alternatives(path: str, seed: int) -> Iterator[str]:
    """Yield ``path``, then names like it without end; the first free one is the name to take.

    ``Show/a.mp3``, ``Show/a (2).mp3`` … ``Show/a (9).mp3``, ``Show/a-1f2e3d4c.mp3`` …: after
    nine of a name, more counting would cost a look per name in the way. No component gets
    longer than :data:`COMPONENT_BYTES`. The same arguments give the same names.

    Args:
        path: Relative path as wanted.
        seed: Id of the episode or feed, so that two seldom try the same name.
    """
    folder, slash, name = path.rpartition("/")
    extension = match.group() if (match := _EXTENSION.search(name, 1)) else ""
    stem = name.removesuffix(extension) if extension else name
    yield path
    for suffix in _suffixes(path, seed):
        room = COMPONENT_BYTES - len((suffix + extension).encode())
        yield f"{folder}{slash}{cut(stem, room)}{suffix}{extension}"


def _suffixes(path: str, seed: int) -> Iterator[str]:
    for number in _NUMBERED:
        yield f" ({number})"
    number = 0
    while True:
        digest = hashlib.sha256(f"{seed} {number} {path}".encode(errors="surrogatepass"))
        yield f"-{digest.hexdigest()[:8]}"
        number += 1


def cut(text: str, limit: int) -> str:
    """Return the longest start of ``text`` of at most ``limit`` UTF-8 bytes.

    It ends before a whole character with its marks, a flag or a skin tone, never within, and
    not with a blank or a dot (Windows drops those). Where that leaves nothing, it ends at a
    code point.
    """
    if len(text.encode()) <= limit:
        return text.rstrip(" .")
    head = text.encode()[: max(limit, 0)].decode(errors="ignore")
    end = len(head)
    while end and _continues(text, end):
        end -= 1
    return head[:end].rstrip(" .") or head.rstrip(" .")


def _continues(text: str, at: int) -> bool:
    """Say whether the code point at ``at`` belongs to the one before it."""
    char = text[at]
    if unicodedata.category(char)[0] == "M" or "\U0001f3fb" <= char <= "\U0001f3ff":
        return True
    if not _is_flag_half(char):
        return False
    start = at
    while start and _is_flag_half(text[start - 1]):
        start -= 1
    return (at - start) % 2 == 1


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
