"""The sidecar: a JSON file beside each media file with all that a rebuild needs.

Its schema is ``podfetch.episode/1``. Keys are only ever added; a change that a reader would
misunderstand gets a new number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.publish import make_folders
from podfetch_tui.storage.sweep import temp_path
from podfetch_tui.system.durable import umask, write_atomic

SCHEMA = "podfetch.episode/1"
SUFFIX = ".json"


class Sidecar(msgspec.Struct, frozen=True):
    """A sidecar as it was written."""

    path: str
    """Path below the root."""
    size: int
    sha256: bytes


def sidecar_path(relpath: str) -> str:
    """Return the path of the sidecar of the media file at ``relpath``.

    The extension of the media stays in the name, so that ``a.mp3`` and ``a.mp4`` do not share
    one; no media file ends in ``.json``.
    """
    return relpath + SUFFIX


def write_sidecar(
    layout: Layout, relpath: str, document: msgspec.Struct | Mapping[str, object]
) -> Sidecar:
    """Write the sidecar of the media file at ``relpath``, or replace it, durably.

    Args:
        layout: The archive.
        relpath: Path of the media file below the root.
        document: The content; ``schema`` is put in front. The same content gives the same
            bytes.

    Raises:
        Failure: It could not be written; what was there is as before.
        ValueError: ``relpath`` is not a path below the root.
        TypeError: ``document`` holds what JSON cannot.
    """
    path = sidecar_path(relpath)
    target = layout.media(path)
    data = encode(document)
    make_folders(layout, target.parent)
    write_atomic(target, data, 0o666 & ~umask(), temp=temp_path(layout))
    return Sidecar(path, len(data), hashlib.sha256(data).digest())


def encode(document: msgspec.Struct | Mapping[str, object]) -> bytes:
    """Return the bytes of a sidecar: indented JSON, one final newline."""
    content = msgspec.to_builtins(document)
    content.pop("schema", None)
    return msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, **content})) + b"\n"
