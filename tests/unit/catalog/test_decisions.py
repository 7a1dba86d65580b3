"""What operators decide: audited, counted, and only where it fits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cataloguing import AT, Bench, archive, bench, draft, outcome, poll, recount

from podfetch_tui.catalog import pages, totals
from podfetch_tui.catalog.erasures import episode_states, erasures, owner_of
from podfetch_tui.catalog.quarantine import feed_marks
from podfetch_tui.model.decisions import (
    Decided,
    DecideEpisodes,
    DecideFeeds,
    EpisodeDecision,
    FeedDecision,
    ForgetErasures,
)
from podfetch_tui.model.derivatives import Derive
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.outcome import JobKind
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import ChangeFeed, Claim, EpisodeEnd, Finish
from podfetch_tui.policy.decisions import episode_refusal, feed_refusal


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        yield made
    assert recount(tmp_path / "catalog.db") == []


@pytest.fixture
def three(books: Bench) -> tuple[int, ...]:
    (feed_id,) = books.add_feeds("https://a.example/")
    return books.add_episodes(feed_id, draft("1"), draft("2"), draft("3"))


def decide(books: Bench, decision: EpisodeDecision, *ids: int, **more: Any) -> Decided:
    receipt = books.do(DecideEpisodes(episode_ids=ids, decision=decision, at=AT, **more))
    assert isinstance(receipt, Decided)
    return receipt


def decide_feeds(books: Bench, decision: FeedDecision, *ids: int, **more: Any) -> Decided:
    receipt = books.do(DecideFeeds(feed_ids=ids, decision=decision, at=AT, **more))
    assert isinstance(receipt, Decided)
    return receipt


def actions(books: Bench) -> list[dict[str, Any]]:
    rows = books.rows("SELECT action, feed_id, episode_id, actor, detail, was FROM operator_action")
    names = ("action", "feed_id", "episode_id", "actor", "detail", "was")
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**row, "was": json.loads(row["was"])} for row in made]


def test_a_paused_feed_holds_its_episodes_and_a_resumed_one_lets_them_go(
    books: Bench, three: tuple[int, ...]
) -> None:
    assert decide_feeds(books, FeedDecision.PAUSE, 1, reason="too much").done == (1,)
    (row,) = pages.rows(books.catalog, PageRequest(kind="feeds"))
    assert (row["state"], row["state_reason"]) == ("paused", "by operator: too much")
    assert books.rows("SELECT DISTINCT rank FROM episode") == [(2,)]
    again = decide_feeds(books, FeedDecision.PAUSE, 1, 99)
    assert again == Decided((), ((1, "is paused already"), (99, "is not known")))
    assert decide_feeds(books, FeedDecision.RESUME, 1).done == (1,)
    assert books.rows("SELECT DISTINCT rank FROM episode") == [(0,)]
    first, second = actions(books)
    assert (first["action"], first["feed_id"], first["detail"]) == ("pause_feed", 1, "too much")
    assert first["was"]["state"] == "active"
    assert second["was"]["state_reason"] == "by operator: too much"


def test_a_feed_that_was_merged_is_not_resumed_beside_its_heir(books: Bench) -> None:
    books.add_feeds("https://a.example/", "https://b.example/")
    books.do(ChangeFeed(feed_id=2, state=FeedState.GONE, at=AT))
    marks = feed_marks(books.catalog, (2, 99, 1))
    assert [(m.id, m.state) for m in marks] == [(2, FeedState.GONE), (1, FeedState.ACTIVE)]
    assert "feed 1" in feed_refusal(FeedDecision.RESUME, FeedState.GONE, 1)
    assert decide_feeds(books, FeedDecision.RESUME, 2).done == (2,)


def test_every_decision_leads_out_of_every_state_or_says_why_not() -> None:
    for feed_decision in FeedDecision:
        fitting = [state for state in FeedState if not feed_refusal(feed_decision, state)]
        assert fitting
        assert (feed_decision.state in fitting) is (feed_decision is FeedDecision.SNOOZE)
    for decision in EpisodeDecision:
        for state in EpisodeState:
            why = episode_refusal(decision, state)
            assert not why or why.startswith(("is ", "was "))
    assert not episode_refusal(EpisodeDecision.RETRY, EpisodeState.DELETED, undelete=True)
    assert not episode_refusal(EpisodeDecision.SKIP, EpisodeState.SKIPPED, lets_part_go=True)
    assert episode_refusal(EpisodeDecision.SKIP, EpisodeState.DELETED, lets_part_go=True)


def test_a_skipped_episode_waits_for_nothing_until_it_is_retried(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, third = three
    books.claim(second, part="p2")
    books.claim(third, part="p3")
    books.seal(third)
    decided = decide(books, EpisodeDecision.SKIP, *three, reason="backlog too old")
    assert decided.done == (first, second)
    assert decided.refused == ((third, "is being stored: try again when it is archived"),)
    row = books.row("episode", second)
    assert (row["state"], row["part"], row["path"], row["next_attempt_at"]) == (
        "skipped",
        "",
        "",
        None,
    )
    # A wider backlog takes back what the backlog skipped, never what an operator did.
    assert row["error"] == "by operator: backlog too old"
    assert decide(books, EpisodeDecision.RETRY, first).done == (first,)
    assert books.state(first) == "pending"
    assert [row["action"] for row in actions(books)] == ["skip_episode"] * 2 + ["retry_episode"]
    assert actions(books)[2]["was"]["state"] == "skipped"


def test_an_episode_that_changed_since_it_was_seen_is_refused_with_its_new_state(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, third = three
    books.claim(second, part="p2")
    decided = decide(books, EpisodeDecision.SKIP, *three, seen=("pending", "pending", ""))
    assert decided.done == (first, third)
    assert decided.refused == ((second, "changed meanwhile: it is claimed"),)


def test_a_deletion_is_a_tombstone_with_its_files_named_for_removal(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, *_ = three
    path = books.archive(first, "Show/one.mp3")
    books.do(Derive(episode_id=first, kind="sidecar", path="Show/one.mp3.json", size=3))
    decided = decide(books, EpisodeDecision.DELETE, first, reason="wrong show", actor="screen")
    assert decided.done == (first,)
    assert list(erasures(books.catalog)) == [path, "Show/one.mp3.json"]
    assert books.one("SELECT count(*) FROM derivative") == 0
    assert totals.counts(books.catalog)["media"] == {"files": 0, "bytes": 0}
    assert books.row("feed", 1)["bytes"] == 0
    (row,) = pages.rows(books.catalog, PageRequest(kind="episodes", filter="state:deleted"))
    assert (row["path"], row["error"]) == (None, "by operator: wrong show")
    assert row["sha256"] == hashlib.sha256(b"sound").hexdigest(), "what was deleted is known"
    (action,) = actions(books)
    assert (action["actor"], action["detail"]) == ("screen", "wrong show")
    assert (action["was"]["state"], action["was"]["path"]) == ("archived", path)
    books.do(ForgetErasures(paths=(path, "Show/one.mp3.json")))
    assert list(erasures(books.catalog)) == []


def test_what_is_deleted_is_not_fetched_again_unless_it_is_undeleted(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, *_ = three
    decide(books, EpisodeDecision.DELETE, first)
    assert not books.do(poll(1, draft("1"))).pending
    assert decide(books, EpisodeDecision.RETRY, first).refused == (
        (first, "was deleted: --undelete fetches it again"),
    )
    assert books.state(first) == "deleted"
    assert decide(books, EpisodeDecision.RETRY, first, undelete=True).done == (first,)
    assert books.state(first) == "pending"


def share(books: Bench, episode_id: int, own_name: str, *, links: bool) -> None:
    """Archive the bytes of ``sound`` once more: by a hard link, or by reference."""
    books.claim(episode_id, own_name)
    sealed = books.seal(episode_id, own_name)
    assert sealed.existing is not None
    where = sealed.path if links else sealed.existing
    books.do(archive(1, episode_id, where))


def test_linked_bytes_stay_under_the_other_name(books: Bench, three: tuple[int, ...]) -> None:
    first, second, _ = three
    books.archive(first, "Show/one.mp3")
    share(books, second, "Show/two.mp3", links=True)
    decide(books, EpisodeDecision.DELETE, first)
    assert list(erasures(books.catalog)) == ["Show/one.mp3"]
    assert books.rows("SELECT path FROM media") == [("Show/two.mp3",)]
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}


def test_the_second_name_goes_alone(books: Bench, three: tuple[int, ...]) -> None:
    first, second, _ = three
    books.archive(first, "Show/one.mp3")
    share(books, second, "Show/two.mp3", links=True)
    decide(books, EpisodeDecision.DELETE, second)
    assert list(erasures(books.catalog)) == ["Show/two.mp3"]
    assert books.rows("SELECT path FROM media") == [("Show/one.mp3",)]


def test_a_file_that_others_refer_to_goes_with_the_last_of_them(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, third = three
    books.archive(first, "Show/one.mp3")
    share(books, second, "Show/two.mp3", links=False)
    share(books, third, "Show/three.mp3", links=False)
    decide(books, EpisodeDecision.DELETE, first)
    assert list(erasures(books.catalog)) == []
    (row, *_) = pages.rows(books.catalog, PageRequest(kind="episodes", filter=f"id:{second}"))
    assert row["path"] == "Show/one.mp3"
    decide(books, EpisodeDecision.DELETE, second)
    assert list(erasures(books.catalog)) == []
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}
    decide(books, EpisodeDecision.DELETE, third)
    assert list(erasures(books.catalog)) == ["Show/one.mp3"]
    assert totals.counts(books.catalog)["media"] == {"files": 0, "bytes": 0}


def test_bytes_that_are_being_stored_a_second_time_are_not_deleted_meanwhile(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, _ = three
    books.archive(first, "Show/one.mp3")
    books.claim(second, "Show/two.mp3")
    books.seal(second, "Show/two.mp3")
    ((number, why),) = decide(books, EpisodeDecision.DELETE, first).refused
    assert (number, "being stored" in why) == (first, True)
    assert books.state(first) == "archived"


def test_a_path_that_another_episode_got_meanwhile_is_its_own(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, _ = three
    books.archive(first, "Show/one.mp3")
    decide(books, EpisodeDecision.DELETE, first)
    assert owner_of(books.catalog, "Show/one.mp3") is None
    assert books.claim(second, "Show/one.mp3") == "Show/one.mp3"
    assert owner_of(books.catalog, "Show/one.mp3") is EpisodeState.CLAIMED
    books.seal(second, "Show/one.mp3", b"other")
    assert owner_of(books.catalog, "Show/one.mp3") is EpisodeState.SEALED
    books.do(archive(1, second, "Show/one.mp3"))
    assert owner_of(books.catalog, "Show/one.mp3") is EpisodeState.ARCHIVED


def test_an_archived_episode_whose_file_is_lost_is_missing_and_then_due(
    books: Bench, three: tuple[int, ...]
) -> None:
    first, second, _ = three
    books.archive(first, "Show/one.mp3")
    books.archive(second, "Show/two.mp3", b"other")
    decided = decide(books, EpisodeDecision.RETRY, first, second, lost=(first, 99))
    assert (decided.done, decided.refused) == ((first,), ((second, "is archived"),))
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}
    assert actions(books)[0]["was"]["state"] == "missing"


def test_an_unknown_episode_fails_the_decision_whole(books: Bench, three: tuple[int, ...]) -> None:
    write = DecideEpisodes(episode_ids=(three[0], 7777), decision=EpisodeDecision.DELETE, at=AT)
    assert books.failure(write).kind is Kind.STOPPED
    assert episode_states(books.catalog, three[:1]) == [(three[0], EpisodeState.PENDING)]
    assert actions(books) == []


def test_what_is_claimed_after_its_feed_was_retired_is_held_when_it_waits_again(
    books: Bench, three: tuple[int, ...]
) -> None:
    done = outcome(1, job=JobKind.DOWNLOAD, episode_id=three[0])
    gone = EpisodeEnd(episode_id=three[0], state=EpisodeState.GONE, next_attempt_at=None)
    books.do(Finish(outcome=done, writes=(gone,)))
    books.do(ChangeFeed(feed_id=1, state=FeedState.RETIRED, reason="test", at=AT))
    books.do(Claim(episode_id=three[0], part="p", path="S/a.mp3", at=AT))
    failed = EpisodeEnd(episode_id=three[0], state=EpisodeState.FAILED, next_attempt_at=AT)
    books.do(Finish(outcome=done, writes=(failed,)))
    assert recount(books.catalog.path) == []
