"""Containers that begin with a magic number: the closed list of media, frames aside."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from podfetch_tui.media.refused import magic_kind
from podfetch_tui.model.media import Sniffed

_MP4_BRANDS = {
    b"M4A ": (".m4a", "audio/mp4"),
    b"M4B ": (".m4b", "audio/mp4"),
    b"M4P ": (".m4a", "audio/mp4"),
    b"F4A ": (".m4a", "audio/mp4"),
    b"F4B ": (".m4b", "audio/mp4"),
    b"M4V ": (".m4v", "video/mp4"),
    b"M4VH": (".m4v", "video/mp4"),
    b"M4VP": (".m4v", "video/mp4"),
    b"qt  ": (".mov", "video/quicktime"),
}
_MP4_NAMES = {
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".m4v": "video/mp4",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
}
_MP4_FIRST_BOXES = (b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_HANDLER = re.compile(rb"hdlr.{8}(soun|vide)", re.DOTALL)
_OGG_CODECS = (
    (b"\x80theora", ".ogv", "video/ogg"),
    (b"OpusHead", ".opus", "audio/ogg"),
    (b"Speex   ", ".spx", "audio/ogg"),
    (b"\x7fFLAC", ".oga", "audio/ogg"),
    (b"\x01vorbis", ".ogg", "audio/ogg"),
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_SIMPLE = (
    (b"fLaC", "flac", ".flac", "audio/flac"),
    (_W64, "w64", ".w64", "audio/x-w64"),
    (b"#!AMR-WB\n", "amr", ".awb", "audio/amr-wb"),
    (b"#!AMR\n", "amr", ".amr", "audio/amr"),
    (b"caff\x00\x01", "caf", ".caf", "audio/x-caf"),
    (b"ADIF", "adif", ".aac", "audio/aac"),
    (b"\x00\x00\x01\xba", "mpegps", ".mpg", "video/mpeg"),
)


def media(container: str, extension: str, media_type: str) -> Sniffed:
    """Return the verdict for a container of the list."""
    return Sniffed(container, extension, media_type, is_media=True, is_refused=False)


def container_of(head: bytes, name: str) -> Sniffed | None:
    """Return what container ``head`` begins with; ``name`` is a hint for the extension only."""
    for magic, container, extension, media_type in _SIMPLE:
        if head.startswith(magic):
            return media(container, extension, media_type)
    if head.startswith(b"OggS"):
        return _ogg(head)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return _riff(head[8:12])
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return media("aiff", ".aiff", "audio/aiff")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head)
    if head.startswith(_ASF):
        video = _ASF_VIDEO in head
        return media(
            "asf", ".wmv" if video else ".wma", f"{'video' if video else 'audio'}/x-ms-asf"
        )
    return _mp4(head, name) or _transport(head)


def _ogg(head: bytes) -> Sniffed:
    for magic, extension, media_type in _OGG_CODECS:
        if magic in head[:4096]:
            return media("ogg", extension, media_type)
    return media("ogg", ".ogg", "audio/ogg")


def _riff(form: bytes) -> Sniffed | None:
    if form == b"WAVE":
        return media("wav", ".wav", "audio/wav")
    if form in (b"AVI ", b"AVIX"):
        return media("avi", ".avi", "video/x-msvideo")
    return None


def _matroska(head: bytes) -> Sniffed:
    if b"webm" in head[:64]:
        return media("matroska", ".webm", "video/webm")
    return media("matroska", ".mkv", "video/x-matroska")


def _mp4(head: bytes, name: str) -> Sniffed | None:
    box = head[4:8]
    if box == b"ftyp" and len(head) >= 12:
        brand = head[8:12]
        if magic_kind(head) == "picture":
            return None
        if brand.startswith((b"3gp", b"3gr", b"3gs", b"3ge")):
            return media("mp4", ".3gp", "video/3gpp")
        if brand.startswith(b"3g2"):
            return media("mp4", ".3g2", "video/3gpp2")
        if brand in _MP4_BRANDS:
            extension, media_type = _MP4_BRANDS[brand]
            hinted = _hinted(name)
            if extension == ".m4a" and hinted == ".m4b":
                extension = ".m4b"  # an audiobook by name; most tools write the brand of music
            return media("mp4", extension, media_type)
        return _mp4_by_tracks(head, name)
    if box in _MP4_FIRST_BOXES and len(head) >= 16:
        length = int.from_bytes(head[:4], "big")
        if length in (0, 1) or length >= 8:
            return _mp4_by_tracks(head, name)
    return None


def _mp4_by_tracks(head: bytes, name: str) -> Sniffed:
    """Name an MP4 of no telling brand: by its tracks as far as they are seen, then by its name."""
    handlers = set(_HANDLER.findall(head))
    hinted = _hinted(name)
    if b"soun" in handlers and b"vide" not in handlers:
        hinted = hinted if hinted in (".m4a", ".m4b") else ".m4a"
    elif b"vide" in handlers and hinted in (".m4a", ".m4b"):
        hinted = ".mp4"
    extension = hinted or ".mp4"
    return media("mp4", extension, _MP4_NAMES[extension])


def _hinted(name: str) -> str:
    """The extension of a URL or path when it is one of an MP4's, else nothing."""
    try:
        path = urlsplit(name).path
    except ValueError:
        path = name
    extension = PurePosixPath(path).suffix.lower()
    return extension if extension in _MP4_NAMES else ""


def _transport(head: bytes) -> Sniffed | None:
    """MPEG transport streams: packets of 188 bytes, or of 192 with a time before each."""
    for start, step in ((0, 188), (4, 192)):
        marks = head[start : start + 5 * step : step]
        if len(marks) >= 3 and marks.count(0x47) == len(marks):
            return media("mpegts", ".ts", "video/mp2t")
    return None
