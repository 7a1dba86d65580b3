"""A feed's move is believed after several polls in a row and a day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.feed import Sighting
from podfetch_tui.policy.moves import LEAST_MS, SIGHTINGS, is_ripe, sighted

URL = "https://new.example/feed"
DAY = 24 * 3_600_000


def after(*answers: tuple[str, int]) -> Sighting:
    """What is known after answers that named a URL, each so many milliseconds into the story."""
    found = Sighting()
    for url, at in answers:
        found = sighted(found, url, "redirect", at)
    return found


def test_three_polls_over_a_day_are_believed() -> None:
    assert is_ripe(after((URL, 0), (URL, 1), (URL, DAY)), DAY)


def test_two_polls_are_not_nor_many_in_an_hour() -> None:
    assert not is_ripe(after((URL, 0), (URL, 2 * DAY)), 2 * DAY)
    assert not is_ripe(after(*((URL, minute * 60_000) for minute in range(60))), DAY - 1)


def test_an_answer_without_a_redirect_begins_anew() -> None:
    assert after((URL, 0), (URL, 1), ("", 2)) == Sighting()
    assert not is_ripe(after((URL, 0), (URL, 1), ("", 2), (URL, DAY)), DAY)


def test_another_place_and_another_way_begin_anew() -> None:
    other = "https://other.example/feed"
    assert after((URL, 0), (other, 1)) == Sighting(other, "redirect", 1, 1)
    assert sighted(after((URL, 0)), URL, "document", 1) == Sighting(URL, "document", 1, 1)


@given(st.lists(st.tuples(st.sampled_from(["", URL, "x"]), st.integers(0, 10**6)), max_size=30))
def test_what_is_ripe_was_named_in_a_row_for_a_day(steps: list[tuple[str, int]]) -> None:
    known, now = Sighting(), 0
    run: list[int] = []
    for url, minutes in steps:
        now += minutes * 60_000
        run = [*run, now] if url and run and url == known.url else [now] if url else []
        known = sighted(known, url, "redirect", now)
        expected = len(run) >= SIGHTINGS and now - run[0] >= LEAST_MS
        assert is_ripe(known, now) == expected
        assert known.seen <= SIGHTINGS
