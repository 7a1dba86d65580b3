"""MPEG-4 audio (ISO/IEC 14496-12, -14) for generated audio: silent AAC-LC in an M4A file.

A sample is one AAC frame: an empty channel element, then a fill element whose payload is free
for the mark, then the end (ISO/IEC 14496-3, 4.4.2). Its first 44 bits are the elements, the
next four say "fill", so the free payload begins at byte 6.
"""

from __future__ import annotations

import struct

RATE = 32_000
SAMPLE_BYTES = 256
SAMPLE_S = 1024 / RATE
_SAMPLES = 64
UNIT_BYTES = SAMPLE_BYTES * _SAMPLES
_FILL_BYTES = 250
_FREE_BYTES = 249
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_MONO_AAC_LC = b"\x12\x88"
"""AudioSpecificConfig: object type 2, 32 kHz (index 5), one channel."""


def header(mark: bytes, title: bytes, size: int) -> tuple[bytes, int]:
    """Return everything before the samples of a file of ``size`` bytes, and their number.

    Raises:
        ValueError: The size is too small.
    """
    start = _box(b"ftyp", b"M4A \0\0\2\0M4A mp42isom")
    # The movie's size does not depend on the number of samples, so ask with any.
    room = size - len(start) - len(_movie(mark, title, count=1, offset=0)) - 16
    count = room // SAMPLE_BYTES
    if count < 1:
        raise ValueError(f"an M4A of {size} bytes is too small for its header and one sample")
    offset = size - count * SAMPLE_BYTES
    movie = _movie(mark, title, count=count, offset=offset)
    start += movie + _box(b"free", bytes(room - count * SAMPLE_BYTES))
    return start + struct.pack(">I", 8 + count * SAMPLE_BYTES) + b"mdat", count


def unit(mark: bytes, number: int) -> bytes:
    """Return silent AAC frames, the first of which holds the mark and the number."""
    return _sample(b"%b%08x" % (mark, number)) + _SILENT_SAMPLES


def _sample(text: bytes) -> bytes:
    return _SAMPLE_START + text.ljust(_FREE_BYTES, b"\0") + _END


def _sample_start() -> bytes:
    """Channel element (29 bits), fill element's head (15) and type (4) in six bytes."""
    bits = "0000000" + "00000000" + "00000000000" + "000"
    bits += "110" + "1111" + f"{_FILL_BYTES - 14:08b}" + "0000"
    return int(bits, 2).to_bytes(6, "big")


_SAMPLE_START = _sample_start()
_END = bytes((0b0000_111_0,))
_SILENT_SAMPLES = _sample(b"") * (_SAMPLES - 1)


def _movie(mark: bytes, title: bytes, *, count: int, offset: int) -> bytes:
    ticks = count * 1024
    times = struct.pack(">II", 0, 0)
    movie_head = _full(
        b"mvhd",
        times + struct.pack(">IIIH", RATE, ticks, 0x10000, 0x100) + bytes(10)
        + _MATRIX + bytes(24) + struct.pack(">I", 2),
    )  # fmt: skip
    track_head = _full(
        b"tkhd",
        times + struct.pack(">III", 1, 0, ticks) + bytes(8)
        + struct.pack(">HHHH", 0, 0, 0x100, 0) + _MATRIX + bytes(8),
        flags=7,
    )  # fmt: skip
    media_head = _full(b"mdhd", times + struct.pack(">IIHH", RATE, ticks, 0x55C4, 0))
    handler = _full(b"hdlr", bytes(4) + b"soun" + bytes(12) + b"\0")
    reference = _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1))
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + _sound_entry())
        + _full(b"stts", struct.pack(">III", 1, count, 1024))
        + _full(b"stsc", struct.pack(">IIII", 1, 1, count, 1))
        + _full(b"stsz", struct.pack(">II", SAMPLE_BYTES, count))
        + _full(b"stco", struct.pack(">II", 1, offset)),
    )
    info = _box(b"minf", _full(b"smhd", bytes(4)) + _box(b"dinf", reference) + table)
    track = _box(b"trak", track_head + _box(b"mdia", media_head + handler + info))
    return _box(b"moov", movie_head + track + _tags(mark, title))


def _sound_entry() -> bytes:
    """``mp4a`` with its elementary stream descriptor (ISO/IEC 14496-14, 5.6)."""
    specific = _descriptor(5, _MONO_AAC_LC)
    config = _descriptor(4, b"\x40\x15" + bytes(3) + struct.pack(">II", 64_000, 64_000) + specific)
    stream = _descriptor(3, b"\0\1\0" + config + _descriptor(6, b"\2"))
    entry = bytes(6) + struct.pack(">H", 1) + bytes(8)
    entry += struct.pack(">HHHHI", 1, 16, 0, 0, RATE << 16)
    return _box(b"mp4a", entry + _full(b"esds", stream))


def _tags(mark: bytes, title: bytes) -> bytes:
    items = b"".join(
        _box(name, _box(b"data", struct.pack(">II", 1, 0) + text))
        for name, text in ((b"\xa9nam", title), (b"\xa9cmt", mark))
    )
    handler = _full(b"hdlr", bytes(4) + b"mdirappl" + bytes(9))
    return _box(b"udta", _full(b"meta", handler + _box(b"ilst", items)))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def _full(name: bytes, body: bytes, *, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + body)


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body
