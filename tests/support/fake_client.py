"""An engine's doorway without an engine: what a front end is shown is set by the test."""

from __future__ import annotations

from msgspec.structs import replace

from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import Event, EventBatch
from podfetch_tui.model.snapshot import (
    EngineSnapshot,
    JsonValue,
    LaneView,
    Page,
    PageRequest,
    WorkerView,
)

NOW = 1_792_492_927_000  # 2026-10-20T10:42:07Z
MINUTE = 60_000
RING = 4096

Row = dict[str, JsonValue]


class FakeClient:
    """Answers the four verbs from plain attributes; keeps the commands it was sent."""

    def __init__(self, snapshot: EngineSnapshot | None = None, feeds: list[Row] | None = None):
        self.now = snapshot or idle_snapshot()
        self.feeds = feeds or []
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.answer = CommandResult(ok=True, text="done", affected=1)
        self.queries: list[PageRequest] = []
        self.looks = 0

    def snapshot(self) -> EngineSnapshot:
        self.looks += 1
        return self.now

    def watch(self, after: int, timeout: float = 0.0) -> EventBatch:
        fresh = tuple(event for event in self.events if event.seq > after)
        last = self.events[-1].seq if self.events else 0
        oldest = self.events[0].seq if self.events else 1
        return EventBatch(fresh, last, after + 1 < oldest)

    def query(self, page: PageRequest) -> Page:
        self.queries.append(page)
        rows = [
            row
            for row in self.feeds
            if int(str(row["id"])) > page.after and page.state in (None, row["state"])
            if page.text.lower() in f"{row['title']} {row['url']}".lower()
        ]
        shown = tuple(rows[: page.limit])
        more = len(rows) > len(shown)
        return Page(shown, int(str(shown[-1]["id"])) if more else None)

    def send(self, command: Command) -> CommandResult:
        self.commands.append(command)
        return self.answer

    def emit(self, kind: str, text: str = "", **fields: object) -> None:
        """Make a fact known, as the engine's ring does."""
        seq = self.events[-1].seq + 1 if self.events else 1
        self.events.append(event(seq, kind, text, **fields))
        self.events = self.events[-RING:]


def event(seq: int, kind: str, text: str = "", **fields: object) -> Event:
    """Return event number ``seq``, a second after the one before."""
    return Event(seq=seq, at=NOW - 20_000 + seq * 1000, kind=kind, text=text, **fields)  # type: ignore[arg-type]


def idle_snapshot() -> EngineSnapshot:
    """Return an engine that has no feeds."""
    return EngineSnapshot(
        seq=0,
        at=NOW,
        state="running",
        archive="/srv/podcasts",
        uptime_s=3.0,
        lanes={
            "poll": LaneView(limit=32, target=32, busy=0),
            "download": LaneView(limit=8, target=8, busy=0),
        },
        feeds=dict.fromkeys(
            ("total", "active", "paused", "quarantined", "gone", "retired", "cooling"), 0
        ),
        resources={
            "cpu_percent": 0.4,
            "rss": 61e6,
            "threads": 12,
            "open_files": 31,
            "free_bytes": 2.3e12,
        },
    )


TITLES = (
    "Ep 212: What the harbour pilots saw",
    "Ep 98: The long way round",
    "Bonus: listener mail",
    "第128回 夜の図書館で聞いた話",
    "Folge 41 – Über die Grenze und zurück",
    "The one about the lighthouse keeper and the very long title that has to be cut somewhere",
    "S2E7 Bread",
    "Interview with a cartographer",
)
SHOWS = (
    "Harbour Lights",
    "Night Library 夜の図書館",
    "The Cartographers",
    "Bread and Circuits",
    "Grenzgänge",
    "A Short History of Tides",
    "Signal and Noise",
)


def download(slot: int, **changes: object) -> WorkerView:
    """Return one busy download slot."""
    total = (68 + slot * 13) * 1_000_000
    view = WorkerView(
        slot=slot,
        lane="download",
        phase="stream",
        feed_id=slot + 1,
        episode_id=slot + 100,
        title=TITLES[slot % len(TITLES)],
        host=f"cdn{slot}.example.org",
        done=total * (slot * 2 + 3) % total,
        total=total,
        bytes_per_s=4.1e6 - slot * 0.4e6,
        since_s=12.0 + slot,
    )
    view = replace(view, done=int(total * ((slot * 29 + 18) % 100) / 100))
    return replace(view, **changes)


def poll(slot: int, **changes: object) -> WorkerView:
    """Return one busy poll slot."""
    view = WorkerView(
        slot=slot,
        lane="poll",
        phase="poll",
        feed_id=slot + 500,
        episode_id=None,
        title=SHOWS[slot % len(SHOWS)],
        host=f"feeds{slot}.example.org",
        since_s=0.4,
    )
    return replace(view, **changes)


def busy_snapshot() -> EngineSnapshot:
    """Return an engine with 10,412 feeds at full work."""
    recent = (
        event(1, "feed_polled", "3 new episodes", feed_id=12, code="ok"),
        event(
            2,
            "episode_archived",
            "Ep 211: The pilots' strike",
            feed_id=12,
            episode_id=4711,
            code="archived",
        ),
        event(
            3,
            "feed_failed",
            "The host fell silent.",
            feed_id=88,
            family="transient",
            code="read_timeout",
        ),
        event(
            4,
            "episode_failed",
            "The host has no such file, or not yet.",
            feed_id=7,
            episode_id=31,
            family="permanent",
            code="http_404",
        ),
        event(
            5,
            "feed_deferred",
            "The host told us when to come back.",
            feed_id=90,
            family="deferred",
            code="http_429",
        ),
        event(
            6, "episode_archived", "第127回 港の灯", feed_id=15, episode_id=4712, code="archived"
        ),
        event(
            7,
            "episode_partial",
            "the sidecar could not be written",
            feed_id=3,
            episode_id=9,
            family="system",
            code="permission",
        ),
        event(
            8,
            "episode_archived",
            "Interview with a cartographer",
            feed_id=44,
            episode_id=4713,
            code="archived",
        ),
    )
    return EngineSnapshot(
        seq=8,
        at=NOW,
        state="running",
        archive="/srv/podcasts",
        uptime_s=12 * 86400 + 4 * 3600,
        lanes={
            "poll": LaneView(limit=32, target=32, busy=24, queued=210),
            "download": LaneView(limit=8, target=8, busy=8, queued=1842),
        },
        workers=tuple(poll(slot) for slot in range(24))
        + tuple(download(slot) for slot in range(8)),
        feeds={
            "total": 10_412,
            "active": 10_339,
            "paused": 3,
            "quarantined": 41,
            "gone": 12,
            "retired": 17,
            "cooling": 63,
        },
        episodes={
            "total": 1_284_012,
            "pending": 1_842,
            "claimed": 8,
            "sealed": 0,
            "archived": 1_281_700,
            "failed": 431,
            "skipped": 0,
            "gone": 31,
            "missing": 0,
            "partial": 2,
        },
        media={"files": 1_281_655, "bytes": 71_200_000_000_000},
        rates={"bytes_per_s": 61.4e6, "polls_per_s": 3.1, "episodes_per_min": 44.0},
        totals={
            "polls": 182_440,
            "polls_not_modified": 148_031,
            "polls_failed": 912,
            "new": 1_206,
            "archived": 1_188,
            "failed": 31,
            "partial": 2,
            "retries": 402,
            "deferred": 19,
            "bytes": 84_300_000_000,
        },
        errors={
            "transient": 702,
            "permanent": 190,
            "deferred": 19,
            "malformed": 44,
            "refused": 5,
            "system": 2,
        },
        resources={
            "cpu_percent": 31.0,
            "rss": 142e6,
            "threads": 61,
            "open_files": 148,
            "free_bytes": 2.3e12,
        },
        queue={"polls": 210, "downloads": 1_842, "delayed": 37},
        recent=recent,
    )


def feed_rows(count: int) -> list[Row]:
    """Return rows of feeds in the shape of the command line's JSON."""
    return [feed_row(number) for number in range(1, count + 1)]


def feed_row(number: int, **changes: JsonValue) -> Row:
    """Return one row; its state follows from its number."""
    kinds: list[Row] = [
        {},
        {},
        {
            "consecutive_failures": 3,
            "last_error": "read_timeout: The host fell silent.",
            "last_family": "transient",
        },
        {},
        {
            "breaker": "open",
            "consecutive_failures": 6,
            "last_error": "http_500: The host has trouble of its own.",
            "last_family": "transient",
            "last_status": 500,
        },
        {"state": "paused", "state_reason": "by hand"},
        {
            "state": "quarantined",
            "state_reason": "12 failures in a row",
            "consecutive_failures": 12,
            "last_error": "http_404: The host has no such feed.",
            "last_family": "permanent",
        },
        {"state": "gone", "state_reason": "answered 410 2 times", "last_error": "http_410: gone"},
        {"title": "", "last_success_at": None, "episodes": 0, "archived": 0, "bytes": 0},
    ]
    row: Row = {
        "id": number,
        "url": f"https://feeds{number % 977}.example.org/show/{number}/rss",
        "title": f"{SHOWS[number % len(SHOWS)]} {number}",
        "state": "active",
        "state_reason": "",
        "breaker": "closed",
        "consecutive_failures": 0,
        "last_error": None,
        "last_family": None,
        "last_status": 200,
        "last_success_at": "2026-10-20T10:38:00.000Z",
        "next_poll_at": "2026-10-20T11:08:00.000Z",
        "priority": 0,
        "tags": [],
        "episodes": 212 + number % 97,
        "archived": 210 + number % 89,
        "pending": number % 3,
        "failed": 0,
        "bytes": 18_000_000_000 + number,
    }
    return {**row, **kinds[number % len(kinds)], **changes}
