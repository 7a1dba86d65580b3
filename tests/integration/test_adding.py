"""Feeds are added to a running engine through its doorway, and looked at before."""

from __future__ import annotations

from pathlib import Path

from support.archive import rows, running, settings_for
from support.wait import wait_for

from podfetch_tui.api import codec
from podfetch_tui.api.local import LocalClient
from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.commands import AddFeeds, ProbeUrl

WELL = Route(
    body=feeds.rss("Harbour", feeds.items("one", 2, "http://127.0.0.9:9/{n}.mp3", length=9)),
    content_type="application/rss+xml",
)


def test_a_list_is_planned_taken_in_and_polled(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    with PodcastHost() as host, running(settings) as engine:
        host.table.routes["/feed.xml"] = WELL
        client = LocalClient(engine)
        url = host.url("/feed.xml", "127.0.0.41")

        looked = client.send(ProbeUrl(url=url)).probe
        assert looked is not None
        assert (looked.feed_id, looked.ok, looked.found_title, looked.items) == (
            0, True, "Harbour", 2,
        )  # fmt: skip
        lost = client.send(ProbeUrl(url=host.url("/nothing.xml", "127.0.0.41"))).probe
        assert lost is not None
        assert (lost.ok, lost.code) == (False, "http_404")
        refused = client.send(ProbeUrl(url="ftp://user:secret@old.example/feed"))
        assert not refused.ok
        assert "secret" not in refused.text
        assert rows(settings, "feeds") == []

        data = f"{url}\n{url}\nftp://user:secret@old.example/feed\n".encode()
        plan = client.send(AddFeeds(data=data, dry_run=True))
        assert plan.added is not None
        assert (plan.added.new, plan.added.duplicate, plan.added.rejected) == (1, 1, 1)
        assert plan.added.rejects[0].line == 3
        assert "secret" not in plan.added.rejects[0].text
        assert rows(settings, "feeds") == []

        done = client.send(AddFeeds(data=data))
        assert (done.ok, done.affected) == (True, 1)
        wait_for(lambda: [row["title"] for row in rows(settings, "feeds")] == ["Harbour"])
        again = client.send(AddFeeds(data=url.encode(), dry_run=True)).added
        assert again is not None
        assert (again.new, again.duplicate, again.ids) == (0, 1, (1,))

        waits = client.send(AddFeeds(data=b"https://a.example/x\n", paused=True))
        assert waits.ok
        assert rows(settings, "feeds")[1]["state_reason"] == "imported paused"
        page = client.send(AddFeeds(data=b"<html><body>no</body></html>"))
        assert not page.ok
        assert page.added is None


def test_a_list_of_bytes_passes_the_wire_as_it_is() -> None:
    command = AddFeeds(data=b"\xff\xfe\x00list", source="/x/list.opml", paused=True)
    line = codec.encode_request(1, "send", command)
    assert codec.decode_request(line)[1] == command
