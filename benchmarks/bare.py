"""The same work done barely: what the engine is measured against.

Nothing here retries, checks an address, keeps a deadline, remembers a failure or survives a
kill; it is the least that must be done to get the same bytes and the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import urllib3

from podfetch_tui.catalog.bulks import EPISODES, KEYS, NOTES
from podfetch_tui.catalog.connections import driver_of, writer_engine
from podfetch_tui.catalog.note import encode_note
from podfetch_tui.feeds.keys import drafts
from podfetch_tui.feeds.scan import scan

AT = 1_700_000_000_000
_TO_A_COMMIT = 8
_Rows = tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]


def fetch_all(urls: list[str], threads: int, headers: list[dict[str, str]] | None = None) -> None:
    """Fetch ``urls`` with plain urllib3 and throw the bodies away."""
    pool = urllib3.PoolManager(num_pools=512, maxsize=4, block=True)
    pairs = list(zip(urls, headers or [{}] * len(urls), strict=True))

    def fetch(pair: tuple[str, dict[str, str]]) -> None:
        answer = pool.request("GET", pair[0], headers=pair[1], preload_content=False)
        for _ in answer.stream(262144):
            pass
        answer.release_conn()

    with ThreadPoolExecutor(threads) as executor:
        list(executor.map(fetch, pairs))
    pool.clear()


def poll_all(urls: list[str], catalog: Path) -> None:
    """Fetch, scan and insert with ``executemany``, one feed after another.

    One thread: with 32 that fetch and scan and one that inserts, it is slower by a tenth,
    because they share one interpreter.

    Args:
        urls: Feeds, those with the ids 1, 2, ... in the catalogue.
        catalog: The file; it holds the feeds and nothing else.
    """
    pool = urllib3.PoolManager(num_pools=512, maxsize=4, block=True)
    numbers = count(1)
    waiting: list[_Rows] = []
    with writer_engine(catalog).connect() as connection:
        driver = driver_of(connection)

        def write() -> None:
            driver.execute("BEGIN IMMEDIATE")
            for rows in waiting:
                for bulk, part in zip((EPISODES, KEYS, NOTES), rows, strict=True):
                    driver.executemany(bulk.text(1), part)
            driver.execute("COMMIT")
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            waiting.clear()

        for feed_id, url in enumerate(urls, 1):
            body = pool.request("GET", url).data
            waiting.append(_rows(feed_id, url, body, numbers))
            if len(waiting) == _TO_A_COMMIT:
                write()
        write()
    pool.clear()


def _rows(feed_id: int, url: str, body: bytes, numbers: Iterator[int]) -> _Rows:
    """The rows of one document, the same columns as the engine writes."""
    document = scan(body, url=url, max_items=10_000)
    if document is None:
        raise SystemExit("not a document of the fast path")
    rows: _Rows = ([], [], [])
    for draft in drafts(document):
        number, item, enclosure = next(numbers), draft.item, draft.enclosure
        rows[0].append(
            (
                number,
                feed_id,
                item.guid,
                item.title,
                item.published,
                enclosure.url,
                enclosure.media_type,
                enclosure.length,
                AT,
                "pending",
                1,
                AT,
                "",
            )
        )
        rows[1].extend((feed_id, key, number, reason) for key, reason in draft.keys)
        rows[2].append((number, encode_note(item)))
    return rows
