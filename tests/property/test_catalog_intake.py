"""What is made ready of a poll before the writer sees it: each key once, no episode without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.catalog.intake import intake, intakes_of
from podfetch_tui.catalog.turn import first_turn, first_turns
from podfetch_tui.model.document import Enclosure, Item
from podfetch_tui.model.episode import Draft, EpisodeState
from podfetch_tui.model.writes import Finish, RecordPoll

KEYS = st.sampled_from([bytes([number]) * 16 for number in range(8)])
DRAFTS = st.lists(st.lists(KEYS, max_size=4), max_size=6)
MOMENTS = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)


def poll(keys: list[list[bytes]]) -> RecordPoll:
    drafts = tuple(
        Draft(
            item=Item(guid=f"g{number}", title=f"t{number}", published=number),
            enclosure=Enclosure(f"https://cdn.example/{number}.mp3", "audio/mpeg", 10 + number),
            keys=tuple((key, "guid") for key in own),
        )
        for number, own in enumerate(keys)
    )
    return RecordPoll(feed_id=1, at=1000, new=drafts)


@given(DRAFTS, st.sets(KEYS))
def test_every_key_goes_to_the_first_that_has_it(
    listed: list[list[bytes]], used: set[bytes]
) -> None:
    taken = set(used)
    expected: list[tuple[str, set[bytes]]] = []
    for number, keys in enumerate(listed):
        own = set(keys) - taken
        if own:
            expected.append((f"g{number}", own))
            taken |= own
    made = intake(poll(listed), used)
    found = [
        (guid, {key for key, at, _ in made.keys if at == place})
        for place, guid in enumerate(made.columns[0])
    ]
    assert found == expected
    assert made.keys == sorted(made.keys)
    lengths = {*map(len, made.columns), len(made.published), len(made.notes), len(made.states)}
    assert lengths == {len(expected)}


@given(st.integers(0, 2**50), st.integers(-200, 200), st.lists(MOMENTS))
def test_turns_of_many_are_those_of_each(
    at: int, priority: int, published: list[int | None]
) -> None:
    turns = first_turns(at, priority=priority, published=published)
    assert turns == [first_turn(at, priority=priority, published=one) for one in published]
    assert all(turn < at for turn in turns)


def test_polls_within_the_end_of_a_job_are_made_ready_too() -> None:
    one = poll([[b"k" * 16]])
    assert intakes_of(Finish(outcome=None, writes=(one,))).keys() == {id(one)}
    assert intakes_of(one).keys() == {id(one)}


def test_states_that_are_not_one_for_each_episode_are_refused() -> None:
    one = poll([[b"a" * 16], [b"b" * 16]])
    short = RecordPoll(feed_id=1, at=1, new=one.new, new_states=(EpisodeState.SKIPPED,))
    with pytest.raises(ValueError, match="one state"):
        intake(short)
