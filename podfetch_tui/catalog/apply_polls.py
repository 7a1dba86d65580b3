"""Writing down what a poll taught: the feed's new facts, new episodes, keys and updates."""

from __future__ import annotations

from collections import Counter

import msgspec
from sqlalchemy import bindparam, insert, null, select, update

from podfetch_tui.catalog import bulks
from podfetch_tui.catalog.changes import Changes, FeedFacts
from podfetch_tui.catalog.feed_state import set_feed_state
from podfetch_tui.catalog.note import encode_note
from podfetch_tui.catalog.path_keys import free_path
from podfetch_tui.catalog.schema import HELD, episode, episode_note, feed, feed_url
from podfetch_tui.catalog.statements import Row, Statement
from podfetch_tui.catalog.turn import first_turn
from podfetch_tui.catalog.types import fits
from podfetch_tui.model.episode import Alias, Draft, EpisodeState, EpisodeUpdate
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.writes import Polled, RecordPoll

_OWNER = Statement(lambda: select(feed.c.id).where(feed.c.url == bindparam("url")))
_MOVE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("url",))
_REMEMBER = Statement(lambda: insert(feed_url), ("feed_id", "url", "until"))
_UPDATE = Statement(
    lambda: update(episode).where(episode.c.id == bindparam("row")),
    ("guid", "title", "published", "enclosure_url", "enclosure_type", "enclosure_length"),
)
# Another URL is another body: what the part holds cannot be resumed with it.
_TRY_NEW_URL = Statement(
    lambda: (
        update(episode)
        .where(episode.c.id == bindparam("row"))
        .values(state="pending", durable=0, total=null(), etag=null(), last_modified=null())
    ),
    ("next_attempt_at", "rank", "resume_failures"),
)
_NOTE = Statement(
    lambda: update(episode_note).where(episode_note.c.episode_id == bindparam("row")), ("note",)
)
_ALIAS = (
    "INSERT INTO episode_key (feed_id, key, episode_id, reason, text) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_KEYS = "SELECT key FROM episode_key WHERE feed_id = ? AND key IN "
_RETRIED = (EpisodeState.PENDING, EpisodeState.FAILED, EpisodeState.GONE)


def record_poll(changes: Changes, write: RecordPoll) -> Polled:
    """Write one poll down and say which episodes it made pending.

    Raises:
        Failure: ``STOPPED``: the feed is no longer known.
    """
    facts = changes.feed(write.feed_id)
    if write.url and write.url != facts.url:
        facts = _move(changes, facts, write)
    folder, key = _folder(changes, facts, write)
    changes.add(
        bulks.POLLS,
        (
            write.feed_id,
            write.at,
            write.title or None,
            write.validators.etag,
            write.validators.last_modified,
            write.body_sha256,
            write.at if write.full else None,
            folder or None,
            key,
        ),
    )
    if write.metadata:
        document = msgspec.json.encode(write.metadata).decode()
        changes.add(bulks.FEED_NOTES, (write.feed_id, document))
    for changed in write.updates:
        _update(changes, facts, changed, at=write.at)
    pending = _take_in(changes, facts, write) if write.new else ()
    for alias in write.aliases:
        _add_alias(changes, write.feed_id, alias)
    return Polled(pending=pending, folder=folder or facts.folder)


def _move(changes: Changes, facts: FeedFacts, write: RecordPoll) -> FeedFacts:
    """Follow a permanent redirect; a feed that meets another at its URL ends in that one."""
    url = write.url or ""
    owner = _OWNER.first(changes.cursor, url=url)
    if owner is not None:
        reason = f"moved to the URL of feed {owner[0]}"
        set_feed_state(changes, facts, FeedState.GONE, reason=reason, at=write.at)
    else:
        _REMEMBER.run(changes.cursor, feed_id=facts.id, url=facts.url, until=write.at)
        _MOVE.run(changes.cursor, row=facts.id, url=url)
    changes.forget(facts.id)
    return changes.feed(facts.id)


def _folder(changes: Changes, facts: FeedFacts, write: RecordPoll) -> tuple[str, bytes | None]:
    if not write.folder or facts.folder:
        return "", None
    folder, key = free_path(write.folder, seed=facts.id, taken=changes.taken_folders)
    changes.folder_keys.add(key)
    facts.folder = folder
    return folder, key


def _take_in(changes: Changes, facts: FeedFacts, write: RecordPoll) -> tuple[int, ...]:
    """Gather the rows of the new episodes; those whose every key is known are not new."""
    used = _used_keys(changes, facts, write)
    rank = (1 if write.backlog else 0) + (0 if facts.state == "active" else HELD)
    states = write.new_states or (EpisodeState.PENDING,) * len(write.new)
    reasons = write.new_reasons or ("",) * len(write.new)
    episodes: list[Row] = []
    keys: list[Row] = []
    notes: list[Row] = []
    taken: list[tuple[int, EpisodeState]] = []
    number = changes.ids.episode
    for draft, state, reason in zip(write.new, states, reasons, strict=True):
        own = [pair for pair in dict(draft.keys).items() if pair[0] not in used]
        if not own:
            continue
        used.update([key for key, _ in own])
        keys += [(facts.id, key, number, why) for key, why in own]
        episodes.append(_row(number, facts, draft, state, (write.at, rank, reason)))
        notes.append((number, encode_note(draft.item)))
        taken.append((number, state))
        number += 1
    changes.ids.episode = number
    keys.sort()
    changes.extend(bulks.EPISODES, episodes)
    changes.extend(bulks.KEYS, keys)
    changes.extend(bulks.NOTES, notes)
    for state, count in Counter(state for _, state in taken).items():
        changes.count(facts.id, state, count, new=True)
    return tuple(number for number, state in taken if state is EpisodeState.PENDING)


def _used_keys(changes: Changes, facts: FeedFacts, write: RecordPoll) -> set[bytes]:
    if not facts.episodes:
        return set()
    keys = {key for draft in write.new for key, _ in draft.keys}
    found = bulks.select_in(changes.cursor, _KEYS, keys, first=(facts.id,))
    return {key for (key,) in found if isinstance(key, bytes)}


def _row(
    number: int,
    facts: FeedFacts,
    draft: Draft,
    state: EpisodeState,
    rest: tuple[int, int, str],
) -> Row:
    at, rank, reason = rest
    item, enclosure = draft.item, draft.enclosure
    due = state is EpisodeState.PENDING
    published = fits(item.published)
    return (
        number,
        facts.id,
        item.guid,
        item.title,
        published,
        enclosure.url,
        enclosure.media_type,
        fits(enclosure.length),
        at,
        state.value,
        rank,
        first_turn(at, priority=facts.priority, published=published) if due else None,
        reason,
    )


def _update(changes: Changes, facts: FeedFacts, changed: EpisodeUpdate, *, at: int) -> None:
    """Take over what the feed says now; an episode that waits is tried at its new URL."""
    row = changes.episode(changed.episode_id)
    if row.feed_id != facts.id:
        raise Failure(Kind.BUG, f"episode {row.id} is not of feed {facts.id}")
    item, enclosure = changed.draft.item, changed.draft.enclosure
    published = fits(item.published)
    _UPDATE.run(
        changes.cursor,
        row=row.id,
        guid=item.guid or row.guid,
        title=item.title or row.title,
        published=row.published if published is None else published,
        enclosure_url=enclosure.url,
        enclosure_type=enclosure.media_type or row.enclosure_type,
        enclosure_length=fits(enclosure.length),
    )
    _NOTE.run(changes.cursor, row=row.id, note=encode_note(item))
    if enclosure.url != row.enclosure_url and row.state in _RETRIED:
        turn = first_turn(at, priority=facts.priority, published=published)
        rank = changes.rank(row)
        _TRY_NEW_URL.run(
            changes.cursor, row=row.id, next_attempt_at=turn, rank=rank, resume_failures=0
        )
        changes.move(facts.id, row.state, EpisodeState.PENDING)


def _add_alias(changes: Changes, feed_id: int, alias: Alias) -> None:
    values = (feed_id, alias.key, alias.episode_id, alias.reason, alias.text)
    changes.cursor.execute(_ALIAS, values)
