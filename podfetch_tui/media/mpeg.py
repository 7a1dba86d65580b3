"""MPEG audio frame headers, ADTS headers, and the Xing, Info and VBRI counts in a first frame.

ISO/IEC 11172-3 2.4.1.3, 13818-3, 14496-3 annex 1.A; the counts as LAME and Fraunhofer write them.
"""

from __future__ import annotations

import struct

import msgspec

_BIT_RATES: dict[tuple[bool, int], tuple[int, ...]] = {
    # (MPEG 1, layer): kbit/s for index 1 to 14
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_ADTS_HEADER = 7


class Frame(msgspec.Struct, frozen=True):
    """One frame header."""

    version: int
    """The header's two bits: 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5; -1 is ADTS."""
    layer: int
    sample_rate: int
    length: int
    """Bytes of the whole frame."""
    samples: int
    side_info: int = 0
    """Bytes between the header and a Xing tag."""

    def resembles(self, other: Frame) -> bool:
        """Whether both can belong to one stream."""
        return (self.version, self.layer, self.sample_rate) == (
            other.version,
            other.layer,
            other.sample_rate,
        )


class Counted(msgspec.Struct, frozen=True):
    """What a Xing, Info or VBRI tag says of the whole file."""

    frames: int | None
    size: int | None
    """Bytes from the tag's own frame on."""
    offset: int
    """Where the tag's frame begins in the bytes that were looked at."""
    sample_rate: int
    samples_per_frame: int

    @property
    def duration_s(self) -> float | None:
        """Seconds of sound, by the count of frames."""
        if not self.frames:
            return None
        return self.frames * self.samples_per_frame / self.sample_rate


def mpeg_frame(data: bytes, at: int = 0) -> Frame | None:
    """Read the MPEG audio header at ``at``; ``None`` when there is none, or free format."""
    if len(data) < at + 4 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    rate_index, sample_index = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version == 1 or layer == 4 or rate_index in (0, 15) or sample_index == 3:
        return None
    if data[at + 3] & 3 == 2:  # reserved emphasis
        return None
    first = version == 3
    bit_rate = _BIT_RATES[first, layer][rate_index - 1] * 1000
    sample_rate = _SAMPLE_RATES[version][sample_index]
    padding = data[at + 2] >> 1 & 1
    if layer == 1:
        return Frame(version, layer, sample_rate, (12 * bit_rate // sample_rate + padding) * 4, 384)
    samples = 1152 if first or layer == 2 else 576
    length = samples // 8 * bit_rate // sample_rate + padding
    mono = data[at + 3] >> 6 == 3
    side_info = (17 if mono else 32) if first else (9 if mono else 17)
    return Frame(version, layer, sample_rate, length, samples, side_info)


def adts_frame(data: bytes, at: int = 0) -> Frame | None:
    """Read the ADTS header at ``at``; ``None`` when there is none."""
    if len(data) < at + _ADTS_HEADER or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return None
    rate_index = data[at + 2] >> 2 & 15
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    if rate_index > 12 or length <= _ADTS_HEADER:
        return None
    return Frame(-1, 0, rate_index, length, 1024)


def counted(data: bytes) -> Counted | None:
    """Find the first MPEG frame and return the count in it, if there is one."""
    at = data.find(b"\xff")
    while at >= 0:
        frame = mpeg_frame(data, at)
        if frame is not None and frame.layer == 3:
            return _xing(data, at, frame) or _vbri(data, at, frame)
        at = data.find(b"\xff", at + 1)
    return None


def _xing(data: bytes, at: int, frame: Frame) -> Counted | None:
    tag = at + 4 + frame.side_info
    if data[tag : tag + 4] not in (b"Xing", b"Info") or len(data) < tag + 16:
        return None
    (flags,) = struct.unpack_from("!I", data, tag + 4)
    fields = list(struct.unpack_from("!II", data, tag + 8))
    frames = fields.pop(0) if flags & 1 else None
    size = fields.pop(0) if flags & 2 else None
    return Counted(frames, size, at, frame.sample_rate, frame.samples)


def _vbri(data: bytes, at: int, frame: Frame) -> Counted | None:
    tag = at + 36
    if data[tag : tag + 4] != b"VBRI" or len(data) < tag + 18:
        return None
    size, frames = struct.unpack_from("!II", data, tag + 10)
    return Counted(frames, size, at, frame.sample_rate, frame.samples)
