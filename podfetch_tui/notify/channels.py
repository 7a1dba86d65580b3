"""The two ways to tell somebody. Each has a deadline and says in words why it failed."""

from __future__ import annotations

import shlex
import shutil
import threading
from typing import Protocol

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.notify.notice import Notice
from podfetch_tui.sandbox.hook import run_hook

WEBHOOK_S = 15.0
COMMAND_S = 60.0


class Post(Protocol):
    """``HttpClient.post``."""

    def __call__(
        self, url: str, body: bytes, *, content_type: str, deadline: float, stop: threading.Event
    ) -> None:
        """Send ``body``. Raises :class:`Failure` for all but 2xx."""
        ...


def post_notice(post: Post, url: str, notice: Notice, stop: threading.Event) -> str:
    """Send ``notice`` to ``alerts.webhook``, within 15 s; return why it did not take it, or "".

    Raises:
        Failure: ``STOPPED``.
    """
    try:
        post(url, notice.body(), content_type="application/json", deadline=WEBHOOK_S, stop=stop)
    except Failure as failure:
        if failure.kind is Kind.STOPPED:
            raise
        may = "; open its network in [network] allow_private"
        what = failure.detail or failure.kind.value  # not the URL, which may hold a token
        return f"{what}{may if failure.kind is Kind.BLOCKED_ADDRESS else ''}"
    return ""


def run_command(command: str, notice: Notice, stop: threading.Event) -> str:
    """Run ``alerts.command`` with ``notice`` on its input and in its environment.

    Returns:
        Why it cannot be started, took longer than a minute or ended with an error, or "".

    Raises:
        Failure: ``STOPPED``.
    """
    argv, problem = command_of(command)
    if problem:
        return problem
    try:
        return run_hook(
            argv,
            given=notice.body() + b"\n",
            environment=notice.environment(),
            wall_s=COMMAND_S,
            stop=stop,
        ).problem
    except Failure as failure:
        if failure.kind is Kind.STOPPED:
            raise
        return failure.detail


def command_of(command: str) -> tuple[list[str], str]:
    """Return the words of ``alerts.command``, its program by its whole path, or what is wrong."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        return [], f"it cannot be read: {error}"
    program = shutil.which(argv[0]) if argv else None
    if program is None:
        return [], f"there is no program {argv[0] if argv else 'in it'}"
    return [program, *argv[1:]], ""
