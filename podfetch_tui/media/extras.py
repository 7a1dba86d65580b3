"""What a cover, a chapter list or a transcript is, by its bytes; a declared type is a hint only.

A host that has lost a file often answers with a page: that must not be kept as a transcript.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from podfetch_tui.media import refused
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.system.decoding import from_json

T = TypeVar("T")

MOST_BYTES = 16 << 20
"""Largest cover, chapter list or transcript."""
HEAD = 4096


class Extra(msgspec.Struct, frozen=True):
    """What it is."""

    extension: str
    media_type: str


_PICTURES = (
    (0, b"\xff\xd8\xff", Extra(".jpg", "image/jpeg")),
    (0, b"\x89PNG\r\n", Extra(".png", "image/png")),
    (0, b"GIF8", Extra(".gif", "image/gif")),
    (8, b"WEBP", Extra(".webp", "image/webp")),
    (4, b"ftypavif", Extra(".avif", "image/avif")),
    (4, b"ftypheic", Extra(".heic", "image/heic")),
)
_CHAPTERS = Extra(".json", "application/json+chapters")
_JSON = Extra(".json", "application/json")
_VTT = Extra(".vtt", "text/vtt")
_SRT = Extra(".srt", "application/x-subrip")
_HTML = Extra(".html", "text/html")
_TEXT = Extra(".txt", "text/plain")
_CUE = re.compile(r"\s*\d+\s*\n\s*\d+:\d\d:\d\d[,.]\d{1,3}\s*-->")


class _Chapters(msgspec.Struct):
    chapters: msgspec.Raw
    """Left as it is: a list of millions would take hundreds of megabytes."""


def cover(head: bytes) -> Extra:
    """Say what picture a cover is.

    Raises:
        Failure: ``BAD_EXTRA``: it is no picture.
    """
    if refused.magic_kind(head) == "picture":
        for offset, magic, extra in _PICTURES:
            if head.startswith(magic, offset):
                return extra
    raise _bad("the cover", head, "a JPEG, PNG, GIF, WebP, AVIF or HEIC picture")


def chapters(body: bytes) -> Extra:
    """Check a chapter list (podcast namespace, JSON chapters format).

    Raises:
        Failure: ``BAD_EXTRA``: it is none.
    """
    found = _json(body, _Chapters, "the chapter list", "JSON with a list of chapters")
    if not bytes(found.chapters).startswith(b"["):
        raise _bad("the chapter list", body, "JSON with a list of chapters")
    return _CHAPTERS


def transcript(body: bytes, declared: str) -> Extra:
    """Say what a transcript is.

    Args:
        body: All of it.
        declared: Its type as the feed says; a page is taken only where one was promised.

    Raises:
        Failure: ``BAD_EXTRA``: it is none.
    """
    head = body[:HEAD]
    text = refused.as_text(head)
    if text is None or refused.magic_kind(head):
        raise _bad("the transcript", head, "text")
    text = text.lstrip("\ufeff\x00 \t\r\n")
    if text.startswith("WEBVTT"):
        return _VTT
    if _CUE.match(text):
        return _SRT
    kind = refused.text_kind(head)
    if kind == "json":
        return _json_transcript(body)
    if kind == "html" and declared in ("text/html", "application/xhtml+xml"):
        return _HTML
    if kind == "text" and text:
        return _TEXT
    raise _bad("the transcript", head, "VTT, SRT, JSON or text")


def _json_transcript(body: bytes) -> Extra:
    _json(body, msgspec.Raw, "the transcript", "JSON that is whole")
    return _JSON


def _json(body: bytes, wanted: type[T], what: str, words: str) -> T:
    """Decode JSON of a stranger; what is nested too deep for any reader is none."""
    try:
        return from_json(body.removeprefix(b"\xef\xbb\xbf"), wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _bad(what, body, words) from None


def _bad(what: str, head: bytes, wanted: str) -> Failure:
    found = refused.magic_kind(head[:HEAD]) or refused.text_kind(head[:HEAD]) or "something else"
    return Failure(Kind.BAD_EXTRA, f"{what} is {found}, not {wanted}", evidence=head)
