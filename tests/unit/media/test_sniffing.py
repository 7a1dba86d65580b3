"""Bytes say what a file is; names and declared types are hints at most."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.media_files import KINDS, id3, make_media

from podfetch_tui.media.sniff import HEAD, sniff, sniff_file
from podfetch_tui.model.errors import Failure

HTML = "<!DOCTYPE html>\n<html><head><title>404 – Not found</title></head><body>…</body></html>"
MP3_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)
ADTS_FRAME = b"\xff\xf1\x4c\x40\x02\x1f\xfc" + bytes(9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_container_of_the_list_is_recognised(tmp_path: Path, kind: str) -> None:
    path = make_media(tmp_path / "episode.bin", kind, seconds=1)
    found = sniff_file(path)
    assert (found.container, found.is_media, found.is_refused) == (KINDS[kind][2], True, False)
    assert found.extension
    assert found.media_type.startswith(("audio/", "video/"))
    assert sniff(path.read_bytes()[:4096], path.stat().st_size).container == found.container


@pytest.mark.parametrize(
    ("kind", "video", "name", "extension"),
    [
        ("m4a", False, "x", ".m4a"),
        ("m4a", False, "https://host/book.M4B?sig=1", ".m4b"),
        ("mp4", False, "talk.mp4", ".m4a"),
        ("mp4", False, "https://host/a/book.m4b?x=y.mp4", ".m4b"),
        ("mp4", True, "talk.m4a", ".mp4"),
        ("mp4", True, "talk.m4v", ".m4v"),
        ("mov", True, "talk.mp4", ".mov"),
        ("mp3", False, "talk.m4a", ".mp3"),
        ("mp2", False, "talk.mp3", ".mp2"),
        ("webm", False, "x", ".webm"),
        ("opus", False, "x.ogg", ".opus"),
        ("mp3", False, "http://[broken", ".mp3"),
        ("mp4", False, "http://[broken", ".m4a"),
    ],
)
def test_the_extension_comes_from_the_bytes(
    tmp_path: Path, kind: str, video: bool, name: str, extension: str
) -> None:
    path = make_media(tmp_path / "x", kind, seconds=0.2, video=video)
    assert sniff_file(path, name).extension == extension


def brief(value: object) -> str:
    return repr(value)[:40]


@pytest.mark.parametrize(
    ("head", "container", "extension"),
    [
        (b"ADIF" + bytes(50), "adif", ".aac"),
        (b"#!AMR\n\x3c" + bytes(50), "amr", ".amr"),
        (b"#!AMR-WB\n\x04" + bytes(50), "amr", ".awb"),
        (b"\x00\x00\x00\x18ftypM4B \x00\x00\x00\x00", "mp4", ".m4b"),
        (b"\x00\x00\x00\x18ftypM4V \x00\x00\x00\x00", "mp4", ".m4v"),
        (b"\x00\x00\x00\x14ftyp3g2a" + bytes(8), "mp4", ".3g2"),
        (b"\x00\x00\x00\x08wide\x00\x10\x00\x00mdat" + bytes(50), "mp4", ".mp4"),
        (b"\x00\x00\x00\x01mdat\x00\x00\x00\x00\x10\x00\x00\x00" + bytes(50), "mp4", ".mp4"),
        (b"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd" + bytes(50), "mp4", ".mp4"),
        (b"RF64\xff\xff\xff\xffWAVEds64" + bytes(50), "wav", ".wav"),
        (b"RIFX\x00\x00\x00\xffWAVEfmt " + bytes(50), "wav", ".wav"),
        (b"\x00\x00\x01\xba\x44" + bytes(50), "mpegps", ".mpg"),
        ((b"\x47" + bytes(187)) * 4, "mpegts", ".ts"),
        ((bytes(4) + b"\x47" + bytes(187)) * 4, "mpegts", ".ts"),
        (b"OggS\x00\x02" + bytes(22) + b"\x80theora", "ogg", ".ogv"),
        (MP3_FRAME * 3, "mp3", ".mp3"),
        (MP3_FRAME[:100], "mp3", ".mp3"),
        (ADTS_FRAME * 3, "aac", ".aac"),
        (bytes(700) + MP3_FRAME * 3, "mp3", ".mp3"),
        (b"\r\n\r\n" + MP3_FRAME * 3, "mp3", ".mp3"),
        (b"<br />\n<b>Warning</b>: headers\x00\x01\x02\x03" + MP3_FRAME * 6, "mp3", ".mp3"),
        (id3(2000) + MP3_FRAME * 3, "mp3", ".mp3"),
        (b"\x00\n " + id3(2000) + MP3_FRAME * 3, "mp3", ".mp3"),
        (id3(2000) + bytes(500) + MP3_FRAME * 3, "mp3", ".mp3"),
        (id3(2000) + id3(100) + ADTS_FRAME * 3, "aac", ".aac"),
        (id3(2000) + b"fLaC\x00\x00\x00\x22" + bytes(40), "flac", ".flac"),
        (b"APETAGEX\xd0\x07\x00\x00\x40" + bytes(19) + MP3_FRAME * 3, "mp3", ".mp3"),
        (id3(9_000_000)[:4096], "mp3", ".mp3"),
        (id3(500) + b"\x01\x02garbage", "mp3", ".mp3"),
    ],
    ids=brief,
)
def test_heads_that_an_encoder_of_ours_does_not_write(
    head: bytes, container: str, extension: str
) -> None:
    found = sniff(head, 5_000_000)
    assert (found.container, found.extension, found.is_media) == (container, extension, True)


@pytest.mark.parametrize(
    ("data", "container"),
    [
        (b"", "empty"),
        (HTML.encode(), "html"),
        (b"\xef\xbb\xbf" + HTML.encode(), "html"),
        (HTML.encode("utf-16"), "html"),
        (HTML.encode("utf-16-be"), "html"),
        (HTML.encode("utf-16-le"), "html"),
        (HTML.encode("utf-32"), "html"),
        (b"\r\n\x00\x00 \t" + HTML.encode(), "html"),
        (b"<!-- cached --><HTML><BODY>gone", "html"),
        (b"<script>location='/login'</script>", "html"),
        (b"<h1>503</h1>", "html"),
        (b"<p>Sorry", "html"),
        (b"<html>" + "Seite nicht verfügbar, bitte später".encode("latin-1"), "html"),
        (b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>", "xml"),
        (b"<rss><channel>", "xml"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "xml"),
        (b"<!DOCTYPE plist><plist/>", "xml"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "xml"),
        (b'{"error": "expired"}', "json"),
        (b'[ {"a": 1} ]', "json"),
        (b"[]", "json"),
        (b"Not Found", "text"),
        (b"x", "text"),
        (b"  \n\n ", "text"),
        (b"error\x01 with a stray control", "text"),
        ("Страница не найдена. Попробуйте ещё раз. ".encode("koi8-r") * 3, "text"),
        (
            "ページが見つかりません。後でもう一度お試しください。 404 Not Found ".encode(
                "shift-jis"
            )
            * 3,
            "text",
        ),
        ("页面未找到".encode(), "text"),
        ("页面未找到".encode()[:-1], "text"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\nsegment0.ts\n", "playlist"),
        (b"\xef\xbb\xbf\n#EXTM3U\n", "playlist"),
        ("#EXTM3U\n".encode("utf-16"), "playlist"),
        (b"[playlist]\nFile1=http://host/a.mp3\n", "playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "playlist"),
        (
            b"<?xml version='1.0'?>\n<!-- x --><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>",
            "playlist",
        ),
        (b"<asx version='3.0'><entry/>", "playlist"),
        (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n", "playlist"),
        (b"http://host/stream.mp3\n", "text"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(50), "picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
        (b"GIF89a" + bytes(50), "picture"),
        (b"RIFF\x00\x01\x00\x00WEBPVP8 " + bytes(50), "picture"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(50), "picture"),
        (b"PK\x03\x04" + bytes(50), "archive"),
        (b"\x1f\x8b\x08\x00" + bytes(50), "archive"),
        (bytes(257) + b"ustar" + bytes(100), "archive"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", "pdf"),
        (b"\x7fELF\x02\x01\x01" + bytes(50), "executable"),
        (b"MZ\x90\x00" + bytes(60), "executable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "document"),
        (b"d8:announce35:http://tracker/announce\x00\xff", "torrent"),
    ],
    ids=brief,
)
def test_what_is_certainly_no_media_is_refused(data: bytes, container: str) -> None:
    found = sniff(data, len(data), "episode.mp3")
    assert (found.container, found.is_refused, found.is_media) == (container, True, False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x02\x03\x04" * 1000,
        bytes(5000),
        b"\xff" * 5000,
        b"\x00",
        b"\xff\xfe\x00\xd8\x01\x02\x03\x04",
        b"RIFF\x10\x00\x00\x00RMIDdata" + bytes(20),
        b"FLV\x01\x05\x00\x00\x00\x09" + bytes(50),
        bytes(range(256)) * 20,
        b"\xff\xfb\x90\xc4" + b"\x81" * 4000,
    ],
    ids=brief,
)
def test_unknown_bytes_are_neither_media_nor_refused(data: bytes) -> None:
    found = sniff(data, len(data))
    assert (found.container, found.is_media, found.is_refused) == ("", False, False)


def test_a_tag_longer_than_any_head_is_skipped_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(id3(3 * HEAD) + ADTS_FRAME * 100)
    assert sniff(path.read_bytes()[:4096], path.stat().st_size).container == "mp3"
    assert sniff_file(path).container == "aac"


def test_a_tag_that_ends_behind_the_file_is_media_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(id3(100_000)[:30_000])
    assert sniff_file(path).container == "mp3"


def test_a_file_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        sniff_file(tmp_path / "missing")
    empty = tmp_path / "empty"
    empty.touch()
    assert sniff_file(empty).container == "empty"
