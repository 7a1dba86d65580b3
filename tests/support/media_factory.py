"""Media for tests, made of arithmetic: unique by seed, exact in size, no encoder needed.

For containers and codecs that the demo does not make, see ``media_files.py``.
"""

from __future__ import annotations

from pathlib import Path

from podfetch_tui.demo.audio import KINDS, Media, media_bytes, media_slice
from podfetch_tui.demo.routes import Route

__all__ = ["KINDS", "Media", "media_bytes", "media_route", "media_slice", "write_media"]


def media_route(seed: str, size: int = 20_000, *, kind: str = "mp3") -> Route:
    """A well-behaved route; its ETag is made of the seed."""
    media = Media(seed, size, kind=kind)
    etag = '"' + seed.encode("ascii", "replace").hex() + '"'
    return Route(body=media, content_type=media.content_type, etag=etag)


def write_media(path: Path, seed: str = "seed", size: int = 20_000, *, kind: str = "mp3") -> Path:
    """Write a generated file and return its path."""
    path.write_bytes(media_bytes(seed, size, kind=kind))
    return path
