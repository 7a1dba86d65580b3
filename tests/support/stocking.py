"""An archive with real files and rows that fit them, made without any network."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from support.cataloguing import AT, DAY, archive, draft, poll, seal

from podfetch_tui.cli.archive import OpenArchive
from podfetch_tui.model.derivatives import Derive
from podfetch_tui.model.writes import (
    Claim,
    Polled,
    Sealed,
)


def stock(
    archive_: OpenArchive, feed_id: int, names: list[str], *, body: str = "sound of {}"
) -> tuple[int, ...]:
    """Archive an episode a name, with file and sidecar; bodies that are equal are linked.

    Args:
        archive_: Open for changes.
        feed_id: A feed that is known.
        names: Titles and file names.
        body: Content of the files; ``{}`` is the name.

    Returns:
        The ids of the episodes.
    """
    drafts = [draft(f"{feed_id}-{n}", title=n, published=AT - i * DAY) for i, n in enumerate(names)]
    polled = archive_.writer.submit(poll(feed_id, *drafts, title=f"Show {feed_id}")).result()
    assert isinstance(polled, Polled)
    for number, name in zip(polled.pending, names, strict=True):
        relpath = f"Show {feed_id}/{name}.mp3"
        _put(archive_, feed_id, number, relpath, body.format(name).encode())
    return polled.pending


def _put(archive_: OpenArchive, feed_id: int, number: int, relpath: str, content: bytes) -> None:
    writer = archive_.writer
    writer.submit(Claim(episode_id=number, part=f"{number}-0.part", path=relpath, at=AT)).result()
    sealed = writer.submit(seal(number, relpath, content)).result()
    assert isinstance(sealed, Sealed)
    path = archive_.layout.media(sealed.path)
    path.parent.mkdir(exist_ok=True)
    if sealed.existing is None:
        path.write_bytes(content)
    else:
        os.link(archive_.layout.media(sealed.existing), path)
    writer.submit(archive(feed_id, number, sealed.path, derivatives=("sidecar",))).result()
    writer.submit(_sidecar(path, number, sealed.path)).result()


def _sidecar(path: Path, number: int, relpath: str) -> Derive:
    data = json.dumps({"schema": "podfetch.episode/1", "episode": {"id": number}}).encode()
    path.with_name(f"{path.name}.json").write_bytes(data)
    digest = hashlib.sha256(data).digest()
    return Derive(
        episode_id=number,
        kind="sidecar",
        path=f"{relpath}.json",
        sha256=digest,
        size=len(data),
    )
