"""A screen that is attached to the engine of another process, over its real socket."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.archive import add_feeds, make_due, run_once, settings_for
from support.shows import show
from support.stage import UNICODE, Stage, painted, settle
from support.wait import wait_for

from podfetch_tui.api.attached import Attachment
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.system.instance import holder
from podfetch_tui.ui.app import PodFetchApp

LARGE = 3_000_000
DRIP = Route(body=b"ID3" + bytes(LARGE), content_type="audio/mpeg", rate=20_000)
FEEDS = 40
"""Feeds of the archive that nobody answers for: enough for more than a screenful."""


@dataclass
class World:
    """The engine of another process, and what it says."""

    client: RemoteClient
    host: PodcastHost
    root: Path
    ini: Path

    def feed(self, number: int) -> dict[str, Any]:
        """Return the row of a feed."""
        return dict(self.client.query(PageRequest(kind="feeds", ids=(number,))).rows[0])

    def episodes(self, filter_: str) -> int:
        """Return how many episodes pass a filter."""
        request = PageRequest(kind="episodes", filter=filter_, only_ids=True)
        return len(self.client.query(request).ids)

    def asked(self, path: str) -> int:
        """Return how often the host was asked for ``path``."""
        return sum(one.path == path for one in self.host.requests)

    def setting(self, key: str) -> str:
        """Return a setting as it holds."""
        page = self.client.query(PageRequest(kind="settings", limit=1000))
        return next(str(row["value"]) for row in page.rows if row["key"] == key)


Deed = Callable[[Stage, World], Awaitable[None]]


@contextlib.contextmanager
def engine(root: Path, ini: Path) -> Iterator[RemoteClient]:
    """Run the program headless and connect to it."""
    argv = [sys.executable, "-m", "podfetch_tui", "--config", str(ini), "--no-ui"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, stdout=quiet, stderr=quiet)
    try:
        wait_for(lambda: (who := holder(root / ".podfetch" / "lock")) is not None and who.socket)
        with contextlib.closing(connect(root)) as client:
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def connect(root: Path) -> RemoteClient:
    """Connect to the engine on ``root``."""
    who = holder(root / ".podfetch" / "lock")
    assert who is not None
    return RemoteClient(Path(who.socket))


@contextlib.contextmanager
def world_in(tmp_path: Path) -> Iterator[World]:
    """Feed 1 is well, 2 is in quarantine, 3 downloads slowly, the others wait for tomorrow."""
    root, ini = tmp_path / "archive", tmp_path / "podfetch.ini"
    sold = {"quarantine_after_failures": 2, "open_after_failures": 1, "cooldown": 0.1}
    settings = settings_for(root, retry={"attempts": 1}, quarantine=sold)
    ini.write_text(
        f"[archive]\nroot = {root}\nmin_free = 0\nmin_free_percent = 0\n"
        "[network]\nallow_private = 127.0.0.0/8\n"
        "# As many as the line bears.\n[engine]\nbatch_min = 60\ndownload_workers = 4\n"
        "drain_timeout = 0\n"
        "[throttle]\nadaptive = no\n"
    )
    with PodcastHost() as host:
        well = show(host, "tides", count=3, address="127.0.0.21")
        gone = show(host, "sold", count=2, address="127.0.0.22")
        run_once(settings, well, gone)
        host.table.routes["/sold.xml"] = Route(status=404, body=b"for sale")
        for _ in range(2):
            make_due(settings)
            run_once(settings)
        slow = show(host, "slow", {1: DRIP, 2: DRIP}, count=2, address="127.0.0.23", size=LARGE)
        with archives.changing(settings) as archive:
            add_feeds(archive, slow)
            add_feeds(archive, *(host.url(f"/none{n}.xml", "127.0.0.24") for n in range(FEEDS)))
        with engine(root, ini) as client:
            made = World(client, host, root, ini)
            wait_for(lambda: client.snapshot().lanes["download"].busy == 2)
            wait_for(lambda: made.asked(f"/none{FEEDS - 1}.xml"))
            yield made


def play(world: World, deed: Deed) -> PodFetchApp:
    """Attach a screen, press the keys of ``deed`` there and leave."""
    with contextlib.closing(Attachment(lambda: connect(world.root))) as attachment:
        app = PodFetchApp(attachment, UNICODE, link=lambda: attachment.link)

        async def run() -> None:
            async with app.run_test(size=(120, 36), notifications=True) as pilot:
                stage = Stage(app, pilot, attachment)  # type: ignore[arg-type]  # it is not looked at
                await settle(stage)
                await deed(stage, world)

        asyncio.run(run())
    return app


async def comes(stage: Stage, holds: Callable[[], object]) -> None:
    """Return when something holds at the engine or on the screen."""
    for _ in range(600):
        await settle(stage)
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("\n".join(["it never came", *painted(stage.app)]))
