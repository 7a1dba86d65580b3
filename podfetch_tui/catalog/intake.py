"""The new episodes of a poll as columns of rows, made by the thread that hands the poll in.

One thread writes and all others wait for it, so whatever needs no look at the catalogue is done
before: notes are encoded and columns gathered. Which ids the rows get, and whether all of them
are new, only the writer knows (``apply_polls``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from podfetch_tui.catalog.note import encode_note
from podfetch_tui.catalog.statements import Value
from podfetch_tui.catalog.types import fits
from podfetch_tui.model.episode import Draft, EpisodeState
from podfetch_tui.model.writes import Finish, RecordPoll, Write

PENDING = EpisodeState.PENDING.value


class Intake(NamedTuple):
    """Columns of the new episodes of one poll, in their order."""

    columns: tuple[list[Value], ...]
    """From ``guid`` to ``enclosure_length``, as ``bulks.EPISODES`` has them."""
    published: list[int | None]
    states: list[str]
    late: list[bool]
    at_risk: list[bool]
    reasons: list[str]
    notes: list[str]
    keys: list[tuple[bytes, int, str]]
    """Digest, place of its episode, why; sorted, as the index of the table is."""


def intake(poll: RecordPoll, used: Collection[bytes] = ()) -> Intake:
    """Return the episodes of ``poll`` that have a key of their own.

    Args:
        poll: Its ``new`` may be empty.
        used: Keys that belong to known episodes.

    Raises:
        ValueError: Its columns differ in length, or a text cannot be encoded.
    """
    drafts: Sequence[Draft] = poll.new
    states = [state.value for state in poll.new_states] or [PENDING] * len(drafts)
    late = list(poll.late) or [poll.backlog] * len(drafts)
    at_risk = list(poll.at_risk) or [False] * len(drafts)
    reasons = list(poll.new_reasons) or [""] * len(drafts)
    if {len(states), len(late), len(at_risk), len(reasons)} != {len(drafts)}:
        raise ValueError("not one state, reason and age for each new episode")
    keys = [(key, at, why) for at, draft in enumerate(drafts) for key, why in draft.keys]
    seen = {key for key, _, _ in keys}
    all_have_keys = all(draft.keys for draft in drafts)
    if len(seen) < len(keys) or not all_have_keys or not seen.isdisjoint(used):
        chosen, keys = _own_keys(drafts, used)
        drafts = [drafts[at] for at in chosen]
        states = [states[at] for at in chosen]
        late = [late[at] for at in chosen]
        at_risk = [at_risk[at] for at in chosen]
        reasons = [reasons[at] for at in chosen]
    keys.sort()
    items = [draft.item for draft in drafts]
    enclosures = [draft.enclosure for draft in drafts]
    published = [fits(item.published) for item in items]
    columns: tuple[list[Any], ...] = (
        [item.guid for item in items],
        [item.title for item in items],
        published,
        [enclosure.url for enclosure in enclosures],
        [enclosure.media_type for enclosure in enclosures],
        [fits(enclosure.length) for enclosure in enclosures],
    )
    notes = [encode_note(item) for item in items]
    return Intake(columns, published, states, late, at_risk, reasons, notes, keys)


def _own_keys(
    drafts: Sequence[Draft], used: Collection[bytes]
) -> tuple[list[int], list[tuple[bytes, int, str]]]:
    """The drafts with keys nobody before them has, and those keys."""
    taken = set(used)
    chosen: list[int] = []
    keys: list[tuple[bytes, int, str]] = []
    for at, draft in enumerate(drafts):
        own = {key: why for key, why in draft.keys if key not in taken}
        if own:
            keys += [(key, len(chosen), why) for key, why in own.items()]
            chosen.append(at)
            taken.update(own)
    return chosen, keys


def intakes_of(write: Write) -> Mapping[int, Intake]:
    """Return those of all polls in ``write``, by ``id()`` of the poll."""
    parts: Iterable[object] = write.writes if isinstance(write, Finish) else (write,)
    return {id(part): intake(part) for part in parts if isinstance(part, RecordPoll) and part.new}
