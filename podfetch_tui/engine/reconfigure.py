"""Settings of a running engine: read again when they change, verified whole, applied whole.

Everything here runs on the thread of the file watch, one thing after the other, so nothing
needs a lock; :attr:`Reconfigure.view` and :attr:`Reconfigure.settings` are immutable values
that any thread may read. A runtime change wins over the command line, the environment and the
INI; it dies with the process unless it is saved, gives way when that key changes in the INI, and
may be made for a time only. One that says what holds without it is none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import CancelledError, Future

import msgspec

from podfetch_tui.config.cut import cut_off, is_unfinished
from podfetch_tui.config.loaded import Loaded, Problem
from podfetch_tui.config.shown import ShownSetting, differences, shown
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.config.watch import FileWatch
from podfetch_tui.engine.events import EventRing
from podfetch_tui.engine.list_files import ListFiles
from podfetch_tui.engine.runtime_changes import RuntimeChanges, effective
from podfetch_tui.engine.setting_changes import checked, failed, plan_save, reasons, save
from podfetch_tui.engine.settings_news import SettingsNews, texts_of
from podfetch_tui.model.applying import applies_of, with_keys_of
from podfetch_tui.model.commands import CommandResult, SettingsResult
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import BadConfiguration, Failure, UsageError
from podfetch_tui.model.settings import Applies, Settings, changed_keys
from podfetch_tui.model.snapshot import SettingsView
from podfetch_tui.model.units import format_duration
from podfetch_tui.pipeline.services import Services

CONFIRM_S = 0.4
"""What looks wrong is looked at again after this: it may have been half written."""
MOST_LOOKS = 3
"""So often at most; then it is wrong, even if it is wrong in another way each time."""
_GROUP = "settings"

Apply = Callable[[Settings, Settings, "Credentials | None"], None]
"""Makes new settings hold instead of old ones, whole or not at all (``BadConfiguration``)."""


class Reconfigure:
    """Knows which settings hold, and changes them."""

    def __init__(
        self,
        source: SettingsSource,
        loaded: Loaded,
        *,
        services: Services,
        events: EventRing,
        files: FileWatch,
        lists: ListFiles,
        apply: Apply,
    ) -> None:
        """Begin with what the process read at its start.

        Args:
            source: Where settings come from.
            loaded: What it gave, without problems.
            services: The adapters.
            events: Where it is told what changed.
            files: Watches the files.
            lists: The feed lists.
            apply: Makes settings hold.
        """
        self.settings = loaded.settings
        """What holds now; those that need a restart as they were at the start."""
        self._source = source
        self._loaded = loaded
        self._boot = loaded.settings
        self._files = files
        self._lists = lists
        self._apply = apply
        self._clock = services.clock
        self._runtime = RuntimeChanges()
        self._ending: Future[None] | None = None
        self._suspect: object = None
        """What looked wrong or unfinished at the last look."""
        self._looks = 0
        self._news = SettingsNews(services, events, loaded.file or "")

    @property
    def view(self) -> SettingsView:
        """How the settings stand, for the snapshot."""
        return msgspec.structs.replace(self._news.view, watched=self._files.mode)

    def rows(self) -> list[ShownSetting]:
        """Return every key with its value, source and what stands in the INI."""
        now, wall = self._clock.monotonic(), self._clock.now_ms()
        ends = {id_: wall + round(1000 * left) for id_, left in self._runtime.left(now)}
        return list(shown(self._loaded, self._news.view.pending, ends))

    def follow(self) -> None:
        """Watch the settings' files; see :meth:`FileWatch.watch` for from where."""
        paths = self._source.files(self._loaded.settings)
        self._files.watch(_GROUP, paths, self._on_change)

    def look_again(self) -> None:
        """Look whether the files changed since they were read at the start."""
        if self._files.mode != "off":
            self._files.call_again(_GROUP, 0.0)

    def ask(self) -> None:
        """Read everything again soon; from any thread, without waiting."""
        self._files.ask(self._reload)

    def reload(self) -> CommandResult:
        """Read everything again and say what changed, or why nothing; from any thread."""
        return _result_of(self._files.ask(self._reload))

    def change(
        self,
        changes: Sequence[tuple[str, str]],
        *,
        save: bool = False,
        forget: Collection[str] = (),
        for_s: float | None = None,
    ) -> CommandResult:
        """Change settings until the process ends, for a time, or for good; from any thread.

        Args:
            changes: (``section.key``, text as in the INI), all taken or none.
            save: Write them into the INI.
            forget: ``section.key`` of runtime changes that end.
            for_s: Seconds for which the changes hold.
        """
        return _result_of(
            self._files.ask(
                lambda: (
                    self._keep_or_say(changes)
                    if save
                    else self._change(changes, forget=forget, for_s=for_s)
                )
            )
        )

    def look_at_ends(self) -> None:
        """End what was set for a time that is over; from any thread, without waiting."""
        is_asked = self._ending is not None and not self._ending.done()
        if not is_asked and self._runtime.over(self._clock.monotonic()):
            self._ending = self._files.ask(self._end_what_is_over)

    def plan(self, changes: Sequence[tuple[str, str]]) -> CommandResult:
        """Say what :meth:`change` would change, in the INI too; from any thread."""
        return _result_of(self._files.ask(lambda: self._plan(changes)))

    # --- on the thread of the files -----------------------------------------------------

    def _on_change(self) -> float | None:
        fresh, problems = self._read()
        suspect: object = None
        if problems and texts_of(problems) != self._news.view.problems:
            suspect = problems
        elif not problems and is_unfinished(self._loaded, fresh):
            suspect = fresh.text
        if suspect is not None and suspect != self._suspect and self._looks < MOST_LOOKS:
            self._suspect = suspect
            self._looks += 1
            return CONFIRM_S
        self._take(fresh, problems)
        return None

    def _reload(self) -> CommandResult:
        fresh, problems = self._read()
        done = self._take(fresh, problems)
        if done.problems:
            text = "nothing was changed:\n" + "\n".join(f"  {p}" for p in done.problems)
            return CommandResult(ok=False, text=text, settings=done)
        said = [*done.changed, *self._lists.read_now()]
        waits = f"after a restart: {', '.join(done.pending)}" if done.pending else ""
        text = "\n".join(filter(None, [*said, waits])) or "nothing changed"
        return CommandResult(ok=True, text=text, affected=len(done.changed), settings=done)

    def _verified(self, changes: Sequence[tuple[str, str]]) -> tuple[dict[str, str], Loaded]:
        """Return the changes and what the settings are with them. Raises :class:`UsageError`."""
        wanted = checked(changes)
        fresh = self._source.again(self._loaded, self._runtime.plus(wanted).pairs())
        if fresh.problems:
            raise UsageError(reasons(fresh.problems))
        return wanted, fresh

    def _plan(self, changes: Sequence[tuple[str, str]]) -> CommandResult:
        try:
            wanted, fresh = self._verified(changes)
            disk, problems = self._read()
            disk = msgspec.structs.replace(disk, problems=problems)
            planned = plan_save(self._source, disk, wanted, self._runtime.texts)
        except (UsageError, BadConfiguration, Failure) as error:
            return CommandResult(ok=False, text=failed(error))
        words = tuple(c.text for c in differences(self.settings, fresh.settings) if c.key in wanted)
        done = SettingsResult(changed=words, diff=planned.diff)
        return CommandResult(ok=True, text=", ".join(words) or "nothing changes", settings=done)

    def _keep_or_say(self, changes: Sequence[tuple[str, str]]) -> CommandResult:
        try:
            return self._keep(self._verified(changes)[0])
        except (UsageError, BadConfiguration, Failure) as error:
            return CommandResult(ok=False, text=failed(error))

    def _change(
        self,
        changes: Sequence[tuple[str, str]],
        *,
        forget: Collection[str] = (),
        for_s: float | None = None,
    ) -> CommandResult:
        try:
            wanted = checked(changes)
            end = None if for_s is None else self._clock.monotonic() + for_s
            done = self._hold(self._runtime.minus(forget).plus(wanted, end), source="operator")
        except (UsageError, BadConfiguration, Failure) as error:
            return CommandResult(ok=False, text=failed(error))
        words = [f"{id_} = {text}" for id_, text in wanted.items()]
        if for_s is not None:
            words[-1:] = [f"{word} for {format_duration(for_s)}" for word in words[-1:]]
        text = ", ".join([*words, *done.changed]) if forget else ", ".join(words)
        number = len(wanted) + len(done.changed) * bool(forget)
        return CommandResult(
            ok=True, text=text or "nothing changed", affected=number, settings=done
        )

    def _hold(self, runtime: RuntimeChanges, *, source: str) -> SettingsResult:
        """Let other runtime changes hold; those that change nothing are dropped.

        Raises:
            UsageError: With them the settings have problems.
            BadConfiguration: They cannot be used.
        """
        before = self._runtime
        self._runtime, fresh = effective(self._source, self._loaded, runtime)
        try:
            return self._take_over(fresh, source=source, are_files_right=False)
        except BadConfiguration:
            self._runtime = before
            raise

    def _end_what_is_over(self) -> None:
        over = self._runtime.over(self._clock.monotonic())
        try:
            done = self._hold(self._runtime.minus(over), source="time")
        except (UsageError, BadConfiguration) as error:
            # What else was set meanwhile needs it: it stays, as if set without an end.
            texts = self._runtime.texts
            self._runtime = RuntimeChanges(texts, self._runtime.minus(over).ends)
            self._news.ended(f"cannot end, and stay: {', '.join(over)}: {failed(error)}")
            return
        if over:
            self._news.ended(", ".join(done.changed) or f"nothing changed: {', '.join(over)}")

    def _keep(self, wanted: dict[str, str]) -> CommandResult:
        """Write changes into the INI and let them hold from there.

        Raises:
            UsageError: The INI has problems.
            BadConfiguration: They cannot be used.
            Failure: The INI cannot be written.
        """
        disk, problems = self._read()
        disk = msgspec.structs.replace(disk, problems=problems)
        if not problems and disk.text != self._loaded.text:
            self._take(disk, ())  # somebody edited it this moment
        saved = save(self._source, disk, wanted, self._runtime.texts)
        if self._source.ini is None:
            self._source = msgspec.structs.replace(self._source, ini=saved.file)
        self._runtime = self._runtime.minus(wanted)
        fresh = saved.loaded
        done = self._take_over(fresh, source="operator")
        text = f"saved in {saved.file}: {', '.join(wanted)}"
        over = [
            f"{id_} is set by {fresh.sources[id_].text}, which wins over the INI"
            for id_ in wanted
            if fresh.sources[id_].name != str(saved.file)
        ]
        return CommandResult(
            ok=True,
            text="; ".join([text, *over]),
            affected=len(wanted),
            settings=msgspec.structs.replace(done, diff=saved.diff),
        )

    def _read(self) -> tuple[Loaded, tuple[Problem, ...]]:
        """Read the files; return what they say and everything that is wrong with it."""
        self._source = self._source.found()
        fresh = self._source.read(self._runtime.pairs())
        problems = fresh.problems
        is_read = bool(fresh.text) or not problems
        cut = cut_off(self._loaded, fresh) if is_read else None
        if cut is not None:
            return fresh, (cut,)
        if not problems:
            now = fresh.settings
            text = self._lists.problem_of(now.feeds.lists, now.network.allow_private)
            if text:
                where = fresh.sources["feeds.lists"]
                problems = (
                    Problem(file=where.place, line=where.line, key="feeds.lists", message=text),
                )
        return fresh, problems

    def _take(self, fresh: Loaded, problems: tuple[Problem, ...]) -> SettingsResult:
        """Take over what was read, or say why not."""
        self._suspect, self._looks = None, 0
        before = self._runtime
        gave_way = tuple(
            id_ for id_ in before.texts if fresh.in_file.get(id_) != self._loaded.in_file.get(id_)
        )
        if not problems and gave_way:
            self._runtime = before.minus(gave_way)
            fresh = self._source.again(fresh, self._runtime.pairs())
            problems = fresh.problems
        try:
            if not problems:
                return self._take_over(fresh, source="file", gave_way=gave_way)
        except BadConfiguration as error:
            problems = (Problem(file=fresh.file or "settings", line=0, message=str(error)),)
        self._runtime = before
        texts = self._news.rejected(problems)
        return SettingsResult(problems=texts, pending=self._news.view.pending)

    def _take_over(
        self,
        fresh: Loaded,
        *,
        source: str,
        gave_way: tuple[str, ...] = (),
        are_files_right: bool = True,
    ) -> SettingsResult:
        """Let what was read hold.

        Args:
            fresh: What was read, without problems.
            source: Why: ``file``, ``operator``, or ``time`` that is over.
            gave_way: Runtime changes that are gone.
            are_files_right: The files were read for this; else they may be wrong, as before.

        Raises:
            BadConfiguration: It cannot be used; nothing was changed.
        """
        before, was = self.settings, self._loaded
        now = with_keys_of(fresh.settings, self._boot, Applies.RESTART)
        now = before if now == before else now  # jobs that hold it need no other
        credentials = fresh.credentials if fresh.credentials != was.credentials else None
        self.settings = now
        try:
            self._apply(before, now, credentials)
        except BadConfiguration:
            self.settings = before
            raise
        self._loaded = fresh
        was_rejected = are_files_right and self._news.right(fresh.file or "")
        pending = _restarting(self._boot, fresh.settings)
        changes = differences(before, now)
        is_other = credentials is not None or fresh.settings != was.settings
        self._news.hold(pending=pending, is_other=is_other)
        self._news.runtime(self._runtime.texts)
        words = [change.text for change in changes]
        if credentials is not None:
            words.append("credentials")
        if words:
            self._news.changed(words, changes, source=source)
        elif was_rejected:
            self._news.restored()
        newly = [id_ for id_ in _restarting(was.settings, fresh.settings) if id_ in pending]
        if newly:
            self._news.waits(newly)
        if gave_way:
            self._news.gave_way(gave_way)
        self._lists_changed(before, now)
        self.follow()
        return SettingsResult(changed=tuple(words), pending=pending, gave_way=gave_way)

    def _lists_changed(self, before: Settings, now: Settings) -> None:
        what = [(s.feeds.lists, s.network.allow_private) for s in (before, now)]
        if what[0] != what[1]:
            self._lists.refresh()


def _restarting(before: Settings, after: Settings) -> tuple[str, ...]:
    changed = changed_keys(before, after)
    return tuple(id_ for id_ in changed if applies_of(id_) is Applies.RESTART)


def _result_of(done: Future[CommandResult]) -> CommandResult:
    try:
        return done.result()
    except CancelledError:
        return CommandResult(ok=False, text="the engine is stopping: nothing was changed")
