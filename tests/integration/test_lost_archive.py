"""An archive that is taken away while an engine works on it: the engine ends, harmlessly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.archive import add_feeds, rows, run_once, settings_for
from support.wait import wait_for

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route

SIZE = 600_000


def serve(host: PodcastHost) -> str:
    entries = feeds.items("one", 6, host.url("/one/{n}.mp3", "127.0.0.9"), length=SIZE)
    for number in range(1, 7):
        path = f"/one/{number}.mp3"
        host.table.routes[path] = Route(
            body=Media(path, SIZE), content_type="audio/mpeg", etag=f'"{number}"', rate=400_000
        )
    host.table.routes["/one.xml"] = Route(body=feeds.rss("The one show", entries))
    return host.url("/one.xml", "127.0.0.9")


def move_away(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


def replace_by_an_empty_folder(root: Path) -> None:
    move_away(root)
    root.mkdir()


def replace_by_another_archive(root: Path) -> None:
    other = root.with_name("other")
    with archives.changing(settings_for(other)):
        pass
    move_away(root)
    other.rename(root)


def delete_the_lock(root: Path) -> None:
    (root / ".podfetch" / "lock").unlink()


def content(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")} if root.exists() else set()


@pytest.mark.parametrize(
    "loss", [move_away, replace_by_an_empty_folder, replace_by_another_archive, delete_the_lock]
)
def test_a_lost_archive_ends_the_engine_and_nothing_is_written_elsewhere(
    tmp_path: Path, loss: Callable[[Path], None]
) -> None:
    root = tmp_path / "archive"
    settings = settings_for(root)
    with PodcastHost() as host:
        with archives.changing(settings) as archive:
            add_feeds(archive, serve(host))
            with compose.engine_on(archive, settings) as engine:
                wait_for(lambda: any(w.phase == "stream" for w in engine.telemetry.workers()))
                loss(root)
                before = content(root)
                wait_for(engine.finished.is_set, 10)
                wait_for(lambda: engine.governor.latest.state == "stopped")
                engine.stop(timeout=5)
        assert engine.end.exit_code == 7
        assert "moved, unmounted or replaced" in engine.end.text
        assert str(root) in engine.end.text
        if loss is delete_the_lock:
            return
        assert content(root) == before
        kept = tmp_path / "elsewhere"
        assert (kept / ".podfetch" / "catalog.db").is_file()
        if root.exists():
            root.rename(tmp_path / "stranger")
        kept.rename(root)
        host.table.routes = {
            path: Route(body=route.body, content_type=route.content_type, etag=route.etag)
            for path, route in host.table.routes.items()
            if isinstance(route, Route)
        }
        run_once(settings)
        assert {row["state"] for row in rows(settings, "episodes")} == {"archived"}
