"""An event reads the same for people and for machines."""

from __future__ import annotations

import json

import msgspec
from support.fake_client import NOW, busy_snapshot, event

from podfetch_tui.headless.lines import json_line, json_lost, json_progress, text_line

FAILED = event(
    20,
    "episode_failed",
    "no such file",
    feed_id=7,
    episode_id=31,
    family="permanent",
    code="http_404",
)


def test_a_json_line_has_the_keys_of_the_command_line() -> None:
    line = json_line(FAILED)
    assert "\n" not in line
    assert json.loads(line) == {
        "at": "2026-10-20T10:42:07.000Z",
        "kind": "episode_failed",
        "feed_id": 7,
        "episode_id": 31,
        "family": "permanent",
        "code": "http_404",
        "text": "no such file",
        "feed_title": None,
        "episode_title": None,
    }


def test_a_text_line_names_who_and_why() -> None:
    assert FAILED.at == NOW
    assert text_line(FAILED).endswith("✗ episode 31 failed, feed 7 (http_404): no such file")
    named = msgspec.structs.replace(FAILED, feed_title="The show", episode_title="One\x1b[2J")
    assert "✗ episode 31 “One [2J” failed, feed 7 “The show” (http_404)" in text_line(named)
    assert '"The show"' in text_line(named, ascii_only=True)
    polled = event(1, "feed_polled", feed_id=12, code="ok")
    assert text_line(polled).endswith("✓ feed 12 polled")
    assert text_line(event(1, "engine_started", "/srv")).endswith("· engine started: /srv")


def test_a_text_line_can_do_without_unicode() -> None:
    line = text_line(
        event(1, "episode_archived", "第 – x…", episode_id=1, feed_id=2), ascii_only=True
    )
    assert line.endswith("+ episode 1 archived, feed 2: ? - x~")


def test_a_text_line_is_one_line() -> None:
    line = text_line(event(1, "feed_failed", "a\nb\x1b[2J\u202e", feed_id=1))
    assert line.isprintable()


def test_progress_and_gaps_are_objects_of_their_own_kind() -> None:
    progress = json.loads(json_progress(busy_snapshot()))
    assert progress["kind"] == "progress"
    assert progress["totals"]["archived"] == 1_188
    assert progress["busy"] == {"poll": 24, "download": 8}
    assert json.loads(json_lost(busy_snapshot()))["kind"] == "events_lost"
