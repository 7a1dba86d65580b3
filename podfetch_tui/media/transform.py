"""The arguments ``ffmpeg`` is run with to make a further file of an original.

Pure: builds lists, runs nothing. No shell ever sees them; names of files stand behind ``file:``,
so that none can be an option or a protocol; demuxers are named by us, so that no file can be
taken for a playlist; texts of strangers are values of ``-metadata`` only.
"""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import msgspec

from podfetch_tui.media.formats import FORMATS
from podfetch_tui.media.targets import Target
from podfetch_tui.model.text import clean

MOST_TEXT = 1000
MOST_PIXELS = 6000 * 6000
"""Of a picture that FFmpeg looks into: half a megabyte of PNG can claim 600 and more."""
_PICTURES = {"image/jpeg": "jpeg_pipe", "image/png": "png_pipe"}
"""Covers that go into files, and FFmpeg's reader that takes one picture and no pattern."""
_FRONT = 3


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """What is written into a file; an empty text leaves what the original says."""

    title: str = ""
    show: str = ""
    artist: str = ""
    date: str = ""
    """``YYYY-MM-DD``."""
    number: str = ""
    season: str = ""


class Picture(msgspec.Struct, frozen=True):
    """A cover on the disk."""

    path: Path
    media_type: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One run of ``ffmpeg``."""

    source: Path
    """The original; it is only read."""
    container: str
    """What it is, as sniffed; a key of ``formats.FORMATS``."""
    output: Path
    """A file that is there, empty, and ours."""
    target: Target
    tags: Tags = Tags()
    picture: Picture | None = None
    comment: Path | None = None
    """A file of :func:`picture_comment`, for targets that take a cover as a comment."""
    video: bool = False
    """The original's moving pictures are kept."""
    channels: int | None = None
    """Of the original; ``None`` when nobody knows."""
    keep_pictures: bool = False
    """Pictures within the original are kept, where the target can hold them."""


def fits(media_type: str) -> bool:
    """Say whether a cover of that type can be put into files."""
    return media_type in _PICTURES


def arguments(program: str, order: Order) -> tuple[str, ...]:
    """Return the whole argument list.

    Args:
        program: Absolute path of ``ffmpeg``.
        order: What is to be made.
    """
    target = order.target
    pictured = order.picture if target.cover == "picture" else None
    commented = order.comment if target.cover == "comment" else None
    words = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    words += _input(FORMATS[order.container], order.source)
    if pictured is not None:
        words += _input(_PICTURES[pictured.media_type], pictured.path)
    if commented is not None:
        words += _input("ffmetadata", commented)
    # A file of pictures alone has no sound to ask for.
    words += ["-map", "0:a:0" if target.single else "0:a?" if order.video else "0:a", "-sn", "-dn"]
    if order.video and not target.encoder:
        words += ["-map", "0:V?"]
    if pictured is not None:
        words += ["-map", "1:v:0", "-disposition:v:0", "attached_pic"]
        words += ["-metadata:s:v:0", "title=Cover", "-metadata:s:v:0", "comment=Cover (front)"]
    elif order.keep_pictures and target.cover == "picture":
        words += ["-map", "0:v?"]
    words += ["-c", "copy", *target.encoder]
    if target.encoder and order.channels:
        # Encoders want to know where a channel stands, and two are enough for ears.
        words += ["-ac", str(min(order.channels, 2))]
    if commented is not None:
        words += ["-map_metadata", "1"]
    words += ["-map_metadata", "0", *_texts(order)]
    words += ["-fflags", "+bitexact", *target.options]
    return (*words, "-f", target.muxer, f"file:{order.output}")


def _input(demuxer: str, path: Path) -> list[str]:
    limits = ["-protocol_whitelist", "file", "-format_whitelist", demuxer]
    limits += ["-max_pixels", str(MOST_PIXELS)]
    return [*limits, "-f", demuxer, "-i", f"file:{path}"]


def _texts(order: Order) -> list[str]:
    tags = order.tags
    texts = {
        "title": tags.title,
        "album": tags.show,
        "artist": tags.artist,
        "date": tags.date,
        "track": tags.number,
        "disc": tags.season,
    }
    kept = {name: short for name, text in texts.items() if (short := clean(text, MOST_TEXT))}
    # Ogg keeps its tags with the stream, and FFmpeg lets those stand before the file's own.
    places = ["-metadata"] + (["-metadata:s"] if order.target.container == "ogg" else [])
    words = [word for name, text in kept.items() for p in places for word in (p, f"{name}={text}")]
    if order.target.encoder:
        # How much silence an encoder put in front, which is another one's now.
        words += ["-metadata", "iTunSMPB="]
    return words


def picture_comment(picture: bytes, media_type: str) -> bytes:
    """Return FFmpeg's metadata file that holds a front cover as a Vorbis comment.

    The block is FLAC's (RFC 9639 8.8), in base64; width, height and colours may be left at 0.
    """
    kind = media_type.encode("ascii")
    block = struct.pack(">II", _FRONT, len(kind)) + kind + struct.pack(">IIIII", 0, 0, 0, 0, 0)
    block += struct.pack(">I", len(picture)) + picture
    text = base64.b64encode(block).replace(b"=", b"\\=")
    return b";FFMETADATA1\nMETADATA_BLOCK_PICTURE=" + text + b"\n"
