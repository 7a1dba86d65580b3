"""A file that holds less than it says of itself is found out by its own headers."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from support.media_files import KINDS, id3, make_media

from podfetch_tui.media import mpeg
from podfetch_tui.media.shape import Shape, shape_of

TELLS = [
    "mp3",
    "m4a",
    "mp4",
    "mov",
    "3gp",
    "opus",
    "oga",
    "wav",
    "aiff",
    "webm",
    "mka",
    "avi",
    "wma",
]


def shape(data: bytes, kind: str) -> Shape:
    return shape_of(io.BytesIO(data), KINDS[kind][2])


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_has_no_problem(tmp_path: Path, kind: str) -> None:
    assert shape(make_media(tmp_path / "x", kind).read_bytes(), kind).problem == ""


@pytest.mark.parametrize("part", [0.1, 0.3, 0.6, 0.8])
@pytest.mark.parametrize("kind", TELLS)
def test_a_cut_file_is_found_out(tmp_path: Path, kind: str, part: float) -> None:
    # 30 s: an MP3 may miss 5 s of them, because its counts are not exact.
    data = make_media(tmp_path / "x", kind, seconds=30).read_bytes()
    assert shape(data[: int(len(data) * part)], kind).problem.startswith(("cut short", "has no"))


def test_a_container_that_cannot_tell_is_to_be_measured(tmp_path: Path) -> None:
    assert shape(make_media(tmp_path / "x", "flac").read_bytes(), "flac").must_measure
    assert not shape(make_media(tmp_path / "y", "mp3").read_bytes(), "mp3").must_measure


def test_tags_before_and_behind_an_mp3_are_not_counted(tmp_path: Path) -> None:
    data = make_media(tmp_path / "x", "mp3", seconds=12).read_bytes()
    assert shape(id3(200_000) + data + b"TAG" + bytes(125), "mp3") == Shape()
    assert shape(id3(200_000) + data[:40_000], "mp3").problem
    assert shape(id3(200_000)[:50_000], "mp3").problem == "cut short: ends within its tag"


def test_an_mp3_into_which_something_was_put_plays_longer(tmp_path: Path) -> None:
    data = make_media(tmp_path / "x", "mp3", seconds=10).read_bytes()
    grown = shape(data + data[1000:] + data[1000:], "mp3")
    assert grown.problem == ""
    assert grown.duration_s == pytest.approx(30, rel=0.05)


def test_an_mp4_without_its_index_says_so(tmp_path: Path) -> None:
    data = make_media(tmp_path / "x", "m4a").read_bytes()
    at = data.rindex(b"moov") - 4
    assert shape(data[:at], "m4a").problem == "has no index (moov): cut short or never finished"
    assert shape(data[: at + 40], "m4a").problem.startswith("cut short: ")
    assert shape(data[: at - 40], "m4a").problem.endswith(", and its index is missing")
    assert shape(data[:28] + data[at:], "m4a").problem.startswith("has an index but no sound")


def test_junk_behind_the_last_box_is_nobodys_fault(tmp_path: Path) -> None:
    data = make_media(tmp_path / "x", "m4a").read_bytes()
    assert shape(data + bytes(7), "m4a") == Shape()
    assert shape(data + b"TAG" + bytes(125), "m4a") == Shape()


def test_streamed_headers_that_state_no_length_are_not_held_against_a_file(
    tmp_path: Path,
) -> None:
    wav = bytearray(make_media(tmp_path / "x", "wav").read_bytes())
    at = wav.index(b"data")
    for stated in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"):
        wav[at + 4 : at + 8] = stated
        assert shape(bytes(wav), "wav") == Shape()
    assert shape(bytes(wav[: at + 8]), "wav").problem == "has no sound (data chunk)"
    webm = make_media(tmp_path / "y", "webm").read_bytes()
    at = webm.index(b"\x18\x53\x80\x67") + 4
    live = webm[:at] + b"\x01" + b"\xff" * 7 + webm[at + 8 :]
    assert shape(live, "webm") == Shape(must_measure=True)


def test_an_ogg_stream_without_its_last_page_is_cut(tmp_path: Path) -> None:
    data = make_media(tmp_path / "x", "opus").read_bytes()
    at = data.rindex(b"OggS")
    assert shape(data[:at], "opus").problem == "cut short: its last page is missing"
    assert shape(data[:-1], "opus").problem == "cut short: ends within a page"


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_vbri_count_is_read(rate: int) -> None:
    header = b"\xff\xfb\x90\xc4" if rate == 44_100 else b"\xff\xfb\x94\xc4"
    tag = b"VBRI\x00\x01\x00\x00\x00\x64" + (1_000_000).to_bytes(4, "big")
    frame = header + bytes(32) + tag + (2_000).to_bytes(4, "big") + bytes(400)
    count = mpeg.counted(b"\x00\xff\x00" + frame)
    assert count is not None
    assert (count.size, count.frames, count.offset) == (1_000_000, 2_000, 3)
    assert count.duration_s == pytest.approx(2_000 * 1152 / rate)
    assert "cut short" in shape_of(io.BytesIO(frame + bytes(10_000)), "mp3").problem


@pytest.mark.parametrize(
    ("header", "length", "samples"),
    [
        ("fffb9064", 417, 1152),
        ("fffb9264", 418, 1152),
        ("fffbe044", 1044, 1152),
        ("fff34064", 104, 576),
        ("ffe34064", 208, 576),
        ("fffd8004", 417, 1152),
        ("ffff1000", 32, 384),
        ("fffb0064", None, None),
        ("fffbf064", None, None),
        ("fffb9c64", None, None),
        ("ffeb9064", None, None),
        ("fff99064", None, None),
        ("fffb9066", None, None),
        ("fffb90", None, None),
    ],
)
def test_frame_lengths_follow_the_standard(
    header: str, length: int | None, samples: int | None
) -> None:
    frame = mpeg.mpeg_frame(bytes.fromhex(header))
    assert (frame and frame.length, frame and frame.samples) == (length, samples)
