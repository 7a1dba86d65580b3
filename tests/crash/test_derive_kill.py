"""``kill -9`` at each step of P8: what was made and not recorded is taken for what it is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import fake_ffmpeg
from support.archive import rows, run_once, settings_for
from support.fake_ffmpeg import ffmpeg_that
from support.pictures import png

from podfetch_tui.catalog import media
from podfetch_tui.catalog.derivatives import derivatives_of
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.derivatives import DeriveEpisodes
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.planned import kinds
from podfetch_tui.storage.verify import Check, check_file, walk

pytestmark = pytest.mark.crash

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.31"

_RUN = """
import os, signal, sys
from pathlib import Path
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.derivatives import SealDerivative
from podfetch_tui.model.writes import Finish
from support.archive import run_once, settings_for
left, begun = int(sys.argv[2]), False
def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
def hook(event, args):
    if begun and event in {"os.rename", "os.remove", "os.link"}:
        step()
sys.addaudithook(hook)
submit = Writer.submit
def slowly(self, write, **more):
    global begun
    begun = begun or isinstance(write, SealDerivative)
    if not isinstance(write, (SealDerivative, Finish)) or not begun:
        return submit(self, write, **more)
    future = submit(self, write, **more)
    future.exception()
    step()
    return future
Writer.submit = slowly
run_once(settings_for(Path(sys.argv[1]), media={"transform": "tags", "extras": ("cover",)}))
"""


def tagging(root: Path) -> Settings:
    return settings_for(root, media={"transform": "tags", "extras": ("cover",)})


def derive(root: Path, die_at: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(root), str(die_at)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def published(settings: Settings) -> dict[str, int]:
    """Path and inode of each derivative whose row has its digest and whose name has its file."""
    with archives.reading(settings) as (layout, catalog):
        named = [row.path for row in derivatives_of(catalog, 1) if row.digest]
        files = {path: layout.media(path) for path in named}
        return {path: file.stat().st_ino for path, file in files.items() if file.exists()}


def stocked(root: Path, host: PodcastHost) -> None:
    """Archive an episode, and ask for a cover and a tagged copy of it."""
    path = "/one.mp3"
    host.table.routes[path] = Route(body=Media(path, 60_000))
    host.table.routes["/c.png"] = Route(body=png())
    body = (
        f"<rss version='2.0'><channel><title>Show</title><image><url>{host.url('/c.png', ADDRESS)}"
        f"</url></image><item><title>One</title><guid>1</guid><enclosure type='audio/mpeg'"
        f" url='{host.url(path, ADDRESS)}'/></item></channel></rss>"
    )
    host.table.routes["/show.xml"] = Route(body=body.encode())
    run_once(settings_for(root), host.url("/show.xml", ADDRESS))
    settings = tagging(root)
    with archives.changing(settings) as archive:
        write = DeriveEpisodes(episode_ids=(1,), kinds=kinds(settings), at=archive.clock.now_ms())
        archive.writer.submit(write).result()


def test_a_kill_at_any_step_of_p8_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", ffmpeg_that(tmp_path / "bin", fake_ffmpeg.COPIES))
    made = tmp_path / "made"
    unrecorded, die_at, code = 0, 1, 1
    with PodcastHost() as host:
        stocked(made, host)
        whole = (made / "Show" / "undated One.mp3").read_bytes()
        while code:
            root = tmp_path / str(die_at)
            shutil.copytree(made, root)
            code = derive(root, die_at)
            settings = tagging(root)
            there = published(settings)
            unrecorded += len(there)
            host.requests.clear()
            run_once(settings)
            asked = {request.path for request in host.requests}
            assert asked <= ({"/c.png"} if "Show/cover.png" not in there else set()), die_at
            (row,) = rows(settings, "episodes")
            assert row["derivatives"] == ["cover:done", "sidecar:done", "tags:done"], die_at
            now = published(settings)
            media_of = {path: ino for path, ino in there.items() if not path.endswith(".json")}
            assert media_of.items() <= now.items(), "made twice"
            assert (root / row["path"]).read_bytes() == whole
            with archives.reading(settings) as (layout, catalog):
                files = list(media.files(catalog))
                for file in files:
                    found = check_file(layout, file.path, size=file.size, sha256=file.sha256)
                    assert found is Check.OK, (die_at, file.path)
                assert {path for path, _ in walk(layout)} == {file.path for file in files}, die_at
                assert not list(layout.parts.iterdir()), die_at
            shutil.rmtree(root)
            die_at += 1
    assert die_at > 8, die_at
    assert unrecorded > 5, "kills between file and record are what this is about"
