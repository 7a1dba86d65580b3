"""Which items are which episodes, rule by rule (DESIGN: section 7)."""

from __future__ import annotations

import pytest
from support.memory_feed import MemoryFeed, document, item

from podfetch_tui.feeds.identity import drafts, identify
from podfetch_tui.model.document import Item
from podfetch_tui.model.episode import Identified, KnownFeed

HOUR = 3_600_000
DAY = 24 * HOUR
AT = 1_704_088_800_000
A, B, C = (f"https://cdn.example.org/{name}.mp3" for name in "abc")


def titles(found: Identified) -> list[str]:
    return [draft.item.title for draft in found.new]


def after(*items: Item) -> MemoryFeed:
    feed = MemoryFeed()
    feed.poll(document(*items))
    return feed


def reasons(found: Identified) -> list[str]:
    return [alias.reason for alias in found.aliases]


def test_everything_is_new_at_the_first_poll() -> None:
    found = identify(document(item("1", A), item("2", B), item("3")), KnownFeed({}, {}))
    assert [draft.item.guid for draft in found.new] == ["1", "2"]
    assert (found.known, found.without_enclosure) == (0, 1)


def test_an_unchanged_document_changes_nothing() -> None:
    items = (item("1", A, title="one", published=AT), item("", B, title="two", published=AT))
    feed = after(*items)
    found = feed.poll(document(*items))
    assert (found.new, found.updates, found.aliases, found.known) == ((), (), (), 2)


def test_the_oldest_items_are_known_by_date_and_else_by_place() -> None:
    feed = after(item("1", A, published=AT), item("2", B))
    found = feed.poll(
        document(item("4", C), item("2", B), item("3", A + "3", published=AT), item("1", A))
    )
    oldest = [(one.draft.item.guid, one.episode_id is not None) for one in found.oldest]
    assert oldest == [("1", True), ("2", True)]
    assert found.gone == 0
    assert feed.poll(document(item("4", C))).gone == 3


def test_the_same_guid_with_another_url_is_the_same_episode() -> None:
    feed = after(item("1", A, title="one", published=AT))
    found = feed.poll(document(item("1", B, title="edited", published=AT + DAY)))
    assert (found.new, len(found.updates), reasons(found)) == ((), 1, ["guid", "guid"])
    assert feed.episodes[1].enclosure_url == B
    assert {alias.text for alias in found.aliases} == {f"1 {B}", B}


def test_a_tracking_prefix_that_comes_and_goes_adds_no_key() -> None:
    feed = after(item("1", A))
    found = feed.poll(document(item("1", f"https://pdst.fm/e/{A[8:]}?updated=7")))
    assert (found.new, len(found.updates), found.aliases) == ((), 1, ())


def test_one_guid_with_two_enclosures_in_one_document_is_two_episodes() -> None:
    feed = after(item("1", A, title="one"), item("1", B, title="two"))
    assert len(feed.episodes) == 2
    found = feed.poll(document(item("1", B, title="two"), item("1", A, title="one")))
    assert (found.new, found.updates, found.aliases) == ((), (), ())


def test_a_second_enclosure_under_a_known_guid_is_a_second_episode() -> None:
    feed = after(item("1", A, title="one"))
    found = feed.poll(document(item("1", A, title="one"), item("1", B, title="two")))
    assert titles(found) == ["two"]
    found = feed.poll(document(item("1", B, title="two")))
    assert (found.new, found.updates) == ((), ())


def test_shared_guids_are_told_apart_by_their_titles_when_urls_change() -> None:
    feed = after(item("1", A, title="one"), item("1", B, title="two"))
    found = feed.poll(document(item("1", C, title="two"), item("1", A + "?id=9", title="one")))
    assert found.new == ()
    assert feed.episodes[2].enclosure_url == C


def test_a_shared_guid_with_unknown_url_and_title_is_new() -> None:
    feed = after(item("1", A, title="one"), item("1", B, title="two"))
    found = feed.poll(document(item("1", A, title="one"), item("1", C, title="three")))
    assert titles(found) == ["three"]


def test_a_guid_that_was_shared_once_finds_its_episode_by_title() -> None:
    feed = after(item("1", A, title="one"), item("1", B, title="two"))
    found = feed.poll(document(item("1", C, title="two")))
    assert (found.new, [u.episode_id for u in found.updates]) == ((), [2])


def test_two_guids_with_one_url_in_one_document_are_two_episodes() -> None:
    """A placeholder must not swallow episodes."""
    placeholder = "https://cdn.example.org/soon.mp3"
    items = (
        item("1", placeholder, title="one", published=AT),
        item("2", placeholder, title="two", published=AT + DAY),
    )
    feed = after(*items)
    assert len(feed.episodes) == 2
    third = item("3", placeholder, title="three", published=AT + 2 * DAY)
    assert titles(feed.poll(document(*items, third))) == ["three"]


def test_a_new_guid_with_a_known_url_is_the_same_episode() -> None:
    feed = after(item("1", A, title="one", published=AT))
    found = feed.poll(document(item("2", A, title="one", published=AT + HOUR)))
    assert (found.new, reasons(found)) == ((), ["enclosure", "enclosure"])
    assert feed.poll(document(item("2", B, title="x", published=AT + DAY))).new == ()


def test_a_url_that_is_used_again_for_another_story_does_not_swallow_it() -> None:
    latest = "https://cdn.example.org/latest.mp3"
    feed = MemoryFeed()
    for day in range(5):
        at = AT + day * DAY
        found = feed.poll(document(item(f"{day}", latest, title=f"day {day}", published=at)))
        assert titles(found) == [f"day {day}"]


def test_a_url_that_is_used_again_without_titles_does_not_swallow_either() -> None:
    feed = MemoryFeed()
    for day in range(5):
        found = feed.poll(document(item(f"{day}", A, published=AT + day * DAY)))
        assert len(found.new) == 1


def test_where_nothing_but_the_url_is_known_the_url_decides() -> None:
    feed = after(item("1", A))
    assert feed.poll(document(item("2", A))).new == ()


def test_a_url_that_is_used_again_without_any_guid_does_not_swallow_either() -> None:
    latest = "https://cdn.example.org/latest.mp3"
    feed = MemoryFeed()
    for day in range(5):
        story = document(item("", latest, title=f"day {day}", published=AT + day * DAY))
        assert titles(feed.poll(story)) == [f"day {day}"]
        assert feed.poll(story).new == ()


def test_a_feed_that_begins_to_give_guids_fetches_nothing_again() -> None:
    feed = after(item("", A, title="one", published=AT), item("", B, title="two", published=AT))
    found = feed.poll(
        document(item("x1", A, title="one", published=AT), item("x2", B, title="two", published=AT))
    )
    assert found.new == ()
    assert feed.poll(document(item("x1", C, title="1", published=None))).new == ()


def test_without_a_guid_link_title_and_date_make_the_name() -> None:
    feed = after(item("", A, title="one", link="https://x/1", published=AT))
    moved = item("", B, title="one", link="https://x/1", published=AT)
    assert feed.poll(document(moved)).new == ()


def test_without_guid_and_date_the_title_alone_is_no_name() -> None:
    feed = after(item("", A, title="Nachrichten", link="https://x"))
    found = feed.poll(document(item("", B, title="Nachrichten", link="https://x")))
    assert titles(found) == ["Nachrichten"]


def test_the_same_link_for_all_items_is_no_name() -> None:
    feed = after(*(item("", f"{A}?id={n}", title=f"{n}", link="https://x") for n in range(9)))
    assert len(feed.episodes) == 9


def test_the_title_alone_is_never_enough() -> None:
    """Hourly news: same title, new GUID, new URL, later moment."""
    feed = MemoryFeed()
    for hour in range(6):
        bulletin = item(
            f"{hour}", f"{A}?id={hour}", title="Nachrichten", published=AT + hour * HOUR
        )
        assert len(feed.poll(document(bulletin)).new) == 1


def test_a_new_guid_and_url_with_title_and_moment_of_a_vanished_item_is_no_download() -> None:
    old = item("0", C, title="other", published=AT - DAY)
    feed = after(old, item("1", A, title="one", published=AT))
    found = feed.poll(document(old, item("2", B, title="One ", published=AT)))
    assert (found.new, set(reasons(found))) == ((), {"republished"})


def test_title_and_moment_of_an_item_that_is_still_there_are_another_episode() -> None:
    first = item("1", A, title="one", published=AT)
    feed = after(first)
    found = feed.poll(document(first, item("2", B, title="one", published=AT)))
    assert len(found.new) == 1


def test_a_day_without_a_time_is_no_moment() -> None:
    """Two bulletins of one day, dated by the day alone, in a feed of one item."""
    midnight = AT - AT % DAY
    feed = after(item("1", A, title="Nachrichten", published=midnight))
    found = feed.poll(document(item("2", B, title="Nachrichten", published=midnight)))
    assert len(found.new) == 1


def test_an_item_put_back_deep_in_the_catalogue_is_no_download() -> None:
    """critical-role, April 2022: C2E55 got a new GUID, URL and a date one hour earlier."""
    newest = item("9", C, title="newest", published=AT + 100 * DAY)
    feed = after(newest, item("1", A, title="C2E55", published=AT))
    found = feed.poll(document(newest, item("2", B, title="C2E55", published=AT - HOUR)))
    assert found.new == ()


def test_an_item_put_back_among_the_newest_is_another_episode() -> None:
    other = item("9", C, title="Wetter", published=AT + 2 * HOUR)
    feed = after(other, item("1", A, title="Nachrichten", published=AT))
    found = feed.poll(document(other, item("2", B, title="Nachrichten", published=AT + HOUR)))
    assert len(found.new) == 1


def show(
    prefix: str, count: int, *, url: str = "https://old.example.org/", start: int = 0
) -> list[Item]:
    return [
        item(f"{prefix}{n}", f"{url}{n}.mp3", title=f"Episode {n}", published=AT + n * DAY + 61_001)
        for n in range(start, start + count)
    ]


def test_a_move_to_another_host_downloads_nothing() -> None:
    feed = after(*show("libsyn-", 40))
    moved = show("megaphone-", 40, url="https://new.example.org/x")
    edited = item(
        "m-7", "https://new.example.org/e7", title="Edited", published=AT + 7 * DAY + 61_001
    )
    seconds_lost = item(
        "m-8", "https://new.example.org/e8", title="Episode 8", published=AT + 8 * DAY + 60_000
    )
    moved[7], moved[8] = edited, seconds_lost
    found = feed.poll(document(*moved, *show("new-", 1, start=99)))
    assert titles(found) == ["Episode 99"]
    assert set(reasons(found)) == {"migration"}
    assert len(found.updates) == 40
    again = feed.poll(document(*moved))
    assert (again.new, again.updates, again.aliases) == ((), (), ())
    assert feed.poll(document(*show("libsyn-", 40))).new == ()


def test_a_feed_exchanged_as_a_whole_is_held() -> None:
    feed = after(*show("a-", 25))
    strangers = [
        item(f"s{n}", f"https://s/{n}", title=f"Strange {n}", published=AT) for n in range(21)
    ]
    found = feed.poll(document(*strangers))
    assert found == Identified(replaced=True)
    assert len(feed.episodes) == 25


@pytest.mark.parametrize("common", ["guid", "title", "enclosure"])
def test_one_thing_in_common_makes_it_the_same_feed(common: str) -> None:
    feed = after(*show("a-", 25))
    strangers = [
        item(f"s{n}", f"https://s/{n}", title=f"Strange {n}", published=AT) for n in range(21)
    ]
    strangers[3] = {
        "guid": item("a-3", "https://s/3", title="Strange"),
        "title": item("s3", "https://s/3", title="EPISODE 3"),
        "enclosure": item("s3", "https://old.example.org/3.mp3", title="Strange"),
    }[common]
    assert not feed.poll(document(*strangers)).replaced


def test_a_short_feed_may_exchange_all_its_items() -> None:
    feed = after(*show("a-", 20))
    found = feed.poll(document(*show("b-", 20, url="https://x/", start=1000)))
    assert (found.replaced, len(found.new)) == (False, 20)


def test_sound_and_pictures_of_one_item_move_together() -> None:
    def both(guid: str, host: str) -> Item:
        urls = (f"https://{host}/1.mp3", f"https://{host}/1.mp4?x=1")
        return item(guid, *urls, title="one", published=AT + 1000)

    feed = after(both("1", "a.example.org"))
    assert len(feed.episodes) == 2
    found = feed.poll(document(both("1", "b.example.org")))
    assert (found.new, len(found.updates)) == ((), 2)
    found = feed.poll(document(both("2", "c.example.org")))
    assert (found.new, len(found.updates)) == ((), 2)
    assert [one.enclosure_url for one in feed.episodes.values()] == [
        "https://c.example.org/1.mp3",
        "https://c.example.org/1.mp4?x=1",
    ]


def test_items_of_one_guid_and_title_are_never_guessed_at() -> None:
    """One GUID and title for all bulletins: each new URL is a new one."""
    feed = MemoryFeed()
    for turn in range(4):
        urls = [f"https://cdn.example.org/{turn}-{number}.mp3" for number in range(3)]
        found = feed.poll(document(*(item("1", url, title="Nachrichten") for url in urls)))
        assert len(found.new) == 3


@pytest.mark.timeout(60)
def test_ten_thousand_items_of_one_guid_and_title_cost_no_square_of_time() -> None:
    feed = MemoryFeed()
    for turn in range(2):
        urls = [f"https://cdn.example.org/{turn}-{number}.mp3" for number in range(10_000)]
        feed.poll(document(*(item("1", url, title="x", published=AT) for url in urls)))
    assert len(feed.episodes) == 20_000


def test_guid_and_url_together_tell_apart_what_neither_does_alone() -> None:
    items = [item(guid, A, B, title=f"one {guid}") for guid in ("1", "2")]
    feed = after(*items)
    assert len(feed.episodes) == 4
    found = feed.poll(document(*(item(guid, A, B, title=f"edited {guid}") for guid in ("1", "2"))))
    assert (found.new, len(found.updates)) == ((), 4)
    assert [one.title for one in feed.episodes.values()] == ["edited 1"] * 2 + ["edited 2"] * 2


def test_a_few_moved_items_are_no_migration() -> None:
    """Without one, a moment alone proves nothing."""
    feed = after(*show("a-", 10))
    moved = show("b-", 10, url="https://new.example.org/")
    unmoved = show("a-", 10)[3:9]
    stranger = item("s", "https://s/1", title="Stranger", published=moved[9].published)
    found = feed.poll(document(*moved[:3], *unmoved, stranger))
    assert (titles(found), set(reasons(found))) == (["Stranger"], {"republished"})


def test_a_double_of_a_known_episode_is_known() -> None:
    midnight = AT - AT % DAY
    double = [
        item(guid, url, title="one", published=midnight, length=7)
        for guid, url in (("2", A), ("1", B))
    ]
    feed = after(double[0])
    found = feed.poll(document(*double))
    assert (found.new, {alias.text for alias in found.aliases}) == ((), {"1", B, f"1 {B}"})


def test_an_item_put_back_under_a_wholly_different_date_is_another_episode() -> None:
    newest = item("9", C, title="newest", published=AT + 100 * DAY)
    feed = after(newest, item("1", A, title="C2E55", published=AT))
    found = feed.poll(document(newest, item("2", B, title="C2E55", published=AT - 2 * DAY)))
    assert len(found.new) == 1


def test_a_url_that_two_items_share_is_the_key_of_neither() -> None:
    one, two = drafts(document(item("1", A), item("2", A)))
    assert [kind for _, kind in one.keys] == [kind for _, kind in two.keys]
    assert "enclosure" not in dict(one.keys).values()


def test_of_repetitions_the_newest_counts_in_any_order() -> None:
    old, new = (item("1", A, title=title, published=AT + n) for n, title in enumerate("ab"))
    for items in ((old, new), (new, old)):
        assert drafts(document(*items))[0].item == new


def test_a_long_feed_that_shrinks_to_a_few_strangers_is_not_held() -> None:
    feed = after(*show("a-", 25))
    found = feed.poll(document(*show("b-", 5, url="https://x/", start=1000)))
    assert (found.replaced, len(found.new)) == (False, 5)


def test_exact_repetitions_are_one_draft() -> None:
    assert len(drafts(document(item("1", A), item("1", A + "#x"), item("1", A)))) == 1
    assert len(drafts(document(item("", A, title="x"), item("", A, title="x")))) == 1
    assert len(drafts(document(item("", A, title="x"), item("", A, title="y")))) == 2
    assert len(drafts(document(item("1", A, B)))) == 2


def test_a_publishers_double_is_one_draft_with_the_keys_of_both() -> None:
    """critical-role, March 2022: C3E16 was listed twice for a day."""
    double = [
        item(guid, url, title="C3E16", published=AT, length=234_344_638)
        for guid, url in (("fb", A), ("9f", B))
    ]
    (draft,) = drafts(document(*double))
    assert draft.item.guid == "9f"
    assert [reason for _, reason in draft.keys][-3:] == ["copy"] * 3
    feed = after(*double)
    for one in double:
        found = feed.poll(document(one))
        assert (found.new, found.aliases) == ((), ())


@pytest.mark.parametrize(
    "other",
    [
        item("2", B, title="x", published=AT, length=7),
        item("2", B, title="one", published=AT + 1000, length=7),
        item("2", B, title="one", published=AT, length=8),
        item("2", A, title="one", published=AT, length=7),
        item("1", B, title="one", published=AT, length=7),
        item("", B, title="one", published=AT, length=7),
    ],
)
def test_what_differs_in_more_than_guid_and_url_is_no_double(other: Item) -> None:
    assert len(drafts(document(item("1", A, title="one", published=AT, length=7), other))) == 2


def test_doubles_without_a_length_stay_two() -> None:
    items = [item(g, u, title="one", published=AT) for g, u in (("1", A), ("2", B))]
    assert len(drafts(document(*items))) == 2


def test_an_old_item_listed_again_beside_its_successor_is_not_fetched_again() -> None:
    other = item("9", C, title="other", published=AT + DAY)
    old, new = (
        item("1", A, title="one", published=AT),
        item("2", B, title="one", published=AT),
    )
    feed = after(other, old)
    feed.poll(document(other, new))
    for _ in range(3):
        found = feed.poll(document(other, old, new))
        assert (found.new, found.known) == ((), 3)
    assert len(feed.episodes) == 2


def test_what_a_document_leaves_out_is_no_news() -> None:
    feed = after(item("1", A, title="one", published=AT))
    assert feed.poll(document(item("1", A))).updates == ()


def test_a_feed_with_new_urls_at_every_poll_does_not_gather_keys_without_end() -> None:
    feed = MemoryFeed()
    for poll in range(200):
        feed.poll(document(item("1", f"https://x/{poll}/a.mp3", title="one", published=AT)))
    assert len(feed.episodes) == 1
    assert len(feed.keys) <= 64


def test_keys_are_frozen() -> None:
    """Catalogues hold them for ever: if this fails, archives fetch episodes anew."""
    (draft,) = drafts(document(item("guid-1", "https://Example.org:443/a.mp3?token=1#x")))
    assert [(key.hex(), kind) for key, kind in draft.keys] == [
        ("9f63e159414cd9ef11eff3ab2539e0be", "guid+enclosure"),
        ("f7c463565030023c966e5d5e9583e756", "guid"),
        ("faa01af557c6f9fb6da85428fcd55266", "enclosure"),
    ]
    (draft,) = drafts(document(item("", A, title="t", link="https://x/", published=AT)))
    assert [(key.hex(), kind) for key, kind in draft.keys] == [
        ("a5ecefd885825f924214b13ab494e779", "guid+enclosure"),
        ("5b43089ad0c4c372ac1a1db52f06a2d5", "link"),
        ("3deb8ed467f2adadf0f3c4c2f1ee185e", "enclosure"),
    ]
