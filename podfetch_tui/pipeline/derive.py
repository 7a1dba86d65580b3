"""What is made beside the original: extras, tagged copies, transcodes, the sidecar (step P8).

A failure here undoes nothing: it is written down with its reason and tried again without a
download of the original.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import msgspec

from podfetch_tui.catalog.derivatives import DerivativeRow, derivatives_of
from podfetch_tui.model.derivatives import CHAPTERS, LENGTH, TRANSCRIPT, Derive
from podfetch_tui.model.errors import Failure, Family, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.text import clean, redact_text
from podfetch_tui.pipeline import chapters, extras, length, sidecar, transform
from podfetch_tui.pipeline.placing import Made, kept
from podfetch_tui.pipeline.planned import (
    COVER,
    SIDECAR,
    Plan,
    Source,
    needs_source,
    planned,
    source_of,
)
from podfetch_tui.pipeline.record import Placed
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.policy.derivatives import again
from podfetch_tui.policy.hosts import host_of

RETRY_MS = 5 * 60 * 1000
"""What failed is tried again after this at the soonest."""


_MOST_QUESTIONS = 3


class Failed(msgspec.Struct, frozen=True):
    """A derivative that was not made."""

    kind: str
    failure: Failure


@dataclass(slots=True)
class Derived:
    """What one run made of an episode, and what it did not."""

    writes: list[Derive] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    deferrals: list[tuple[str, int]] = field(default_factory=list)
    """Hosts that told us to come back, and when."""
    told: list[str] = field(default_factory=list)
    """What was learned without making a file."""
    halted: Failure | None = None
    """Why no more was tried: the run was stopped, or this machine is in trouble."""


def derive(
    job: EpisodeJob, services: Services, stop: threading.Event, *, placed: Placed
) -> Derived:
    """Make all derivatives of an archived episode that are due.

    Args:
        job: The episode, archived by now.
        services: What to work with.
        stop: Ends it; what was not begun stays due.
        placed: Where its bytes are, and its own name.

    Raises:
        Failure: The catalogue could not be read.
    """
    return _Work(job, services, stop, placed).run()


class _Work:
    """The derivatives of one episode, one after the other."""

    def __init__(
        self, job: EpisodeJob, services: Services, stop: threading.Event, placed: Placed
    ) -> None:
        self._job = job
        self._services = services
        self._stop = stop
        self._placed = placed
        self._now = services.clock.now_ms()
        self._rows = {row.kind: row for row in derivatives_of(services.catalog, job.episode.id)}
        self._there = {kind: _of_row(row) for kind, row in self._rows.items() if _is_done(row)}
        self._derived = Derived()

    def run(self) -> Derived:
        settings = self._job.settings
        source = None
        if needs_source(settings):
            source = source_of(self._services, self._job.episode)
        plans = planned(settings, source, self._rows.values())
        for plan in plans:
            if plan.kind != SIDECAR and self._is_due(plan.kind) and not self._derived.halted:
                self._one(plan, source)
        self._look_again()
        wanted = {LENGTH, *(plan.kind for plan in plans)}
        for row in self._rows.values():
            if row.kind not in wanted and row.state != "done" and not self._derived.halted:
                self._drop(row)
        changed = bool(self._derived.writes)
        if SIDECAR in wanted and not self._derived.halted and (changed or self._is_due(SIDECAR)):
            self._one(Plan(kind=SIDECAR), source)
        return self._derived

    def _look_again(self) -> None:
        """Ask for a length that was not declared, when it is time to."""
        row = self._rows.get(LENGTH)
        at = row.next_attempt_at if row is not None else None
        if row is None or at is None or at > self._now + RETRY_MS or self._derived.halted:
            return
        try:
            if self._stop.is_set():
                raise Failure(Kind.STOPPED, "stopped before it was asked for")
            told = length.ask_again(self._job, self._services, self._stop)
        except Failure as failure:
            plan = Plan(kind=LENGTH, url=self._job.episode.enclosure_url)
            family = verdict_of(failure, media=True).family
            passes = family in (Family.TRANSIENT, Family.DEFERRED)
            if family is Family.SYSTEM or (passes and row.attempts < _MOST_QUESTIONS):
                self._not_made(plan, row, failure)
                return
            told = f"its length is still not known: {clean(redact_text(str(failure)))}"
        self._derived.told.append(told)
        struck = Derive(episode_id=self._job.episode.id, kind=LENGTH, struck=True)
        self._derived.writes.append(struck)

    def _is_due(self, kind: str) -> bool:
        row = self._rows.get(kind)
        if row is None:
            # A further transcript comes with the first one.
            first = kind.partition("-")[0]
            return first == TRANSCRIPT != kind and self._is_due(first)
        if row.state == "failed":
            return row.next_attempt_at is not None and row.next_attempt_at <= self._now + RETRY_MS
        return row.state == "pending"

    def _one(self, plan: Plan, source: Source | None) -> None:
        row = self._rows.get(plan.kind)
        try:
            if self._stop.is_set():
                raise Failure(Kind.STOPPED, "stopped before it was made")
            if plan.kind == SIDECAR:
                others = [self._there[kind] for kind in sorted(self._there) if kind != SIDECAR]
                name = self._placed.path
                self._done(sidecar.write(self._job, others, self._services, name=name))
                return
            made = kept(row, self._services) or self._made(plan, source)
            if made is not None:
                self._done(made)
        except Failure as failure:
            self._not_made(plan, row, failure)

    def _made(self, plan: Plan, source: Source | None) -> Made | None:
        """Make one file; ``None`` when it is known already why there is none."""
        name = self._placed.path
        if plan.url:
            known = extras.known(self._job, plan, self._services)
            if known is None:
                return extras.fetch(self._job, plan, self._services, self._stop, name=name)
            if known.path:
                return msgspec.structs.replace(_of_row(known), kind=plan.kind)
            self._derived.writes.append(_echo(self._job, plan, known))
            return None
        if source is None:
            raise TypeError(f"nothing is known that {plan.kind} could be made of")
        if plan.kind == CHAPTERS:
            return chapters.make(self._job, source, self._services, self._stop, name=name)
        return transform.make(
            self._job,
            plan,
            source,
            self._services,
            self._stop,
            media_path=self._placed.media_path,
            name=name,
            cover=self._there.get(COVER),
        )

    def _done(self, made: Made) -> None:
        self._there[made.kind] = made
        self._derived.made.append(made)
        self._derived.writes.append(
            Derive(
                episode_id=self._job.episode.id,
                kind=made.kind,
                path=made.path,
                sha256=made.sha256,
                size=made.size,
                media_type=made.media_type,
                source_url=made.source_url,
            )
        )

    def _not_made(self, plan: Plan, row: DerivativeRow | None, failure: Failure) -> None:
        verdict = verdict_of(failure, media=True)
        if failure.kind is Kind.STOPPED or verdict.pause or verdict.stop:
            self._derived.halted = failure
        if failure.kind is Kind.STOPPED:
            return
        self._there.pop(plan.kind, None)
        attempts = (row.attempts if row else 0) + 1
        retry_after, rng = failure.retry_after, self._services.rng
        following = again(verdict, attempts, retry_after=retry_after, rng=rng)
        at = None if following.after_s is None else self._now + round(following.after_s * 1000)
        if (
            verdict.family is Family.DEFERRED
            and failure.kind is Kind.HTTP_STATUS
            and at is not None
        ):
            self._derived.deferrals.append((host_of(failure.url or plan.url), at))
        if not following.absent:
            self._derived.failed.append(Failed(plan.kind, failure))
        self._derived.writes.append(
            Derive(
                episode_id=self._job.episode.id,
                kind=plan.kind,
                error=clean(redact_text(str(failure))),
                next_attempt_at=at,
                absent=following.absent,
                source_url=plan.url,
            )
        )

    def _drop(self, row: DerivativeRow) -> None:
        """A row that the settings no longer want keeps its file, if it has one."""
        try:
            made = kept(row, self._services)
        except Failure as failure:
            self._not_made(Plan(kind=row.kind), row, failure)
            return
        if made is not None:
            self._done(made)
            return
        self._there.pop(row.kind, None)
        struck = Derive(episode_id=self._job.episode.id, kind=row.kind, struck=True)
        self._derived.writes.append(struck)


def _is_done(row: DerivativeRow) -> bool:
    return row.state == "done" and bool(row.path)


def _of_row(row: DerivativeRow) -> Made:
    return Made(
        kind=row.kind,
        path=row.path,
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        source_url=row.source_url,
    )


def _echo(job: EpisodeJob, plan: Plan, known: DerivativeRow) -> Derive:
    """Repeat what came of the same source a moment ago, which is not asked again."""
    return Derive(
        episode_id=job.episode.id,
        kind=plan.kind,
        error=known.error,
        next_attempt_at=known.next_attempt_at,
        absent=known.state == "done",
        source_url=plan.url,
    )
