"""What holds for identity whatever a feed does from poll to poll."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from support.memory_feed import MemoryFeed, document, item

from podfetch_tui.feeds.identity import drafts, identify, normalise_enclosure
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.episode import Draft, Identified

DAY = 86_400_000
calm = settings(deadline=None)

urls = st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://a.example/", "http://a.example/", "https://pdst.fm/e/a.example/"]),
    st.sampled_from(["1.mp3", "2.mp3", "3.mp3", "4.mp3", "latest.mp3"]),
    st.sampled_from(["", "?token=1", "?id=1", "#t=1"]),
)
items = st.builds(
    lambda guid, found, title, at, link, length: item(
        guid, *found, title=title, published=at, link=link, length=length
    ),
    st.sampled_from(["", "1", "2", "3", "4"]),
    st.lists(urls, max_size=2),
    st.sampled_from(["", "one", "two", "Three", "three "]),
    st.sampled_from([None, DAY, DAY + 61_000, DAY + 60_000, 2 * DAY + 1, 40 * DAY + 5]),
    st.sampled_from(["", "https://x/1", "https://x/2"]),
    st.sampled_from([None, 5, 6]),
)
documents = st.lists(items, max_size=7).map(lambda found: document(*found))
histories = st.lists(documents, min_size=1, max_size=5)


def played(history: list[FeedDocument]) -> MemoryFeed:
    feed = MemoryFeed()
    for poll in history:
        feed.poll(poll)
    return feed


@calm
@given(histories)
def test_the_same_document_again_changes_nothing(history: list[FeedDocument]) -> None:
    feed = played(history)
    again = feed.poll(history[-1])
    assert (again.new, again.updates, again.aliases) == ((), (), ())
    assert again.known == len(drafts(history[-1]))


@calm
@given(histories)
def test_no_episode_is_given_to_two_drafts(history: list[FeedDocument]) -> None:
    feed = played(history[:-1])
    found = identify(history[-1], feed.known())
    updated = [update.episode_id for update in found.updates]
    assert len(set(updated)) == len(updated)
    keys = [alias.key for alias in found.aliases] + [
        key for draft in found.new for key, _ in draft.keys if key not in feed.keys
    ]
    assert len(set(keys)) == len(keys)
    assert not set(feed.keys) & {alias.key for alias in found.aliases}


@calm
@given(histories)
def test_every_enclosure_that_was_ever_listed_is_still_known(history: list[FeedDocument]) -> None:
    """Nothing is lost: each (GUID, enclosure) has a row or an alias."""
    feed = played(history)
    for poll in history:
        assert all(draft.keys[0][0] in feed.keys for draft in drafts(poll))
        assert sum(len(one.enclosures) for one in poll.items) >= len(drafts(poll))


@calm
@given(documents)
def test_each_enclosure_of_a_document_belongs_to_a_draft(poll: FeedDocument) -> None:
    found = {(draft.item.guid, normalise_enclosure(draft.enclosure.url)) for draft in drafts(poll)}
    copies = any(reason == "copy" for draft in drafts(poll) for _, reason in draft.keys)
    listed = {
        (one.guid, normalise_enclosure(enclosure.url))
        for one in poll.items
        for enclosure in one.enclosures
    }
    assert found == listed or copies


@calm
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(
    history: list[FeedDocument], rng: random.Random
) -> None:
    feed = played(history[:-1])
    last = list(history[-1].items)
    one = identify(document(*last), feed.known())
    rng.shuffle(last)
    other = identify(document(*last), feed.known())
    assert comparable(one) == comparable(other)


def comparable(found: Identified) -> tuple[object, ...]:
    def name(draft: Draft) -> tuple[bytes, str, str, int | None]:
        return draft.keys[0][0], draft.enclosure.url, draft.item.title, draft.item.published

    return (
        {(name(draft), frozenset(draft.keys)) for draft in found.new},
        {(update.episode_id, name(update.draft)) for update in found.updates},
        {(alias.episode_id, alias.key, alias.reason, alias.text) for alias in found.aliases},
        found.known,
        found.replaced,
    )


@given(st.lists(st.sampled_from(range(30)), unique=True, min_size=1), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_a_rolling_window_fetches_each_episode_once(order: list[int], extra: int) -> None:
    """Whatever window a host shows, and under whatever URL, the GUID decides."""
    feed = MemoryFeed()
    for poll, newest in enumerate(order):
        window = range(max(0, newest - extra), newest + 1)
        feed.poll(document(*(item(f"g{n}", f"https://h{poll}/{n}.mp3") for n in window)))
    guids = [episode.guid for episode in feed.episodes.values()]
    assert len(set(guids)) == len(guids)


@calm
@given(urls)
def test_the_comparable_form_is_stable(url: str) -> None:
    once = normalise_enclosure(url)
    assert normalise_enclosure(once) == once


@calm
@given(st.text(max_size=60))
def test_no_text_breaks_the_comparable_form(url: str) -> None:
    normalise_enclosure(url)
    normalise_enclosure(f"https://pdst.fm/e/{url}")
