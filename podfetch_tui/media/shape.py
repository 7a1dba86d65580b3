"""Whether a file is as long as it says of itself, from its own headers, without decoding.

Reads a few kilobytes at places the headers name, whatever they name: sizes are compared, never
allocated. Says nothing (an empty problem) where a container states nothing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from podfetch_tui.media import mpeg
from podfetch_tui.media.sniff import HEAD, tag_length

_MAX_BOXES = 100_000
_MAX_TAGS = 4
_OGG_TAIL = 128 << 10
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MATROSKA_SEGMENT = b"\x18\x53\x80\x67"
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_SHORT_S = 5.0
_TOLERANCE = 0.02


class Shape(msgspec.Struct, frozen=True):
    """What a file says of its own length."""

    problem: str = ""
    """Why it cannot be whole; empty when nothing speaks against it."""
    duration_s: float | None = None
    """Seconds by its own count, where FFmpeg would get them wrong."""
    must_measure: bool = False
    """Its headers promise a length that only reading all of it can confirm."""


def shape_of(file: BinaryIO, container: str) -> Shape:
    """Compare what the file says with what is there.

    Args:
        file: Open for reading, seekable, at any position.
        container: As sniffed.

    Raises:
        OSError: It cannot be read.
    """
    check = _CHECKS.get(container)
    if check is None:
        return Shape(must_measure=container == "flac")
    return check(file, file.seek(0, os.SEEK_END))


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    # Not simply to ``at``: a place that no file system reaches is an error there.
    file.seek(min(at, file.seek(0, os.SEEK_END)))
    return file.read(count)


def _beyond(end: int, size: int) -> str:
    return f"cut short: {size:,} of {end:,} bytes are there"


def _mp3(file: BinaryIO, size: int) -> Shape:
    start, head = 0, _read(file, 0, HEAD)
    for _ in range(_MAX_TAGS):
        length = tag_length(head)
        if not length:
            break
        start += length
        if start >= size:
            return Shape("cut short: ends within its tag")
        head = _read(file, start, HEAD)
    count = mpeg.counted(head)
    if count is None:
        return Shape()
    stated = count.duration_s
    if not count.size or not stated:
        return Shape(must_measure=bool(stated))
    there = size - start - count.offset
    missing = count.size - there
    missing_s = stated * missing / count.size
    is_short = missing_s > _SHORT_S and missing > count.size * _TOLERANCE
    if is_short or there * 2 < count.size:
        return Shape(_beyond(start + count.offset + count.size, size))
    if -missing > count.size * _TOLERANCE:
        # More than was counted: something was put in (advertisements) after the count was made.
        return Shape(duration_s=stated * there / count.size)
    return Shape()


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield type and end of each top-level box; stop at the first thing that is none."""
    at = 0
    for _ in range(_MAX_BOXES):
        header = _read(file, at, 16)
        if len(header) < 8 or not header[4:8].replace(b"\xa9", b"").isalnum():
            return
        length = int.from_bytes(header[:4], "big")
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:], "big")
        elif length == 0:
            length = size - at
        if length < 8:
            return
        at += length
        yield header[4:8], at
        if at >= size:
            return


def _mp4(file: BinaryIO, size: int) -> Shape:
    kinds = set()
    for kind, end in _boxes(file, size):
        kinds.add(kind)
        if end > size:
            missing = "" if b"moov" in kinds and kind != b"moov" else ", and its index is missing"
            return Shape(_beyond(end, size) + missing)
    if b"moov" not in kinds:
        return Shape("has no index (moov): cut short or never finished")
    if b"mdat" not in kinds:
        return Shape("has an index but no sound or pictures (mdat)")
    return Shape()


def _chunks(file: BinaryIO, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield id, start and stated length of each chunk of a RIFF or IFF file."""
    at = 12
    for _ in range(_MAX_BOXES):
        header = _read(file, at, 8)
        if len(header) < 8:
            return
        name, length = struct.unpack(f"{order}4sI", header)
        yield name, at + 8, length
        at += 8 + length + (length & 1)


def _wav(file: BinaryIO, size: int) -> Shape:
    order = ">" if _read(file, 0, 4) == b"RIFX" else "<"
    wide = 0
    for name, start, length in _chunks(file, order):
        if name == b"ds64":
            wide = int.from_bytes(_read(file, start + 8, 8), "little")
        if name == b"data":
            stated = wide if length == 0xFFFFFFFF and wide else length
            if start >= size:
                break
            if stated in _UNKNOWN_SIZES or start + stated <= size:
                return Shape()
            return Shape(_beyond(start + stated, size))
    return Shape("has no sound (data chunk)")


def _aiff(file: BinaryIO, size: int) -> Shape:
    for name, start, length in _chunks(file, ">"):
        if name == b"SSND":
            return Shape() if start + length <= size else Shape(_beyond(start + length, size))
    return Shape("has no sound (SSND chunk)")


def _caf(file: BinaryIO, size: int) -> Shape:
    at = 8
    for _ in range(_MAX_BOXES):
        header = _read(file, at, 12)
        if len(header) < 12:
            break
        length = int.from_bytes(header[4:], "big", signed=True)
        if header[:4] == b"data" or length < 0:
            # -1: a recording that was never finished does not know its length.
            end = at + 12 + max(length, 0)
            return Shape(_beyond(end, size)) if end > size else Shape()
        at += 12 + length
    return Shape("has no sound (data chunk)")


def _w64(file: BinaryIO, size: int) -> Shape:
    at = 40
    for _ in range(_MAX_BOXES):
        header = _read(file, at, 24)
        length = int.from_bytes(header[16:], "little")
        if len(header) < 24 or length < 24:
            break
        if header.startswith(b"data"):
            return Shape(_beyond(at + length, size)) if at + length > size else Shape()
        at += -(-length // 8) * 8
    return Shape("has no sound (data chunk)")


def _avi(file: BinaryIO, size: int) -> Shape:
    end = 8 + int.from_bytes(_read(file, 4, 4), "little")
    return Shape(_beyond(end, size)) if size < end < 0xFFFFFFFF else Shape()


def _ogg(file: BinaryIO, size: int) -> Shape:
    start = max(0, size - _OGG_TAIL)
    tail = _read(file, start, _OGG_TAIL)
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return Shape("cut short: ends within a page")
    segments = tail[at + 27 : at + 27 + tail[at + 26]]
    end = start + at + 27 + tail[at + 26] + sum(segments)
    if end > size:
        return Shape("cut short: ends within a page")
    return Shape() if tail[at + 5] & 4 else Shape("cut short: its last page is missing")


def _matroska(file: BinaryIO, size: int) -> Shape:
    head = _read(file, 0, 4096)
    at = head.find(_MATROSKA_SEGMENT)
    if at < 0 or len(head) < at + 12:
        return Shape(must_measure=True)
    width = 9 - head[at + 4].bit_length()
    stated = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << 7 * width) - 1)
    if width > 8 or stated == (1 << 7 * width) - 1:
        return Shape(must_measure=True)
    end = at + 4 + width + stated
    return Shape(_beyond(end, size)) if end > size else Shape()


def _asf(file: BinaryIO, size: int) -> Shape:
    head = _read(file, 0, HEAD)
    at = head.find(_ASF_FILE_PROPERTIES)
    if at < 0 or len(head) < at + 48:
        return Shape(must_measure=True)
    stated = int.from_bytes(head[at + 40 : at + 48], "little")
    return Shape(_beyond(stated, size)) if stated > size else Shape()


_CHECKS: dict[str, Callable[[BinaryIO, int], Shape]] = {
    "mp3": _mp3,
    "mp4": _mp4,
    "wav": _wav,
    "w64": _w64,
    "caf": _caf,
    "aiff": _aiff,
    "avi": _avi,
    "ogg": _ogg,
    "matroska": _matroska,
    "asf": _asf,
}
