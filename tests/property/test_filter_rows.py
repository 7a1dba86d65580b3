"""Filters and orders as SQLite carries them out, against a look at every row in Python."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cataloguing import AT, DAY, bench
from support.filtering import filters, passes

from podfetch_tui.catalog import pages
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.page_statements import ids_of, page_of
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Family, UsageError
from podfetch_tui.model.feed import BreakerState, FeedState
from podfetch_tui.model.media import Validity
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.policy.filter_fields import FIELDS
from podfetch_tui.policy.filters import Filter, format_filter, parse
from podfetch_tui.policy.hosts import host_of

TEXTS = ("News", "news of the day", "Über", "100%", "a_b", "", "ÄÖ 第128回", "x\\y")
HOSTS = ("anchor.fm", "user:pw@Feeds.example:8080", "media.example", "[::1]:9000")
NEEDLES = st.sampled_from(
    [*(text for text in TEXTS if text), "NEWS", "anchor", "example", "8080", "pw", "%", "_", "http"]
)
NOW = AT + 30 * DAY
HELD = {
    "anchor.fm": (NOW + 7_200_000, None),
    "feeds.example:8080": (NOW - 1, NOW + 60_000),
    "::1:9000": (None, NOW + DAY),
    "media.example": (NOW, NOW - DAY),
}
"""Host → when its breaker lets it be asked, and until when it told us to wait."""
Rows = dict[str, list[dict[str, Any]]]


def some(rng: random.Random, *values: Any) -> Any:
    return rng.choice(values)


def fill(path: Path, rng: random.Random) -> None:
    """Write rows of every sort, past the rules of the writer."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for name, (opens, told) in HELD.items():
            db.execute(
                "INSERT INTO host (name, breaker, opened, open_until, not_before, last_error, at)"
                " VALUES (?, 'open', 1, ?, ?, '', 0)",
                (name, opens, told),
            )
        for number in range(1, 41):
            db.execute(
                "INSERT INTO feed (id, url, own_title, title, name, folder, state, state_reason,"
                " state_at, priority, interval_s, last_poll_at, next_poll_at, breaker,"
                " consecutive_failures, last_success_at, last_error, last_family, last_status,"
                " added_at, episodes, archived, pending, failed, bytes)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    number,
                    f"http://{rng.choice(HOSTS)}/{number}?q={rng.choice(TEXTS)}",
                    some(rng, "", "", "Own news"),
                    rng.choice(TEXTS),
                    rng.choice(TEXTS),
                    rng.choice(TEXTS),
                    rng.choice([state.value for state in FeedState]),
                    some(rng, "", "by hand", "removed from LIST"),
                    some(rng, 0, AT, NOW - rng.randrange(10**9)),
                    rng.randrange(-2, 3),
                    some(rng, None, 900, 3600),
                    some(rng, None, AT),
                    NOW + rng.randrange(-(10**9), 10**9),
                    rng.choice([state.value for state in BreakerState]),
                    rng.randrange(12),
                    some(rng, None, AT, NOW - rng.randrange(10**9)),
                    some(rng, None, "read_timeout: silent", "http_404: none: at all", "no colon"),
                    some(rng, None, *(family.value for family in Family)),
                    some(rng, None, 200, 404, 503),
                    AT - rng.randrange(5) * DAY,
                    *(rng.randrange(10) for _ in range(4)),
                    some(rng, 0, 1, 4096),
                ),
            )
            for tag in rng.sample(TEXTS, 2):
                db.execute(
                    "INSERT INTO feed_tag (feed_id, tag, list) VALUES (?, ?, 'l')", (number, tag)
                )
            if rng.random() < 0.5:
                db.execute(
                    "INSERT INTO list_source (feed_id, list, line, at) VALUES (?, ?, 1, 1)",
                    (number, "News.csv"),
                )
        for number in range(1, 12):
            db.execute(
                "INSERT INTO media (id, sha256, bytes, media_type, duration_s, validity, path,"
                " sealed_at) VALUES (?,?,?,?,?,?,?,1)",
                (
                    number,
                    rng.randbytes(32),
                    rng.randrange(5000),
                    some(rng, "", "audio/mpeg"),
                    some(rng, None, 1.5, 3600.0),
                    rng.choice([word.value for word in Validity]),
                    f"News/{number}.mp3",
                ),
            )
        for number in range(1, 121):
            db.execute(
                "INSERT INTO episode (id, feed_id, guid, title, published, enclosure_url,"
                " enclosure_type, first_seen_at, state, next_attempt_at, attempts, path, media_id,"
                " archived_at, family, error) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    number,
                    rng.randrange(1, 41),
                    rng.choice(TEXTS),
                    rng.choice(TEXTS),
                    some(rng, None, AT, AT - rng.randrange(400) * DAY),
                    some(rng, "magnet:?x=1", f"https://{rng.choice(HOSTS)}?{number}", ""),
                    some(rng, "", "video/mp4"),
                    AT - rng.randrange(10) * DAY,
                    rng.choice([state.value for state in EpisodeState]),
                    some(rng, None, NOW + rng.randrange(-(10**9), 10**9)),
                    rng.randrange(4),
                    some(rng, "", f"A/{number}.mp3"),
                    some(rng, None, rng.randrange(1, 12)),
                    some(rng, None, AT),
                    some(rng, "", *(family.value for family in Family)),
                    some(rng, "", "http_404: no file", "backlog none"),
                ),
            )
            if rng.random() < 0.4:
                state = some(rng, "done", "failed")
                db.execute(
                    "INSERT INTO derivative (episode_id, kind, state) VALUES (?, 'sidecar', ?)",
                    (number, state),
                )


def waits(feed: dict[str, Any]) -> int | None:
    """Return until when a feed waits for its host."""
    until = max(at or 0 for at in HELD[host_of(feed["url"])])
    return until if feed["state"] == "active" and until > NOW else None


def look(path: Path) -> Rows:
    """Read every row and put the fields together in Python."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.row_factory = sqlite3.Row
        feeds = {row["id"]: dict(row) for row in db.execute("SELECT * FROM feed")}
        media = {row["id"]: dict(row) for row in db.execute("SELECT * FROM media")}
        episodes = [dict(row) for row in db.execute("SELECT * FROM episode")]
        tags = db.execute("SELECT feed_id, tag FROM feed_tag").fetchall()
        lists = db.execute("SELECT feed_id, list FROM list_source").fetchall()
        made = db.execute("SELECT episode_id, kind || ':' || state FROM derivative").fetchall()
    tags_of = {n: [tag for feed_id, tag in tags if feed_id == n] for n in feeds}
    lists_of = {n: [name for feed_id, name in lists if feed_id == n] for n in feeds}
    for feed in feeds.values():
        feed |= {
            "title": feed["own_title"] or feed["title"] or feed["name"],
            "host": host_of(feed["url"]),
            "tag": tags_of[feed["id"]],
            "list": lists_of[feed["id"]],
            "reason": feed["state_reason"],
            "since": feed["state_at"] or None,
            "err": (feed["last_error"] or "").partition(":")[0],
            "family": feed["last_family"],
            "status": feed["last_status"],
            "fail": feed["consecutive_failures"],
            "interval": feed["interval_s"],
            "age": feed["last_success_at"] or feed["added_at"],
            "late": feed["next_poll_at"] if feed["state"] == "active" else None,
            "next": feed["next_poll_at"],
            "waits": waits(feed),
            "last": feed["last_success_at"],
            "polled": feed["last_poll_at"],
            "added": feed["added_at"],
        }
    for episode in episodes:
        file: dict[str, Any] = media.get(episode["media_id"], {})
        feed = feeds[episode["feed_id"]]
        shared = file.get("path") if episode["state"] == "archived" else None
        url = episode["enclosure_url"]
        episode |= {
            "feed": f"{feed['title']}\n{feed['url']}",
            "tag": feed["tag"],
            "url": url,
            "host": host_of(url),
            "reason": episode["error"],
            "err": episode["error"].partition(":")[0],
            "next": episode["next_attempt_at"],
            "age": episode["published"] or episode["first_seen_at"],
            "seen": episode["first_seen_at"],
            "archived": episode["archived_at"],
            "path": episode["path"] or shared,
            "bytes": file.get("bytes"),
            "duration": file.get("duration_s"),
            "type": file.get("media_type") or episode["enclosure_type"],
            "validity": file.get("validity"),
            "sha256": file["sha256"].hex() if file else None,
            "derivative": [word for number, word in made if number == episode["id"]],
        }
    return {"feeds": list(feeds.values()), "episodes": episodes}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catalog, Rows]]:
    folder = tmp_path_factory.mktemp("filters")
    with bench(folder):
        pass
    fill(folder / "catalog.db", random.Random(7))
    with Catalog.open(folder / "catalog.db", create=False, read_only=True) as catalog:
        yield catalog, look(folder / "catalog.db")


def found(catalog: Catalog, kind: str, text: str, sort: str = "") -> list[int]:
    """Read all pages, three rows at a time, as a front end would."""
    request = PageRequest(kind=kind, filter=text, sort=sort, limit=3)
    numbers: list[int] = []
    after: int | None = 0
    key = None
    while after is not None:
        part = PageRequest(kind=kind, filter=text, sort=sort, limit=50, after=after, key=key)
        page = pages.query(catalog, part, now=NOW)
        numbers += [int(str(row["id"])) for row in page.rows]
        after, key = page.next_after, page.next_key
    assert request.limit == 3
    return numbers


ASKED = st.one_of(
    [st.tuples(st.just(kind), filters(kind, NEEDLES)) for kind in ("feeds", "episodes")]
)
"""A kind of rows, and a filter of them."""


@settings(max_examples=160, deadline=None)
@given(asked=ASKED)
def test_a_filter_finds_what_a_look_at_every_row_finds(
    books: tuple[Catalog, Rows], asked: tuple[str, Filter]
) -> None:
    catalog, rows = books
    kind, wanted = asked
    expected = [row["id"] for row in rows[kind] if passes(wanted, kind, row, NOW)]
    assert found(catalog, kind, format_filter(wanted)) == expected


@pytest.mark.parametrize("kind", ["feeds", "episodes"])
def test_every_field_finds_something_and_not_everything(
    books: tuple[Catalog, Rows], kind: str
) -> None:
    catalog, rows = books
    asks = {
        "id": "id<5",
        "late": "late>1h",
        "sha256": "sha256:00",
        "guid": "guid:news",
        "path": "path:a",
        "since": "since>20d",
        "age": "age>30d",
    }
    kinds = {"number": ">0", "size": ">0", "duration": ">20m", "tag": ":news", "text": ":e"}
    more = {"date": ":2023-11-14", "date or time until": ">1h"}
    for field in FIELDS[kind].values():
        words = {"one of": f":{field.words[0]}"} if field.words else {}
        text = asks.get(field.name) or field.name + {**kinds, **more, **words}[field.kind.value]
        expected = [r["id"] for r in rows[kind] if passes(parse(text, kind), kind, r, NOW)]
        assert found(catalog, kind, text) == expected, text
        assert 0 < len(expected) < len(rows[kind]), text


@pytest.mark.parametrize("kind", ["feeds", "episodes"])
def test_every_order_has_every_row_once_the_pages_fitting(
    books: tuple[Catalog, Rows], kind: str
) -> None:
    catalog, rows = books
    everything = {row["id"] for row in rows[kind]}
    for field in FIELDS[kind].values():
        for sort in (field.name, f"-{field.name}") if field.sortable else ():
            by_page = found(catalog, kind, "", sort)
            assert set(by_page) == everything
            assert len(by_page) == len(everything)
            request = PageRequest(kind=kind, sort=sort)
            assert [row["id"] for row in pages.rows(catalog, request)] == by_page
            some_of = pages.rows(catalog, request, limit=7)
            assert [row["id"] for row in some_of] == by_page[:7]


def test_an_order_is_by_the_value_and_then_by_id(books: tuple[Catalog, Rows]) -> None:
    catalog, rows = books
    by_failures = sorted(rows["feeds"], key=lambda row: (-row["fail"], row["id"]))
    assert found(catalog, "feeds", "", "-fail") == [row["id"] for row in by_failures]
    oldest = sorted(rows["episodes"], key=lambda row: (row["age"], row["id"]))
    assert found(catalog, "episodes", "", "-age") == [row["id"] for row in oldest]


def test_rows_of_one_feed_are_filtered_and_sorted_too(books: tuple[Catalog, Rows]) -> None:
    catalog, rows = books
    of_one = [row["id"] for row in rows["episodes"] if row["feed_id"] == 3]
    assert of_one
    request = PageRequest(kind="episodes", feed_id=3, sort="-id")
    assert [row["id"] for row in pages.rows(catalog, request)] == of_one[::-1]
    assert list(pages.ids(catalog, PageRequest(kind="episodes", filter="feed:3"))) == of_one


@pytest.mark.parametrize(
    "request_",
    [
        PageRequest(kind="feeds", filter="nope:1"),
        PageRequest(kind="feeds", sort="tag"),
        PageRequest(kind="feeds", sort="nope"),
        PageRequest(kind="events", filter="a"),
        PageRequest(kind="events", sort="id"),
        PageRequest(kind="nothing"),
    ],
)
def test_what_cannot_be_asked_is_one_error(
    books: tuple[Catalog, Rows], request_: PageRequest
) -> None:
    with pytest.raises(UsageError):
        pages.query(books[0], request_)


PLAIN = st.sampled_from(
    [
        *("state:failed", "state:failed,gone", "!state:failed", "feed:3", "feed:3 state:failed"),
        *("feed:3 | feed:4", "state:failed | state:gone", "tag:news", "news", "next<1h", "age>7d"),
    ]
)


@settings(deadline=None)
@given(wanted=PLAIN.map(lambda text: parse(text, "episodes")))
def test_the_usual_order_of_episodes_sorts_nothing(
    books: tuple[Catalog, Rows], wanted: Filter
) -> None:
    assert_sorts_nothing(books[0], "episodes", wanted)


@settings(max_examples=40, deadline=None)
@given(asked=ASKED)
def test_no_filter_in_the_usual_order_sorts(
    books: tuple[Catalog, Rows], asked: tuple[str, Filter]
) -> None:
    assert_sorts_nothing(books[0], *asked)


def assert_sorts_nothing(catalog: Catalog, kind: str, wanted: Filter) -> None:
    page = page_of(kind, wanted)
    assert page is not None
    for answer in (page.answer, ids_of(kind, wanted)):
        values = answer.bind({"after": 0, "most": 9, "now": NOW, "feed": 1, "key": None})
        with catalog.reader().cursor() as cursor:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {answer.sql}", values).fetchall()
        steps = [step for _, parent, _, step in plan if "ORDER BY" in step]
        inner = [step for step in steps if "RIGHT PART" not in step]
        # The tags of a row are put in order, the rows themselves never.
        assert len(inner) <= (kind == "feeds" and answer is page.answer), plan


def test_a_state_and_a_feed_are_found_by_their_index(books: tuple[Catalog, Rows]) -> None:
    for text, index in (("state:failed", "ix_episode_state"), ("feed:3", "ix_episode_feed")):
        answer = ids_of("episodes", parse(text, "episodes"))
        values = answer.bind({"after": 0, "most": 9, "now": NOW})
        with books[0].reader().cursor() as cursor:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {answer.sql}", values).fetchall()
        assert any(index in str(step) for step in plan), plan
