"""How many workers each lane may use: down fast under pressure, up again step by step.

A target is halved when pressure lasts, once the halving before has taken effect; it rises by an
eighth of the limit at a time while all is calm (at first, before anything went wrong, it
doubles). Downloads rise only while more workers bring
more bytes (``policy.plateau``). The limit an operator set is the ceiling, 1 is the floor.
Pure: state and readings in, a new state out.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from podfetch_tui.model.figures import rate
from podfetch_tui.model.text import counted
from podfetch_tui.policy.plateau import LEAST, Plateau, is_worth_more, judge
from podfetch_tui.policy.pressure import Strain

FIRST = 8
"""A lane that moves bytes begins with no more workers and looks whether more bring more."""
CUT_EVERY_S = 2.0
RISE_EVERY_S = 4.0
STEPS = 8
"""Steps from nothing to the limit: with what is waited before, well within a minute."""
ERRORS_S = 10.0
_CUT = 0.5
_EASE = 0.75
_FEW_ENDINGS = 10
_MANY_ERRORS = 0.5
_FULL = 0.9
_RISING = "rising while more workers bring more"


class LaneReading(msgspec.Struct, frozen=True, kw_only=True):
    """One lane at one moment."""

    limit: int
    busy: int
    """The most that were busy at once since the reading before."""
    moved: int | None = None
    """Bytes moved since the start; ``None`` for a lane that is not about bytes."""
    ended: int = 0
    """Attempts that ended since the start."""
    strained: int = 0
    """Those of them that failed for a while: time-outs, resets, errors of servers."""


class LaneTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What one lane may use, and all that the next decision needs."""

    limit: int
    level: float
    """The target before it is rounded."""
    why: str = ""
    """Empty while the target is the limit."""
    cut: bool = False
    """Pressure lowered it, and it is not back at nine tenths of its limit."""
    is_fresh: bool = False
    """It has only risen so far."""
    changed_at: float = float("-inf")
    plateau: Plateau = Plateau()
    errors_at: float = float("-inf")
    """When the window began that errors are counted in."""
    ended: int = 0
    strained: int = 0
    is_erring: bool = False
    """Too many attempts of the latest window failed."""

    @property
    def target(self) -> int:
        """How many workers may be busy."""
        return min(self.limit, max(1, int(self.level + 1e-6)))

    def sentence(self, lane: str) -> str:
        """Return the decision in words; empty while there is nothing to explain."""
        return f"{lane} target {self.target} of {self.limit}: {self.why}" if self.why else ""


def first_target(limit: int, *, moves_bytes: bool) -> LaneTarget:
    """Return where a lane begins."""
    level = min(limit, FIRST) if moves_bytes else limit
    why = _RISING if level < limit else ""
    return LaneTarget(limit=limit, level=level, why=why, is_fresh=True)


def fixed(limit: int, strain: Strain) -> LaneTarget:
    """Return the target of a lane that is not adapted: its limit, or 1 under pressure."""
    if strain.is_calm or limit <= 1:
        return LaneTarget(limit=limit, level=limit)
    return LaneTarget(limit=limit, level=1, why=strain.last_words, cut=True)


def following(before: LaneTarget, lane: LaneReading, strain: Strain) -> LaneTarget:
    """Return the target after a reading of lane and machine."""
    now = strain.at
    state = _at_limit(before, lane.limit)
    if not lane.limit:
        return state
    # Now and then a worker is between two jobs.
    is_full = lane.busy >= state.target - state.target // 6
    state = replace(state, plateau=state.plateau.watched(now, is_full, lane.moved))
    pressure = strain.lasting
    if pressure is not None:
        why = f"{pressure.words} for {strain.seconds(pressure.name):.0f} s"
        return _cut(state, lane, why, now)
    strained, state = _errors(state, lane, now)
    if strained:
        return _eased(state, strained, now)
    if state.is_erring:
        return state
    if not strain.is_calm:
        ago = now - (strain.last_high or now)
        why = f"{strain.last_words} until {ago:.0f} s ago"
        return replace(state, why=why) if state.cut else state
    return _risen(state, lane, strain)


def _at_limit(state: LaneTarget, limit: int) -> LaneTarget:
    """Follow a limit that was changed: a lane at its limit stays there."""
    if limit == state.limit:
        return state
    level = float(limit) if state.level >= state.limit or not state.limit else state.level
    level = min(level, float(limit))
    is_whole = level >= limit
    return replace(
        state,
        limit=limit,
        level=level,
        why="" if is_whole else state.why,
        cut=state.cut and level < _FULL * limit,
    )


def _cut(state: LaneTarget, lane: LaneReading, why: str, now: float) -> LaneTarget:
    """Halve the target, unless the last halving has not taken effect yet."""
    waits = state.cut and lane.busy > state.target
    if state.level <= 1 or waits or now - state.changed_at < CUT_EVERY_S:
        is_whole = state.target >= state.limit
        return replace(state, why="" if is_whole else why)
    level = max(1.0, state.level * _CUT)
    lowered = replace(
        state, level=level, changed_at=now, plateau=Plateau(), cut=True, is_fresh=False
    )
    return replace(lowered, why=why if lowered.target < state.limit else "")


def _errors(state: LaneTarget, lane: LaneReading, now: float) -> tuple[str, LaneTarget]:
    """Count a window of endings; return what is wrong with it, if anything is."""
    if now - state.errors_at < ERRORS_S:
        return "", state
    ended, strained = lane.ended - state.ended, lane.strained - state.strained
    is_first = state.errors_at == float("-inf")
    many = not is_first and ended >= _FEW_ENDINGS and strained >= _MANY_ERRORS * ended
    state = replace(state, errors_at=now, ended=lane.ended, strained=lane.strained, is_erring=many)
    if not many:
        return "", state
    return f"{strained} of {counted(ended, 'attempt')} failed in {ERRORS_S:.0f} s", state


def _eased(state: LaneTarget, why: str, now: float) -> LaneTarget:
    """Lower the target a little, to half of the limit at least: hosts may be at fault."""
    level = max(state.level * _EASE, state.limit / 2, 1.0)
    if level >= state.level:
        return replace(state, why=why if state.why else "")
    return replace(
        state,
        level=level,
        changed_at=now,
        why=why,
        plateau=Plateau(),
        cut=True,
        is_fresh=False,
    )


def _risen(state: LaneTarget, lane: LaneReading, strain: Strain) -> LaneTarget:
    now = strain.at
    if now - state.changed_at < RISE_EVERY_S:
        return state
    plateau, may_rise = state.plateau, True
    if lane.moved is not None and state.level >= LEAST:
        plateau, back = judge(plateau, state.target, state.limit, now)
        if back is not None:
            full = f"more workers bring no more than {rate(plateau.rate)}"
            why = full if back < state.limit else ""
            return replace(
                state,
                level=float(back),
                changed_at=now,
                why=why,
                plateau=plateau,
                cut=False,
                is_fresh=False,
            )
        may_rise = is_worth_more(plateau, now)
    if not may_rise or state.level >= state.limit:
        return replace(state, plateau=plateau)
    step = state.level if state.is_fresh else max(1.0, state.limit / STEPS)
    level = min(float(state.limit), state.level + step)
    cut = state.cut and level < _FULL * state.limit
    why = f"rising again after {strain.last_words}" if state.cut else _RISING
    return replace(
        state,
        level=level,
        changed_at=now,
        plateau=plateau.restarted(),
        cut=cut,
        why="" if level >= state.limit else why,
    )
