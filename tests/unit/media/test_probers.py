"""Both probers say the same of a file, and read nothing but that file."""

from __future__ import annotations

import functools
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.media_files import KINDS, id3, make_media

from podfetch_tui.media import ffprobe, probe
from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ProbeMode, ProbeParams
from podfetch_tui.sandbox.run_program import run_program

PROGRAM = shutil.which("ffprobe")
Look = Callable[..., MediaInfo]
MODES: tuple[ProbeMode, ...] = ("header", "full", "decode")


def run(argv: tuple[str, ...]) -> ffprobe.Output:
    ended = run_program(argv, wall_s=60, cpu_s=30, memory=2 << 30, stdout_cap=ffprobe.OUTPUT_CAP)
    return ffprobe.Output(ended.stdout, ended.stderr, ended.problem)


@pytest.fixture(params=["libav", "ffprobe"])
def look(request: pytest.FixtureRequest) -> Look:
    if request.param == "ffprobe" and PROGRAM is None:
        pytest.skip("there is no ffprobe on this machine")

    def through(path: Path, container: str | None = None, mode: ProbeMode = "full") -> MediaInfo:
        kind = sniff_file(path).container if container is None else container
        params = ProbeParams(str(path), kind, mode)
        if request.param == "libav":
            return probe.probe(b"", params)
        return ffprobe.probe(str(PROGRAM), params, run)

    return through


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_whole(look: Look, tmp_path: Path, kind: str, mode: ProbeMode) -> None:
    info = look(make_media(tmp_path / "x", kind), mode=mode)
    assert info.problem == ""
    assert info.container == KINDS[kind][2]
    assert info.codec in {KINDS[kind][1].removeprefix("lib").removesuffix("lame"), "mp3"}
    assert info.duration_s == pytest.approx(2, abs=0.25)
    assert (info.sample_rate, info.channels, info.video) == (48_000, 1, False)
    assert info.bit_rate is None or info.bit_rate > 10_000


@pytest.mark.parametrize("kind", ["mp4", "mov", "mka", "avi"])
def test_moving_pictures_are_seen(look: Look, tmp_path: Path, kind: str) -> None:
    assert look(make_media(tmp_path / "x", kind, video=True)).video


def test_a_tag_in_an_odd_encoding_does_no_harm(look: Look, tmp_path: Path) -> None:
    frame = b"TIT2\x00\x00\x00\x06\x00\x00\x03caf\xe9\xff"
    path = tmp_path / "x"
    path.write_bytes(
        id3(10 + len(frame))[:10] + frame + make_media(tmp_path / "y", "mp3").read_bytes()
    )
    assert look(path).problem == ""


def test_a_cover_is_no_moving_picture(look: Look, tmp_path: Path) -> None:
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
        "0000000049454e44ae426082"
    )
    body = b"\x00image/png\x00\x03\x00" + picture
    frame = b"APIC" + len(body).to_bytes(4, "big") + b"\x00\x00" + body
    tag = id3(10 + len(frame))[:10] + frame
    path = tmp_path / "x"
    path.write_bytes(tag + make_media(tmp_path / "y", "mp3").read_bytes())
    info = look(path)
    assert (info.video, info.codec, info.problem) == (False, "mp3", "")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "kind", ["mp3", "m4a", "opus", "oga", "flac", "wav", "w64", "aiff", "caf", "webm", "wma", "avi"]
)
def test_a_cut_file_is_suspect(look: Look, tmp_path: Path, kind: str, mode: ProbeMode) -> None:
    whole = make_media(tmp_path / "x", kind, seconds=20).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[: len(whole) // 2])
    problem = look(path, mode=mode).problem
    assert problem.startswith(("cut short", "has no index", "cannot be read"))


@pytest.mark.parametrize("mode", MODES)
def test_an_mp3_cut_without_any_count_cannot_be_found_out(
    look: Look, tmp_path: Path, mode: ProbeMode
) -> None:
    data = make_media(tmp_path / "x", "mp3", seconds=10).read_bytes().replace(b"Info", b"\0\0\0\0")
    path = tmp_path / "cut"
    path.write_bytes(data[: len(data) // 2])
    info = look(path, mode=mode)
    assert info.problem == ""
    assert info.duration_s == pytest.approx(5, abs=0.3)


def test_the_length_of_an_mp3_is_what_it_plays_not_what_its_count_says(
    look: Look, tmp_path: Path
) -> None:
    data = make_media(tmp_path / "x", "mp3", seconds=10).read_bytes()
    path = tmp_path / "grown"
    path.write_bytes(data + data[1000:] + data[1000:])
    for mode in ("header", "full"):
        info = look(path, mode=mode)
        assert info.duration_s == pytest.approx(30, rel=0.05)
        assert info.bit_rate == pytest.approx(64_000, rel=0.1)
        assert info.problem == ""


def test_damage_in_the_middle_is_seen_by_decoding(look: Look, tmp_path: Path) -> None:
    data = bytearray(make_media(tmp_path / "x", "m4a", seconds=10).read_bytes())
    start = data.index(b"mdat") + 4
    for at in range(start + 5_000, start + 40_000):
        data[at] ^= 0x55
    path = tmp_path / "damaged"
    path.write_bytes(bytes(data))
    assert look(path, mode="decode").problem.startswith("damaged: ")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("data", "container"),
    [
        (b"\x01\x02\x03\x04" * 1000, "mp3"),
        (b"\x01\x02\x03\x04" * 1000, "mp4"),
        (b"OggS" + bytes(1000), "ogg"),
        (b"fLaC\x00\x00\x00\x22" + bytes(20), "flac"),
        (b"\x1aE\xdf\xa3" + b"\xff" * 500, "matroska"),
        (b"ADIF" + bytes(500), "adif"),
        (b"x", "wav"),
    ],
)
def test_rubbish_is_suspect_and_no_failure(
    look: Look, tmp_path: Path, data: bytes, container: str, mode: ProbeMode
) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert look(path, container, mode).problem


def test_an_empty_file_and_what_is_no_file_are_failures(look: Look, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(Failure) as raised:
        look(empty, "mp3")
    assert raised.value.kind is Kind.EMPTY_MEDIA
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for odd in (fifo, tmp_path):
        with pytest.raises((Failure, IsADirectoryError)):
            look(odd, "mp3")


@pytest.mark.parametrize("name", ["-i.mp3", "a b'c\"d.mp3", "http:evil.mp3", "ä\n.mp3", "%03d.mp3"])
def test_no_name_is_an_option_or_a_protocol(look: Look, tmp_path: Path, name: str) -> None:
    assert look(make_media(tmp_path / name, "mp3"), mode="header").codec == "mp3"


@pytest.mark.parametrize("container", ["mp3", "mp4", "ogg", "mpegts", "matroska", "wav"])
def test_a_playlist_is_never_followed(look: Look, tmp_path: Path, container: str) -> None:
    secret = make_media(tmp_path / "secret.mp3", "mp3")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.mp3"
        for text in (
            f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
            f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:{secret}\n#EXT-X-ENDLIST\n",
            f"ffconcat version 1.0\nfile '{secret}'\n",
            f"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{url}</BaseURL></MPD>",
        ):
            path = tmp_path / "episode.mp3"
            path.write_text(text)
            info = look(path, container)
            assert info.problem
            assert info.duration_s is None
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_reference_to_another_file_is_not_opened(look: Look, tmp_path: Path) -> None:
    """A QuickTime movie may keep its sound in a second file, named by URL or path."""
    movie = make_media(tmp_path / "x", "mov").read_bytes()
    other = make_media(tmp_path / "other", "mov")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        for target in (f"http://127.0.0.1:{server.getsockname()[1]}/", f"file://{other}"):
            name = target.encode() + b"\x00"
            entry = (12 + len(name)).to_bytes(4, "big") + b"url \x00\x00\x00\x00" + name
            box = (16 + len(entry)).to_bytes(4, "big") + b"dref\x00\x00\x00\x00\x00\x00\x00\x01"
            at = movie.index(b"dref") - 4
            old = int.from_bytes(movie[at : at + 4], "big")
            path = tmp_path / "movie"
            path.write_bytes(movie[:at] + box + entry + movie[at + old :])
            look(path)
        with pytest.raises(BlockingIOError):
            server.accept()


def said(output: ffprobe.Output, _argv: tuple[str, ...]) -> ffprobe.Output:
    return output


def test_ffprobe_that_dies_or_babbles_is_a_killed_probe(tmp_path: Path) -> None:
    params = ProbeParams(str(make_media(tmp_path / "x", "mp3")), "mp3", "header")
    for output in (
        ffprobe.Output(b"", "", "took too long"),
        ffprobe.Output(b"{", "", ""),
        ffprobe.Output(b"\xff", "what?", "ended with status 1: what?"),
        ffprobe.Output(b'{"streams": 7}', "", ""),
    ):
        with pytest.raises(Failure) as raised:
            ffprobe.probe("/x/ffprobe", params, functools.partial(said, output))
        assert raised.value.kind is Kind.PROBE_KILLED


def test_ffprobe_gets_its_hard_flags(tmp_path: Path) -> None:
    params = ProbeParams("/archive/-x.part", "mp4", "full")
    for argv in (
        ffprobe.report_argv("/usr/bin/ffprobe", params),
        ffprobe.packets_argv("/usr/bin/ffprobe", params),
    ):
        flags = {flag: argv[at + 1] for at, flag in enumerate(argv[:-1])}
        assert argv[0] == "/usr/bin/ffprobe"
        assert flags["-protocol_whitelist"] == "file"
        assert flags["-format_whitelist"] == flags["-f"] == "mov"
        assert argv[-1] == "file:/archive/-x.part"
