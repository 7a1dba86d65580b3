"""Generated audio is what a player expects, to the byte and to the second."""

from __future__ import annotations

import io
import random
import wave
from pathlib import Path

import av
import pytest

from podfetch_tui.demo.audio import KINDS, Media, media_bytes, media_slice

SIZES = (20_000, 123_456, 900_002)
_FORMATS = {"mp3": "mp3", "m4a": "mov", "opus": "ogg", "wav": "wav"}


def _decoded(data: bytes) -> tuple[str, float, float, dict[str, str]]:
    """Return format, declared and decoded seconds, and tags."""
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        declared = (container.duration or 0) / 1_000_000
        tags = {**stream.metadata, **container.metadata}
        rate = stream.rate
        return container.format.name, declared, samples / rate, tags


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_every_kind_decodes_whole_and_has_the_size_and_length_it_says(kind: str, size: int) -> None:
    media = Media("a seed", size, title="Ünder the bridge", kind=kind)
    data = media.read(0, size)
    assert len(data) == size
    name, declared, decoded, tags = _decoded(data)
    assert _FORMATS[kind] in name
    assert decoded == pytest.approx(media.duration_s, abs=0.04)
    assert declared == pytest.approx(media.duration_s, abs=0.04)
    assert "Ünder the bridge" in {tags.get("title"), tags.get("TITLE")}


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_is_seen_while_decoding(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(media_bytes("x", 60_002, kind=kind))
    options = {"err_detect": "crccheck+bitstream+buffer+explode"}
    with av.open(str(path), mode="r", options=options) as container:
        stream = container.streams.audio[0]
        assert sum(frame.samples for frame in container.decode(stream)) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_that_part_of_the_whole(kind: str) -> None:
    media = Media("x", 60_002, kind=kind)
    whole = media.read(0, media.size)
    rng = random.Random(kind)
    for _ in range(300):
        start, length = rng.randrange(61_000), rng.choice((0, 1, 300, 7000, 60_002))
        assert media.read(start, start + length) == whole[start : start + length]


@pytest.mark.parametrize("kind", KINDS)
def test_no_stretch_of_audio_comes_twice_or_in_another_file(kind: str) -> None:
    stretch = 32_768
    seen = set()
    for seed in ("one", "two"):
        data = media_bytes(seed, 200_000, kind=kind)
        for start in range(2_000, len(data) - stretch, stretch):
            seen.add(data[start : start + stretch])
    assert len(seen) == 2 * len(range(2_000, 200_000 - stretch, stretch))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_bytes(kind: str) -> None:
    assert media_bytes("x", 30_000, kind=kind) == media_bytes("x", 30_000, kind=kind)
    assert media_bytes("x", 30_000, kind=kind) != media_bytes("y", 30_000, kind=kind)


def test_every_size_of_mp3_can_be_had() -> None:
    for size in range(2_000, 2_000 + 600):
        media = Media("x", size)
        data = media.read(0, size)
        assert len(data) == size
        tag = 10 + sum((data[6 + at] & 0x7F) << shift for at, shift in enumerate((21, 14, 7, 0)))
        assert (size - tag) % 576 == 0
        assert data[tag : tag + 4] == b"\xff\xfb\x98\xc0"


def test_a_large_file_costs_no_memory_and_ends_in_the_right_frame() -> None:
    size = 100_000_000
    end = media_slice("x", size, size - 576, size + 1000)
    assert len(end) == 576
    assert end.startswith(b"\xff\xfb\x98\xc0")
    assert Media("x", size).duration_s == pytest.approx(6250, rel=0.001)


def test_a_wav_says_exactly_how_many_samples_follow() -> None:
    data = media_bytes("x", 50_000, kind="wav")
    with wave.open(io.BytesIO(data)) as reader:
        assert reader.getnframes() * 2 == len(data) - data.index(b"data") - 8
        assert reader.getframerate() == 16_000
    assert int.from_bytes(data[4:8], "little") == len(data) - 8


def test_a_tag_is_cut_to_its_room_without_harm() -> None:
    media = Media("x", 20_000, title="é" * 500 + "\ud800")
    title = _decoded(media.read(0, media.size))[3]["title"]
    assert title == "é" * 100


@pytest.mark.parametrize(
    ("kind", "size"), [("mp3", 500), ("m4a", 500), ("opus", 5_000), ("wav", 100), ("wav", 20_001)]
)
def test_a_size_that_cannot_be_is_refused(kind: str, size: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        Media("x", size, kind=kind)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="wma"):
        Media("x", 20_000, kind="wma")
