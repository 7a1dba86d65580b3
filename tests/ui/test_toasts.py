"""Toasts: repeats are one with a count, few stand at once, none of them is markup."""

from __future__ import annotations

from support.fake_client import FakeClient, busy_snapshot
from support.stage import SMALL, Stage, painted, play, settle
from textual.widgets._toast import Toast

from podfetch_tui.ui.toasts import MOST, Toasts


def toasts(stage: Stage) -> list[str]:
    return [str(toast.render()) for toast in stage.app.screen.query(Toast)]


def test_repeats_are_one_toast_with_a_count() -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(37):
            stage.app.bridge.toast("no engine answers", "error")
        stage.app.bridge.toast("done")
        await settle(stage)
        assert toasts(stage) == ["no engine answers (×37)", "done"]
        assert "no engine answers (×37)" in "\n".join(painted(stage.app))

    play(FakeClient(busy_snapshot()), scene)


def test_few_stand_at_once_and_the_newest_ones() -> None:
    async def scene(stage: Stage) -> None:
        for number in range(50):
            stage.app.bridge.toast(f"number {number}")
        await settle(stage)
        assert toasts(stage) == [f"number {number}" for number in range(50 - MOST, 50)]

    play(FakeClient(busy_snapshot()), scene, size=SMALL)


def test_what_is_gone_is_counted_anew() -> None:
    async def scene(stage: Stage) -> None:
        now = 0.0
        shown = Toasts(stage.app, lambda: now)
        shown.show("saved", "information")
        await settle(stage)
        now = 1.0
        shown.show("saved", "information")
        await settle(stage)
        assert toasts(stage) == ["saved (×2)"]
        now = 60.0
        shown.show("saved", "information")
        await settle(stage)
        assert toasts(stage) == ["saved"]

    play(FakeClient(busy_snapshot()), scene)


def test_a_repeat_of_other_weight_is_another_toast() -> None:
    async def scene(stage: Stage) -> None:
        stage.app.bridge.toast("saved")
        stage.app.bridge.toast("saved", "warning")
        await settle(stage)
        assert toasts(stage) == ["saved", "saved"]

    play(FakeClient(busy_snapshot()), scene)


def test_no_toast_is_markup_or_longer_than_a_few_lines() -> None:
    async def scene(stage: Stage) -> None:
        stage.app.bridge.toast("[@click=app.quit]press[/] [b]here")
        stage.app.bridge.toast("zalgo" + "\u0301\u0336" * 400)
        stage.app.bridge.toast("x" * 100_000)
        await settle(stage)
        first, second, third = toasts(stage)
        assert first == "[@click=app.quit]press[/] [b]here"
        assert len(second) < 20
        assert len(third) <= 300

    play(FakeClient(busy_snapshot()), scene)
