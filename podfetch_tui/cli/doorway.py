"""The doorway of an engine: served beside it, and found again by commands."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from podfetch_tui.cli.context import Context, read_settings
from podfetch_tui.config.loaded import refuse
from podfetch_tui.model.errors import ArchiveUnusable, BadConfiguration, Failure, NoEngine
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.system.instance import holder
from podfetch_tui.system.paths import runtime_dir, user_state_dir

if TYPE_CHECKING:
    from podfetch_tui.api.remote import RemoteClient
    from podfetch_tui.cli.archive import OpenArchive
    from podfetch_tui.engine.engine import Engine

logger = logging.getLogger(__name__)


class _Dropped:
    """Counts clients that were dropped; says so now and then, however many there are."""

    EVERY_S = 10.0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said: float | None = None

    def __call__(self, reason: str) -> None:
        self._engine.telemetry.note("clients_dropped")
        now = self._engine.services.clock.monotonic()
        if self._said is None or now - self._said >= self.EVERY_S:
            self._said = now
            self._engine.events.emit("client_dropped", reason)


@contextlib.contextmanager
def served(engine: Engine, archive: OpenArchive, settings: Settings) -> Iterator[None]:
    """Serve the engine's socket and its metrics while the block runs.

    An engine whose socket or address cannot be had works all the same, and says so.
    """
    with _metered(engine, settings), _socket_served(engine, archive, settings):
        yield


@contextlib.contextmanager
def _metered(engine: Engine, settings: Settings) -> Iterator[None]:
    """Serve metrics, where they are wanted."""
    if settings.monitor.metrics == "off":
        yield
        return
    from podfetch_tui.api.local import LocalClient
    from podfetch_tui.api.metrics import MetricsServer

    try:
        server = MetricsServer(LocalClient(engine), settings.monitor.metrics)
    except Failure as failure:
        engine.events.emit("metrics_closed", failure.detail)
        logger.warning("There are no metrics: %s", failure.detail)
        yield
        return
    with contextlib.closing(server):
        yield


@contextlib.contextmanager
def _socket_served(engine: Engine, archive: OpenArchive, settings: Settings) -> Iterator[None]:
    """Serve the socket, and say in the lock where it is."""
    from podfetch_tui.api.local import LocalClient
    from podfetch_tui.api.server import DoorwayServer

    if settings.monitor.socket == "off":
        yield
        return
    try:
        server = DoorwayServer(
            LocalClient(engine),
            socket_path(settings, archive.layout.uuid),
            archive=archive.layout.uuid,
            root=str(archive.layout.root),
            on_bad_peer=_Dropped(engine),
        )
    except (Failure, BadConfiguration) as error:
        engine.events.emit("doorway_closed", str(error))
        logger.warning("Commands and screens cannot reach this engine: %s", error)
        yield
        return
    engine.watch_over(server.heart)
    try:
        archive.lock.announce(str(server.path))
        yield
    finally:
        server.close()


def socket_path(settings: Settings, uuid: str) -> Path:
    """Return where the socket of an archive is.

    Raises:
        BadConfiguration: There is no folder for it.
    """
    if settings.monitor.socket != "auto":
        return Path(settings.monitor.socket).expanduser().absolute()
    return runtime_dir() / f"{uuid[:8]}.sock"


@contextlib.contextmanager
def engine_or_none(settings: Settings) -> Iterator[RemoteClient | None]:
    """Connect to the engine that runs on the archive, if one does.

    Raises:
        ArchiveUnusable: There is no archive.
    """
    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(engine_of(settings))
        except NoEngine:
            client = None
        yield client


@contextlib.contextmanager
def engine_for(context: Context, *, read_only: bool = False) -> Iterator[RemoteClient]:
    """Connect to the engine on the archive of the settings, even where they have problems.

    A running engine does not mind a file that was broken since; it must still be told to stop.

    Raises:
        BadConfiguration: The settings have problems and lead to no engine.
        NoEngine: None runs, or it does not answer.
        ArchiveUnusable: There is no archive.
    """
    loaded = read_settings(context)
    with contextlib.ExitStack() as stack:
        try:
            client = stack.enter_context(engine_of(loaded.settings, read_only=read_only))
        except (NoEngine, ArchiveUnusable):
            refuse(loaded.problems)
            raise
        yield client


@contextlib.contextmanager
def engine_of(settings: Settings, *, read_only: bool = False) -> Iterator[RemoteClient]:
    """Connect to the engine that runs on the archive.

    Raises:
        NoEngine: None runs, or it does not answer.
        ArchiveUnusable: There is no archive.
    """
    from podfetch_tui.api.remote import RemoteClient

    path = find_socket(settings)
    with contextlib.closing(RemoteClient(path, read_only=read_only)) as client:
        yield client


def find_socket(settings: Settings) -> Path:
    """Return where the engine that runs on the archive listens.

    Raises:
        NoEngine: None runs, or it has no socket.
        ArchiveUnusable: There is no archive.
    """
    from podfetch_tui.cli.archive import root_of

    layout = open_archive(
        root_of(settings), create=False, state_dir=user_state_dir(), read_only=True
    )
    who = holder(layout.lock)
    if who is None:
        raise NoEngine(f"no engine runs on {layout.root}; start one with `podfetch --no-ui`")
    if not who.socket:
        raise NoEngine(
            f"process {who.pid} works on {layout.root} without a socket: it is still starting, or"
            " its monitor.socket is off"
        )
    return Path(who.socket)
