"""``podfetch serve``: the screens of a running engine in a browser, to look at.

Each tab of a browser has a process of its own, ``podfetch attach --read-only``: it hosts no
engine and changes nothing. There is no password, so only this machine is answered; what lets
others in is a proxy that asks who they are. Web pages of others run in the operator's browser
too: what they ask for, directly or by a name that leads here, is refused.
"""

from __future__ import annotations

import contextlib
import importlib
import shlex
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from msgspec.structs import replace

from podfetch_tui.cli.attach_command import connector, led_to, target_of
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import remark
from podfetch_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable

PORT = 8000
_HTTP = 80
_LEFT_OUT = {"http": _HTTP, "https": 443}
"""The port that a browser does not name."""
_HERE = ("localhost", "127.0.0.1", "[::1]")
_EXTRA = (
    "serve needs the extra [web]: pipx install 'podfetch-tui[web]' (or pip, uv), or look at a"
    " terminal with `podfetch attach --read-only`"
)


@click.command("serve")
@click.argument("target", required=False, metavar="[ARCHIVE|SOCKET]")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, help="Of this machine: 8000.")
@click.option(
    "--public-url", metavar="URL", help="Where a proxy of yours has it: https://pods.example."
)
@click.pass_obj
def serve_command(
    context: Context, *, target: str | None, port: int, public_url: str | None
) -> None:
    """Show a running engine in browsers of this machine, to look at; nothing can be changed.

    Needs the extra [web]. There is no password: only this machine is answered, and what lets
    others in is a proxy that asks for one. Ctrl-C ends it; the engine goes on.
    """
    public = (public_url or f"http://localhost:{port}").rstrip("/")
    own = own_names(port, public)
    folder, path = target_of(target)
    if folder is not None:
        context = replace(context, archive=folder)
    try:
        serving: Any = importlib.import_module("textual_serve.server")
    except ImportError:
        raise UsageError(_EXTRA) from None
    with contextlib.closing(connector(led_to(context, path), path, read_only=True)()):
        pass  # an engine that is missing is said here, not in each tab
    _check_free(port)
    words = command(context, path)
    server = serving.Server(
        shlex.join(words), host="localhost", port=port, title="PodFetch", public_url=public
    )
    _wait_for_tabs(serving)
    _keep_to_ourselves(server, own, lambda: remark(f"look at {public}; Ctrl-C ends it"))
    server.serve()


def command(context: Context, path: Path | None) -> list[str]:
    """Return the words of what each tab runs."""
    words = [sys.executable, "-m", "podfetch_tui"]
    if context.config_file:
        words += ["--config", str(Path(context.config_file).absolute())]
    if context.archive:
        words += ["--archive", str(Path(context.archive).absolute())]
    for text in context.sets:
        words += ["--set", text]
    return [*words, "attach", "--read-only", *([str(path)] if path else [])]


def own_names(port: int, public_url: str) -> frozenset[str]:
    """Return the names, with ports, under which a browser may ask.

    Raises:
        UsageError: The public URL is none.
    """
    try:
        parts = urlsplit(public_url)
        is_named = parts.scheme in _LEFT_OUT and parts.hostname
        name, its_port = (parts.netloc.lower(), parts.port) if is_named else ("", None)
    except ValueError:
        name, its_port = "", None
    if not name or "@" in name or parts.query or parts.fragment:
        raise UsageError(f"--public-url {public_url}: write it as https://pods.example")
    here = _HERE if port == _HTTP else ()
    left_out = _LEFT_OUT[parts.scheme]
    if its_port in (None, left_out):
        name = name.removesuffix(f":{left_out}")
        here = (*here, f"{name}:{left_out}")
    return frozenset((*(f"{host}:{port}" for host in _HERE), *here, name))


def is_ours(host: str, origin: str | None, own: frozenset[str]) -> bool:
    """Say whether a request names us, and comes from our own page if from any.

    Args:
        host: Its field ``Host``: a name of others that leads here is not ours.
        origin: Its field ``Origin``: every page may open a socket to any address.
        own: See :func:`own_names`.
    """
    if host.lower() not in own:
        return False
    return origin is None or origin.lower().partition("://")[2] in own


def _keep_to_ourselves(server: Any, own: frozenset[str], say_where: Callable[[], None]) -> None:
    """Have a server of ``textual-serve`` refuse what is not ours, and print nothing on stdout."""
    web: Any = importlib.import_module("aiohttp.web")
    make = server._make_app

    @web.middleware  # type: ignore[untyped-decorator, unused-ignore]
    async def guard(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        if not is_ours(request.host, request.headers.get("Origin"), own):
            raise web.HTTPForbidden(text="not for this name or page: see --public-url\n")
        return await handler(request)

    async def make_guarded() -> Any:
        app = await make()
        app.middlewares.append(guard)
        return app

    async def begin(_: Any) -> None:
        say_where()

    server._make_app = make_guarded
    server.on_startup = begin
    server.initialize_logging = lambda: None


def _wait_for_tabs(serving: Any) -> None:
    """Have ``textual-serve`` end after the processes of its tabs, of which it sees the output."""
    plain: Any = serving.AppService

    class Tab(plain):  # type: ignore[misc, unused-ignore]
        async def stop(self) -> None:
            await super().stop()
            if self._process is not None:
                await self._process.wait()

    serving.AppService = Tab


def _check_free(port: int) -> None:
    """Say that a port is taken before anything is begun.

    Raises:
        UsageError: It cannot be listened at.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"port {port}: {reason}: choose another with --port") from error
