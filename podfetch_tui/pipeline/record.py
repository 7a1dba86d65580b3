"""Seal, publish, commit: from a checked part to an archived episode (steps P5 to P7)."""

from __future__ import annotations

import errno
import threading
from typing import NamedTuple

from podfetch_tui.catalog.episodes import item_of
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.outcome import Outcome
from podfetch_tui.model.writes import Archive, Reserve, Reserved, Seal, Sealed
from podfetch_tui.pipeline.planned import Plan, needs_source, planned, source_of
from podfetch_tui.pipeline.services import Services
from podfetch_tui.pipeline.validate import Checked
from podfetch_tui.storage.layout import final_path
from podfetch_tui.storage.parts import Part
from podfetch_tui.storage.publish import link_existing, publish
from podfetch_tui.storage.template import parse_template
from podfetch_tui.storage.verify import Check, check_file
from podfetch_tui.system.durable import os_failures

_PATIENCE_STEPS = 40
_PATIENCE_STEP_S = 0.05


def wanted_path(job: EpisodeJob, extension: str, services: Services) -> str:
    """Return the path an episode's file should have below the root.

    Raises:
        Failure: The catalogue could not be read.
    """
    template = parse_template(job.settings.archive.filename)
    item = item_of(services.catalog, job.episode.id) if template.names_item else None
    return final_path(
        template,
        folder=job.feed.folder,
        feed_title=job.feed.title,
        episode=job.episode,
        extension=extension,
        season=item.season if item is not None else "",
        number=item.number if item is not None else "",
    )


def seal(job: EpisodeJob, part: Part, checked: Checked, services: Services) -> Sealed:
    """P5: the part is whole and durable; the row says so.

    Raises:
        Failure: Disk or catalogue refused; the part stays as it is.
    """
    part.seal()
    receipt = services.commit(
        Seal(
            episode_id=job.episode.id,
            sha256=part.sha256,
            size=part.size,
            path=wanted_path(job, checked.sniffed.extension, services),
            media_type=checked.sniffed.media_type,
            info=checked.info,
            validity=checked.validity,
            at=services.clock.now_ms(),
        )
    )
    if not isinstance(receipt, Sealed):
        raise TypeError(f"a seal was answered with {receipt!r}")
    return receipt


class Bytes(NamedTuple):
    """What a part holds."""

    part: str
    """Its name."""
    size: int
    sha256: bytes

    @classmethod
    def of(cls, part: Part) -> Bytes:
        """Return it as it stands."""
        return cls(part.path.name, part.size, part.sha256)


class Placed(NamedTuple):
    """Where a file is, below the root."""

    path: str
    """The episode's own name; nothing is there when the bytes are another's file."""
    media_path: str
    """Where its bytes are."""


def place(
    episode_id: int, found: Bytes, sealed: Sealed, services: Services, stop: threading.Event
) -> Placed:
    """P6: give the bytes their name in the archive.

    Bytes that are there already get a second name where the file system can do that, else
    the row refers to the first one. A file that somebody changed does not stand in for them.

    Raises:
        Failure: The disk refused; the row stays sealed and recovery goes on from there.
    """
    path = sealed.path
    if sealed.existing is not None and sealed.existing != path:
        linked = _link(sealed.existing, path, found, services, stop)
        if linked is not None:
            with os_failures(f"delete part {found.part}"):
                (services.layout.parts / found.part).unlink(missing_ok=True)
            return Placed(path, path if linked else sealed.existing)
    while not publish(services.layout, found.part, path):
        receipt = services.commit(Reserve(episode_id=episode_id, path=path))
        if not isinstance(receipt, Reserved):
            raise TypeError(f"a reservation was answered with {receipt!r}")
        path = receipt.path
    return Placed(path, path)


def _link(
    existing: str, path: str, found: Bytes, services: Services, stop: threading.Event
) -> bool | None:
    """Link to bytes that another run may be publishing this moment; ``None``: they never came."""
    layout, size, sha256 = services.layout, found.size, found.sha256
    for _ in range(_PATIENCE_STEPS):
        there = check_file(layout, existing, size=size, sha256=sha256, stop=stop)
        if there is Check.MISMATCHED:
            return None
        try:
            if there is Check.OK:
                return link_existing(layout, existing, path)
        except Failure as failure:
            if failure.errno != errno.ENOENT:
                raise
        if services.clock.wait(stop, _PATIENCE_STEP_S):
            raise Failure(Kind.STOPPED, "stopped while publishing")
    return None


def commit(job: EpisodeJob, media_path: str, outcome: Outcome, services: Services) -> None:
    """P7, the commit point: the episode is archived, with its outcome row.

    Raises:
        Failure: The catalogue refused; the file stays, recovery finds row and file.
    """
    services.commit(
        Archive(
            episode_id=job.episode.id,
            media_path=media_path,
            outcome=outcome,
            derivatives=tuple(plan.kind for plan in _plans(job, services)),
            at=outcome.at,
        )
    )


def _plans(job: EpisodeJob, services: Services) -> tuple[Plan, ...]:
    source = source_of(services, job.episode) if needs_source(job.settings) else None
    return planned(job.settings, source, ())
