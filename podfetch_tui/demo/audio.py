"""Valid audio made of arithmetic: of any size, unique by its seed, never held in memory.

Every kind is a header followed by equal units of silence, of 16 KiB at most. Each unit begins
with a digest of the seed and its own number where decoders do not look, so that no two files
share a unit and no unit of a file comes twice: mixed or shifted bytes cannot go unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from podfetch_tui.demo import boxes, opus, wave

FRAME_BYTES = 576
FRAME_MS = 36
_FRAME_HEADER = bytes((0xFF, 0xFB, 0x98, 0xC0))
"""MPEG-1 Layer III, 128 kbit/s, 32 kHz, mono: 576 bytes and 1152 samples a frame."""
_SIDE_INFORMATION = bytes(17)
"""All zero: no granule has any data, which is silence; the rest is ancillary."""
_FRAMES = 16
"""Frames of a unit; the first is marked."""
_SILENT_FRAMES = (_FRAME_HEADER + _SIDE_INFORMATION).ljust(FRAME_BYTES, b"\0") * (_FRAMES - 1)
_TITLE_BYTES = 200


@dataclass(frozen=True, slots=True)
class Units:
    """A header and as many units as the size has room for; the last may be cut."""

    header: bytes
    unit_bytes: int
    make: Callable[[int], bytes]
    """Returns the unit of a number from 0."""
    duration_s: float


class Media:
    """One generated audio file.

    Attributes:
        size: Exact size in bytes.
        duration_s: How long it plays.
        content_type: Its media type.
        extension: Its usual file extension, with the dot.
    """

    __slots__ = ("_units", "content_type", "duration_s", "extension", "size")

    def __init__(self, seed: str, size: int, *, title: str = "", kind: str = "mp3") -> None:
        """Describe the file.

        Args:
            seed: Makes the bytes unique.
            size: Exact size in bytes.
            title: What the tag inside says.
            kind: ``mp3``, ``m4a``, ``opus`` or ``wav``.

        Raises:
            ValueError: There is no such kind, or no such file of that size.
        """
        if kind not in _KINDS:
            raise ValueError(f"there is no generated audio of kind {kind!r}")
        build, self.content_type = _KINDS[kind]
        mark = hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:32].encode()
        text = title.encode("utf-8", "replace")[:_TITLE_BYTES].decode("utf-8", "ignore").encode()
        self._units = build(mark, text, size)
        self.size = size
        self.duration_s = self._units.duration_s
        self.extension = f".{kind}"

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` to ``stop``, which is cut to the size."""
        units, stop = self._units, min(stop, self.size)
        if start >= stop:
            return b""
        head = units.header[start:stop]
        at = max(start, len(units.header)) - len(units.header)
        count = stop - start - len(head)
        if count <= 0:
            return head
        first, last = at // units.unit_bytes, (at + count - 1) // units.unit_bytes
        body = b"".join([units.make(number) for number in range(first, last + 1)])
        offset = at - first * units.unit_bytes
        body = body[offset : offset + count]
        return head + body if head else body


def media_bytes(seed: str, size: int, *, kind: str = "mp3") -> bytes:
    """Return a whole generated file."""
    return Media(seed, size, kind=kind).read(0, size)


def media_slice(seed: str, size: int, start: int, stop: int) -> bytes:
    """Return the bytes ``start`` to ``stop`` of the generated MP3."""
    return Media(seed, size).read(start, stop)


def _mp3(mark: bytes, title: bytes, size: int) -> Units:
    """ID3v2.4 tag, ``Info`` frame, frames."""
    texts = _text_frame(b"TIT2", title) + _text_frame(b"TXXX", b"seed\0" + mark)
    count = (size - 10 - len(texts)) // FRAME_BYTES - 1
    if count < 1:
        raise ValueError(f"an MP3 of {size} bytes is too small for its tag and two frames")
    tag = _tag(texts, size - (count + 1) * FRAME_BYTES)
    before = _FRAME_HEADER + _SIDE_INFORMATION + mark
    after = bytes(FRAME_BYTES - len(before) - 8)

    def unit(number: int) -> bytes:
        return b"%b%08x%b%b" % (before, number, after, _SILENT_FRAMES)

    header = tag + _info_frame(count)
    return Units(header, FRAME_BYTES * _FRAMES, unit, count * FRAME_MS / 1000)


def _info_frame(count: int) -> bytes:
    """The frame that says how many frames and bytes follow, as LAME and others write it."""
    fields = b"Info" + (3).to_bytes(4, "big") + count.to_bytes(4, "big")
    fields += ((count + 1) * FRAME_BYTES).to_bytes(4, "big")
    return (_FRAME_HEADER + _SIDE_INFORMATION + fields).ljust(FRAME_BYTES, b"\0")


def _text_frame(name: bytes, text: bytes) -> bytes:
    """ID3v2.4 text frame in UTF-8 (id3.org: ID3v2.4.0 section 4.2)."""
    return name + _syncsafe(len(text) + 1) + b"\0\0\x03" + text


def _tag(frames: bytes, size: int) -> bytes:
    return (b"ID3\x04\0\0" + _syncsafe(size - 10) + frames).ljust(size, b"\0")


def _syncsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _m4a(mark: bytes, title: bytes, size: int) -> Units:
    header, count = boxes.header(mark, title, size)
    return Units(
        header,
        boxes.UNIT_BYTES,
        lambda number: boxes.unit(mark, number),
        count * boxes.SAMPLE_S,
    )


def _opus(mark: bytes, title: bytes, size: int) -> Units:
    header, count = opus.header(mark, title, size)
    return Units(
        header,
        opus.PAGE_BYTES,
        lambda number: opus.page(mark, number, is_last=number == count - 1),
        count * opus.PAGE_S,
    )


def _wav(mark: bytes, title: bytes, size: int) -> Units:
    header = wave.header(mark, title, size)
    length = size - len(header)
    return Units(
        header,
        wave.BLOCK_BYTES,
        lambda number: wave.block(mark, number),
        length / wave.BYTES_PER_S,
    )


_KINDS: dict[str, tuple[Callable[[bytes, bytes, int], Units], str]] = {
    "mp3": (_mp3, "audio/mpeg"),
    "m4a": (_m4a, "audio/mp4"),
    "opus": (_opus, "audio/ogg"),
    "wav": (_wav, "audio/wav"),
}
KINDS = tuple(_KINDS)
