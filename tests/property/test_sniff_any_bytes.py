"""No bytes at all make the sniff, or the look at a file's own sizes, raise or lie."""

from __future__ import annotations

import io

from hypothesis import example, given
from hypothesis import strategies as st

from podfetch_tui.media import refused
from podfetch_tui.media.formats import FORMATS
from podfetch_tui.media.shape import shape_of
from podfetch_tui.media.sniff import sniff, tag_length

MAGICS = st.sampled_from(
    [
        b"", b"ID3\x03\x00\x00\x00\x00\x00\x05", b"APETAGEX", b"OggS", b"fLaC", b"RIFF", b"RF64",
        b"RIFF\x00\x00\x00\x00WAVE", b"FORM\x00\x00\x00\x00AIFF", b"\x1aE\xdf\xa3\x18\x53\x80\x67",
        b"\x00\x00\x00\x18ftypisom", b"\x00\x00\x00\x01mdat", b"\x00\x00\x00\x00moov",
        b"\xff\xf1\x4c", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"<!DOCTYPE", b"<?xml", b"<!--",
        b"G" + bytes(187) + b"G", b"\xff\xfb\x90\xc4" + bytes(32) + b"Xing\x00\x00\x00\x0f",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6ca1dcab8c47a9cf118ee400c00c205365"),
    ]
)  # fmt: skip
BYTES = st.builds(lambda *parts: b"".join(parts), MAGICS, st.binary(max_size=600), MAGICS)


@given(BYTES, st.integers(0, 1 << 40), st.text(max_size=30))
@example(b"ID3\x03\x00\x10\x7f\x7f\x7f\x7f", 10, "")
@example(b"\xff\xfe", 2, "http://[")
def test_a_sniff_never_raises_and_is_never_both(head: bytes, size: int, name: str) -> None:
    found = sniff(head, size, name)
    assert not (found.is_media and found.is_refused)
    assert found.is_media == (found.container in {*FORMATS, "adif"})
    assert bool(found.extension) == found.is_media
    assert tag_length(head) >= 0


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=8, max_size=400),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.binary(max_size=40).map(lambda b: bytes(c for c in b if c in b"\x00\t\n\r ")),
)
def test_text_is_refused_in_every_encoding(text: str, encoding: str, blanks: bytes) -> None:
    document = f"<html><body>{text}</body></html>"
    data = blanks + document.encode(encoding)
    assert sniff(data, len(data), "episode.mp3").is_refused
    assert refused.text_kind(document.encode(encoding)) == "html"


@given(st.sampled_from(sorted({*FORMATS, "adif"})), BYTES)
@example("w64", bytes(56) + b"\xf8" + b"\xff" * 7)
@example("caf", bytes(12) + b"\x7f" + b"\xff" * 7)
@example("mp4", b"\x00\x00\x00\x01free" + b"\xff" * 8)
@example("matroska", b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(4))
def test_the_look_at_a_shape_never_raises(container: str, data: bytes) -> None:
    shape = shape_of(io.BytesIO(data), container)
    assert shape.duration_s is None or shape.duration_s >= 0


@given(st.binary(min_size=1, max_size=100), st.integers(1, 60))
def test_boxes_that_go_nowhere_end(payload: bytes, count: int) -> None:
    data = b"\x00\x00\x00\x08free" * count + payload
    shape_of(io.BytesIO(data), "mp4")
