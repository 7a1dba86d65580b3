"""Whatever is written in whatever order: counters are right, states add up, names are one's own."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.cataloguing import AT, DAY, bench, draft, finish, outcome, poll, recount, seal

from podfetch_tui.catalog import totals
from podfetch_tui.model.decisions import (
    DecideEpisodes,
    DecideFeeds,
    EpisodeDecision,
    FeedDecision,
)
from podfetch_tui.model.derivatives import Derive
from podfetch_tui.model.episode import EpisodeState, EpisodeUpdate
from podfetch_tui.model.feed import FeedState, Validators
from podfetch_tui.model.outcome import JobKind
from podfetch_tui.model.writes import (
    Archive,
    ChangeFeed,
    Claim,
    EpisodeEnd,
    Finish,
    ImportFeeds,
    NewFeed,
    Progress,
    Reserve,
    SetEpisodeState,
    Write,
)

FEEDS = st.integers(1, 4)
EPISODES = st.integers(1, 9)  # one more than there are at first
NAMES = st.sampled_from("abcdefgh")
PATHS = st.sampled_from(["S/a.mp3", "S/A.mp3", "S/b.mp3", "s/b (2).mp3", "S/c.mp3"])
BODIES = st.sampled_from([b"one", b"second"])
TIMES = st.one_of(st.none(), st.integers(AT - DAY, AT + DAY))
STATES = st.sampled_from(list(EpisodeState))


class Histories(RuleBasedStateMachine):
    """Writes of every kind against a real catalogue, several to a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.folder)
        self.books = self.stack.enter_context(bench(self.folder))
        self.waiting: list[Any] = []

    @initialize()
    def feeds(self) -> None:
        for feed in self.books.add_feeds(*(f"https://{n}.example/" for n in range(4))):
            self.books.add_episodes(feed, draft("a"), draft("b"))

    def write(self, write: Write) -> None:
        self.waiting.append(self.books.writer.submit(write, lazy=True))

    @rule(feed=FEEDS, names=st.lists(NAMES, max_size=4), backlog=st.booleans(), skip=st.booleans())
    def polled(self, feed: int, names: list[str], backlog: bool, skip: bool) -> None:
        state = EpisodeState.SKIPPED if skip else EpisodeState.PENDING
        drafts = [draft(name) for name in names]
        states = (state,) * len(drafts)
        record = poll(feed, *drafts, new_states=states, backlog=backlog, folder="S")
        self.write(finish(feed, record))

    @rule(feed=FEEDS, episode=EPISODES, name=NAMES)
    def updated(self, feed: int, episode: int, name: str) -> None:
        changed = draft(name, url=f"https://other.example/{name}")
        self.write(poll(feed, updates=(EpisodeUpdate(episode_id=episode, draft=changed),)))

    @rule(feed=FEEDS, to=FEEDS)
    def moved(self, feed: int, to: int) -> None:
        self.write(poll(feed, url=f"https://{to - 1}.example/"))

    @rule(feed=FEEDS, state=st.sampled_from(list(FeedState)))
    def changed(self, feed: int, state: FeedState) -> None:
        self.write(ChangeFeed(feed_id=feed, state=state, reason="test", at=AT))

    @rule(number=st.integers(0, 4), priority=st.integers(-3, 3), enabled=st.booleans())
    def imported(self, number: int, priority: int, enabled: bool) -> None:
        line = NewFeed(url=f"https://{number}.example/", priority=priority, enabled=enabled)
        self.write(ImportFeeds(source="test", feeds=(line,), at=AT))

    @rule(episode=EPISODES, path=PATHS)
    def claimed(self, episode: int, path: str) -> None:
        self.write(Claim(episode_id=episode, part=f"p{episode}", path=path, at=AT))

    @rule(episode=EPISODES)
    def progressed(self, episode: int) -> None:
        self.write(Progress(episode_id=episode, durable=1, total=3, validators=Validators()))

    @rule(episode=EPISODES, path=PATHS, body=BODIES)
    def sealed(self, episode: int, path: str, body: bytes) -> None:
        self.write(seal(episode, path, body))

    @rule(episode=EPISODES, path=PATHS)
    def reserved(self, episode: int, path: str) -> None:
        self.write(Reserve(episode_id=episode, path=path))

    @rule(episode=EPISODES, own=st.booleans())
    def archived(self, episode: int, own: bool) -> None:
        self.settle()
        found = self.books.rows(
            "SELECT e.feed_id, e.path, m.path FROM episode e JOIN media m ON m.id = e.media_id"
            " WHERE e.id = ?",
            episode,
        )
        for feed, path, elsewhere in found:
            done = outcome(feed, job=JobKind.DOWNLOAD, episode_id=episode)
            where = path if own or not elsewhere else elsewhere
            self.write(
                Archive(
                    episode_id=episode,
                    media_path=where,
                    outcome=done,
                    derivatives=("sidecar",),
                    at=AT,
                )
            )

    @rule(episode=EPISODES, path=PATHS, body=BODIES, own=st.booleans())
    def archived_from_the_start(self, episode: int, path: str, body: bytes, own: bool) -> None:
        self.claimed(episode, path)
        self.sealed(episode, path, body)
        self.archived(episode, own)

    @rule(episode=EPISODES, failed=st.booleans())
    def derived(self, episode: int, failed: bool) -> None:
        error = "full" if failed else ""
        self.write(Derive(episode_id=episode, kind="sidecar", error=error, next_attempt_at=AT))

    @rule(
        feed=FEEDS,
        episode=EPISODES,
        state=st.sampled_from(
            [EpisodeState.PENDING, EpisodeState.FAILED, EpisodeState.GONE, EpisodeState.SEALED]
        ),
        at=TIMES,
        keep=st.booleans(),
    )
    def ended(
        self, feed: int, episode: int, state: EpisodeState, at: int | None, keep: bool
    ) -> None:
        current = self.books.rows("SELECT state FROM episode WHERE id = ?", episode)
        if state is EpisodeState.SEALED and current != [("sealed",)]:
            return
        end = EpisodeEnd(episode_id=episode, state=state, next_attempt_at=at, keep_part=keep)
        done = outcome(feed, job=JobKind.DOWNLOAD, episode_id=episode)
        self.settle()
        self.write(Finish(outcome=done, writes=(end,)))

    @rule(episodes=st.lists(EPISODES, max_size=3), decision=st.sampled_from(EpisodeDecision))
    def decided(self, episodes: list[int], decision: EpisodeDecision) -> None:
        write = DecideEpisodes(
            episode_ids=tuple(episodes), decision=decision, undelete=bool(len(episodes) % 2), at=AT
        )
        self.write(write)

    @rule(feeds=st.lists(FEEDS, max_size=3), decision=st.sampled_from(FeedDecision))
    def decided_of_feeds(self, feeds: list[int], decision: FeedDecision) -> None:
        self.write(DecideFeeds(feed_ids=tuple(feeds), decision=decision, at=AT))

    @rule(episode=EPISODES)
    def lost(self, episode: int) -> None:
        self.write(SetEpisodeState(episode_id=episode, state=EpisodeState.MISSING))

    @rule(episode=EPISODES, state=STATES, at=TIMES)
    def set_by_hand(self, episode: int, state: EpisodeState, at: int | None) -> None:
        waits = state in (EpisodeState.PENDING, EpisodeState.FAILED, EpisodeState.GONE)
        self.write(
            SetEpisodeState(episode_id=episode, state=state, next_attempt_at=at if waits else None)
        )

    @rule()
    def settle(self) -> None:
        """End the commit that the writes since the last one share."""
        self.books.writer.flush()
        for future in self.waiting:
            assert future.done()
        self.waiting.clear()

    @invariant()
    def the_books_are_right(self) -> None:
        if self.waiting:
            return
        assert recount(self.folder / "catalog.db") == []
        counts = totals.counts(self.books.catalog)
        for kind, names in (("feeds", FeedState), ("episodes", EpisodeState)):
            assert counts[kind]["total"] == sum(counts[kind][word.value] for word in names)

    def teardown(self) -> None:
        self.settle()
        self.the_books_are_right()
        self.stack.close()


Histories.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestHistories = Histories.TestCase
