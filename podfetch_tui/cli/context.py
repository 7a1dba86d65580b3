"""What the bare command was told, and the settings that follow from it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from podfetch_tui.cli.output import say
from podfetch_tui.config.checks import Check, Contradiction
from podfetch_tui.config.loaded import Loaded, Origin, Problem, Source, refuse
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.config.values import quote
from podfetch_tui.model.errors import BadConfiguration, UsageError
from podfetch_tui.model.settings import Settings, keys_by_id
from podfetch_tui.storage.template import parse_template
from podfetch_tui.system.paths import user_config_file

CONFIG_VARIABLE = "PODFETCH_CONFIG"
"""Environment variable that names the INI when ``--config`` does not."""
LOCAL_FILE = "podfetch.ini"
"""The INI of the current folder."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the bare command; they hold for every subcommand (``ctx.obj``)."""

    config_file: str | None = None
    archive: str | None = None
    sets: tuple[str, ...] = ()
    """``section.key=value``, in the order given."""
    feeds: tuple[str, ...] = ()
    """Feed lists to import before running."""
    verbose: int = 0
    """How often ``-v`` was given; negative for ``-q``."""


def check_filename(settings: Settings) -> Iterator[Contradiction]:
    """Yield what is wrong with ``archive.filename``; ``storage`` knows what a pattern is."""
    try:
        parse_template(settings.archive.filename)
    except BadConfiguration as error:
        yield Contradiction(("archive.filename",), str(error))


CHECKS: tuple[Check, ...] = (check_filename,)
"""What ``config`` cannot check itself; a reload must pass them too."""


def config_file(context: Context, env: Mapping[str, str] = os.environ) -> Path | None:
    """Return the INI that holds, or ``None`` when there is none.

    ``--config``, ``$PODFETCH_CONFIG``, ``./podfetch.ini``, the user's configuration folder;
    a file that was named is returned whether it exists or not.
    """
    named = context.config_file or env.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    local = Path(LOCAL_FILE)
    if local.exists():
        return local
    try:
        users = user_config_file()
    except BadConfiguration:  # no home folder: then there is no file in it either
        return None
    return users if users.exists() else None


def program(context: Context, env: Mapping[str, str] = os.environ) -> str:
    """Return how this archive is reached from any folder: ``podfetch --archive /srv/pods``."""
    words = ["podfetch"]
    ini = config_file(context, env)
    if ini is not None and (context.config_file or env.get(CONFIG_VARIABLE) or not _is_users(ini)):
        words += ["--config", str(ini.absolute())]
    if context.archive:
        words += ["--archive", str(Path(context.archive).absolute())]
    return shlex.join(words)


def _is_users(ini: Path) -> bool:
    """Whether it is the file that is found wherever one stands."""
    try:
        return ini.absolute() == user_config_file()
    except BadConfiguration:
        return False


def overrides(context: Context) -> tuple[tuple[str, str], ...]:
    """Return the settings given on the command line; ``--archive`` sets ``archive.root``.

    ``-v`` sets ``logging.level``.

    Raises:
        UsageError: a ``--set`` without ``=``, or an empty ``--archive``.
    """
    pairs = []
    for text in context.sets:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {text!r}: write --set section.key=value")
        pairs.append((key, value))
    if context.verbose > 0:
        pairs.append(("logging.level", "debug"))
    if context.archive is not None:
        if not context.archive:
            raise UsageError("--archive is empty: name a folder")
        pairs.append(("archive.root", quote(str(Path(context.archive).absolute()))))
    return tuple(pairs)


def source_of(context: Context, env: Mapping[str, str] = os.environ) -> SettingsSource:
    """Return where the settings of this process come from.

    Raises:
        UsageError: the command line cannot be understood.
    """
    return SettingsSource(
        ini=config_file(context, env), env=env, overrides=overrides(context), checks=CHECKS
    )


def read_settings(context: Context, env: Mapping[str, str] = os.environ) -> Loaded:
    """Read settings and credentials from everywhere, problems included.

    Raises:
        UsageError: the command line cannot be understood.
    """
    return source_of(context, env).read()


def load_settings(context: Context, env: Mapping[str, str] = os.environ) -> Loaded:
    """Read settings from everywhere.

    Raises:
        BadConfiguration: there is a problem; the message lists all of them.
        UsageError: the command line cannot be understood.
    """
    loaded = read_settings(context, env)
    refuse(loaded.problems)
    return loaded


def leading(context: Context, env: Mapping[str, str] = os.environ) -> Loaded:
    """Read settings for a command that only reads: they have to lead to the archive.

    With problems elsewhere it goes on, and says so: a file that was broken since its engine
    started must not hide what that engine does.

    Raises:
        BadConfiguration: There are problems, and where the archive is may be one of them.
        UsageError: the command line cannot be understood.
    """
    loaded = read_settings(context, env)
    if not loaded.problems:
        return loaded
    if not all(_leaves_place(loaded, problem) for problem in loaded.problems):
        refuse(loaded.problems)
    more = f" (and {len(loaded.problems) - 1} more)" if len(loaded.problems) > 1 else ""
    say(f"the settings have a problem, this only reads: {loaded.problems[0].text}{more}")
    return loaded


_PLACE = ("archive.root", "archive.catalog")


def _leaves_place(loaded: Loaded, problem: Problem) -> bool:
    """Whether a problem leaves no doubt about where the archive is."""
    if problem.key in _PLACE:
        return False
    if problem.key in keys_by_id():
        return True
    if problem.file != loaded.file:
        return False  # such as a credentials file that others may read: nothing goes on with that
    # A line or a whole file that was not understood may have meant the folder.
    root = loaded.sources.get("archive.root", Source())
    return root.origin is not Origin.DEFAULT
