"""What ``ffmpeg`` is told: no text of a stranger is ever an option, a protocol or a file."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.media.formats import FORMATS
from podfetch_tui.media.targets import Target, tagged, transcoded
from podfetch_tui.media.transform import Order, Picture, Tags, arguments, fits, picture_comment

HOSTILE = st.sampled_from(
    ["-i", "-y /etc/passwd", "file:/etc/passwd", "http://a/", "concat:a|b", "x=y", "a\nb", "\0", ""]
) | st.text(max_size=50)
OPTIONS_WITH_FILES = ("-attach", "-dump_attachment", "-filter_script", "-vstats_file")


def target(container: str = "mp3", **more: Any) -> Target:
    found = tagged(container, more.get("codec", "mp3"), more.get("extension", ".mp3"), video=False)
    assert found is not None
    return found


def order(**changes: Any) -> Order:
    plain = Order(
        source=Path("/a/-Show %d/x.mp3"),
        container="mp3",
        output=Path("/a/.podfetch/parts/1-ab.part"),
        target=target(),
    )
    return msgspec.structs.replace(plain, **changes)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_texts_are_values_of_metadata_and_nothing_else(
    title: str, show: str, artist: str, number: str
) -> None:
    tags = Tags(title=title, show=show, artist=artist, number=number)
    plain, told = arguments("/bin/ffmpeg", order()), arguments("/bin/ffmpeg", order(tags=tags))
    assert not any("\0" in word or "\n" in word for word in told)
    rest = list(told)
    while "-metadata" in rest:
        at = rest.index("-metadata")
        key, _, _ = rest[at + 1].partition("=")
        assert key in {"title", "album", "artist", "date", "track", "disc"}
        del rest[at : at + 2]
    assert tuple(rest) == plain


@given(HOSTILE.filter(lambda text: "\0" not in text))
def test_files_stand_behind_the_protocol_of_files_and_it_is_the_only_one(name: str) -> None:
    source, output = Path("/a") / f"x{name}", Path("/p") / f"y{name}"
    told = arguments("/bin/ffmpeg", order(source=source, output=output))
    assert told[told.index("-i") + 1] == f"file:{source}"
    assert told[-1] == f"file:{output}"
    before = told[: told.index("-i")]
    assert before[before.index("-protocol_whitelist") + 1] == "file"
    assert before[before.index("-f") + 1] == before[before.index("-format_whitelist") + 1] == "mp3"


def test_every_input_has_its_reader_named() -> None:
    picture = Picture(Path("/a/%d.jpg"), "image/jpeg")
    told = arguments("/bin/ffmpeg", order(picture=picture))
    assert told.count("-i") == 2
    assert told[told.index("file:/a/%d.jpg") - 2] == "jpeg_pipe"  # takes no pattern
    assert not set(told) & set(OPTIONS_WITH_FILES)


def test_a_tagged_copy_copies_and_a_transcode_encodes() -> None:
    copied = arguments("/bin/ffmpeg", order())
    assert copied[copied.index("-c") + 1] == "copy"
    assert "-c:a" not in copied
    opus = transcoded("opus", "mp3")
    assert opus is not None
    encoded = arguments("/bin/ffmpeg", order(target=opus, channels=6))
    assert encoded[encoded.index("-c:a") + 1] == "libopus"
    assert encoded[encoded.index("-ac") + 1] == "2"


def test_an_empty_text_leaves_what_the_original_says() -> None:
    told = arguments("/bin/ffmpeg", order(tags=Tags(title="T")))
    assert [word for word in told if "=" in word] == ["title=T"]


@pytest.mark.parametrize("container", FORMATS)
@pytest.mark.parametrize("video", [False, True])
def test_every_container_that_is_read_has_a_copy_that_can_be_named(
    container: str, video: bool
) -> None:
    found = tagged(container, "aac", ".xyz", video=video)
    assert found is not None
    assert found.extension.startswith(".")
    assert not found.encoder
    assert found.container in {container, "matroska", "mp4"}


def test_what_ffmpeg_is_not_let_read_has_no_target() -> None:
    assert tagged("adif", "aac", ".aac", video=False) is None
    assert tagged("", "", ".bin", video=False) is None
    assert transcoded("mp3", "") is None


@pytest.mark.parametrize(
    ("container", "codec", "extension", "video", "wanted"),
    [
        ("mp4", "aac", ".m4b", False, ("ipod", ".m4b")),
        ("mp4", "mp3", ".mp4", False, ("mp4", ".mp4")),
        ("mp4", "aac", ".mov", True, ("mov", ".mov")),
        ("aac", "aac", ".aac", False, ("ipod", ".m4a")),
        ("ogg", "opus", ".opus", False, ("ogg", ".opus")),
        ("matroska", "opus", ".webm", False, ("webm", ".webm")),
        ("mpegts", "aac", ".ts", False, ("matroska", ".mka")),
        ("mpegts", "aac", ".ts", True, ("matroska", ".mkv")),
        ("amr", "amr_nb", ".amr", False, ("matroska", ".mka")),
    ],
)
def test_a_copy_stays_in_its_container_where_that_holds_tags(
    container: str, codec: str, extension: str, video: bool, wanted: tuple[str, str]
) -> None:
    found = tagged(container, codec, extension, video=video)
    assert found is not None
    assert (found.muxer, found.extension) == wanted


def test_a_cover_for_ogg_is_a_comment() -> None:
    text = picture_comment(b"\xff\xd8picture", "image/jpeg")
    assert text.startswith(b";FFMETADATA1\nMETADATA_BLOCK_PICTURE=")
    block = base64.b64decode(text.partition(b"PICTURE=")[2].replace(b"\\=", b"="))
    assert block[:4] == (3).to_bytes(4, "big")
    assert block.endswith(len(b"\xff\xd8picture").to_bytes(4, "big") + b"\xff\xd8picture")
    assert fits("image/jpeg")
    assert not fits("image/webp")
