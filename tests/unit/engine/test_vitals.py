"""Threads that are stuck are told of once, and again when they move."""

from __future__ import annotations

import logging

import pytest
from support.clock import FakeClock

from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.locks import Locks
from podfetch_tui.engine.vitals import LOOK_S, Vitals
from podfetch_tui.system.heart import PATIENCE_S, Heart


class Ward:
    """Hearts under watch, and a clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.events = EventRing(Locks().telemetry, self.clock)
        self.governor = Heart("the governor")
        self.writer = Heart("the writer")
        self.jobs: list[Heart] = []
        hearts = (self.governor, self.writer)
        self.vitals = Vitals(self.clock, self.events, hearts, lambda: self.jobs)

    def pass_time(self, seconds: float, *beating: Heart) -> None:
        """Let time pass, look by look; those of ``beating`` go round meanwhile."""
        for _ in range(int(seconds / LOOK_S)):
            for heart in beating:
                heart.beat()
            self.clock.advance(LOOK_S)
            self.vitals.look()

    def told(self) -> list[tuple[str, str]]:
        """Kind and text of all events."""
        return [(event.kind, event.text) for event in self.events.tail(100)[1]]


def stacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.__dict__["stacks"] for record in caplog.records if "stacks" in record.__dict__]


def test_a_stuck_thread_is_told_of_once_with_all_stacks_and_again_when_it_moves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ward = Ward()
    ward.writer.beat()
    ward.pass_time(PATIENCE_S, ward.governor)
    assert ward.told() == []
    assert ward.vitals.reason == ""
    ward.pass_time(10 * PATIENCE_S, ward.governor)
    assert ward.told() == [
        ("thread_stuck", "the writer has not moved for 60 s; the log has all stacks")
    ]
    assert ward.vitals.reason == "the writer is stuck: see the log"
    assert len(stacks(caplog)) == 1
    assert "test_a_stuck_thread_is_told_of_once" in stacks(caplog)[0]
    ward.pass_time(LOOK_S, ward.governor, ward.writer)
    kind, text = ward.told()[-1]
    assert (kind, "the writer moves again" in text) == ("thread_recovered", True)
    assert ward.vitals.reason == ""
    ward.pass_time(2 * PATIENCE_S, ward.governor)
    assert [kind for kind, _ in ward.told()] == ["thread_stuck", "thread_recovered", "thread_stuck"]
    assert len(stacks(caplog)) == 2


def test_a_thread_that_waits_on_purpose_is_never_stuck() -> None:
    ward = Ward()
    ward.writer.beat()
    ward.writer.rest()
    ward.pass_time(100 * PATIENCE_S, ward.governor)
    assert ward.told() == []


def test_several_that_are_stuck_together_need_the_stacks_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ward = Ward()
    ward.writer.beat()
    ward.governor.beat()
    ward.pass_time(2 * PATIENCE_S)
    assert [kind for kind, _ in ward.told()] == ["thread_stuck", "thread_stuck"]
    assert ward.vitals.reason == "the governor (and 1 more) is stuck: see the log"
    assert len(stacks(caplog)) == 1


def test_nobody_is_to_blame_when_the_whole_process_stood_still() -> None:
    ward = Ward()
    ward.writer.beat()
    ward.pass_time(LOOK_S, ward.governor)
    ward.clock.advance(1000 * PATIENCE_S)  # stopped by a signal, or a debugger
    ward.vitals.look()
    assert ward.told() == []
    ward.pass_time(2 * PATIENCE_S, ward.governor)
    assert [kind for kind, _ in ward.told()] == ["thread_stuck"], "it is stuck all the same"


def test_a_job_has_the_patience_its_settings_ask_for_and_may_end_while_it_is_stuck() -> None:
    ward = Ward()
    job = Heart("the download in slot 3", patience_s=300)
    job.beat()
    ward.jobs.append(job)
    ward.pass_time(295, ward.governor)
    assert ward.told() == []
    ward.pass_time(20, ward.governor)
    assert [kind for kind, _ in ward.told()] == ["thread_stuck"]
    ward.jobs.clear()
    ward.pass_time(LOOK_S, ward.governor)
    assert ward.vitals.reason == ""
    assert [kind for kind, _ in ward.told()] == ["thread_stuck", "thread_recovered"]


def test_what_a_thread_died_of_is_logged_and_told_and_it_is_not_stuck(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ward = Ward()
    told: list[tuple[str, BaseException]] = []
    ward.writer.on_death = lambda name, error: told.append((name, error))

    def body() -> None:
        ward.writer.beat()
        raise ZeroDivisionError

    ward.writer.guard(body)
    assert [(name, type(error)) for name, error in told] == [("the writer", ZeroDivisionError)]
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert record.exc_info is not None
    ward.pass_time(10 * PATIENCE_S, ward.governor)
    assert ward.told() == []
