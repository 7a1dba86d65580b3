"""Covers, chapters and transcripts are what their bytes say, not what the feed says."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import png

from podfetch_tui.media import extras
from podfetch_tui.model.errors import Failure, Kind

PAGE = b"<!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        (png(), ".png"),
        (b"\xff\xd8\xff\xe0" + bytes(60), ".jpg"),
        (b"GIF89a" + bytes(60), ".gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(60), ".webp"),
        (b"\0\0\0\x20ftypavif" + bytes(60), ".avif"),
    ],
)
def test_a_cover_is_a_picture(head: bytes, extension: str) -> None:
    assert extras.cover(head).extension == extension


@pytest.mark.parametrize("body", [PAGE, b"<svg xmlns='x'/>", b"II*\0" + bytes(60), b"GIF8 no", b""])
def test_what_is_no_picture_is_no_cover(body: bytes) -> None:
    with pytest.raises(Failure) as caught:
        extras.cover(body)
    assert caught.value.kind is Kind.BAD_EXTRA


@pytest.mark.parametrize(
    ("body", "declared", "extension"),
    [
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello", "text/vtt", ".vtt"),
        (b"\xef\xbb\xbfWEBVTT - words\n", "text/plain", ".vtt"),
        (b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHello", "application/x-subrip", ".srt"),
        ("\ufeff1\n00:00:00,000 --> 00:00:01,000\nGr\u00fc\u00dfe".encode("utf-16"), "", ".srt"),
        (b'{"version":"1.0.0","segments":[{"startTime":0,"body":"Hi"}]}', "text/html", ".json"),
        (PAGE, "text/html", ".html"),
        (b"Hello and welcome to the show.", "text/vtt", ".txt"),
    ],
)
def test_a_transcript_is_named_by_its_bytes(body: bytes, declared: str, extension: str) -> None:
    assert extras.transcript(body, declared).extension == extension


@pytest.mark.parametrize(
    ("body", "declared"),
    [
        (PAGE, "text/vtt"),  # a host that lost the file and answers with a page
        (PAGE, ""),
        (png(), "text/vtt"),
        (b'{"segments":[', "application/json"),
        (b"#EXTM3U\nhttp://x/", "text/plain"),
        (bytes(100), "text/plain"),
    ],
)
def test_a_page_or_a_picture_is_no_transcript(body: bytes, declared: str) -> None:
    with pytest.raises(Failure) as caught:
        extras.transcript(body, declared)
    assert caught.value.kind is Kind.BAD_EXTRA


def test_chapters_are_json_with_a_list_of_chapters() -> None:
    good = b'{"version":"1.2.0","chapters":[{"startTime":0,"title":"Intro"}]}'
    assert extras.chapters(good) == extras.chapters(b"\xef\xbb\xbf" + good)
    for bad in (PAGE, b"[]", b'{"chapters":{}}', b'{"chapters":[', b"", b"null"):
        with pytest.raises(Failure) as caught:
            extras.chapters(bad)
        assert caught.value.kind is Kind.BAD_EXTRA


@pytest.mark.parametrize("judge", [extras.chapters, lambda body: extras.transcript(body, "")])
def test_json_that_is_nested_too_deep_for_any_reader_is_none(
    judge: Callable[[bytes], extras.Extra],
) -> None:
    for body in (b"[" * 200_000, b"[" * 200_000 + b"]" * 200_000):
        with pytest.raises(Failure) as caught:
            judge(b'{"chapters":[{"title":%s}]}' % body)
        assert caught.value.kind is Kind.BAD_EXTRA


def test_a_list_of_millions_is_not_unpacked() -> None:
    body = b'{"chapters":[' + b"{}," * 500_000 + b"{}]}"
    tracemalloc.start()
    try:
        assert extras.chapters(body).extension == ".json"
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300).map(lambda body: b'{"chapters":[{"title":"%s"}]}' % body))
def test_any_bytes_in_a_title_are_judged(body: bytes) -> None:
    with contextlib.suppress(Failure):
        extras.chapters(body)


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/vtt"]))
def test_any_bytes_are_judged(body: bytes, declared: str) -> None:
    for judge in (extras.cover, extras.chapters, lambda b: extras.transcript(b, declared)):
        with contextlib.suppress(Failure):
            judge(body)
