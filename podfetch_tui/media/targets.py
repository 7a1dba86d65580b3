"""What becomes of each kind of file: the container a tagged copy or a transcode is put into.

A tagged copy keeps its codec. It also keeps its container, where that can hold tags; else
Matroska takes the stream as it is.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from podfetch_tui.media.formats import FORMATS

Cover = Literal["picture", "comment", ""]
"""How a container takes a cover: as a stream of its own, as a Vorbis comment, or not at all."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be made."""

    muxer: str
    """FFmpeg's name of what writes it."""
    container: str
    """As ``media.sniff`` will call it."""
    extension: str
    """With its dot."""
    cover: Cover = ""
    single: bool = False
    """It holds one stream of sound only."""
    options: tuple[str, ...] = ()
    """For its muxer."""
    encoder: tuple[str, ...] = ()
    """Arguments that choose codec and rate; empty copies the stream as it is."""


_ID3 = ("-id3v2_version", "3")
_IN_AIFF = ("-write_id3v2", "1", *_ID3)
_SAME: dict[str, Target] = {
    "mp3": Target(
        muxer="mp3",
        container="mp3",
        extension=".mp3",
        cover="picture",
        single=True,
        options=_ID3,
    ),
    "ogg": Target(muxer="ogg", container="ogg", extension=".ogg", cover="comment"),
    "flac": Target(muxer="flac", container="flac", extension=".flac", cover="picture", single=True),
    "wav": Target(muxer="wav", container="wav", extension=".wav", single=True),
    "aiff": Target(
        muxer="aiff", container="aiff", extension=".aiff", single=True, options=_IN_AIFF
    ),
    "asf": Target(muxer="asf", container="asf", extension=".wma"),
    "avi": Target(muxer="avi", container="avi", extension=".avi"),
    "matroska": Target(muxer="matroska", container="matroska", extension=".mka"),
}
_M4A = Target(muxer="ipod", container="mp4", extension=".m4a", cover="picture")
_MP4 = Target(muxer="mp4", container="mp4", extension=".mp4", cover="picture")
_OF_IPOD = frozenset({"aac", "alac"})
_OF_MP3 = frozenset({"mp3", ""})
_BY_EXTENSION = {".mov": "mov", ".3gp": "3gp", ".3g2": "3g2"}
_TRANSCODED: dict[str, Target] = {
    "opus": Target(
        muxer="ogg",
        container="ogg",
        extension=".opus",
        cover="comment",
        single=True,
        encoder=("-c:a", "libopus", "-b:a", "64k", "-vbr", "on"),
    ),
    "mp3": Target(
        muxer="mp3",
        container="mp3",
        extension=".mp3",
        cover="picture",
        single=True,
        options=_ID3,
        encoder=("-c:a", "libmp3lame", "-b:a", "128k"),
    ),
    "aac": Target(
        muxer="ipod",
        container="mp4",
        extension=".m4a",
        cover="picture",
        single=True,
        encoder=("-c:a", "aac", "-b:a", "96k"),
    ),
}


def tagged(container: str, codec: str, extension: str, *, video: bool) -> Target | None:
    """Return what a tagged copy is to be, or ``None`` where FFmpeg is not let near the file.

    Args:
        container: As sniffed.
        codec: Of its sound, as probed; may be empty.
        extension: Of the original, with its dot.
        video: It has moving pictures.
    """
    if container not in FORMATS:
        return None
    target = _mp4(codec, extension, video=video) if container in ("mp4", "aac") else None
    if target is None and container == "mp3" and codec not in _OF_MP3:
        target = _SAME["matroska"]  # Layers I and II have frames like MP3's and no writer of tags
    if target is None:
        target = _SAME.get(container) or _SAME["matroska"]
        if container == target.container:
            target = msgspec.structs.replace(target, extension=extension)
        elif video:
            target = msgspec.structs.replace(target, extension=".mkv")
    if extension == ".webm":
        target = msgspec.structs.replace(target, muxer="webm")
    return msgspec.structs.replace(target, cover="") if video else target


def _mp4(codec: str, extension: str, *, video: bool) -> Target:
    """Choose among the writers of MP4; all but the first two keep few tags."""
    if not video and codec in _OF_IPOD:
        kept = extension if extension in (".m4a", ".m4b", ".mp4") else _M4A.extension
        return msgspec.structs.replace(_M4A, extension=kept)
    muxer = _BY_EXTENSION.get(extension)
    if muxer is not None:
        return Target(muxer=muxer, container="mp4", extension=extension)
    kept = extension if extension in (".m4v", ".m4a") else _MP4.extension
    return msgspec.structs.replace(_MP4, extension=kept)


def transcoded(codec: str, container: str) -> Target | None:
    """Return what a transcode is to be, or ``None`` where FFmpeg is not let near the file.

    Args:
        codec: ``opus``, ``mp3`` or ``aac``.
        container: Of the original, as sniffed.
    """
    return _TRANSCODED[codec] if container in FORMATS else None
