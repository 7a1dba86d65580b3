"""kill -9 at each step of a deletion: what is deleted goes whole, what is not stays whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.archive import add_feeds, settings_for
from support.cataloguing import recount
from support.stocking import stock

from podfetch_tui.catalog import media
from podfetch_tui.catalog.erasures import erasures
from podfetch_tui.cli import archive as archives
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.erasures import finish_erasures
from podfetch_tui.storage.verify import Check, check_file, walk

pytestmark = pytest.mark.crash

_DELETE = """
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
    if event == "os.remove" and ".part" not in str(args[0]):
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


def delete(settings: Settings, die_at: int) -> int:
    root = settings.archive.root
    words = [str(die_at), "--archive", root, "episodes", "delete", "title:b", "--yes"]
    done = subprocess.run(
        [sys.executable, "-c", _DELETE, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def test_a_deletion_that_is_killed_anywhere_is_finished_by_the_next_start(tmp_path: Path) -> None:
    die_at, code = 1, 1
    left = 0
    while code:
        settings = settings_for(tmp_path / str(die_at))
        with archives.changing(settings) as archive:
            (feed_id,) = add_feeds(archive, "https://a.example/")
            # b1 and b2 have the bytes of a1 and of each other: links of one file.
            stock(archive, feed_id, ["a1", "b1", "b2"], body="shared")
            stock(archive, feed_id, ["a3", "b3", "b4"])
        code = delete(settings, die_at)
        with archives.changing(settings) as archive:
            left += sum(1 for _ in erasures(archive.catalog))
            finish_erasures(archive.layout, archive.catalog, archive.writer, archive.clock)
            assert list(erasures(archive.catalog)) == []
            files = list(media.files(archive.catalog))
            for file in files:
                found = check_file(archive.layout, file.path, size=file.size, sha256=file.sha256)
                assert found is Check.OK, (die_at, file.path)
            names = {path for path, _ in walk(archive.layout)}
            assert names == {file.path for file in files}, die_at
            kept = {Path(name).name[:2] for name in names}
            assert kept in ({"a1", "a3"}, {"a1", "a3", "b1", "b2", "b3", "b4"}), die_at
            path = archive.catalog.path
        assert recount(path) == []
        die_at += 1
    assert die_at > 10
    assert left > 10, "kills between row and file are what this is about"
