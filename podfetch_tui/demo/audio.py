"""Valid audio made of arithmetic: MP3 of any size, unique by its seed, never held in memory.

A file is an ID3v2 tag followed by equal MPEG-1 Layer III frames (128 kbit/s, 32 kHz, mono:
576 bytes and 36 ms each). The side information of each frame is zero, which is silence; what
follows is ancillary data, which holds a digest of the seed so that no two files share bytes.
"""

from __future__ import annotations

import hashlib

FRAME_BYTES = 576
FRAME_MS = 36
_FRAME_HEADER = bytes((0xFF, 0xFB, 0x98, 0xC0))
_SIDE_INFORMATION = bytes(17)
_SMALLEST = 1024


class Media:
    """One generated MP3 file."""

    def __init__(self, seed: str, size: int, *, title: str = "") -> None:
        """Describe the file.

        Args:
            seed: Makes the bytes unique.
            size: Exact size in bytes, at least 1 KiB.
            title: What the ID3v2 tag says.
        """
        self.size = max(size, _SMALLEST)
        digest = hashlib.sha256(seed.encode("utf-8", "replace")).digest()
        frame = _FRAME_HEADER + _SIDE_INFORMATION + digest
        self._frame = frame.ljust(FRAME_BYTES, b"\0")
        text = title.encode("utf-8", "replace")[:200]
        tag_frames = _text_frame(b"TIT2", text) + _text_frame(
            b"TXXX", b"seed\0" + digest.hex().encode()
        )
        frames = (self.size - 10 - len(tag_frames)) // FRAME_BYTES
        self._tag = _tag(tag_frames, self.size - frames * FRAME_BYTES)
        self.duration_s = frames * FRAME_MS / 1000

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` to ``stop``, which is cut to the size."""
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        head = self._tag[start:stop]
        at = max(start, len(self._tag)) - len(self._tag)
        count = stop - start - len(head)
        if count <= 0:
            return head
        offset = at % FRAME_BYTES
        copies = (offset + count) // FRAME_BYTES + 1
        return head + (self._frame * copies)[offset : offset + count]


def _text_frame(name: bytes, text: bytes) -> bytes:
    """ID3v2.4 text frame in UTF-8 (id3.org: ID3v2.4.0 section 4.2)."""
    return name + _syncsafe(len(text) + 1) + b"\0\0\x03" + text


def _tag(frames: bytes, size: int) -> bytes:
    return (b"ID3\x04\0\0" + _syncsafe(size - 10) + frames).ljust(size, b"\0")


def _syncsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))
