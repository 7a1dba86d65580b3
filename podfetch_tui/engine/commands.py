"""Commands, carried out: the only way an operator changes a running engine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable

import msgspec

from podfetch_tui.catalog import episodes, feeds
from podfetch_tui.config.shown import differences, text_of
from podfetch_tui.engine.adding import Adding
from podfetch_tui.engine.batches import Batches
from podfetch_tui.engine.checking import check
from podfetch_tui.engine.deciding import Decisions
from podfetch_tui.engine.dispatch import Dispatcher
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.reconfigure import Reconfigure
from podfetch_tui.model.commands import (
    ActOnFeeds,
    AddFeeds,
    BeginFeeds,
    CancelDownloads,
    CarriedWrite,
    Carry,
    ChangeSettings,
    CheckFeeds,
    Command,
    CommandResult,
    EditFeeds,
    Pause,
    ProbeFeed,
    ProbeUrl,
    Reload,
    Resume,
    RetryEpisode,
    SetLimit,
    Stop,
    Undo,
)
from podfetch_tui.model.decisions import Decided, DecideEpisodes, EpisodeDecision
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.host_writes import HostsReleased, ReleaseHosts
from podfetch_tui.model.operator_writes import OperatorWrite
from podfetch_tui.model.text import counted
from podfetch_tui.model.writes import ApplyPriorities, ChangeFeed, Receipt
from podfetch_tui.pipeline.erasures import finish_erasures
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.classify import verdict_of
from podfetch_tui.storage.sweep import remove_parts

IMPORTED_PAUSED = "imported paused"
"""State reason of feeds that wait for the operator to begin."""
_AT_ONCE = 20
"""So many of the feeds that are added do not wait for a batch."""


class Commands:
    """Applies commands to the parts of an engine."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        batches: Batches,
        reconfigure: Reconfigure,
        *,
        pause: Callable[[bool], None],
        stop: Callable[[bool], None],
        events: EventRing,
        stopping: threading.Event,
        cancel: Callable[[frozenset[int]], None],
        on_trouble: Callable[[Failure, bool], None],
    ) -> None:
        self._services = services
        self._dispatcher = dispatcher
        self._batches = batches
        self._reconfigure = reconfigure
        self._pause = pause
        self._stop = stop
        self._cancel_running = cancel
        self._on_trouble = on_trouble
        self._adding = Adding(services, settings=lambda: reconfigure.settings, stop=stopping)
        self._decisions = Decisions(
            services,
            events,
            settings=lambda: reconfigure.settings,
            stop=stopping,
            allow=batches.allow,
            put_first=batches.put_first,
            restore_limits=self._restore_limits,
        )

    def apply(self, command: Command) -> CommandResult:
        """Carry ``command`` out; a refusal is a result, not an exception."""
        try:
            return self._apply(command)
        except Failure as failure:
            if verdict_of(failure).stop:  # a damaged catalogue ends the engine, whoever finds it
                self._on_trouble(failure, True)
            return CommandResult(ok=False, text=str(failure))

    def _apply(self, command: Command) -> CommandResult:
        match command:
            case Pause() | Resume() | Stop():
                return self._run(command)
            case SetLimit() | ChangeSettings() | Reload():
                return self._set(command)
            case CheckFeeds(feed_ids=feed_ids):
                return self._check(feed_ids)
            case RetryEpisode():
                return self._retry(command)
            case CancelDownloads():
                return self._cancel(command)
            case BeginFeeds():
                return self._begin()
            case EditFeeds(edits=edits):
                return self._edit(edits)
            case ActOnFeeds() | ProbeFeed() | Undo():
                result = self._decisions.apply(command)
                self._dispatcher.look_now()
                return result
            case ProbeUrl() | AddFeeds():
                return self._add(command)
            case Carry(writes=writes):
                return self._carry(writes)

    def _run(self, command: Pause | Resume | Stop) -> CommandResult:
        match command:
            case Pause():
                self._pause(True)
                return CommandResult(ok=True, text="paused: what runs goes on, nothing new starts")
            case Resume():
                self._pause(False)
                return CommandResult(ok=True, text="resumed")
            case Stop(now=now):
                self._stop(now)
                return CommandResult(ok=True, text="stopping")

    def _set(self, command: SetLimit | ChangeSettings | Reload) -> CommandResult:
        match command:
            case SetLimit(key=key, value=value):
                return self._change(ChangeSettings(changes=((key, value),)))
            case ChangeSettings(changes=changes, dry_run=True):
                return self._reconfigure.plan(changes)
            case ChangeSettings():
                return self._change(command)
            case Reload():
                return self._reconfigure.reload()

    def _change(self, command: ChangeSettings) -> CommandResult:
        if command.for_s is not None and (command.save or command.for_s <= 0):
            word = "is not saved" if command.save else "needs a time to come"
            return CommandResult(ok=False, text=f"what is set for a time {word}")
        before = self._reconfigure.settings
        result = self._reconfigure.change(
            command.changes, save=command.save, forget=command.forget, for_s=command.for_s
        )
        ids = (*(id_ for id_, _ in command.changes), *command.forget)
        wanted = {id_.strip().lower() for id_ in ids}
        found = differences(before, self._reconfigure.settings)
        done = [change for change in found if change.key in wanted]
        if not result.ok or not done:
            return result
        operation, said = self._decisions.note_limits(done)
        return msgspec.structs.replace(result, operation=operation, undoes=said)

    def _restore_limits(self, before: dict[str, str], after: dict[str, str]) -> CommandResult:
        """Set limits as they were before an operator's change, unless they changed since."""
        for id_, expected in after.items():
            now = text_of(self._reconfigure.settings, id_)
            if now != expected:
                return CommandResult(ok=False, text=f"changed meanwhile: {id_} is {now}")
        # No undo of the undo: the newest action would be taken back and forth.
        return self._reconfigure.change(tuple(before.items()))

    def _check(self, feed_ids: tuple[int, ...]) -> CommandResult:
        checked = check(self._services, feed_ids)
        self._batches.put_first(checked.due)
        self._dispatcher.look_now()
        return checked.result

    def _add(self, command: AddFeeds | ProbeUrl) -> CommandResult:
        if isinstance(command, ProbeUrl):
            return self._adding.probe(command)
        result = self._adding.add(command)
        if result.affected:
            self._services.commit(ApplyPriorities(rules=self._reconfigure.settings.feeds.priority))
            if result.added is not None and not command.paused:
                self._batches.put_first(result.added.ids[:_AT_ONCE])
            self._dispatcher.look_now()
        return result

    def _carry(self, writes: tuple[OperatorWrite, ...]) -> CommandResult:
        for write in writes:
            if isinstance(write, ReleaseHosts):
                # Before its work is due: that would be put off again.
                for host in write.hosts:
                    self._dispatcher.release_host(host)
        parts = self._parts_of(write for write in writes if isinstance(write, DecideEpisodes))
        futures = [self._services.writer.submit(write) for write in writes]
        carried, said = [], ""
        for write, future in zip(writes, futures, strict=True):
            error = future.exception()
            if error is not None and not isinstance(error, Failure):
                raise error
            receipt = None if error is not None else future.result()
            raw = msgspec.Raw(msgspec.json.encode(receipt))
            carried.append(CarriedWrite(raw, str(error) if error is not None else ""))
            self._decisions.told(write, receipt)
            if isinstance(receipt, HostsReleased):
                said = receipt.text
            self._settle(write, receipt, parts)
        self._services.commit(ApplyPriorities(rules=self._reconfigure.settings.feeds.priority))
        asked = [w for w in writes if isinstance(w, ChangeFeed) and w.next_poll_at is not None]
        self._batches.put_first([write.feed_id for write in asked])
        self._dispatcher.look_now()
        problems = [done.problem for done in carried if done.problem]
        return CommandResult(
            ok=not problems,
            text=problems[0] if problems else said,
            affected=len(carried) - len(problems),
            carried=tuple(carried),
        )

    def _parts_of(self, writes: Iterable[DecideEpisodes]) -> dict[int, str]:
        """Return what episodes that are about to be dismissed have of a download."""
        ids = [
            number
            for write in writes
            if write.decision is not EpisodeDecision.RETRY
            for number in write.episode_ids
        ]
        return episodes.parts_of(self._services.catalog, ids) if ids else {}

    def _dismiss(self, done: tuple[int, ...], parts: dict[int, str]) -> None:
        """End what runs of episodes that are not wanted any more, and remove their parts."""
        self._cancel_running(frozenset(done))
        with contextlib.suppress(Failure):  # the next start sweeps them
            remove_parts(self._services.layout, (parts[n] for n in done if n in parts))

    def _settle(self, write: OperatorWrite, receipt: Receipt, parts: dict[int, str]) -> None:
        """End what runs of episodes that are not wanted any more, and remove deleted files."""
        if not isinstance(write, DecideEpisodes) or not isinstance(receipt, Decided):
            return
        if write.decision is not EpisodeDecision.RETRY and receipt.done:
            self._dismiss(receipt.done, parts)
        if write.decision is EpisodeDecision.DELETE and receipt.done:
            services = self._services
            finish_erasures(services.layout, services.catalog, services.writer, services.clock)

    def _cancel(self, command: CancelDownloads) -> CommandResult:
        write = DecideEpisodes(
            episode_ids=command.episode_ids,
            decision=EpisodeDecision.SKIP,
            keep_part=command.keep_parts,
            reason="cancelled",
            actor="operator",
            at=self._services.clock.now_ms(),
        )
        parts = {} if command.keep_parts else self._parts_of((write,))
        decided = self._services.commit(write)
        if not isinstance(decided, Decided):
            raise TypeError(decided)
        # Only now: a run that ends finds its episode skipped and leaves it so.
        self._dismiss(decided.done, parts)
        self._dispatcher.look_now()
        number = len(decided.done)
        text = f"{counted(number, 'download')} cancelled"
        if decided.refused:
            text += f"; episode {decided.refused[0][0]} {decided.refused[0][1]}"
        return CommandResult(
            ok=bool(number) or not decided.refused,
            text=text,
            affected=number,
            refused=decided.refused,
        )

    def _retry(self, command: RetryEpisode) -> CommandResult:
        decided = self._services.commit(
            DecideEpisodes(
                episode_ids=command.episode_ids,
                decision=EpisodeDecision.RETRY,
                seen=command.seen,
                actor="operator",
                at=self._services.clock.now_ms(),
            )
        )
        if not isinstance(decided, Decided):
            raise TypeError(decided)
        self._dispatcher.look_now()
        done, refused = len(decided.done), decided.refused
        text = "due now" if done or not refused else f"episode {refused[0][0]} {refused[0][1]}"
        return CommandResult(
            ok=bool(done) or not refused, text=text, affected=done, refused=refused
        )

    def _edit(self, edits: tuple[EditFeed, ...]) -> CommandResult:
        for edit in edits:
            self._services.commit(edit)
        self._batches.put_first([edit.feed_id for edit in edits])
        self._dispatcher.look_now()
        return CommandResult(ok=True, text="edited", affected=len(edits))

    def _begin(self) -> CommandResult:
        now = self._services.clock.now_ms()
        waiting = feeds.ids_in_state(
            self._services.catalog, FeedState.PAUSED, reason=IMPORTED_PAUSED
        )
        for feed_id in waiting:
            self._services.writer.submit(
                ChangeFeed(feed_id=feed_id, state=FeedState.ACTIVE, next_poll_at=now, at=now),
                lazy=True,
            )
        self._services.writer.flush()
        self._dispatcher.look_now()
        return CommandResult(
            ok=True, text=counted(len(waiting), "feed begins", "feeds begin"), affected=len(waiting)
        )
