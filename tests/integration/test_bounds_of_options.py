"""What stands behind an option is checked before it goes anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.program import json_lines, podfetch

URL = "http://feeds.example/a.xml"
HUGE = "9" * 20


def test_what_feeds_add_is_told_of_a_feed_is_read_as_a_list_is(tmp_path: Path) -> None:
    archive = ("--archive", str(tmp_path / "archive"))
    title, tag = "My\x1b]0;pwned\x07 show", "red\x1b[31m"
    done = podfetch(*archive, "feeds", "add", URL, "--title", title, "--tag", tag, "--tag", "a,b")
    assert done.returncode == 0, done.stderr
    (feed,) = json_lines(*archive, "feeds", "list", "--json")
    assert (feed["title"], feed["tags"]) == ("My ]0;pwned show", ["a", "b", "red [31m"])
    assert podfetch(*archive, "feeds", "list").stdout.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("feeds", "add", URL, "--priority", HUGE), "--priority"),
        (("feeds", "add", URL, "--priority", "2000000"), "up to 1000000"),
        (("feeds", "add", URL, "--tag", ",".join(map(str, range(60)))), "--tag"),
        (("feeds", "edit", "1", "--tag", ",".join(map(str, range(60)))), "--tag"),
        (("events", "--limit", HUGE), "--limit"),
        (("events", "--since", "999999999999w"), "--since"),
        (("feeds", "list", "--limit", HUGE), "--limit"),
        (("episodes", "list", "--limit", HUGE), "--limit"),
        (("quarantine", "list", "--limit", HUGE), "--limit"),
        (("quarantine", "snooze", "1", "--until", "999999999999w"), "--until"),
        (("quarantine", "release", "1", "--stagger", "999999999999w"), "--stagger"),
        (("undo", HUGE), "ID"),
        (("limits", "set", "engine.per_host=3", "--for", "999999999999w"), "--for"),
        (("--no-ui", "--for", "999999999999w"), "--for"),
        (("--no-ui", "--for", "52000w"), "at most 5200w"),
    ],
)
def test_what_no_archive_can_hold_is_a_mistake_of_usage(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    archive = ("--archive", str(tmp_path / "archive"))
    assert podfetch(*archive, "feeds", "add", "http://feeds.example/0.xml").returncode == 0
    done = podfetch(*archive, *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(json_lines(*archive, "feeds", "list", "--json")) == 1
