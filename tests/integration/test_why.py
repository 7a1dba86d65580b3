"""``why``: the decision trail, and a command that exists."""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import AT, outcome
from support.program import podfetch
from support.stocking import stock

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.main import podfetch as program
from podfetch_tui.model.decisions import DecideFeeds, FeedDecision
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Family, Kind
from podfetch_tui.model.feed import FeedState, Health
from podfetch_tui.model.outcome import JobKind, Result
from podfetch_tui.model.writes import EpisodeEnd, FeedSchedule, Finish
from podfetch_tui.policy import advice
from podfetch_tui.policy.classify import TABLE, classify

SECRET = "s3cr3t-canary"
EVENTS = (
    (Result.SUCCESS, "not_modified", 304),
    (Result.FAILURE, "http_404", 404),
    (Result.FAILURE, "http_404", 404),
)


def why(root: Path, *words: str, code: int = 0) -> str:
    done = podfetch("--archive", str(root), "why", *words)
    assert done.returncode == code, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    settings = settings_for(tmp_path / "archive")
    with archives.changing(settings) as archive:
        (one, _) = add_feeds(
            archive, f"https://u:{SECRET}@a.example/feed?token={SECRET}", "https://b.example/"
        )
        stock(archive, one, ["alpha", "beta"])
        failing = Health(
            consecutive_failures=2, last_error="http_404: none", last_family="permanent"
        )
        for result, code, status in EVENTS:
            end = outcome(one, result=result, code=code, status=status, detail=f"said {status}")
            answer = f"Moved to https://a.example/new?token={SECRET}".encode()
            schedule = FeedSchedule(feed_id=one, health=failing, next_poll_at=AT, evidence=answer)
            archive.writer.submit(Finish(outcome=end, schedule=schedule)).result()
        write = DecideFeeds(feed_ids=(2,), decision=FeedDecision.PAUSE, reason="loud", at=AT)
        archive.writer.submit(write).result()
    return tmp_path / "archive"


def test_a_feed_says_what_it_answered_and_what_comes_next(root: Path) -> None:
    text = why(root, "host:a.example")
    assert "feed        1 · Show 1 · https://***@a.example/feed" in text
    assert text.count("http_404 (status 404)") == 2
    assert "said 304" in text
    assert "last answer Moved to https://a.example/new" in text
    assert "2 failures in a row" in text
    assert "re-check after 2 failures in a row" in text
    assert "2 archived" in text
    assert text.endswith(f"what you can do: podfetch --archive {root} feeds edit 1 --url URL\n")
    found = json.loads(why(root, "1", "--json"))
    assert [poll["code"] for poll in found["polls"]] == ["http_404", "http_404", "not_modified"]
    assert set(found["next"]) == {"at", "in", "why"}
    assert found["do"].startswith("podfetch feeds edit 1")


def test_a_paused_feed_says_who_paused_it_and_why(root: Path) -> None:
    text = why(root, "feed:2")
    assert "paused since" in text
    assert "(by operator: loud)" in text
    assert "pause_feed by command (loud)" in text
    assert "not by itself: never: it is paused" in text
    assert text.endswith(f"what you can do: podfetch --archive {root} feeds resume 2\n")


def test_an_episode_says_where_its_files_are_and_whether_they_are_there(root: Path) -> None:
    text = why(root, "alpha")
    assert "Show 1/alpha.mp3 (media)" in text
    assert "Show 1/alpha.mp3.json (sidecar)" in text
    assert "known as    guid" in text or "known as    enclosure" in text
    (root / "Show 1" / "alpha.mp3").unlink()
    text = why(root, "episode:1")
    assert "Show 1/alpha.mp3 (media) IS NOT THERE" in text
    assert text.endswith(f"what you can do: podfetch --archive {root} episodes retry 1\n")


def test_a_failed_episode_says_why_and_when_again(root: Path) -> None:
    with archives.changing(settings_for(root)) as archive:
        from support.cataloguing import draft, poll

        record = poll(1, draft("late", title="Gamma"))
        archive.writer.submit(record).result()
        end = EpisodeEnd(
            episode_id=3,
            state=EpisodeState.FAILED,
            next_attempt_at=AT,
            family="permanent",
            error="http_404: none",
        )
        tried = outcome(
            1,
            job=JobKind.DOWNLOAD,
            result=Result.FAILURE,
            family=Family.PERMANENT,
            code="http_404",
            status=404,
            episode_id=3,
        )
        archive.writer.submit(Finish(outcome=tried, writes=(end,))).result()
    text = why(root, "gamma")
    assert "failed (http_404: none)" in text
    assert "failure http_404 (status 404)" in text
    assert "re-check" in text
    assert text.endswith(f"what you can do: podfetch --archive {root} episodes retry 3\n")


def test_what_is_missing_beside_a_file_is_made_and_not_fetched(root: Path) -> None:
    (root / "Show 1" / "alpha.mp3.json").unlink()
    assert why(root, "episode:1").endswith(
        f"what you can do: podfetch --archive {root} episodes derive 1\n"
    )


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        ("nothing", "neither a feed nor an episode is 'nothing'"),
        ("feed:99", "no feed '99'"),
        ("episode:99", "no episode '99'"),
        ("host:example", "2 feeds pass 'host:example': name one by its id (1, 2)"),
        ("nope:1", "have no field 'nope'"),
        ("https://c.example/", "neither a feed nor an episode"),
    ],
)
def test_what_is_unknown_is_a_clear_error(root: Path, thing: str, says: str) -> None:
    text = why(root, thing, code=2)
    assert says in text
    assert len(text.splitlines()) == 1


def advised() -> set[str]:
    """Every piece of advice there is."""
    codes = {"", "replaced"}
    for rule in TABLE:
        for signal in rule.on:
            if isinstance(signal, Kind):
                codes.add(classify(signal).code)
            else:
                codes.add(f"http_{signal[0]}")
    families = [None, *(family.value for family in Family)]
    feeds = {
        advice.for_feed(1, state, code=code, family=family, merged_into=into)
        for state, code, family, into in itertools.product(FeedState, codes, families, (None, 2))
    }
    facts: dict[str, list[Any]] = {
        "feed_state": list(FeedState),
        "error": ["", "backlog none", "by operator"],
        "family": ["", "system", "permanent"],
        "is_there": [True, False],
        "is_suspect": [True, False],
        "is_whole": [True, False],
    }
    return feeds | {
        advice.for_episode(1, 1, state, **dict(zip(facts, values, strict=True)))
        for state in EpisodeState
        for values in itertools.product(*facts.values())
    }


@pytest.mark.parametrize("line", sorted(advised()))
def test_every_command_that_is_advised_exists(line: str) -> None:
    for text in line.split("&&"):
        name, *words = shlex.split(text)
        assert name == "podfetch"
        command: click.Command = program
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        options = {opt for param in command.params for opt in param.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_a_feed_that_stands_in_no_file_has_no_line(root: Path) -> None:
    (line,) = [one for one in why(root, "2").splitlines() if one.startswith("lists ")]
    assert line.split() == ["lists", "test"]
