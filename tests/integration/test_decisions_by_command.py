"""Pausing, retiring, skipping, retrying and deleting as a user does it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import program
from support.archive import add_feeds, rows, settings_for
from support.stocking import stock

from podfetch_tui.cli import archive as archives


def podfetch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return program.podfetch("--archive", str(root), *words)


def asked(root: Path, *words: str, code: int = 0) -> Any:
    done = podfetch(root, *words, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two feeds of three archived episodes each."""
    settings = settings_for(tmp_path / "archive")
    with archives.changing(settings) as archive:
        for feed_id in add_feeds(archive, "https://a.example/", "https://b.example/"):
            stock(archive, feed_id, ["one", "two", "three"])
    return tmp_path / "archive"


def states(root: Path, kind: str) -> list[str]:
    return [row["state"] for row in rows(settings_for(root), kind)]


def test_feeds_are_paused_resumed_and_retired(root: Path) -> None:
    assert asked(root, "feeds", "pause", "1", "--reason", "loud") == {
        "paused": 1,
        "ids": [1],
        "refused": [],
        "dry_run": False,
        "operation": 1,
    }
    (row, _) = rows(settings_for(root), "feeds")
    assert (row["state"], row["state_reason"]) == ("paused", "by operator: loud")
    again = asked(root, "feeds", "pause", "1", code=1)
    assert again["refused"] == [{"id": 1, "reason": "is paused already"}]
    assert asked(root, "feeds", "resume", "state:paused")["resumed"] == 1
    dry = asked(root, "feeds", "retire", "host:example", "--dry-run")
    assert (dry["retired"], dry["dry_run"]) == (2, True)
    assert states(root, "feeds") == ["active", "active"]
    refused = podfetch(root, "feeds", "retire", "host:example")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert asked(root, "feeds", "retire", "host:example", "--yes")["retired"] == 2
    assert asked(root, "feeds", "remove", "2", code=1)["retired"] == 0
    assert states(root, "feeds") == ["retired", "retired"]


def test_what_is_deleted_is_gone_with_what_was_made_of_it(root: Path) -> None:
    folder = root / "Show 1"
    assert asked(root, "episodes", "delete", "title:t feed:1", "--dry-run")["deleted"] == 2
    assert len(list(folder.iterdir())) == 6
    assert asked(root, "episodes", "delete", "title:t feed:1", "--yes")["deleted"] == 2
    assert sorted(path.name for path in folder.iterdir()) == ["one.mp3", "one.mp3.json"]
    verified = asked(root, "verify", "--deep")
    assert (verified["ok"], verified["foreign"], verified["missing"]) == (8, 0, 0)
    refused = asked(root, "episodes", "retry", "2", code=1)
    assert refused["refused"] == [{"id": 2, "reason": "was deleted: --undelete fetches it again"}]
    assert asked(root, "episodes", "retry", "2", "--undelete")["due"] == 1
    assert states(root, "episodes")[:3] == ["archived", "pending", "deleted"]


def test_an_archived_file_that_is_gone_is_fetched_again_when_asked_for(root: Path) -> None:
    (root / "Show 1" / "one.mp3").unlink()
    told = asked(root, "episodes", "retry", "feed:1", "--yes")
    assert told["ids"] == [1]
    assert [refused["reason"] for refused in told["refused"]] == ["is archived"] * 2
    assert states(root, "episodes")[:2] == ["pending", "archived"]


def test_skipping_is_for_what_is_not_there_yet(root: Path) -> None:
    refused = asked(root, "episodes", "skip", "1", "--reason", "long", code=1)
    assert refused["refused"] == [{"id": 1, "reason": "is archived: delete it instead"}]
    (root / "Show 1" / "one.mp3").unlink()
    asked(root, "episodes", "retry", "1")
    assert asked(root, "episodes", "skip", "1", "--reason", "long")["skipped"] == 1
    (row, *_) = rows(settings_for(root), "episodes")
    assert (row["state"], row["error"]) == ("skipped", "by operator: long")


def test_an_engine_finishes_what_a_killed_deletion_left(root: Path) -> None:
    from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision

    with archives.changing(settings_for(root)) as archive:
        write = DecideEpisodes(episode_ids=(1, 2), decision=EpisodeDecision.DELETE, at=1)
        archive.writer.submit(write).result()
    assert len(list((root / "Show 1").iterdir())) == 6
    podfetch(root, "feeds", "pause", "host:example", "--yes")
    assert podfetch(root, "--no-ui", "--once").returncode == 0
    assert len(list((root / "Show 1").iterdir())) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("feeds", "pause", "99"),
        ("feeds", "retire", "nope:1"),
        ("episodes", "delete", "https://nowhere.example/x.mp3"),
        ("episodes", "skip", "state:nope"),
    ],
)
def test_what_means_nothing_changes_nothing(root: Path, words: tuple[str, ...]) -> None:
    done = podfetch(root, *words, "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert states(root, "feeds") == ["active"] * 2
    assert states(root, "episodes") == ["archived"] * 6
