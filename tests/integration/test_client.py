"""Whoever holds a client gets the same of it: in the process, over the socket, or attached."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from support.archive import running, settings_for
from support.wait import wait_for

from podfetch_tui.api import codec
from podfetch_tui.api.attached import Attachment
from podfetch_tui.api.client import EngineClient
from podfetch_tui.api.continued import STRIDE, Continued
from podfetch_tui.api.local import LocalClient
from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.api.server import DoorwayServer
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.commands import CheckFeeds, Pause, Resume, SetLimit, Stop, Undo
from podfetch_tui.model.errors import NoEngine, UsageError
from podfetch_tui.model.events import Event
from podfetch_tui.model.snapshot import PageRequest

URLS = tuple(f"http://127.0.0.9:9/{name}.xml" for name in "abc")
REMOTE = ("remote", "attached")
TOO_LARGE = 2**70


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    quiet = settings_for(tmp_path / "archive", engine={"poll_workers": 0, "download_workers": 0})
    with running(quiet, *URLS) as started:
        yield started


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[DoorwayServer]:
    with contextlib.closing(serve(engine, tmp_path)) as made:
        yield made


def serve(engine: Engine, folder: Path, *, archive: str = "uuid") -> DoorwayServer:
    path = folder / "s" / "e.sock"
    return DoorwayServer(LocalClient(engine), path, archive=archive, root="/archive")


def attached(path: Path, *, read_only: bool = False) -> Attachment:
    return Attachment(
        lambda: RemoteClient(path, read_only=read_only, one_run=True), read_only=read_only
    )


@pytest.fixture(params=["local", "second in a row", *REMOTE])
def client(
    request: pytest.FixtureRequest, engine: Engine, server: DoorwayServer
) -> Iterator[EngineClient]:
    with contextlib.ExitStack() as stack:
        yield made(request.param, engine, server, stack)


def made(
    kind: str, engine: Engine, server: DoorwayServer, stack: contextlib.ExitStack
) -> EngineClient:
    if kind == "local":
        return LocalClient(engine)
    if kind == "second in a row":
        return Continued(LocalClient(engine), 1)
    if kind == "remote":
        return stack.enter_context(contextlib.closing(RemoteClient(server.path)))
    return stack.enter_context(contextlib.closing(attached(server.path)))


def test_a_snapshot_is_the_newest_and_bounded(client: EngineClient) -> None:
    wait_for(lambda: client.snapshot().feeds.get("total") == 3)
    wait_for(lambda: client.snapshot().recent)
    snapshot = client.snapshot()
    assert snapshot.lanes["poll"].limit == 0
    assert [event.seq for event in snapshot.recent][-1:] == [snapshot.seq]
    assert len(codec.encode_result(1, snapshot)) < 64 * 1024


def test_events_come_in_order_and_without_gaps(client: EngineClient) -> None:
    start = client.watch(client.snapshot().seq)
    assert not start.lost
    client.send(Pause())
    client.send(Resume())
    seen: list[Event] = []
    after = start.last_seq
    while len(seen) < 2:
        batch = client.watch(after, 5)
        assert not batch.lost
        seen += batch.events
        after = batch.last_seq
    assert [event.kind for event in seen] == ["engine_paused", "engine_resumed"]
    assert [event.seq for event in seen] == [start.last_seq + 1, start.last_seq + 2]


def test_a_watch_ends_with_the_first_event_or_in_time_with_none(client: EngineClient) -> None:
    last = client.watch(client.snapshot().seq).last_seq
    assert client.watch(last, 0.05).events == ()
    later = threading.Timer(0.05, client.send, (Pause(),))
    later.start()
    batch = client.watch(last, 20)  # far below its timeout, or the test would end it
    later.join()
    assert [event.kind for event in batch.events] == ["engine_paused"]


def test_a_reader_of_numbers_that_nobody_gave_is_told_that_it_lost_some(
    client: EngineClient, engine: Engine
) -> None:
    assert client.watch(5 * STRIDE + 1).lost
    assert client.watch(client.snapshot().seq + 1000).lost
    last = client.watch(client.snapshot().seq).last_seq
    for number in range(4097):
        engine.events.emit("list_read", str(number))
    batch = client.watch(last)
    assert batch.lost
    assert len(batch.events) == 4096
    assert batch.last_seq == batch.events[-1].seq == last + 4097
    assert not client.watch(batch.last_seq).lost


def test_rows_come_in_pages_by_id_and_in_any_order(client: EngineClient) -> None:
    def ids(**wanted: object) -> list[object]:
        request = PageRequest(kind="feeds", limit=2, **wanted)  # type: ignore[arg-type]
        found: list[object] = []
        while True:
            page = client.query(request)
            assert len(page.rows) <= 2
            found += [row["id"] for row in page.rows]
            if page.next_after is None:
                return found
            request = msgspec.structs.replace(request, after=page.next_after, key=page.next_key)

    assert ids() == [1, 2, 3]
    assert ids(sort="-url") == [3, 2, 1]
    assert ids(filter="b.xml") == [2]
    assert client.query(PageRequest(kind="episodes", feed_id=1)).rows == ()


@pytest.mark.parametrize(
    "wrong", [PageRequest(kind="feeds", filter="fail>"), PageRequest(kind="nonsense")]
)
def test_a_question_that_makes_no_sense_is_refused_and_the_next_one_answered(
    client: EngineClient, wrong: PageRequest
) -> None:
    for _ in range(5):
        with pytest.raises(UsageError):
            client.query(wrong)
    assert client.query(PageRequest(kind="feeds")).rows


@pytest.mark.parametrize(
    "asked",
    [
        PageRequest(kind="feeds", after=TOO_LARGE),
        PageRequest(kind="feed", feed_id=TOO_LARGE),
        PageRequest(kind="events", after=TOO_LARGE),
        PageRequest(kind="history", key=[TOO_LARGE, 0, 1]),
    ],
)
def test_a_number_that_the_catalogue_cannot_hold_is_refused_and_drops_nobody(
    client: EngineClient, asked: PageRequest
) -> None:
    with pytest.raises(UsageError, match="too large"):
        client.query(asked)
    with pytest.raises(UsageError, match="too large"):
        client.send(Undo(operation=TOO_LARGE))
    assert client.query(PageRequest(kind="feeds")).rows


def test_a_command_is_carried_out_or_refused_with_a_sentence(client: EngineClient) -> None:
    assert client.send(SetLimit(key="engine.download_workers", value="3")).ok
    wait_for(lambda: (lanes := client.snapshot().lanes) and lanes["download"].limit == 3)
    refused = client.send(SetLimit(key="engine.download_workers", value="-3"))
    assert not refused.ok
    assert refused.text == (
        'engine.download_workers = "-3": the number is out of range (0 to 256, default 8)'
    )
    assert client.send(CheckFeeds(feed_ids=(1, 2))).affected == 2
    assert client.send(Resume()).ok


def test_many_threads_may_ask_at_once(client: EngineClient) -> None:
    with contextlib.ExitStack() as stack:
        waiting = [threading.Thread(target=client.watch, args=(2**30, 0.2)) for _ in range(4)]
        for thread in waiting:
            thread.start()
            stack.callback(thread.join)
        for _ in range(20):
            assert len(client.query(PageRequest(kind="feeds")).rows) == 3


def verbs(client: EngineClient) -> list[Callable[[], object]]:
    return [
        lambda: client.watch(0, 0.05),
        lambda: client.query(PageRequest(kind="feeds")),
        lambda: client.send(Pause()),
    ]


@pytest.mark.parametrize("kind", REMOTE)
def test_every_verb_says_that_the_engine_is_gone(
    kind: str, engine: Engine, server: DoorwayServer
) -> None:
    with contextlib.ExitStack() as stack:
        client = made(kind, engine, server, stack)
        server.close()
        if isinstance(client, Attachment):
            wait_for(lambda: not client.link.is_up)
            assert client.snapshot().state == "running"  # the last that was seen stays
        else:
            with pytest.raises(NoEngine):
                client.snapshot()
        for verb in verbs(client):
            with pytest.raises(NoEngine):
                verb()


@pytest.mark.parametrize("kind", REMOTE)
def test_who_waits_for_events_is_let_go_when_the_engine_goes(
    kind: str, engine: Engine, server: DoorwayServer
) -> None:
    with contextlib.ExitStack() as stack:
        client = made(kind, engine, server, stack)
        last = client.watch(client.snapshot().seq).last_seq
        ends: list[object] = []

        def watch() -> None:
            try:
                ends.append(client.watch(last, 60))
            except NoEngine as error:
                ends.append(error)

        thread = threading.Thread(target=watch)
        thread.start()
        server.close()
        thread.join(20)
        assert ends


def test_an_engine_that_stops_is_seen_to_stop(client: EngineClient, engine: Engine) -> None:
    assert client.send(Stop()).ok
    wait_for(lambda: client.snapshot().state == "draining")
    assert engine.finished.is_set()


def test_an_attached_screen_has_the_next_engine_and_knows_that_it_is_another(
    engine: Engine, server: DoorwayServer, tmp_path: Path
) -> None:
    with contextlib.closing(attached(server.path)) as client:
        seen = client.watch(0)
        server.close()
        wait_for(lambda: client.link.tries > 1)
        assert "no engine answers" in client.link.problem
        assert not client.link.is_up
        with contextlib.closing(serve(engine, tmp_path)):
            wait_for(lambda: client.link.is_up)
            assert client.link.tries == 0
            batch = client.watch(seen.last_seq)
            assert batch.lost
            assert batch.events[0].seq > seen.last_seq
            assert client.snapshot().seq == batch.last_seq
            assert not client.watch(batch.last_seq).lost


def test_another_archive_at_the_same_socket_is_not_taken_for_ours(
    engine: Engine, server: DoorwayServer, tmp_path: Path
) -> None:
    with contextlib.closing(attached(server.path)) as client:
        server.close()
        with contextlib.closing(serve(engine, tmp_path, archive="another")):
            wait_for(lambda: "works on another archive" in client.link.problem)


def test_who_is_attached_to_look_changes_nothing(engine: Engine, server: DoorwayServer) -> None:
    with contextlib.closing(attached(server.path, read_only=True)) as client:
        answer = client.send(Pause())
        assert not answer.ok
        assert "--read-only" in answer.text
        assert client.query(PageRequest(kind="feeds")).rows
        assert engine.governor.sample().state == "running"


def test_ids_rows_by_id_and_all_of_one_feed_are_pages_too(client: EngineClient) -> None:
    found = client.query(PageRequest(kind="feeds", only_ids=True, sort="-url", limit=50))
    assert (found.rows, found.next_after) == ((), None)
    rows = client.query(PageRequest(kind="feeds", ids=found.ids)).rows
    assert [str(row["url"])[-5:] for row in rows] == ["c.xml", "b.xml", "a.xml"]
    part = client.query(PageRequest(kind="feeds", only_ids=True, limit=1))
    assert part.next_after == part.ids[0], "there are more"
    first = min(found.ids)
    (feed,) = client.query(PageRequest(kind="feed", feed_id=first)).rows
    assert feed["id"] == first
    assert {"polls", "actions", "lists", "since", "do"} <= set(feed)
    assert client.query(PageRequest(kind="raw", feed_id=first)).rows == ()
    with pytest.raises(UsageError, match="no feed 99"):
        client.query(PageRequest(kind="feed", feed_id=99))


def test_an_entry_of_the_history_is_a_page_of_one_row(client: EngineClient) -> None:
    rows = wait_for(lambda: client.query(PageRequest(kind="history", limit=1)).rows)
    number = rows[0]["id"]
    assert isinstance(number, int)
    (entry,) = client.query(PageRequest(kind="entry", ids=(number,))).rows
    assert {name: entry[name] for name in ("id", "at", "kind", "text")} == {
        name: rows[0][name] for name in ("id", "at", "kind", "text")
    }
    with pytest.raises(UsageError, match="no longer kept"):
        client.query(PageRequest(kind="entry", ids=(10**9,)))
