"""Ogg Opus (RFC 3533, RFC 6716, RFC 7845) for generated audio: pages of one silent second.

A packet is one silent CELT frame of 20 ms followed by padding; the first one's padding holds the
mark of the page.
"""

from __future__ import annotations

import struct
import zlib

PAGE_S = 1.0
_PACKETS = 50
_PACKET_BYTES = 250
PAGE_BYTES = 27 + _PACKETS + _PACKETS * _PACKET_BYTES
_RATE = 48_000
_FIRST, _LAST = 2, 4
_SERIAL = 0x706F6443
_PADDING = _PACKET_BYTES - 5
_PACKET_START = b"\xfb\x41" + bytes((_PADDING,)) + b"\xff\xfe"
"""One padded frame of 20 ms, full band, mono (RFC 6716 3.2.5), which is silent."""
_SILENT_PACKETS = [_PACKET_START + bytes(_PADDING)] * (_PACKETS - 1)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def header(mark: bytes, title: bytes, size: int) -> tuple[bytes, int]:
    """Return the two header pages of a file of ``size`` bytes, and the number of audio pages.

    Raises:
        ValueError: There is no such file of that size; another title or one byte more helps.
    """
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _RATE, 0, 0)
    first = _page([head], flags=_FIRST, granule=0, sequence=0)
    vendor = b"podfetch demo"
    comments = (b"TITLE=" + title, b"COMMENT=" + mark)
    tags = b"OpusTags" + _counted(vendor) + struct.pack("<I", len(comments))
    tags += b"".join(_counted(comment) for comment in comments)
    room = size - len(first) - _paged(len(tags))
    count = room // PAGE_BYTES
    if count < 1:
        raise ValueError(f"an Opus file of {size} bytes is too small for its header and one page")
    wanted = size - len(first) - count * PAGE_BYTES
    length = wanted - 28 - (wanted - 28) // 256
    if _paged(length) != wanted:
        raise ValueError(f"no Opus file with this title has exactly {size} bytes")
    # Whatever follows the comments is padding (RFC 7845 5.2); its first bit must be zero.
    return first + _page([tags.ljust(length, b"\0")], flags=0, granule=0, sequence=1), count


def page(mark: bytes, number: int, *, is_last: bool) -> bytes:
    """Return one second of silence that holds the mark and the number."""
    marked = _PACKET_START + (b"%b%08x" % (mark, number)).ljust(_PADDING, b"\0")
    packets = [marked, *_SILENT_PACKETS]
    flags = _LAST if is_last else 0
    return _page(packets, flags=flags, granule=(number + 1) * _RATE, sequence=number + 2)


def _paged(length: int) -> int:
    """How many bytes a page with one packet of ``length`` has."""
    return 27 + length // 255 + 1 + length


def _page(packets: list[bytes], *, flags: int, granule: int, sequence: int) -> bytes:
    lacing = b"".join(
        b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,)) for packet in packets
    )
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, _SERIAL, sequence)
    end = bytes((len(lacing),)) + lacing + b"".join(packets)
    return start + struct.pack("<I", _checksum(start + bytes(4) + end)) + end


def _checksum(data: bytes) -> int:
    """CRC-32 of RFC 3533 by way of zlib's, which is its mirror image."""
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _counted(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text
