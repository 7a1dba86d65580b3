"""The rows behind the steps P0, P2, P5, P6, P7 and P8."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from support.cataloguing import AT, DAY, Bench, archive, draft, outcome, pick, poll, seal

from podfetch_tui.catalog import episodes, media, pages, totals
from podfetch_tui.model.decisions import DecideEpisodes, EpisodeDecision
from podfetch_tui.model.derivatives import Derive
from podfetch_tui.model.episode import Episode, EpisodeState, EpisodeUpdate
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.media import MediaInfo, Validity
from podfetch_tui.model.outcome import JobKind
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.writes import (
    Claim,
    EpisodeEnd,
    Finish,
    Progress,
    Reserve,
    Reserved,
    Seal,
    SetEpisodeState,
    Write,
)

LATER = 2**60


@pytest.fixture
def two(books: Bench) -> tuple[int, int]:
    """Two pending episodes of one feed."""
    (feed_id,) = books.add_feeds("https://a.example/feed")
    first, second = books.add_episodes(feed_id, draft("one"), draft("two"))
    return first, second


def progress(episode_id: int, durable: int) -> Progress:
    return Progress(
        episode_id=episode_id, durable=durable, total=100, validators=Validators('"v"', "Mon")
    )


def test_a_claim_reserves_its_name_before_any_file_exists(
    books: Bench, two: tuple[int, int]
) -> None:
    first, second = two
    assert books.claim(first, "Show/one.mp3", part="a") == "Show/one.mp3"
    assert books.claim(second, "SHOW/ONE.mp3", part="b") == "SHOW/ONE (2).mp3"
    row = books.row("episode", first)
    assert (row["state"], row["part"], row["attempts"]) == ("claimed", "a", 1)
    assert row["next_attempt_at"] is None


def test_a_name_is_reserved_once_even_among_hundreds_at_once(books: Bench) -> None:
    (feed_id,) = books.add_feeds("https://a.example/feed")
    ids = books.add_episodes(feed_id, *(draft(str(number)) for number in range(300)))
    writes = [Claim(episode_id=n, part=f"p{n}", path="Show/same.mp3", at=AT) for n in ids]
    futures = [books.writer.submit(write) for write in writes]
    paths: set[Any] = {future.result(30) for future in futures}
    assert len(paths) == 300


def test_a_claim_of_the_same_part_keeps_what_is_on_the_disk(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    books.do(progress(episode_id, 64))
    assert books.claim(episode_id, part="a") == "Show/one.mp3"
    ((episode, _),) = episodes.in_flight(books.catalog)
    assert (episode.durable, episode.total, episode.attempts) == (64, 100, 1)
    assert (episode.validators_etag, episode.validators_last_modified) == ('"v"', "Mon")
    books.claim(episode_id, part="b")
    ((episode, _),) = episodes.in_flight(books.catalog)
    assert (episode.durable, episode.total, episode.validators_etag) == (0, None, None)


def test_a_sealed_episode_whose_bytes_are_gone_is_claimed_from_the_start(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    books.seal(episode_id)
    books.claim(episode_id, part="a")
    ((episode, _),) = episodes.in_flight(books.catalog)
    assert (episode.state, episode.durable) == (EpisodeState.CLAIMED, 0)


def test_parts_in_use_are_those_of_the_rows(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.claim(first, part="a")
    books.claim(second, part="b")
    assert episodes.parts_in_use(books.catalog) == {"a", "b"}
    keep = EpisodeEnd(episode_id=first, state=EpisodeState.FAILED, next_attempt_at=None)
    books.do(keep)
    drop = EpisodeEnd(
        episode_id=second, state=EpisodeState.FAILED, next_attempt_at=None, keep_part=False
    )
    books.do(drop)
    assert episodes.parts_in_use(books.catalog) == {"a"}
    assert books.row("episode", second)["path"] == ""


def test_a_seal_gives_the_name_its_true_extension(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.claim(episode_id, "Show/one.mp3")
    sealed = books.seal(episode_id, "Show/one.m4a")
    assert (sealed.path, sealed.existing) == ("Show/one.m4a", None)
    ((episode, _),) = episodes.in_flight(books.catalog)
    assert episode.sealed_sha256 == hashlib.sha256(b"sound").digest()
    assert (episode.sealed_size, episode.sealed_path) == (5, "")
    assert (episode.durable, episode.total) == (5, 5)


def test_a_seal_keeps_the_number_its_claim_was_given(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.claim(first)
    path = books.claim(second)
    assert path == "Show/one (2).mp3"
    assert books.seal(second, "Show/one.mp3").path == path


@pytest.mark.parametrize("same_wish", [True, False])
def test_a_name_taken_on_the_disk_gives_way_to_the_next_and_never_returns(
    books: Bench, two: tuple[int, int], same_wish: bool
) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    path = books.seal(episode_id).path
    seen = [path]
    for _ in range(12):
        wish = "Show/one.mp3" if same_wish else path
        path = books.do(Reserve(episode_id=episode_id, path=wish)).path
        assert path not in seen
        seen.append(path)


def test_an_archived_episode_has_its_file_its_outcome_and_no_part(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    path = books.archive(episode_id)
    row = books.row("episode", episode_id)
    assert (row["state"], row["part"], row["path"]) == ("archived", "", path)
    assert books.rows("SELECT job, code, episode_id FROM outcome") == [
        ("download", "archived", episode_id)
    ]
    (file,) = media.files(books.catalog)
    assert (file.path, file.size, file.kind) == (path, 5, "media")
    counts = totals.counts(books.catalog)
    assert counts["media"] == {"files": 1, "bytes": 5}
    assert counts["episodes"]["archived"] == 1
    assert books.row("feed", row["feed_id"])["bytes"] == 5


def test_the_same_bytes_are_stored_once_and_named_twice(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    path = books.archive(first, "Show/one.mp3")
    books.claim(second, "Show/two.mp3")
    sealed = books.seal(second, "Show/two.mp3")
    assert sealed.existing == path
    ((episode, _),) = episodes.in_flight(books.catalog)
    assert episode.sealed_path == path
    books.do(archive(books.feed_of(second), second, sealed.path))  # linked
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}
    assert {file.path for file in media.files(books.catalog)} == {"Show/one.mp3", "Show/two.mp3"}


def test_bytes_that_cannot_be_linked_are_referred_to(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    path = books.archive(first, "Show/one.mp3")
    books.claim(second, "Show/two.mp3")
    books.seal(second, "Show/two.mp3")
    books.do(archive(books.feed_of(second), second, path))
    assert {file.path for file in media.files(books.catalog)} == {path}
    episode = episodes.get_episode(books.catalog, second)
    assert episode is not None
    assert episode.path == path
    assert episode.beside == "Show/two.mp3"
    (third,) = books.add_episodes(books.feed_of(first), draft("third"))
    assert books.claim(third, "Show/two.mp3") == "Show/two (2).mp3"


def test_bytes_that_another_run_is_publishing_are_named_in_the_receipt(
    books: Bench, two: tuple[int, int]
) -> None:
    first, second = two
    for episode_id, path in ((first, "Show/one.mp3"), (second, "Show/two.mp3")):
        books.claim(episode_id, path)
    assert books.seal(first, "Show/one.mp3").existing is None
    assert books.seal(second, "Show/two.mp3").existing == "Show/one.mp3"


def test_a_better_look_replaces_what_was_not_verified(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.claim(first, "Show/one.mp3")
    digest = hashlib.sha256(b"sound").digest()
    unchecked = Seal(
        episode_id=first,
        sha256=digest,
        size=5,
        path="Show/one.mp3",
        media_type="audio/mpeg",
        info=MediaInfo(),
        validity=Validity.UNVERIFIED,
        at=AT,
    )
    books.do(unchecked)
    books.do(archive(books.feed_of(first), first, "Show/one.mp3"))
    books.claim(second, "Show/two.mp3")
    books.seal(second, "Show/two.mp3")
    assert books.rows("SELECT validity, duration_s FROM media") == [("valid", 1.5)]


def test_a_duration_that_is_no_number_is_unknown(books: Bench, two: tuple[int, int]) -> None:
    write = seal(two[0], "Show/one.mp3")
    for duration in (float("inf"), float("-inf"), float("nan")):
        books.claim(two[0])
        info = MediaInfo(duration_s=duration)
        books.do(msgspec.structs.replace(write, info=info))
        (row, _) = pages.rows(books.catalog, PageRequest(kind="episodes"))
        assert row["duration_s"] is None


def steps(episode_id: int) -> list[Write]:
    return [
        progress(episode_id, 1),
        seal(episode_id, "Show/one.mp3"),
        Reserve(episode_id=episode_id, path="Show/one.mp3"),
        archive(1, episode_id, "Show/one.mp3"),
    ]


@pytest.mark.parametrize("number", range(4))
def test_a_step_after_the_operator_decided_otherwise_changes_nothing(
    books: Bench, two: tuple[int, int], number: int
) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.SKIPPED, reason="no"))
    failure = books.failure(steps(episode_id)[number])
    assert failure.kind is Kind.STOPPED
    assert "skipped" in failure.detail
    end = EpisodeEnd(episode_id=episode_id, state=EpisodeState.PENDING, next_attempt_at=AT)
    books.do(Finish(outcome=outcome(1, job=JobKind.DOWNLOAD, episode_id=episode_id), writes=(end,)))
    assert books.state(episode_id) == "skipped"
    assert books.one("SELECT count(*) FROM outcome") == 1


def test_an_archive_without_a_seal_is_refused(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    assert books.failure(archive(1, episode_id, "Show/one.mp3")).kind is Kind.STOPPED
    assert books.one("SELECT count(*) FROM outcome") == 0


def test_an_archived_episode_cannot_be_claimed_again(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.archive(episode_id)
    claim = Claim(episode_id=episode_id, part="z", path="Show/z.mp3", at=AT)
    assert books.failure(claim).kind is Kind.STOPPED


def test_an_end_says_when_it_is_tried_again(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.claim(first, part="a")
    end = EpisodeEnd(
        episode_id=first,
        state=EpisodeState.FAILED,
        next_attempt_at=AT + DAY,
        family="permanent",
        error="http_404: not there",
        evidence=b"<html>",
    )
    books.do(end)
    assert [e.id for e, _ in episodes.due_episodes(books.catalog, AT, 9)] == [second]
    found = [episode for episode, _ in episodes.due_episodes(books.catalog, AT + DAY, 9)]
    episode: Episode = pick(found, first)
    assert (episode.part, episode.attempts) == ("a", 1)
    row = books.row("episode", first)
    assert (row["family"], row["error"], row["evidence"]) == (
        "permanent",
        "http_404: not there",
        b"<html>",
    )


def test_a_sealed_episode_whose_publishing_was_put_off_is_due_again(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    books.seal(episode_id)
    books.do(EpisodeEnd(episode_id=episode_id, state=EpisodeState.SEALED, next_attempt_at=AT))
    found = [episode for episode, _ in episodes.due_episodes(books.catalog, AT, 9)]
    assert pick(found, episode_id).sealed_size == 5


def test_what_was_put_off_and_then_archived_is_never_due_again(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    sealed = books.seal(episode_id)
    books.do(EpisodeEnd(episode_id=episode_id, state=EpisodeState.SEALED, next_attempt_at=AT))
    books.do(archive(books.feed_of(episode_id), episode_id, sealed.path))
    found = [episode.id for episode, _ in episodes.due_episodes(books.catalog, AT + DAY, 9)]
    assert episode_id not in found


def test_a_sealed_episode_stays_sealed_until_its_part_is_given_up(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    books.seal(episode_id)
    for state in (EpisodeState.PENDING, EpisodeState.FAILED):
        books.do(EpisodeEnd(episode_id=episode_id, state=state, next_attempt_at=AT))
        assert books.state(episode_id) == "sealed"
    found = [episode for episode, _ in episodes.due_episodes(books.catalog, AT, 9)]
    assert pick(found, episode_id).part == "a"
    books.do(
        EpisodeEnd(
            episode_id=episode_id, state=EpisodeState.PENDING, next_attempt_at=AT, keep_part=False
        )
    )
    assert books.state(episode_id) == "pending"


def test_a_run_that_this_machine_ended_is_no_attempt(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    assert books.row("episode", episode_id)["attempts"] == 1
    books.do(
        EpisodeEnd(
            episode_id=episode_id, state=EpisodeState.PENDING, next_attempt_at=AT, attempts=0
        )
    )
    assert books.row("episode", episode_id)["attempts"] == 0


def test_a_derivative_is_due_until_it_is_made(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    path = books.seal(episode_id).path
    feed_id = books.feed_of(episode_id)
    books.do(archive(feed_id, episode_id, path, derivatives=("sidecar", "tags")))
    ((episode, feed),) = episodes.derivatives_due(books.catalog, AT, 9)
    assert (episode.id, episode.state, feed.id) == (episode_id, EpisodeState.ARCHIVED, feed_id)
    assert not episodes.derivatives_due(books.catalog, AT, 9, exclude={episode_id})
    books.do(
        Derive(episode_id=episode_id, kind="tags", path="Show/t.mp3", sha256=b"d" * 32, size=9)
    )
    failed = Derive(episode_id=episode_id, kind="sidecar", error="full", next_attempt_at=AT + DAY)
    books.do(failed)
    assert not episodes.derivatives_due(books.catalog, AT, 9)
    assert totals.counts(books.catalog)["episodes"]["partial"] == 1
    assert len(episodes.derivatives_due(books.catalog, AT + DAY, 9)) == 1
    books.do(Derive(episode_id=episode_id, kind="sidecar", path="Show/s.json", size=3))
    assert totals.counts(books.catalog)["episodes"]["partial"] == 0
    assert [file.kind for file in media.files(books.catalog)] == ["media", "sidecar", "tags"]
    assert books.one("SELECT attempts FROM derivative WHERE kind = 'sidecar'") == 2


def test_a_removed_file_is_missing_until_it_is_asked_for(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.archive(episode_id)
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.MISSING))
    assert totals.counts(books.catalog)["media"] == {"files": 0, "bytes": 0}
    assert not [e for e, _ in episodes.due_episodes(books.catalog, AT, 9) if e.id == episode_id]
    assert books.row("feed", 1)["bytes"] == 0
    books.do(DecideEpisodes(episode_ids=(episode_id,), decision=EpisodeDecision.RETRY, at=AT))
    ((first, _), *_) = episodes.due_episodes(books.catalog, AT, 9)
    assert first.id == episode_id
    assert books.archive(episode_id) == "Show/one.mp3"
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}


def test_a_missing_file_that_returned_is_archived_again(books: Bench, two: tuple[int, int]) -> None:
    episode_id, _ = two
    books.archive(episode_id)
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.MISSING))
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.ARCHIVED))
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}
    assert books.row("feed", 1)["bytes"] == 5


def test_what_is_still_to_be_made_of_a_missing_file_is_due_when_it_returns(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id)
    path = books.seal(episode_id).path
    feed_id = books.feed_of(episode_id)
    books.do(archive(feed_id, episode_id, path, derivatives=("sidecar", "tags")))
    books.do(Derive(episode_id=episode_id, kind="tags", path="Show/t.mp3", size=9))
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.MISSING))
    assert not episodes.derivatives_due(books.catalog, LATER, 9)
    books.do(SetEpisodeState(episode_id=episode_id, state=EpisodeState.ARCHIVED))
    assert len(episodes.derivatives_due(books.catalog, LATER, 9)) == 1
    due = books.rows("SELECT kind FROM derivative WHERE next_attempt_at IS NOT NULL")
    assert due == [("sidecar",)]


def test_the_other_name_stands_in_for_a_missing_file(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.archive(first, "Show/one.mp3")
    books.archive(second, "Show/two.mp3")
    books.do(SetEpisodeState(episode_id=first, state=EpisodeState.MISSING))
    assert books.rows("SELECT path FROM media") == [("Show/two.mp3",)]
    assert totals.counts(books.catalog)["media"] == {"files": 1, "bytes": 5}
    books.do(SetEpisodeState(episode_id=second, state=EpisodeState.MISSING))
    assert totals.counts(books.catalog)["media"] == {"files": 0, "bytes": 0}


def test_a_deleted_episode_leaves_a_tombstone_and_frees_its_name(
    books: Bench, two: tuple[int, int]
) -> None:
    first, second = two
    books.archive(first, "Show/one.mp3")
    books.do(SetEpisodeState(episode_id=first, state=EpisodeState.DELETED, reason="by hand"))
    assert books.state(first) == "deleted"
    assert books.claim(second, "Show/one.mp3") == "Show/one.mp3"
    books.do(DecideEpisodes(episode_ids=(first,), decision=EpisodeDecision.RETRY, at=AT))
    assert books.state(first) == "deleted"
    assert not books.do(poll(1, draft("one"))).pending


@pytest.mark.parametrize(
    "state", [EpisodeState.CLAIMED, EpisodeState.SEALED, EpisodeState.ARCHIVED]
)
def test_states_of_the_protocol_are_not_set_by_hand(
    books: Bench, two: tuple[int, int], state: EpisodeState
) -> None:
    episode_id, _ = two
    write = SetEpisodeState(episode_id=episode_id, state=state)
    assert books.failure(write).kind is Kind.BUG
    assert books.state(episode_id) == "pending"


def test_a_retry_leaves_alone_what_runs_or_is_there(books: Bench, two: tuple[int, int]) -> None:
    first, second = two
    books.claim(first)
    books.archive(second, "Show/two.mp3", b"other")
    books.do(DecideEpisodes(episode_ids=(first, second), decision=EpisodeDecision.RETRY, at=AT))
    assert (books.state(first), books.state(second)) == ("claimed", "archived")


def test_waiting_for_a_receipt_raises_its_failure(books: Bench, two: tuple[int, int]) -> None:
    future = books.writer.submit(progress(two[0], 1))
    with pytest.raises(Failure, match="pending by now"):
        books.writer.wait(future)


def test_a_url_that_changed_while_its_download_ran_is_tried_at_once(
    books: Bench, two: tuple[int, int]
) -> None:
    first, second = two
    for episode_id, tried in ((first, "https://media.example/old.mp3"), (second, "")):
        books.claim(episode_id, f"Show/{episode_id}.mp3")
        books.do(progress(episode_id, 64))
        books.do(
            EpisodeEnd(
                episode_id=episode_id,
                state=EpisodeState.FAILED,
                next_attempt_at=AT + DAY,
                error="http_403: no",
                url=tried,
            )
        )
    assert books.state(first) == "pending"
    row = books.row("episode", first)
    assert (row["part"], row["durable"], row["total"], row["etag"]) == ("p", 0, None, None)
    assert books.row("episode", first)["next_attempt_at"] != AT + DAY
    assert books.state(second) == "failed"
    assert books.row("episode", second)["next_attempt_at"] == AT + DAY


def test_what_is_sealed_keeps_its_part_and_its_name_whatever_url_the_feed_gives_now(
    books: Bench, two: tuple[int, int]
) -> None:
    episode_id, _ = two
    books.claim(episode_id, part="a")
    path = books.seal(episode_id).path
    moved = draft("one", url="https://new.example/one.mp3")
    update = EpisodeUpdate(episode_id=episode_id, draft=moved)
    books.do(poll(books.feed_of(episode_id), updates=(update,)))
    books.do(
        EpisodeEnd(
            episode_id=episode_id,
            state=EpisodeState.PENDING,
            next_attempt_at=AT,
            url="https://media.example/one.mp3",
        )
    )
    row = books.row("episode", episode_id)
    assert (row["state"], row["part"], row["path"]) == ("sealed", "a", path)
    books.do(archive(books.feed_of(episode_id), episode_id, path))
    assert books.row("episode", episode_id)["path"] == path


def test_a_claim_says_which_url_is_the_newest(books: Bench, two: tuple[int, int]) -> None:
    first, _ = two
    receipt = books.do(Claim(episode_id=first, part="p", path="Show/one.mp3", at=AT))
    assert isinstance(receipt, Reserved)
    assert receipt.url == books.row("episode", first)["enclosure_url"]
