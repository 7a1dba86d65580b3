"""Every media file of the corpus goes through sniff, sandboxed probe and judgement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from podfetch_tui.media.judge import Judgement, judge
from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.media import MediaInfo, Sniffed, Validity
from podfetch_tui.model.sandboxed import ProbeMode, ProbeParams
from podfetch_tui.sandbox.pool import Sandbox

CORPUS = Path(
    os.environ.get("PODFETCH_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus"
).absolute()
AUDIO = CORPUS / "audio"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not AUDIO.is_dir(), reason="no corpus (PODFETCH_CORPUS)"),
]

GOOD = {
    # part of the name: container, codec, seconds
    "beetbox-full.flac": ("flac", "flac", 1.0),
    "beetbox-full.mp3": ("mp3", "mp3", 1.07),
    "beetbox-full.ogg": ("ogg", "vorbis", 1.0),
    "beetbox-image.mp3": ("mp3", "mp3", 1.0),
    "beetbox-whitenoise.opus": ("ogg", "opus", 2.0),
    "mopidy-blank.wav": ("wav", "pcm_u8", 4.4),
    "mopidy-song1.mp3": ("mp3", "mp3", 4.4),
    "quodlibet-alac.m4a": ("mp4", "alac", 3.7),
    "quodlibet-covr-with-name.m4a": ("mp4", "aac", 3.7),
    "quodlibet-empty.ogg": ("ogg", "vorbis", 3.7),
    "quodlibet-empty.oggflac": ("ogg", "flac", 3.7),
    "quodlibet-empty.spx": ("ogg", "speex", 3.7),
    "quodlibet-ep9.m4b": ("mp4", "aac", 2.0),
    "quodlibet-no-tags.3g2": ("mp4", "aac", 16.3),
    "quodlibet-sample.oggtheora": ("ogg", "theora", 5.6),
    "quodlibet-silence-1.wma": ("asf", "wmav2", 3.7),
    "quodlibet-silence-2.wma": ("asf", "wmapro", 3.7),
    "quodlibet-silence-3.wma": ("asf", "wmalossless", 3.7),
    "quodlibet-silence-2s-PCM-16000-08-notags.wav": ("wav", "pcm_u8", 2.0),
    "quodlibet-silence-2s-PCM-44100-16-ID3v23.wav": ("wav", "pcm_s16le", 2.0),
    "quodlibet-silence-44-s-mpeg2.mp3": ("mp3", "mp3", 3.7),
    "quodlibet-silence-44-s-mpeg25.mp3": ("mp3", "mp3", 3.7),
    "quodlibet-silence-44-s.flac": ("flac", "flac", 3.7),
    "quodlibet-xing.mp3": ("mp3", "mp3", 2.05),
}
SUSPECT = {
    "beetbox-emptylist.mp3": "cut short",
    "mopidy-empty.wav": "has no sound",
    "quodlibet-106-invalid-streaminfo.flac": "cannot be read",
    "quodlibet-52-too-short-block-size.flac": "cut short",
    "quodlibet-64bit.mp4": "has an index but no sound",
    "quodlibet-adif.aac": "cannot be read",
    "quodlibet-bad-POPM-frame.mp3": "cut short",
    "quodlibet-issue_29.wma": "cut short",
    "quodlibet-sample_length.oggtheora": "cut short",
    "quodlibet-too-short.mp3": "cannot be read",
    "quodlibet-truncated-64bit.mp4": "cut short",
    "quodlibet-vbri.mp3": "cut short",
}
EXTENSIONS = {".oggtheora": ".ogv", ".oggflac": ".oga", ".id3": ".mp3", ".m4b": ".m4b"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, wall_s=60) as pool:
        yield pool


def files() -> list[Path]:
    return sorted(AUDIO.iterdir()) if AUDIO.is_dir() else []


def examine(sandbox: Sandbox, path: Path, mode: ProbeMode) -> tuple[Sniffed, MediaInfo, Judgement]:
    sniffed = sniff_file(path)
    info = sandbox.call("probe_media", b"", ProbeParams(str(path), sniffed.container, mode))
    return sniffed, info, judge(sniffed, info, size=path.stat().st_size)


@pytest.mark.parametrize("mode", ["header", "full", "decode"])
def test_no_file_harms_the_child(sandbox: Sandbox, mode: ProbeMode) -> None:
    table = []
    for path in files():
        if not sniff_file(path).is_media:
            continue
        sniffed, info, said = examine(sandbox, path, mode)
        length = f"{info.duration_s:8.2f}" if info.duration_s is not None else "       -"
        table.append(
            f"{path.name:50} {sniffed.container:9} {info.codec:12} {length} {said.problem}"
        )
        assert sniffed.extension == EXTENSIONS.get(path.suffix, sniffed.extension)
    print("\n".join(table))  # noqa: T201  shown with -rA
    assert len(table) == len(files()) - 1


@pytest.mark.parametrize("mode", ["header", "full", "decode"])
@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_valid(sandbox: Sandbox, name: str, mode: ProbeMode) -> None:
    sniffed, info, said = examine(sandbox, AUDIO / name, mode)
    container, codec, seconds = GOOD[name]
    assert (sniffed.container, info.codec) == (container, codec)
    assert info.duration_s == pytest.approx(seconds, abs=0.1)
    assert said == Judgement(Validity.VALID, "")
    assert info.video == (codec == "theora")


@pytest.mark.parametrize("mode", ["header", "full", "decode"])
@pytest.mark.parametrize("name", SUSPECT)
def test_a_damaged_file_is_suspect(sandbox: Sandbox, name: str, mode: ProbeMode) -> None:
    said = examine(sandbox, AUDIO / name, mode)[2]
    assert said.validity is Validity.SUSPECT
    assert said.problem.startswith(SUSPECT[name])


def test_an_empty_file_is_refused(sandbox: Sandbox) -> None:
    path = AUDIO / "quodlibet-emptyfile.mp3"
    assert sniff_file(path).container == "empty"
    with pytest.raises(Failure) as raised:
        sandbox.call("probe_media", b"", ProbeParams(str(path), "mp3", "full"))
    assert raised.value.kind is Kind.EMPTY_MEDIA


def test_no_document_of_the_corpus_passes_for_media() -> None:
    passed = [
        path
        for folder in ("feeds", "series", "malformed", "conformance", "opml")
        for path in sorted((CORPUS / folder).rglob("*"))
        if path.is_file() and not sniff_file(path, "episode.mp3").is_refused
    ]
    assert passed == []
