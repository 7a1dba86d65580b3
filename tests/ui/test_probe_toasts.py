"""What is said after a look at one feed: what came, and what to do then."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from support.fake_client import FakeClient, busy_snapshot, feed_row
from support.stage import Stage, play, press

from podfetch_tui.model.commands import Command, CommandResult, ProbeFeed
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.policy.advice import remedy
from podfetch_tui.policy.classify import TABLE, classify
from podfetch_tui.ui.probed import found

URL = "https://old.example/rss"
LOOK = ProbeReport(
    feed_id=7,
    title="Tides",
    url=URL,
    ok=True,
    items=3,
    known_items=2,
    final_url=URL,
    release="recovers",
    release_text="released, it would be polled at once and be healthy again",
)

HELD = replace(LOOK, state="quarantined")


def failed(code: str, family: str, **more: Any) -> ProbeReport:
    return replace(LOOK, ok=False, code=code, family=family, detail="so it was.", **more)


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        (failed("http_404", "permanent"), "It moved or is gone: e gives it another URL, X retires"),
        (failed("http_410", "permanent"), "gone for good: X retires it, e gives it another URL."),
        (failed("http_429", "deferred"), "polled again by itself; R on Hosts (h) asks the host"),
        (failed("http_503", "transient"), "polled again by itself; R on Hosts (h) asks the host"),
        (failed("http_413", "deferred"), "polled again by itself; R on Hosts (h) asks the host"),
        (failed("not_a_feed", "malformed"), "look at the answer; e gives it another URL."),
        (failed("read_timeout", "transient"), "It may pass, and is tried again by itself; if it"),
        (failed("http_401", "permanent"), "wants credentials: `pods feeds edit 7 --auth NAME`."),
        (failed("network_down", "system"), "trouble of this machine, not of the feed: `pods doc"),
        (LOOK, "ok: 3 items, 2 of them known. Nothing has to be done."),
        (replace(LOOK, final_url="https://new.example/rss"),
         "known; it answers from https://new.example/rss. A move for good is followed by itself"
         " after a day; e takes the new address now."),
        (replace(LOOK, code="replaced", family="malformed"), "e gives it another URL."),
    ],
    ids=lambda value: value.code if isinstance(value, ProbeReport) else "",
)  # fmt: skip
def test_a_look_ends_with_what_to_do(report: ProbeReport, wanted: str) -> None:
    assert wanted in found(report, "pods", release="R")


def test_of_a_feed_in_quarantine_it_is_said_what_a_release_would_do_and_by_which_key() -> None:
    assert found(HELD, "pods", release="R") == (
        "ok: 3 items, 2 of them known; released, it would be polled at once and be healthy again."
        " R releases it."
    )
    back = failed(
        "http_404", "permanent", release_text="released, it would go back", state="quarantined"
    )
    assert found(back, "pods", release="R").endswith(
        "released, it would go back. It moved or is gone: e gives it another URL, X retires it."
    )


def test_what_a_host_answers_in_words_is_shown_as_one_harmless_line() -> None:
    head = "[bold]We moved\x1b[2J to\nhttps://new.example/"
    text = found(failed("http_404", "permanent", head=head), "pods", release="R")
    assert "it answered: [bold]We moved" in text
    assert "https://new.example/" in text
    assert text.isprintable()


def test_every_failure_of_a_feed_has_a_remedy() -> None:
    for rule in TABLE:
        for signal in rule.on if rule.where != "media" else ():
            if isinstance(signal, range):
                continue
            verdict = classify(signal)
            assert remedy(verdict.code, family=verdict.family.value), verdict.code
    for status in range(100, 1000):
        verdict = classify(Kind.HTTP_STATUS, status)
        assert remedy(verdict.code, family=verdict.family.value), status


class Looked(FakeClient):
    """An engine whose probe finds a feed."""

    def send(self, command: Command) -> CommandResult:
        super().send(command)
        if isinstance(command, ProbeFeed):
            return CommandResult(
                ok=True,
                probe=replace(LOOK, feed_id=command.feed_id, state=str(self.feeds[0]["state"])),
            )
        return self.answer


@pytest.mark.parametrize(
    ("state", "wanted"),
    [("active", "Nothing has to be done."), ("quarantined", "R on Quarantine (3) releases it.")],
)
def test_on_feeds_the_toast_knows_whether_the_feed_is_in_quarantine(
    state: str, wanted: str
) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, "2", "t")
        (*_, last) = [note.message for note in stage.app._notifications]
        assert last.startswith("Tides: ok: 3 items")
        assert last.endswith(wanted)

    play(Looked(busy_snapshot(), [feed_row(1, state=state)]), scene)
