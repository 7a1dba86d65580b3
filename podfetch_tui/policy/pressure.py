"""Whether the machine is under pressure, and which one, told from one reading a second.

A signal is *high* at its mark and *low* a good part below it; between the two nothing changes
(hysteresis). Pressure counts only after it lasted a moment, calm only after it lasted longer.
Pure: readings and settings in, a new state out.
"""

from __future__ import annotations

import msgspec

from podfetch_tui.model.figures import size
from podfetch_tui.model.settings import ThrottleSettings

SUSTAINED_S = 2.0
"""Pressure that is over sooner lowers nothing."""
CALM_S = 5.0
"""Targets rise again when every signal has been low for so long."""
UNCLEAR_S = 20.0
"""… or when none has been high for so long, though some are not low."""
LOW = 0.9
"""A signal is low below this share of its mark."""
OTHERS = 25.0
"""Share of the processor, in percent, that others must use: a machine that is busy with our
own work alone harms nobody, and fewer workers would only leave it idle."""
_STALLED_CPU = 60.0
_STALLED_MEMORY = 20.0
_NEARLY = 0.75


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The machine at one moment."""

    at: float
    """Monotonic seconds."""
    cpu: float = 0.0
    """Busy share of the processor, 0..100."""
    own_cpu: float = 0.0
    """Our part of ``cpu``, children included."""
    memory: float = 0.0
    """Used share of the memory or of the group's limit, 0..100."""
    cpu_stalled: float | None = None
    """Percent of the last second in which some task waited for a core (PSI)."""
    memory_stalled: float | None = None
    """The same for memory."""
    lag: float = 0.0
    """Seconds by which a timed wait was late."""
    rss: int = 0
    """Resident bytes of this process."""


class Signal(msgspec.Struct, frozen=True):
    """One kind of pressure at one moment."""

    name: str
    words: str
    """With its figure: ``cpu 91 %``."""
    is_high: bool
    is_low: bool


class Strain(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the pressure after a reading."""

    at: float = 0.0
    since: tuple[tuple[str, float], ...] = ()
    """Signals that were high and not low since, and from when on."""
    high: tuple[Signal, ...] = ()
    """Those that are high at this moment."""
    last_high: float | None = None
    last_unclear: float | None = None
    """When some signal was last high, or had been and was not low yet."""
    last_words: str = ""
    """Of the signal that was high last."""

    @property
    def lasting(self) -> Signal | None:
        """The pressure that lasts long enough to count, the oldest first."""
        known = dict(self.since)
        ripe = [signal for signal in self.high if self.at - known[signal.name] >= SUSTAINED_S]
        return min(ripe, key=lambda signal: known[signal.name], default=None)

    @property
    def is_calm(self) -> bool:
        """Targets may rise."""
        if self.last_high is None:
            return True
        unclear = self.last_high if self.last_unclear is None else self.last_unclear
        return self.at - unclear >= CALM_S or self.at - self.last_high >= UNCLEAR_S

    def seconds(self, name: str) -> float:
        """Return for how long the signal ``name`` has lasted."""
        return self.at - dict(self.since).get(name, self.at)


def observe(
    before: Strain, reading: Reading, settings: ThrottleSettings, *, rss_soft: int = 0
) -> Strain:
    """Return what is known after ``reading``.

    Args:
        before: What was known.
        reading: The machine now.
        settings: Where pressure begins.
        rss_soft: ``engine.rss_soft``; 0 for none.
    """
    known = dict(before.since)
    since: list[tuple[str, float]] = []
    high: list[Signal] = []
    for signal in _signals(reading, settings, rss_soft):
        if signal.is_high:
            high.append(signal)
        if signal.is_high or (signal.name in known and not signal.is_low):
            since.append((signal.name, known.get(signal.name, reading.at)))
    return Strain(
        at=reading.at,
        since=tuple(since),
        high=tuple(high),
        last_high=reading.at if high else before.last_high,
        last_unclear=reading.at if since else before.last_unclear,
        last_words=high[0].words if high else before.last_words,
    )


def _signals(reading: Reading, settings: ThrottleSettings, rss_soft: int) -> list[Signal]:
    return [
        _cpu(reading, settings.cpu_high),
        _memory(reading, settings.memory_high),
        Signal(
            "lag",
            f"the scheduler is {1000 * reading.lag:.0f} ms late",
            reading.lag >= settings.lag_high,
            reading.lag < LOW * settings.lag_high,
        ),
        Signal(
            "rss",
            f"the process holds {size(reading.rss)} of memory",
            0 < rss_soft <= reading.rss,
            not rss_soft or reading.rss < LOW * rss_soft,
        ),
    ]


def _cpu(reading: Reading, mark: float) -> Signal:
    others = reading.cpu - reading.own_cpu
    stalled = reading.cpu_stalled or 0.0
    waits = stalled >= _STALLED_CPU and reading.cpu >= _NEARLY * mark
    words = f"cpu {reading.cpu:.0f} %"
    if waits and reading.cpu < mark:
        words += f", tasks wait for it {stalled:.0f} % of the time"
    return Signal(
        "cpu",
        words,
        others >= OTHERS and (reading.cpu >= mark or waits),
        others < LOW * OTHERS or (reading.cpu < LOW * mark and not waits),
    )


def _memory(reading: Reading, mark: float) -> Signal:
    stalled = reading.memory_stalled or 0.0
    waits = stalled >= _STALLED_MEMORY
    words = f"memory {reading.memory:.0f} %"
    if waits:
        words += f", tasks wait for it {stalled:.0f} % of the time"
    return Signal(
        "memory",
        words,
        reading.memory >= mark or waits,
        reading.memory < LOW * mark and stalled < LOW * _STALLED_MEMORY,
    )
