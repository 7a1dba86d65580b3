"""What commands print with ``--json`` has the keys that are documented, all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.archive import hold_host, run_once, settings_for

from podfetch_tui.cli.json_keys import JSON_KEYS
from podfetch_tui.cli.main import podfetch
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route

RUNS: dict[str, list[str]] = {
    "backup": [],
    "config check": [],
    "config describe": ["archive.root"],
    "config diff": [],
    "config show": ["archive.root"],
    "doctor": [],
    "episodes delete": ["1", "--dry-run"],
    "episodes derive": ["1", "--dry-run"],
    "episodes list": [],
    "episodes retry": ["1", "--dry-run"],
    "episodes show": ["1"],
    "episodes skip": ["1", "--dry-run"],
    "events": [],
    "feeds accept-removals": ["--dry-run"],
    "feeds add": ["http://feeds.example/new.xml"],
    "feeds check": ["1", "--dry-run"],
    "feeds edit": ["1", "--priority", "3", "--dry-run"],
    "feeds list": [],
    "feeds pause": ["1", "--dry-run"],
    "feeds raw": ["1"],
    "feeds remove": ["1", "--dry-run"],
    "feeds resume": ["1", "--dry-run"],
    "feeds retire": ["1", "--dry-run"],
    "feeds show": ["1"],
    "hosts list": [],
    "hosts release": ["nobody.example"],
    "quarantine edit-url": ["2", "http://feeds.example/moved.xml", "--no-probe", "--dry-run"],
    "quarantine list": [],
    "quarantine probe": ["2"],
    "quarantine release": ["2", "--dry-run"],
    "quarantine retire": ["2", "--dry-run"],
    "quarantine show": ["2"],
    "quarantine snooze": ["2", "--until", "1d", "--dry-run"],
    "import": ["-"],
    "import --dry-run": ["-"],
    "restore": ["BACKUP", "--yes"],
    "restore --dry-run": ["BACKUP"],
    "status": [],
    "verify": [],
    "verify --list": [],
    "why EPISODE": ["episode:1"],
    "why FEED": ["1"],
}
"""Arguments for each entry that this test can run; others need more than an archive."""
NEED_MORE = {
    "limits get",
    "limits reset",
    "limits set",
    "pause",
    "reload",
    "resume",
    "stop",
    "undo",
}
"""Entries that other tests look at, for they need a running engine."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("keys") / "archive"
    with pytest.MonkeyPatch.context() as patch, PodcastHost() as host:
        patch.setenv("PODFETCH_STATE_DIR", str(root.parent / "state"))
        entries = feeds.items("one", 2, host.url("/{n}.mp3", "127.0.0.9"), length=20_000)
        for number in (1, 2):
            path = f"/{number}.mp3"
            host.table.routes[path] = Route(body=Media(path, 20_000), content_type="audio/mpeg")
        host.table.routes["/one.xml"] = Route(body=feeds.rss("The one show", entries))
        early = {"open_after_failures": 1, "quarantine_after_failures": 1}
        dead = "http://127.0.0.8:9/dead.xml"
        run_once(settings_for(root, quarantine=early), host.url("/one.xml", "127.0.0.9"), dead)
        hold_host(settings_for(root), "busy.example")
        yield root


def printed(archive: Path, name: str) -> list[dict[str, Any]]:
    words = [word for word in name.split() if word.islower() or word.startswith("--")]
    runner = CliRunner()
    more = RUNS[name]
    if "BACKUP" in more:
        runner.invoke(podfetch, ["--archive", str(archive), "backup"])
        made = next((archive / ".podfetch" / "backups").iterdir())
        more = [str(made) if word == "BACKUP" else word for word in more]
    argv = ["--archive", str(archive), *words, *more, "--json"]
    done = runner.invoke(
        podfetch, argv, input="http://feeds.example/a.xml\n", standalone_mode=False
    )
    text = done.stdout
    assert text, (name, done.stderr, done.exception)
    if JSON_KEYS[name].lines:
        return [json.loads(line) for line in text.splitlines()]
    return [json.loads(text)]


def test_every_entry_is_looked_at() -> None:
    assert set(JSON_KEYS) - set(RUNS) == NEED_MORE


@pytest.mark.parametrize("name", sorted(RUNS))
def test_a_command_prints_the_documented_keys(archive: Path, name: str) -> None:
    keys = JSON_KEYS[name]
    for row in printed(archive, name):
        assert list(row) == keys.keys.split()
        for inner, words in keys.inner:
            found = row[inner]
            for one in found if isinstance(found, list) else [found]:
                assert list(one) == words.split()
