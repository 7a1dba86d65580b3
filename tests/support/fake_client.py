"""An engine's doorway without an engine: what a front end is shown is set by the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace
from support.filtering import episode_of_json, feed_of_json, passes

from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import Event, EventBatch
from podfetch_tui.model.figures import rfc3339
from podfetch_tui.model.snapshot import (
    BatchView,
    EngineSnapshot,
    FailureView,
    HostView,
    JsonValue,
    LaneView,
    Page,
    PageRequest,
    UpcomingView,
    WorkerView,
)
from podfetch_tui.policy.event_filter import conditions
from podfetch_tui.policy.filter_fields import language_of
from podfetch_tui.policy.filters import parse, sort_of

NOW = 1_792_492_927_000  # 2026-10-20T10:42:07Z
MINUTE = 60_000
RING = 4096

Row = dict[str, JsonValue]


class FakeClient:
    """Answers the four verbs from plain attributes; keeps the commands it was sent."""

    def __init__(self, snapshot: EngineSnapshot | None = None, feeds: list[Row] | None = None):
        self.now = snapshot or idle_snapshot()
        self.feeds = feeds or []
        self.episodes: list[Row] = []
        self.settings: list[Row] = []
        self.raw: list[str] = []
        self.history: list[Row] = []
        self.entries: dict[int, Row] = {}
        """What stands in an entry besides what the history has of it."""
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
        if page.kind == "history":
            asked = conditions(page.filter)
            kept = [row for row in self.history if all(one.holds(row) for one in asked)]
            first = page.key if isinstance(page.key, int) else 0
            if page.after:
                kept = [row for row in kept if str(row["at"]) >= rfc3339(page.after)]
            end = first + page.limit
            return Page(tuple(kept[first:end]), None, end if end < len(kept) else None)
        if page.kind == "feed":
            (row,) = (row for row in self.feeds if row["id"] == page.feed_id)
            return Page((feed_detail(row),), None)
        if page.kind == "raw":
            lines = enumerate(self.raw, 1)
            return Page(tuple({"id": number, "text": text} for number, text in lines), None)
        single: dict[str, Callable[[PageRequest], Page]] = {
            "entry": self._entry,
            "evidence": lambda _: Page((), None),
            "groups": self._groups,
            "settings": lambda _: Page(tuple(self.settings), None),
        }
        if page.kind in single:
            return single[page.kind](page)
        kind = language_of(page.kind)
        every = self.episodes if page.kind == "episodes" else self.feeds
        if page.kind == "quarantine":
            every = [row for row in every if row["state"] == "quarantined"]
        if page.feed_id is not None:
            every = [row for row in every if row["feed_id"] == page.feed_id]
        if page.ids:
            by_id = {row["id"]: row for row in every}
            return Page(tuple(by_id[number] for number in page.ids if number in by_id), None)
        wanted = parse(page.filter, kind)
        seen = feed_of_json if kind == "feeds" else episode_of_json
        rows = [
            row
            for row in every
            if int(str(row["id"])) > page.after
            and (not page.filter or passes(wanted, kind, seen(row), self.now.at))
        ]
        if page.sort:
            name, descending = sort_of(page.sort, kind)
            key = {
                "last": "last_success_at",
                "fail": "consecutive_failures",
                "published": "published_at",
            }.get(name, name)
            rows.sort(key=lambda row: (row.get(key) is None, str(row.get(key))), reverse=descending)
        if page.only_ids:
            ids = tuple(int(str(row["id"])) for row in rows)[: page.limit]
            return Page((), ids[-1] if len(rows) > len(ids) else None, ids=ids)
        shown = tuple(rows[: page.limit])
        more = len(rows) > len(shown)
        return Page(shown, int(str(shown[-1]["id"])) if more else None)

    def _entry(self, page: PageRequest) -> Page:
        """All of an entry, and what it is about as it is now."""
        (number,) = page.ids
        found = next((row for row in self.history if row["id"] == number), {"id": number})
        row: Row = {"feed_id": None, "episode_id": None, **found, **self.entries.get(number, {})}
        feeds = (one for one in self.feeds if one["id"] == row["feed_id"])
        episodes = (one for one in self.episodes if one["id"] == row["episode_id"])
        whole: Row = {**row, "feed": next(feeds, None), "episode": next(episodes, None)}
        return Page((whole,), None)

    def _groups(self, page: PageRequest) -> Page:
        """Feeds by state, host or code of their failure, the largest groups first."""
        wanted = parse(page.filter, "feeds")
        passing = [
            row for row in self.feeds if passes(wanted, "feeds", feed_of_json(row), self.now.at)
        ]
        values = {
            "state": [str(row["state"]) for row in passing],
            "host": [str(row["url"]).split("/")[2] for row in passing],
            "err": [str(row["last_error"] or "").partition(":")[0] for row in passing],
            "tag": [],
        }
        found = Counter(value for value in values[page.sort] if value)
        return Page(
            tuple({"value": value, "feeds": number} for value, number in found.most_common()), None
        )

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
            ("total", "active", "paused", "quarantined", "gone", "retired", "cooling", "failing"), 0
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


def about_episode(seq: int, verb: str, text: str, title: str, show: int, **fields: object) -> Event:
    """Return event number ``seq``, of an episode of one of ``SHOWS``."""
    return event(
        seq,
        f"episode_{verb}",
        text,
        feed_id=show + 12,
        feed_title=SHOWS[show],
        episode_id=4700 + seq,
        episode_title=title,
        **fields,
    )


def failures() -> tuple[FailureView, ...]:
    """Return what failed in the last ten minutes."""
    return (
        FailureView(
            code="read_timeout", job="poll", count=112, host="anchor.example", at_host=88,
            minutes=(0, 1, 1, 4, 20, 40, 20, 10, 10, 6),
        ),
        FailureView(
            code="http_404", job="download", count=19, host="libsyn.example", at_host=19,
            minutes=(0, 0, 0, 0, 0, 0, 0, 9, 0, 10),
        ),
        FailureView(
            code="not_a_feed", job="poll", count=3, host="feeds9.example.org", at_host=1,
            minutes=(1, 0, 0, 0, 0, 1, 0, 0, 1, 0),
        ),
    )  # fmt: skip


def busy_snapshot() -> EngineSnapshot:
    """Return an engine with 10,412 feeds at full work."""
    recent = (
        event(1, "feed_polled", "40 items, 3 new", feed_id=12, feed_title=SHOWS[0], code="ok"),
        about_episode(2, "archived", "", "Ep 211: The pilots' strike", 0, code="archived"),
        event(
            3,
            "feed_failed",
            "The host fell silent.",
            feed_id=88,
            feed_title=SHOWS[6],
            family="transient",
            code="read_timeout",
        ),
        about_episode(
            4,
            "failed",
            "The host has no such file, or not yet.",
            TITLES[6],
            5,
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
        about_episode(6, "archived", "", "第127回 港の灯", 1, code="archived"),
        about_episode(
            7,
            "partial",
            "the sidecar could not be written",
            TITLES[4],
            4,
            family="system",
            code="permission",
        ),
        about_episode(8, "archived", "", TITLES[7], 2, code="archived"),
    )
    return EngineSnapshot(
        failures=failures(),
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
            "failing": 184,
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
        batch=BatchView(
            size=240, left=69, eta_s=50.0, due=210, cycle_eta_s=2040.0, lateness_p95_s=130.0
        ),
        upcoming=(
            UpcomingView(
                lane="poll", feed_id=31, title="Grenzgänge", host="a.example", why="due 4m12s ago"
            ),
            UpcomingView(
                lane="download",
                feed_id=12,
                episode_id=99,
                title=TITLES[0],
                host="cdn.example",
                why="new, priority 5",
            ),
            UpcomingView(
                lane="poll", feed_id=32, title=SHOWS[6], host="b.example", why="on probation"
            ),
        ),
        hosts=(
            HostView(
                host="anchor.example", breaker="open", until=NOW + 90_000, opened=2, feeds=212
            ),
            HostView(host="dead.example", breaker="half_open", until=NOW, opened=5),
        ),
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
        "since": "2026-10-18T10:00:00.000Z",
        "snoozed_until": None,
    }
    return {**row, **kinds[number % len(kinds)], **changes}


def episode_rows(count: int, feed_id: int = 5) -> list[Row]:
    """Return rows of episodes of one feed; their state follows from their number."""
    states = ("archived", "archived", "archived", "pending", "failed", "claimed", "skipped")
    found: list[Row] = []
    for number in range(1, count + 1):
        state = states[number % len(states)]
        is_here = state == "archived"
        found.append(
            {
                "id": number,
                "feed_id": feed_id,
                "feed_url": "https://feeds5.example.org/show/5/rss",
                "guid": f"guid-{number}",
                "title": TITLES[number % len(TITLES)],
                "published_at": f"2026-{1 + number % 9:02}-{1 + number % 28:02}T06:00:00.000Z",
                "state": state,
                "path": f"Tides/{number:04}.mp3" if is_here else None,
                "bytes": 68_000_000 + number * 13_000 if is_here else None,
                "sha256": f"{number:064x}" if is_here else None,
                "media_type": "audio/mpeg" if is_here else None,
                "duration_s": 3723.0 + number if is_here else None,
                "validity": "whole" if is_here else None,
                "attempts": number % 4,
                "family": "permanent" if state == "failed" else None,
                "error": "http_403: The host refused." if state == "failed" else None,
                "derivatives": ["sidecar:done"] if is_here else [],
                "enclosure_url": f"https://cdn.example.org/{number}.mp3",
            }
        )
    return found


def feed_detail(row: Row) -> Row:
    """Return all that is known of the feed of ``row``, as kind ``feed`` has it."""
    polls: list[JsonValue] = [
        {
            "id": 9_000 - number,
            "at": f"2026-10-{20 - number // 24:02}T{23 - number % 24:02}:38:00.000Z",
            "job": "poll",
            "result": "failure" if number in (3, 4, 9) else "success",
            "family": "transient" if number in (3, 4, 9) else None,
            "code": "read_timeout" if number in (3, 4, 9) else "unchanged",
            "status": None if number in (3, 4, 9) else 304,
            "host": "feeds5.example.org",
            "duration_ms": 840 + number,
            "bytes": 0 if number % 5 else 231_000,
            "attempt": 1,
            "detail": "The host fell silent." if number in (3, 4, 9) else "",
        }
        for number in range(30)
    ]
    actions: list[JsonValue] = [
        {
            "id": -7,
            "at": "2026-10-20T22:50:00.000Z",
            "action": "pause_feed",
            "actor": "screen",
            "detail": "too large",
            "undone_at": "2026-10-20T22:50:31.000Z",
            "until": None,
        }
    ]
    return {
        "backlog": None,
        "user_agent": None,
        "feed_max": None,
        "allow_private": [],
        "auth": None,
        "interval_s": 7200,
        "own_priority": None,
        **row,
        "folder": "A Short History of Tides",
        "since": "2026-10-18T10:00:00.000Z",
        "added_at": "2026-01-02T10:00:00.000Z",
        "snoozed_until": None,
        "earlier_urls": [{"url": "http://old.example.org/rss", "until": "2026-02-01T00:00:00Z"}],
        "lists": [{"list": "subscriptions.opml", "line": 77}],
        "polls": polls,
        "actions": actions,
        "states": {"archived": 210, "failed": 2},
        "reasons": [{"state": "failed", "reason": "http_403: The host refused.", "episodes": 2}],
        "do": f"podfetch feeds resume {row['id']}" if row["state"] == "paused" else "",
    }


def history_rows() -> list[Row]:
    """Return an audit trail, the newest first, as the page ``history`` has it."""
    rows: list[Row] = [
        {"kind": "feed_polled", "feed_id": 12, "text": "40 items, 3 new", "code": "ok"},
        {"kind": "episode_archived", "feed_id": 12, "episode_id": 4711, "code": "archived"},
        {"kind": "feed_failed", "feed_id": 88, "family": "transient", "code": "read_timeout",
         "text": "The host fell silent."},
        {"kind": "feed_quarantined", "feed_id": 88, "text": "12 failures in a row"},
        {"kind": "settings_rejected", "text": "line 31: engine.per_host: not a number"},
        {"kind": "operator_action", "feed_id": 12, "text": "paused by an operator"},
    ]  # fmt: skip
    for number, row in enumerate(rows):
        feed = row.get("feed_id")
        row.update(
            id=100 - number,
            at=rfc3339(NOW - number * 61_000),
            feed_title=SHOWS[int(str(feed)) % len(SHOWS)] if feed else None,
            episode_title=TITLES[0] if "episode_id" in row else None,
        )
    return rows


def poll_entry(**changes: JsonValue) -> Row:
    """Return what an entry about a poll of feed 5 has."""
    return {
        "at": "2026-10-20T09:38:00Z",
        "kind": "feed_failed",
        "feed_id": 5,
        "episode_id": None,
        "job": "poll",
        "result": "failure",
        "family": "transient",
        "code": "http_503",
        "text": "the host answered 503 Service Unavailable: it is closed for stocktaking",
        "status": 503,
        "host": "feeds5.example.org",
        "duration_ms": 1_340,
        "bytes": 231_044,
        "attempt": 2,
        **changes,
    }


def setting_rows() -> list[Row]:
    """Return some settings as the page ``settings`` has them."""
    given = (
        ("archive.root", "/srv/podcasts", "", "podfetch.ini:12", "/srv/podcasts", "restart"),
        ("engine.poll_workers", "32", "32", "default", None, "live"),
        ("engine.download_workers", "24", "8", "runtime", "16", "live"),
        ("feeds.backlog", "all", "all", "default", None, "next_batch"),
        ("network.user_agent", "PodFetch/0.1", "PodFetch/0.1", "default", None, "live"),
    )
    return [
        {
            "key": key, "text": text, "value": text, "default": default, "source": source,
            "origin": "file" if ":" in source else source, "in_file": in_file,
            "applies": applies, "pending": False,
        }
        for key, text, default, source, in_file, applies in given
    ]  # fmt: skip
