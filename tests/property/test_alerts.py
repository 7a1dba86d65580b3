"""Alerts: raised when a figure stays beyond its limit, cleared when it stays well within it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.alerts import Figures
from podfetch_tui.model.settings import AlertSettings
from podfetch_tui.policy.alerts import HOLD_S, LEAST_JOBS, NAMES, State, judge, standing

AT = 1_700_000_000_000
LIMITS = AlertSettings(
    error_rate=20.0,
    lateness_p95=3600.0,
    new_quarantine_per_hour=20,
    free_space=1000,
    oldest_pending=86400.0,
)
BEYOND: dict[str, dict[str, Any]] = {
    "error_rate": {"jobs": 100, "failed": 21},
    "lateness_p95": {"lateness_p95_s": 3601.0},
    "new_quarantine_per_hour": {"new_quarantine": 21},
    "free_space": {"free": 999},
    "oldest_pending": {"oldest_pending_s": 86401.0},
}
BETWEEN: dict[str, dict[str, Any]] = {
    "error_rate": {"jobs": 100, "failed": 17},
    "lateness_p95": {"lateness_p95_s": 3000.0},
    "new_quarantine_per_hour": {"new_quarantine": 18},
    "free_space": {"free": 1050},
    "oldest_pending": {"oldest_pending_s": 80000.0},
}
WITHIN: dict[str, dict[str, Any]] = {
    "error_rate": {"jobs": 100, "failed": 16},
    "lateness_p95": {"lateness_p95_s": 0.0},
    "new_quarantine_per_hour": {"new_quarantine": 0},
    "free_space": {"free": 1100},
    "oldest_pending": {"oldest_pending_s": 0.0},
}
FINE: dict[str, Any] = {key: value for facts in WITHIN.values() for key, value in facts.items()}


def look(state: State, now: float, limits: AlertSettings = LIMITS, **figures: Any) -> State:
    facts = Figures(**{**FINE, **figures})
    return judge(state, facts, limits, now_ms=AT + round(now * 1000), now_s=now)


def names(state: State) -> list[str]:
    return [name for name, watched in state.items() if watched.alert is not None]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_that_stays_beyond_its_limit_raises_and_well_within_clears(name: str) -> None:
    state = look({}, 0.0, **BEYOND[name])
    at_once = name == "free_space"
    assert names(state) == ([name] if at_once else [])
    state = look(state, HOLD_S, **BEYOND[name])
    assert names(state) == [name]
    alert = state[name].alert
    assert alert is not None
    assert alert.since == AT + (0 if at_once else round(HOLD_S * 1000))
    state = look(state, HOLD_S + 1, **BETWEEN[name])
    state = look(state, 10 * HOLD_S, **BETWEEN[name])
    assert names(state) == [name], "neither beyond nor well within: it stays"
    state = look(state, 11 * HOLD_S, **WITHIN[name])
    assert names(state) == [name]
    state = look(state, 12 * HOLD_S, **WITHIN[name])
    assert names(state) == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "free_space"])
def test_a_figure_that_goes_back_in_between_raises_nothing(name: str) -> None:
    state = look({}, 0.0, **BEYOND[name])
    state = look(state, HOLD_S / 2, **BETWEEN[name])
    state = look(state, HOLD_S * 1.2, **BEYOND[name])
    assert names(state) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_of_zero_is_off_and_ends_what_stands(name: str) -> None:
    state = look(look({}, 0.0, **BEYOND[name]), HOLD_S, **BEYOND[name])
    off = AlertSettings(**{**{key: getattr(LIMITS, key) for key in NAMES}, name: 0})
    assert names(look(state, 2 * HOLD_S, off, **BEYOND[name])) == []
    assert not standing(Figures(**BEYOND[name]), off, now_ms=AT)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "error_rate"])
def test_a_figure_that_nobody_knows_changes_nothing(name: str) -> None:
    state = look(look({}, 0.0, **BEYOND[name]), HOLD_S, **BEYOND[name])
    unknown: dict[str, Any] = dict.fromkeys(BEYOND[name])
    assert names(look(state, 9 * HOLD_S, **unknown)) == [name]
    assert names(look({}, 9 * HOLD_S, **unknown)) == []


def test_free_space_of_zero_follows_the_reserve_of_downloads() -> None:
    follows = AlertSettings(free_space=0)
    state = look({}, 0.0, follows, free=999, reserve=1000)
    assert names(state) == ["free_space"]
    assert [alert.name for alert in standing(Figures(free=1, reserve=2), follows, now_ms=AT)] == [
        "free_space"
    ]
    assert names(look({}, 0.0, follows, free=0, reserve=0)) == []


def test_a_few_jobs_are_no_rate() -> None:
    few: dict[str, Any] = {"jobs": LEAST_JOBS - 1, "failed": LEAST_JOBS - 1}
    state = look(look({}, 0.0, **few), HOLD_S, **few)
    assert names(state) == []


looks = st.lists(
    st.tuples(st.floats(0, 100), st.integers(0, 40), st.none() | st.integers(0, 2000)), max_size=40
)


@given(looks)
def test_alerts_never_flap_faster_than_they_are_held(looks: list[tuple[float, int, Any]]) -> None:
    state: State = {}
    now, changed = 0.0, dict.fromkeys(NAMES, -1e9)
    for seconds, quarantined, free in looks:
        now += seconds
        before, state = state, look(state, now, new_quarantine=quarantined, free=free)
        for name in NAMES:
            stood = name in before and before[name].alert is not None
            stands = state[name].alert is not None
            if stood and not stands:
                assert now - changed[name] >= HOLD_S
            if stands and not stood and name != "free_space":
                assert now - changed[name] >= HOLD_S
            if stood != stands:
                changed[name] = now
