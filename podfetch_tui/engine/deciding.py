"""What an operator decides about feeds, carried out in a running engine; and taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence

import msgspec

from podfetch_tui.catalog.deciding import decide
from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.catalog.quarantine import operation as find_operation
from podfetch_tui.engine.events import EventRing
from podfetch_tui.model.commands import ActOnFeeds, CommandResult, ProbeFeed, Undo
from podfetch_tui.model.decisions import (
    DONE,
    Decided,
    DecideFeeds,
    FeedDecision,
    NoteAction,
    Operation,
    Undone,
    UndoOperation,
)
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.host_writes import HostsReleased
from podfetch_tui.model.operator_writes import OperatorWrite
from podfetch_tui.model.setting_writes import SettingChange
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted, redact
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.pipeline.probing import diagnose, note_of
from podfetch_tui.pipeline.services import Services
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import normalise_url
from podfetch_tui.system.decoding import from_json

SET_LIMIT = "set_limit"
"""Action of a limit that was changed; it is undone by setting the old one."""
STEPS_MS = 5_000
"""Changes of the same limits no further apart are steps of one decision."""


class Decisions:
    """Applies what concerns feeds; used by :class:`engine.commands.Commands`."""

    def __init__(
        self,
        services: Services,
        events: EventRing,
        *,
        settings: Callable[[], Settings],
        stop: threading.Event,
        allow: Callable[[int], None],
        put_first: Callable[[Collection[int]], None],
        restore_limits: Callable[[dict[str, str], dict[str, str]], CommandResult],
    ) -> None:
        """Create it.

        Args:
            services: The adapters.
            events: Told what was done.
            settings: Those that hold now.
            stop: Ends a look at a feed.
            allow: Lets so many feeds be polled at once.
            put_first: Lets these be polled at once.
            restore_limits: Sets limits (key → value) back if they are what is expected still.
        """
        self._services = services
        self._events = events
        self._settings = settings
        self._stop = stop
        self._allow = allow
        self._put_first = put_first
        self._restore_limits = restore_limits

    def apply(self, command: ActOnFeeds | ProbeFeed | Undo) -> CommandResult:
        """Carry ``command`` out. Raises :class:`Failure`."""
        match command:
            case ActOnFeeds():
                return self.act(command)
            case ProbeFeed():
                return self.probe(command)
            case Undo():
                return self.undo(command)

    def act(self, command: ActOnFeeds) -> CommandResult:
        """Carry a decision out. Raises :class:`Failure`."""
        ask, now = command.ask, self._services.clock.now_ms()
        if ask.decision is FeedDecision.SNOOZE and (ask.until is None or ask.until <= now):
            return CommandResult(ok=False, text="a snooze needs a time to come")
        if ask.decision is FeedDecision.QUARANTINE:
            probe_s = self._settings().quarantine.quarantine_probe
            ask = msgspec.structs.replace(ask, until=now + round(probe_s * 1000))
        if ask.seen and len(ask.seen) != len(ask.feed_ids):
            return CommandResult(ok=False, text="seen has to name a time for each feed")
        decided = decide(
            self._services.catalog,
            ask,
            self._commit,
            settings=self._settings().engine,
            now=now,
        )
        text = _counted(len(decided.done), DONE[ask.decision])
        if decided.refused:
            number, why = decided.refused[0]
            text += f"; feed {number} {why}"
            more = len(decided.refused) - 1
            text += f" (and {more} more)" if more else ""
        return CommandResult(
            ok=bool(decided.done) or not decided.refused,
            text=text,
            affected=len(decided.done),
            refused=decided.refused,
            operation=decided.operation,
        )

    def told(self, write: OperatorWrite, receipt: Receipt) -> None:
        """Take notice of a write that was applied: let what is due be polled, and tell."""
        if isinstance(receipt, Decided) and isinstance(write, DecideFeeds) and receipt.done:
            if write.decision is FeedDecision.RELEASE:
                due = dict(zip(write.feed_ids, write.due_at, strict=False))
                self._put_first([n for n in receipt.done if due.get(n, write.at) <= write.at])
            text = _counted(len(receipt.done), DONE[write.decision])
            self._tell(write.decision.value, text, receipt.done, write.reason)
        elif isinstance(receipt, Undone) and receipt.done:
            word = receipt.action.removesuffix("_feed")
            text = f"{word} of {_counted(len(receipt.done), 'undone')}"
            self._tell("undo", text, receipt.done)

        elif isinstance(receipt, HostsReleased) and receipt.done:
            self._allow(receipt.feeds)
            hosts = ", ".join(receipt.done)
            self._tell("release_host", f"{hosts}: {_counted(receipt.feeds, 'due now')}", ())

    def probe(self, command: ProbeFeed) -> CommandResult:
        """Look at a feed without consequences. Raises :class:`Failure`."""
        catalog, clock = self._services.catalog, self._services.clock
        feed = get_feed(catalog, command.feed_id)
        if feed is None:
            return CommandResult(ok=False, text=f"no feed {command.feed_id}")
        if command.url:
            allow = parse_networks(self._settings().network.allow_private)
            try:
                url = normalise_url(command.url, allow=allow)
            except ValueError as error:
                return CommandResult(ok=False, text=f"{redact(command.url)}: {error}")
            feed = msgspec.structs.replace(feed, url=url)
        report = diagnose(
            feed,
            catalog=catalog,
            max_items=self._settings().feeds.max_items,
            http=self._services.http,
            parsers=self._services.parsers,
            clock=clock,
            stop=self._stop,
        )
        self._services.commit(note_of(report, actor=command.actor, at=clock.now_ms()))
        text = f"{report.said}; {report.release_text}"
        return CommandResult(ok=True, text=text, affected=1, probe=report)

    def undo(self, command: Undo) -> CommandResult:
        """Take an operation back. Raises :class:`Failure`."""
        now = self._services.clock.now_ms()
        found = find_operation(self._services.catalog, command.operation, now)
        if found is None:
            return CommandResult(ok=False, text=_nothing(command.operation))
        if found.action == SET_LIMIT:
            return self._undo_limit(found, command.actor, now)
        write = UndoOperation(operation=found.number, actor=command.actor, at=now)
        receipt = self._services.commit(write)
        if not isinstance(receipt, Undone):
            raise Failure(Kind.BUG, "an undo without a receipt")
        self.told(write, receipt)
        text = f"{receipt.action} of {_counted(len(receipt.done), 'undone')}"
        text = text if receipt.done else f"{receipt.action} not undone"
        if receipt.refused:
            number, why = receipt.refused[0]
            text += f"; feed {number} {why}"
        return CommandResult(
            ok=bool(receipt.done),
            text=text,
            affected=len(receipt.done),
            refused=receipt.refused,
        )

    def note_limits(self, changes: Sequence[SettingChange]) -> tuple[int, str]:
        """Write down that limits were changed; return the number for :class:`Undo` and the words.

        Raises:
            Failure: The catalogue could not take it; the limit holds all the same.
        """
        note = NoteAction(
            action=SET_LIMIT,
            detail=", ".join(change.text for change in changes),
            was={change.key: change.old for change in changes},
            became={change.key: change.new for change in changes},
            joins_ms=STEPS_MS,
            at=self._services.clock.now_ms(),
        )
        said, operation = note.detail, 0
        try:
            receipt = self._services.commit(note)
            if isinstance(receipt, Decided):
                said, operation = receipt.detail or said, receipt.operation
        finally:
            self._events.emit("limit_changed", said, code=changes[0].key)
        return operation, said

    def _undo_limit(self, found: Operation, actor: str, now: int) -> CommandResult:
        """Set a limit back; the catalogue says first whether that may still be."""
        self._services.commit(
            UndoOperation(operation=found.number, actor=actor, at=now, elsewhere=True)
        )
        before = from_json(found.was, dict[str, str])
        after = from_json(found.became, dict[str, str])
        return self._restore_limits(before, after)

    def _commit(self, write: Write) -> Receipt:
        receipt = self._services.commit(write)
        if isinstance(write, DecideFeeds) and isinstance(receipt, Decided):
            self.told(write, receipt)
        return receipt

    def _tell(self, code: str, text: str, feed_ids: tuple[int, ...], reason: str = "") -> None:
        one = feed_ids[0] if len(feed_ids) == 1 else None
        words = f"{text}: {reason}" if reason else text
        self._events.emit("operator_acted", words, feed_id=one, code=code)


def _counted(count: int, word: str) -> str:
    return f"{counted(count, 'feed')} {word}"


def _nothing(number: int) -> str:
    if number:
        return f"there is no operation {number}"
    return "nothing to undo: no action of the last minute stands"
