"""From a whole part to a derivative in the archive: seal, reserve, publish (step P8).

As with the original, the row knows digest and name before the file has it, so that a start after
a kill takes what is there for what it is and makes nothing twice.
"""

from __future__ import annotations

import threading

import msgspec

from podfetch_tui.catalog.derivatives import LOOK_AGAIN, DerivativeRow
from podfetch_tui.model.derivatives import SealDerivative, Shared
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.writes import Reserved
from podfetch_tui.pipeline.services import Services
from podfetch_tui.storage.parts import Part
from podfetch_tui.storage.publish import publish, settle
from podfetch_tui.storage.sweep import reject
from podfetch_tui.storage.verify import Check, check_file

_PATIENCE_STEPS = 200
_PATIENCE_STEP_S = 0.05
"""Between a name and its file lies one sync of a folder, which takes a busy disk seconds."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A derivative that is in the archive."""

    kind: str
    path: str
    """Below the root."""
    sha256: bytes
    size: int
    media_type: str = ""
    source_url: str = ""
    received: int = 0
    """Bytes that came from the network for it."""


def place(
    job: EpisodeJob, part: Part, made: Made, services: Services, stop: threading.Event
) -> Made:
    """Give a part that was checked its name in the archive.

    Args:
        job: Whose derivative it is.
        part: All of it.
        made: What it is; ``path`` is the wanted one.
        services: What to work with.
        stop: Ends the waiting for a file that another run is about to publish.

    Returns:
        ``made`` with the path that holds the bytes.

    Raises:
        Failure: Disk or catalogue refused; nothing of the archive was changed.
    """
    part.seal()
    write = SealDerivative(
        episode_id=job.episode.id,
        kind=made.kind,
        path=made.path,
        sha256=made.sha256,
        size=made.size,
        media_type=made.media_type,
        source_url=made.source_url,
        at=services.clock.now_ms(),
    )
    receipt = services.commit(write)
    while True:
        if isinstance(receipt, Shared):
            if _appears(receipt.path, made, services, stop):
                part.discard()
                return msgspec.structs.replace(made, path=receipt.path)
            write = msgspec.structs.replace(write, alone=True)
            receipt = services.commit(write)
            continue
        if not isinstance(receipt, Reserved):
            raise TypeError(f"a seal was answered with {receipt!r}")
        if publish(services.layout, part.path.name, receipt.path):
            return msgspec.structs.replace(made, path=receipt.path)
        receipt = services.commit(msgspec.structs.replace(write, taken=True))


def _appears(path: str, made: Made, services: Services, stop: threading.Event) -> bool:
    """Say whether the same bytes are at ``path``; another run may be publishing them now."""
    for _ in range(_PATIENCE_STEPS):
        if check_file(services.layout, path, size=made.size, sha256=made.sha256) is Check.OK:
            return True
        if services.clock.wait(stop, _PATIENCE_STEP_S):
            raise Failure(Kind.STOPPED, "stopped while publishing")
    return False


def kept(row: DerivativeRow | None, services: Services) -> Made | None:
    """Return what a row says was made, if it is there byte for byte.

    A file that was recorded whole and is no longer what its row says is moved to the rejected
    ones, so that a new one can have its name.

    Raises:
        Failure: The disk refused.
    """
    if row is None or not row.path or not row.digest:
        return None
    found = check_file(services.layout, row.path, size=row.size, sha256=row.sha256)
    if found is Check.OK:
        settle(services.layout, "", row.path)
        return Made(
            kind=row.kind,
            path=row.path,
            sha256=row.sha256,
            size=row.size,
            media_type=row.media_type,
            source_url=row.source_url,
        )
    if found is Check.MISMATCHED and row.error == LOOK_AGAIN:
        reject(services.layout, services.layout.media(row.path))
    return None
