"""Writing down what a poll taught: the feed's new facts, new episodes, keys and updates."""

from __future__ import annotations

from collections import Counter
from itertools import compress, repeat

import msgspec
from sqlalchemy import bindparam, null, update

from podfetch_tui.catalog import bulks
from podfetch_tui.catalog.apply_moves import move, sight
from podfetch_tui.catalog.changes import Changes, FeedFacts
from podfetch_tui.catalog.intake import PENDING, Intake, intake
from podfetch_tui.catalog.late_extras import fetch_late, note_before
from podfetch_tui.catalog.note import encode_note
from podfetch_tui.catalog.path_keys import free_path
from podfetch_tui.catalog.schema import HELD, episode, episode_note, feed
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.catalog.turn import at_risk_turn, first_turn, first_turns
from podfetch_tui.catalog.types import fits
from podfetch_tui.model.episode import Alias, EpisodeState, EpisodeUpdate
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Rhythm
from podfetch_tui.model.writes import Polled, RecordPoll

_PAGE = Statement(lambda: update(feed).where(feed.c.id == bindparam("row")), ("page_url",))
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
_OTHER_BODY = Statement(
    lambda: (
        update(episode)
        .where(episode.c.id == bindparam("row"), episode.c.part != "")
        .values(durable=0, total=null(), etag=null(), last_modified=null())
    )
)
_NOTE = Statement(
    lambda: update(episode_note).where(episode_note.c.episode_id == bindparam("row")), ("note",)
)
_ALIAS = (
    "INSERT INTO episode_key (feed_id, key, episode_id, reason, text) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_DETAIL = (
    "UPDATE episode_note SET note = ?1 WHERE episode_id = ?2 AND note <> ?1"
    " AND ?3 = (SELECT feed_id FROM episode WHERE id = ?2)"
)
# The oldest in front; an attempt that was put off until later is not made sooner.
_AT_RISK = (
    "UPDATE episode SET rank = rank & 2, next_attempt_at = ?3 + leaving.key"
    " FROM json_each(?1) AS leaving WHERE episode.id = leaving.value AND episode.feed_id = ?2"
    " AND episode.state = 'pending' AND next_attempt_at <= ?4"
)
_KEYS = "SELECT key FROM episode_key WHERE feed_id = ? AND key IN "
_UNKNOWN = Rhythm()
_RETRIED = (EpisodeState.PENDING, EpisodeState.FAILED, EpisodeState.GONE)


def record_poll(changes: Changes, write: RecordPoll) -> Polled:
    """Write one poll down and say which episodes it made pending.

    Raises:
        Failure: ``STOPPED``: the feed is no longer known.
    """
    facts = changes.feed(write.feed_id)
    if write.sighting is not None:
        sight(changes, facts.id, write.sighting)
    if write.url and write.url != facts.url and move(changes, facts, write.url, at=write.at):
        return Polled(pending=(), folder=facts.folder)  # its items are the other feed's
    folder, key = _folder(changes, facts, write)
    rhythm = write.rhythm or _UNKNOWN
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
            write.rhythm is not None,
            rhythm.gap_ms,
            rhythm.ttl_s,
            rhythm.skip_hours,
            rhythm.skip_days,
        ),
    )
    if write.page_url is not None:
        _PAGE.run(changes.cursor, row=facts.id, page_url=write.page_url)
    if write.metadata:
        document = msgspec.json.encode(write.metadata).decode()
        changes.add(bulks.FEED_NOTES, (write.feed_id, document))
    if write.body is not None and write.body_sha256:
        raw = write.body
        changes.add(
            bulks.BODIES,
            (facts.id, write.at, write.body_sha256, raw.size, raw.content_type, raw.packed),
        )
    for changed in write.updates:
        item, number = changed.draft.item, changed.episode_id
        before = note_before(changes, number, item, write.extras)
        _update(changes, facts, changed, at=write.at)
        if before is not None:
            fetch_late(changes, number, before, item, write.extras, at=write.at)
    for detailed in write.details:
        item, number = detailed.draft.item, detailed.episode_id
        before = note_before(changes, number, item, write.extras)
        done = changes.cursor.execute(_DETAIL, (encode_note(item), number, facts.id))
        if done.rowcount and before is not None:
            fetch_late(changes, number, before, item, write.extras, at=write.at)
    if write.known_at_risk:
        ids = msgspec.json.encode(write.known_at_risk).decode()
        changes.cursor.execute(_AT_RISK, (ids, facts.id, at_risk_turn(write.at, 0), write.at))
    pending = _take_in(changes, facts, write) if write.new else ()
    for alias in write.aliases:
        _add_alias(changes, write.feed_id, alias)
    return Polled(pending=pending, folder=folder or facts.folder)


def _folder(changes: Changes, facts: FeedFacts, write: RecordPoll) -> tuple[str, bytes | None]:
    if not write.folder or facts.folder:
        return "", None
    folder, key = free_path(write.folder, seed=facts.id, taken=changes.taken_folders)
    changes.folder_keys.add(key)
    facts.folder = folder
    return folder, key


def _take_in(changes: Changes, facts: FeedFacts, write: RecordPoll) -> tuple[int, ...]:
    """Gather the rows of the new episodes; those whose every key is known are not new."""
    made = changes.intakes.get(id(write)) or intake(write)
    used = _used_keys(changes, facts, made)
    if used:
        made = intake(write, used)
    feed_id, first = facts.id, changes.ids.episode
    numbers = range(first, first + len(made.notes))
    changes.ids.episode = numbers.stop
    held = 0 if facts.state == "active" else HELD
    turns = first_turns(write.at, priority=facts.priority, published=made.published)
    if any(made.at_risk):
        _put_first(turns, made, write.at)
    waiting = [state == PENDING for state in made.states]
    episodes = zip(
        numbers,
        repeat(feed_id),
        *made.columns,
        repeat(write.at),
        made.states,
        [
            held + (late and not leaves)
            for late, leaves in zip(made.late, made.at_risk, strict=True)
        ],
        [turn if waits else None for turn, waits in zip(turns, waiting, strict=True)],
        made.reasons,
        strict=False,  # of one length, but for the endless
    )
    changes.extend(bulks.EPISODES, episodes)
    changes.extend(bulks.KEYS, [(feed_id, key, first + at, why) for key, at, why in made.keys])
    changes.extend(bulks.NOTES, zip(numbers, made.notes, strict=True))
    for state, count in Counter(made.states).items():
        changes.count(feed_id, EpisodeState(state), count, new=True)
    return tuple(compress(numbers, waiting))


def _put_first(turns: list[int], made: Intake, at: int) -> None:
    """Let the episodes at risk go first, the oldest in front."""
    leaving = [place for place, leaves in enumerate(made.at_risk) if leaves]
    leaving.sort(key=lambda place: (made.published[place] or 0, -place))
    for order, place in enumerate(leaving):
        turns[place] = at_risk_turn(at, order)


def _used_keys(changes: Changes, facts: FeedFacts, made: Intake) -> set[bytes]:
    if not facts.episodes:
        return set()
    keys = [key for key, _, _ in made.keys]
    found = bulks.select_in(changes.cursor, _KEYS, keys, first=(facts.id,))
    return {key for (key,) in found if isinstance(key, bytes)}


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
    elif enclosure.url != row.enclosure_url and row.state is EpisodeState.SKIPPED:
        _OTHER_BODY.run(changes.cursor, row=row.id)


def _add_alias(changes: Changes, feed_id: int, alias: Alias) -> None:
    values = (feed_id, alias.key, alias.episode_id, alias.reason, alias.text)
    changes.cursor.execute(_ALIAS, values)
