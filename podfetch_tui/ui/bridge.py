"""What a screen may use: the newest view, questions and commands that never block, undo.

Screens and widgets get one ``Bridge`` and know neither the application nor an engine. All of
it is called on the application's thread; the engine's doorway is only called on threads of
the bridge, so that an engine that takes its time never holds up a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from textual.app import App
from textual.worker import Worker

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.link import Link
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.kept import Kept
from podfetch_tui.ui.probe_round import ProbeRound
from podfetch_tui.ui.toasts import Severity, Toasts
from podfetch_tui.ui.undo import Undo, UndoLog, refusals, taken_at
from podfetch_tui.ui.view import Memory, View

_Given = TypeVar("_Given")
_Got = TypeVar("_Got")
_THREADS = 4
ACTOR = "screen"
"""Who did it, in the audit."""
PROBING = "probing"
"""Topic of what is said of probes."""
_PROBE_S = 120.0
"""No single probe takes so long: how far a round is stands until there is more to say."""


class Bridge:
    """One for the whole application."""

    def __init__(
        self,
        app: App[Any],
        client: EngineClient,
        glyphs: Glyphs,
        keys: Mapping[str, str],
        link: Callable[[], Link] | None = None,
        kept: Kept | None = None,
        program: str = "podfetch",
    ) -> None:
        """Create it.

        Args:
            app: Shows toasts and runs workers.
            client: The engine's doorway.
            glyphs: The signs all screens use.
            keys: The ``[keys]`` section.
            link: Says how an engine of another process is reached.
            kept: What the run before left.
            program: How the operator calls the program for this archive.
        """
        self._app = app
        self._client = client
        self.glyphs = glyphs
        self.keys = keys
        self.program = program
        self.memory = Memory()
        self._toasts = Toasts(app)
        self._link = link
        self.view: View = self.memory.view(client.snapshot(), self._how())
        self.held: View | None = None
        """What the bodies of the screens show while the picture is held."""
        self.pending = 0
        """Questions and commands that are not answered yet."""
        self.probes = ProbeRound(self.ask, self._progress, ACTOR)
        """Looks at several feeds."""
        self._undo = UndoLog()
        self._to_begin: list[Coroutine[Any, Any, None]] = []
        self._is_closed = False
        self.editor: Callable[[Sequence[str]], int] | None = None
        """Runs an editor at the terminal, given its words, and returns its exit status."""
        self.kept = kept or Kept()
        """What the screens remember from one start to the next."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="podfetch-screen")

    def look(self) -> None:
        """Take one snapshot. Raises :class:`Failure` or :class:`PodfetchError`."""
        self.take(self._client.snapshot())

    def take(self, snapshot: EngineSnapshot) -> None:
        """Make a view of ``snapshot`` the newest one."""
        self.view = self.memory.view(snapshot, self._how())

    @property
    def is_frozen(self) -> bool:
        """Whether the picture is held; the engine goes on, and so do clock, link and alerts."""
        return self.held is not None

    @is_frozen.setter
    def is_frozen(self, frozen: bool) -> None:
        self.held = self.view if frozen else None

    @property
    def now(self) -> int:
        """UTC milliseconds by the engine's clock."""
        return self.view.snapshot.at

    async def query(self, request: PageRequest) -> Page:
        """Return a page of rows. Raises :class:`Failure` or :class:`PodfetchError`."""
        return await self._beside(self._client.query, request)

    async def ask(self, command: Command) -> CommandResult:
        """Send ``command`` and return what came of it; trouble is a refusal."""
        if self.view.refusal:
            return CommandResult(ok=False, text=self.view.refusal)
        try:
            return await self._beside(self._client.send, command)
        except (Failure, PodfetchError) as error:
            return CommandResult(ok=False, text=str(error))

    def send(self, command: Command, *, undo: tuple[str, Command] | None = None) -> None:
        """Send ``command`` and show what came of it.

        Args:
            command: What the engine is to do.
            undo: What was done, in words, and the command that takes it back; offered if
                the engine did it.
        """

        async def carry() -> None:
            result = await self.ask(command)
            self.toast(result.text or "done", "information" if result.ok else "error")
            if result.ok and undo is not None:
                self.offer_undo(*undo)

        self.run(carry())

    async def aside(self, work: Callable[[], None]) -> None:
        """Do what takes a while and has no answer on a thread of the bridge."""
        await self._beside(lambda _: work(), None)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the screen; it may await :meth:`query` and :meth:`ask`.

        Keys that come while the application ends lead to nothing.
        """
        if self._is_closed:
            work.close()
            return

        async def carry() -> None:
            if work in self._to_begin:
                self._to_begin.remove(work)
                await work

        self._to_begin.append(work)
        _: Worker[None] = self._app.run_worker(carry, exit_on_error=False)

    def toast(self, text: str, severity: Severity = "information", *, topic: str = "") -> None:
        """Show a line for some seconds; its text is never markup, a repeat is counted.

        What stands about the same ``topic`` makes room for it.
        """
        self._toasts.show(text, severity, topic=topic)

    def _progress(self, text: str) -> None:
        self._toasts.show(text, "information", topic=PROBING, for_s=_PROBE_S)

    def offer_undo(self, text: str, command: Command) -> None:
        """Let ``u`` take back for a minute what was done."""
        self._undo.add(text, command, self.now)
        self._app.refresh_bindings()

    @property
    def undo(self) -> Undo | None:
        """What ``u`` would take back now."""
        return self._undo.newest(self.now)

    def take_back(self) -> None:
        """Undo what was done last."""
        last = self._undo.take(self.now)
        self._app.refresh_bindings()
        if last is None:
            self.toast("Nothing to undo: what was done a minute ago stands.", "warning")
            return

        async def carry() -> None:
            result = await self.ask(taken_at(last.command, self.now))
            why = refusals(last.command, result)
            if result.ok and why:
                self.toast(f"Took back, but for {len(why)}: {last.text}: {why[0]}", "warning")
            elif result.ok:
                self.toast(f"Took back: {last.text}")
            else:
                said = why[0] if why else result.text
                self.toast(f"Not taken back: {last.text}: {said}", "error")

        self.run(carry())

    def _how(self) -> Link | None:
        return self._link() if self._link is not None else None

    async def _beside(self, verb: Callable[[_Given], _Got], given: _Given) -> _Got:
        """Call a verb of the doorway on a thread of the bridge."""
        self.pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, verb, given)
        finally:
            self.pending -= 1

    def close(self) -> None:
        """Wait for no thread: what was asked may still be answered, to nobody."""
        self._is_closed = True
        while self._to_begin:
            self._to_begin.pop().close()
        self._threads.shutdown(wait=False, cancel_futures=True)
