"""RIFF WAVE for generated audio: 16-bit mono PCM that is nearly silent."""

from __future__ import annotations

import struct

RATE = 16_000
BYTES_PER_S = RATE * 2
BLOCK_BYTES = 16384


def header(mark: bytes, title: bytes, size: int) -> bytes:
    """Return everything before the samples of a file of ``size`` bytes.

    Raises:
        ValueError: The size is odd, which RIFF does not know, or too small.
    """
    notes = _chunk(b"INAM", title + b"\0") + _chunk(b"ICMT", mark + b"\0")
    form = struct.pack("<HHIIHH", 1, 1, RATE, BYTES_PER_S, 2, 16)
    start = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", b"INFO" + notes)
    length = size - 8 - len(start) - 8
    if size % 2 or length < 2:
        raise ValueError(
            f"there is no WAV of {size} bytes: it must be even and have room for its header"
        )
    riff = b"RIFF" + struct.pack("<I", size - 8) + start
    return riff + b"data" + struct.pack("<I", length)


def block(mark: bytes, number: int) -> bytes:
    """Return samples that hold the mark and the number as very quiet noise."""
    text = b"%b%08x" % (mark, number)
    loud = bytearray(len(text) * 2)
    loud[::2] = text
    return bytes(loud).ljust(BLOCK_BYTES, b"\0")


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
