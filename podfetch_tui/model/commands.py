"""The only way back in: what an operator can tell the engine."""

from __future__ import annotations

from typing import Union

import msgspec

from podfetch_tui.model.decisions import FeedAsk
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.operator_writes import OperatorWrite
from podfetch_tui.model.probes import ProbeReport


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Start nothing new; what runs goes on."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Start new work again."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Drain and stop; ``now`` does not wait for running work."""

    now: bool = False


class SetLimit(msgspec.Struct, frozen=True, tag=True):
    """Change a setting of the running engine."""

    key: str
    """``section.key``."""
    value: str
    """As it would stand in the INI."""


class ChangeSettings(msgspec.Struct, frozen=True, tag=True):
    """Change settings of the running engine together, all or none."""

    changes: tuple[tuple[str, str], ...]
    """(``section.key``, text as it would stand in the INI)."""
    save: bool = False
    """Write them into the INI, too, so that they outlive the process."""
    dry_run: bool = False
    """Say what would change, in the INI too; change nothing."""
    forget: tuple[str, ...] = ()
    """``section.key`` of what was set while running and shall be as without that."""
    for_s: Union[float, None] = None
    """Seconds after which the changes end by themselves; they cannot be saved then."""


class Reload(msgspec.Struct, frozen=True, tag=True):
    """Read the settings and the feed lists again."""


class CheckFeeds(msgspec.Struct, frozen=True, tag=True):
    """Make feeds due now; an empty tuple means all active ones.

    One that is not active is skipped, and named as refused.
    """

    feed_ids: tuple[int, ...] = ()


class RetryEpisode(msgspec.Struct, frozen=True, tag=True):
    """Make episodes pending and due now; those it does not fit are named as refused."""

    episode_ids: tuple[int, ...]
    seen: tuple[str, ...] = ()
    """As in :class:`DecideEpisodes`."""


class CancelDownloads(msgspec.Struct, frozen=True, tag=True):
    """End downloads that run; their episodes are skipped until they are retried.

    One from which nothing comes ends when the next byte or its time-out does.
    """

    episode_ids: tuple[int, ...]
    keep_parts: bool = False
    """What came of them stays: a retry goes on from there."""


class BeginFeeds(msgspec.Struct, frozen=True, tag=True):
    """Activate feeds that were imported paused."""


class EditFeeds(msgspec.Struct, frozen=True, tag=True):
    """Change what is set for single feeds; each edit is whole or not at all."""

    edits: tuple[EditFeed, ...]


class ActOnFeeds(msgspec.Struct, frozen=True, tag=True):
    """Pause, resume, retire, release, snooze or quarantine feeds; a release of many is staggered.

    The answer names the feeds it was refused for, and the operation for :class:`Undo`.
    """

    ask: FeedAsk


class ProbeFeed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Fetch a feed once and say what came and what a release would lead to; changes nothing.

    Takes as long as the feed does, up to ``network.feed_deadline`` and the parsing.
    """

    feed_id: int
    url: str = ""
    """Look there instead, as if the feed were polled there."""
    actor: str = "command"


class Undo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take back what an operator did within the last minute, where nothing changed since."""

    operation: int = 0
    """Its number; 0: the newest that can be undone."""
    actor: str = "command"


class AddFeeds(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take feeds in: a URL, several, or a whole list in any format of an import."""

    data: bytes
    """The list as it stands in its file, or as it was typed; at most 11 MiB fit the wire."""
    source: str = "command"
    """Name of the list: the whole path of its file, or ``command`` for what was typed."""
    paused: bool = False
    """New feeds start paused, and wait to begin."""
    dry_run: bool = False
    """Say what would become of each line; change nothing."""


class ProbeUrl(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Fetch a URL that is no feed of the archive yet, and say what came; changes nothing.

    Takes as long as the host does, up to ``network.feed_deadline`` and the parsing.
    """

    url: str


class Carry(msgspec.Struct, frozen=True, tag=True):
    """Apply changes that a command of this program worked out, as it would itself.

    Each is all or nothing; the answer has the receipt of each.
    """

    writes: tuple[OperatorWrite, ...]


Command = Union[
    Pause,
    Resume,
    Stop,
    SetLimit,
    ChangeSettings,
    Reload,
    CheckFeeds,
    RetryEpisode,
    CancelDownloads,
    BeginFeeds,
    EditFeeds,
    ActOnFeeds,
    ProbeFeed,
    ProbeUrl,
    AddFeeds,
    Undo,
    Carry,
]


class SettingsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did to the settings."""

    changed: tuple[str, ...] = ()
    """Each key that means something else now: ``engine.per_host 2 → 4``."""
    pending: tuple[str, ...] = ()
    """``section.key`` of all that takes effect after a restart."""
    gave_way: tuple[str, ...] = ()
    """``section.key`` of runtime changes that ended because the INI changed there."""
    problems: tuple[str, ...] = ()
    """Why nothing was changed, each with file and line."""
    diff: str = ""
    """What was changed in the INI, as a unified diff without secrets."""


class RejectedLine(msgspec.Struct, frozen=True):
    """A line of a list that is no feed."""

    line: int
    text: str
    """Cleaned, without secrets, cut."""
    reason: str


class AddedFeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What became, or would become, of the lines of a list."""

    new: int = 0
    duplicate: int = 0
    """Lines whose feed the archive or an earlier line has."""
    rejected: int = 0
    ids: tuple[int, ...] = ()
    """Of the new feeds once they are added, else of those that are there already; at most 100."""
    names: tuple[str, ...] = ()
    """Titles or URLs of new feeds, without secrets; at most 5."""
    rejects: tuple[RejectedLine, ...] = ()
    """At most 20."""
    notes: tuple[str, ...] = ()
    """What is worth knowing about the list as a whole."""

    @property
    def counts(self) -> str:
        """How many lines became what."""
        return f"{self.new:,} new, {self.duplicate:,} duplicate, {self.rejected:,} rejected"


class CarriedWrite(msgspec.Struct, frozen=True):
    """What became of one of the writes of :class:`Carry`."""

    receipt: msgspec.Raw
    """The receipt as JSON; ``null`` where there is none."""
    problem: str = ""
    """Why it was not applied; empty when it was."""


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command."""

    ok: bool
    text: str = ""
    affected: int = 0
    settings: SettingsResult | None = None
    """For :class:`Reload`, :class:`ChangeSettings` and :class:`SetLimit`."""
    carried: tuple[CarriedWrite, ...] = ()
    """For :class:`Carry`: one for each write."""
    refused: tuple[tuple[int, str], ...] = ()
    """Feeds or episodes it was not done for, and why."""
    operation: int = 0
    """Number for :class:`Undo`; 0: there is nothing to undo."""
    undoes: str = ""
    """What that would take back, where it is more than this command did."""
    probe: Union[ProbeReport, None] = None
    """For :class:`ProbeFeed` and :class:`ProbeUrl`; the latter's is of feed 0."""
    added: Union[AddedFeeds, None] = None
    """For :class:`AddFeeds`."""
