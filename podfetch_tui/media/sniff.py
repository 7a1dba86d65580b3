"""What a file is, by its first bytes: a closed list of media, and what is refused.

Names and declared types are hints for the extension at most. The container found here is the one
that a prober is made to use, so that a file can never talk it into reading a playlist. Reads
bytes only, never raises on any of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from podfetch_tui.media import containers, mpeg, refused
from podfetch_tui.model.media import Sniffed
from podfetch_tui.system.durable import os_failures

HEAD = 64 << 10
"""Bytes that :func:`sniff_file` looks at; :func:`sniff` is content with 4 KiB."""
_MAX_TAGS = 4
_ENOUGH = 4
_LONGEST_HEADER = 7
_READERS = (mpeg.mpeg_frame, mpeg.adts_frame)
_BLANK = b"\x00\t\n\r "

_EMPTY = Sniffed("empty", "", "", is_media=False, is_refused=True)
_UNKNOWN = Sniffed("", "", "application/octet-stream", is_media=False, is_refused=False)


def sniff_file(path: Path, name: str = "") -> Sniffed:
    """Sniff a file on disk, skipping tags that are longer than any head (cover pictures).

    Args:
        path: The file.
        name: Its name in the feed (URL or path), a hint for the extension; else ``path``'s own.

    Raises:
        Failure: The file cannot be read.
    """
    with os_failures("read a downloaded file"), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, tagged, head = 0, False, file.read(HEAD)
        for _ in range(_MAX_TAGS):
            length = tag_length(head)
            if not length:
                break
            start, tagged = start + length, True
            file.seek(start)
            head = file.read(HEAD)
    return _sniff(head, size - start, name or path.name, tagged=tagged)


def sniff(head: bytes, size: int, name: str = "") -> Sniffed:
    """Say what a file is by its first bytes.

    Args:
        head: Its first 4 KiB or more; all of it when it is shorter.
        size: Length of the whole file in bytes.
        name: Its name or URL, a hint for the extension only.
    """
    tagged = False
    for _ in range(_MAX_TAGS):
        length = tag_length(head)
        if not length:
            break
        head, size, tagged = head[length:], size - length, True
    return _sniff(head, size, name, tagged=tagged)


def tag_length(head: bytes) -> int:
    """Length of the ID3v2 or APEv2 tag ``head`` begins with, with blanks before it; else 0."""
    at = len(head[:1024]) - len(head[:1024].lstrip(_BLANK))
    if head.startswith(b"ID3", at) and len(head) >= at + 10:
        sizes = head[at + 6 : at + 10]
        if head[at + 3] < 0x10 and head[at + 4] != 0xFF and max(sizes) < 0x80:
            footer = 10 if head[at + 5] & 0x10 else 0
            length = sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3]
            return at + 10 + length + footer
    if head.startswith(b"APETAGEX", at) and len(head) >= at + 32:
        return at + 32 + int.from_bytes(head[at + 12 : at + 16], "little")
    return 0


def _sniff(head: bytes, size: int, name: str, *, tagged: bool) -> Sniffed:
    if size <= 0 and not tagged:
        return _EMPTY
    found = containers.container_of(head, name) or _frames(head, certain=True)
    if found is None and not tagged:
        kind = refused.magic_kind(head) or refused.text_kind(head)
        if kind:
            return Sniffed(kind, "", "", is_media=False, is_refused=True)
    found = found or _frames(head, certain=False) or _frames_anywhere(head)
    if found is None and tagged:
        return _named(None)  # damaged, but the tag is an audio file's
    return found or _UNKNOWN


def _frames(head: bytes, *, certain: bool) -> Sniffed | None:
    """Recognise frames from the first byte that is not blank on: two, or one if not certain."""
    at = len(head) - len(head.lstrip(_BLANK))
    for read in _READERS:
        count, frame, whole = _chain(head, at, read)
        if count >= 2 or (frame is not None and not certain and not whole):
            return _named(frame)
    return None


def _frames_anywhere(head: bytes) -> Sniffed | None:
    """Find four frames in a row behind whatever a server put before them."""
    at = head.find(b"\xff")
    while at >= 0:
        for read in _READERS:
            count, frame, _ = _chain(head, at, read)
            # Layer I is not looked for here: runs of 0xFF pass for it.
            if frame is not None and count >= _ENOUGH and frame.layer != 1:
                return _named(frame)
        at = head.find(b"\xff", at + 1)
    return None


def _chain(
    head: bytes, at: int, read: Callable[[bytes, int], mpeg.Frame | None]
) -> tuple[int, mpeg.Frame | None, bool]:
    """Follow frames from ``at``: how many of one stream, the first, and whether a gap ended it."""
    first = frame = read(head, at)
    count = 0
    while first is not None and frame is not None and frame.resembles(first):
        count += 1
        if count >= _ENOUGH:
            break
        at += frame.length
        if at + _LONGEST_HEADER > len(head):
            return count, first, False
        frame = read(head, at)
    return count, first, True


def _named(frame: mpeg.Frame | None) -> Sniffed:
    if frame is not None and frame.version < 0:
        return containers.media("aac", ".aac", "audio/aac")
    layer = 3 if frame is None else frame.layer
    return containers.media("mp3", f".mp{layer}", "audio/mpeg")
