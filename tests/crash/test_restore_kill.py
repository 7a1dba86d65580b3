"""A backup made under load, and a restore that is killed at each of its steps."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from support.archive import add_feeds, rows, settings_for
from support.cataloguing import recount
from support.program import podfetch as in_process
from support.stocking import stock
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.model.errors import ArchiveUnusable

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parents[2]
FEEDS, EPISODES, SIZE = 4, 6, 60_000

_RESTORE = """
import os, signal, sys
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.cli.main import main
left = int(sys.argv.pop(1))
def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
def hook(event, args):
    ours = event in {"os.rename", "os.remove", "os.link"} or (
        event == "open" and isinstance(args[2], int) and args[2] & (os.O_CREAT | os.O_WRONLY))
    if ours and ".pyc" not in str(args[0]):
        step()
sys.addaudithook(hook)
submit = Writer.submit
def slowly(self, write, **more):
    step()
    future = submit(self, write, **more)
    future.exception()
    step()
    return future
Writer.submit = slowly
main()
"""


def podfetch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return in_process("--archive", str(root), *words)


def restore(root: Path, backup: str, die_at: int) -> int:
    words = [str(die_at), "--archive", str(root), "restore", backup, "--yes"]
    done = subprocess.run(
        [sys.executable, "-c", _RESTORE, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def test_a_restore_that_is_killed_anywhere_is_finished_by_the_next_one(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with archives.changing(settings_for(made)) as archive:
        (feed_id,) = add_feeds(archive, "https://a.example/")
        stock(archive, feed_id, ["one", "two"])
    backup = json.loads(podfetch(made, "backup", "--json").stdout)["path"]
    with archives.changing(settings_for(made)) as archive:
        stock(archive, feed_id, ["three"])
    (made / "Show 1" / "one.mp3").unlink()
    die_at, code, none_left = 1, 1, 0
    while code:
        root = tmp_path / str(die_at)
        shutil.copytree(made, root)
        code = restore(root, backup, die_at)
        catalog = root / ".podfetch" / "catalog.db"
        if not catalog.exists():
            none_left += 1
            refused = podfetch(root, "feeds", "add", "https://b.example/")
            assert refused.returncode == 7, "an empty catalogue would fetch everything again"
        done = podfetch(root, "restore", backup, "--yes", "--json")
        assert done.returncode == 0, done.stderr
        assert [row["state"] for row in rows(settings_for(root), "episodes")] == [
            "missing",
            "archived",
        ]
        assert recount(catalog) == []
        names = {path.name for path in catalog.parent.iterdir()}
        assert not [name for name in names if name.endswith(".restoring")], die_at
        assert not names & {"catalog.db-wal", "catalog.db-shm"}
        shutil.rmtree(root)
        die_at += 1
    assert die_at > 10
    assert none_left >= 1, "the moment without a catalogue was not met"


def serve(host: PodcastHost, number: int) -> str:
    name, address = f"feed{number}", f"127.0.6.{number + 1}"
    entries = feeds.items(
        name, EPISODES, host.url(f"/media/{name}/{{n}}.mp3", address), length=SIZE, notes_bytes=60
    )
    body = feeds.rss(f"Feed {number}", entries)
    host.table.routes[f"/{name}.xml"] = Route(body=body)
    return host.url(f"/{name}.xml", address)


class Shelf:
    """Serves a few files at once and the rest slowly, until the backup is made."""

    def __init__(self) -> None:
        self.is_backed_up = False
        self._left = 6

    def __call__(self, request: Request) -> Route:
        self._left -= 1
        rate = 200_000 if self.is_backed_up or self._left >= 0 else 30_000
        return Route(body=Media(request.path, SIZE), content_type="audio/mpeg", rate=rate)


def start(root: Path, urls: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "support.kill_child", str(root), *urls]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    return subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)


def described(root: Path, least: int) -> bool:
    """Say whether so many are archived and have their sidecar: a restore can take them in."""
    try:
        made = [row["derivatives"] for row in rows(settings_for(root), "episodes")]
    except ArchiveUnusable:
        return False
    return sum("sidecar:done" in kinds for kinds in made) >= least


def archived_in(backup: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{backup}?immutable=1", uri=True)) as db:
        query = "SELECT count(*) FROM episode WHERE state = 'archived'"
        return int(db.execute(query).fetchone()[0])


def test_a_backup_under_load_loses_no_file_after_a_crash(tmp_path: Path) -> None:
    root, safe = tmp_path / "archive", tmp_path / "safe"
    with PodcastHost() as host:
        host.table.fallback = shelf = Shelf()
        urls = [serve(host, number) for number in range(FEEDS)]
        child = start(root, urls)
        try:
            wait_for(partial(described, root, 3), 60)
            made = podfetch(root, "backup", "--to", str(safe), "--json")
            assert made.returncode == 0, made.stderr
            shelf.is_backed_up = True
            backup = json.loads(made.stdout)
            wait_for(partial(described, root, archived_in(backup["path"]) + 4), 60)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
        shutil.rmtree(root / ".podfetch")
        before = set(root.rglob("*.mp3"))
        done = podfetch(root, "restore", backup["path"], "--json")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["missing"] == 0
        assert told["adopted"] > 0
        seen = len(host.requests)
        assert start(root, urls).wait(100) == 0
        later = [served.path for served in host.requests[seen:] if served.path.endswith(".mp3")]
    episodes = rows(settings_for(root), "episodes")
    assert [row["state"] for row in episodes] == ["archived"] * FEEDS * EPISODES
    assert len(later) == len(set(later))
    assert len(later) <= FEEDS * EPISODES - len(before) + 8, "only what was in flight comes again"
    checked = json.loads(podfetch(root, "verify", "--deep", "--json").stdout)
    assert (checked["missing"], checked["mismatched"]) == (0, 0)
    assert checked["foreign"] <= 8, "what was published but not yet described"
    assert recount(root / ".podfetch" / "catalog.db") == []
