"""What a simulated month is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.simulation import DAY, HOUR, START, World
from podfetch_tui.model.feed import FeedState


@dataclass(frozen=True, kw_only=True)
class Report:
    """Figures of one run, and whether each keeps its promise."""

    polls: int
    on_time: float
    """Share of polls that began within twice their interval; dead and busy hosts apart."""
    worst_late: float
    """Longest lateness, in intervals."""
    dead: int
    quarantined: int
    """Dead feeds in quarantine within 8 days of their death."""
    slowest_days: float
    wrongly: int
    retries: float
    violations: int
    doubled: int
    rush: float
    """Busiest hour after the outage, as a multiple of the normal one."""
    under_load: bool

    @property
    def is_good(self) -> bool:
        """Whether every promise is kept."""
        if self.under_load:
            return self.worst_late <= 3 and not self.violations and not self.doubled
        return (
            self.on_time >= 0.995
            and self.quarantined == self.dead
            and not self.wrongly
            and self.retries <= 0.1
            and not self.violations
            and not self.doubled
            and self.rush <= 2
        )

    def line(self) -> str:
        """Return all figures in a line."""
        return (
            f"{'ok ' if self.is_good else 'BAD'} polls {self.polls}  on time {self.on_time:.4%}  "
            f"worst late {self.worst_late:.2f}x  dead in quarantine {self.quarantined}/{self.dead} "
            f"(slowest {self.slowest_days:.1f} d)  wrongly {self.wrongly}  "
            f"retries {self.retries:.2%}  host limits {self.violations}  doubled {self.doubled}  "
            f"rush {self.rush:.2f}x"
        )


def report(world: World) -> Report:
    """Return the figures of a world that was played."""
    seen, plan = world.seen, world.plan
    due = [
        (fate, world.feeds[number])
        for number, fate in world.fates.items()
        if fate.dies_at is not None and fate.dies_at + 8 * DAY <= plan.end
    ]
    times = [
        (fate.quarantined_at - fate.dies_at) / DAY
        for fate, _ in due
        if fate.quarantined_at is not None and fate.dies_at is not None
    ]
    gone = sum(feed.state is FeedState.GONE for _, feed in due)
    return Report(
        polls=seen.polls,
        on_time=seen.on_time / max(seen.timed, 1),
        worst_late=seen.worst_ratio,
        dead=0 if plan.load else len(due),
        quarantined=0 if plan.load else sum(days <= 8 for days in times) + gone,
        slowest_days=max(times, default=0.0),
        wrongly=sum(fate.wrongly for fate in world.fates.values()),
        retries=seen.retries / max(seen.requests, 1),
        violations=seen.crowded + seen.impolite,
        doubled=seen.doubled,
        rush=_rush(world),
        under_load=bool(plan.load),
    )


def _rush(world: World) -> float:
    """Return the busiest hour of the day after the outage over the mean of the day before."""
    over = (world.outage[1] - START) // HOUR
    if world.plan.end <= world.outage[1] + DAY or world.plan.load:
        return 0.0
    hours = world.seen.by_hour
    before = [hours[over - 1 - n] for n in range(1, 25)]
    return max(hours[over + n] for n in range(24)) / max(sum(before) / 24, 1)
