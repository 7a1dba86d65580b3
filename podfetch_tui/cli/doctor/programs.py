"""Versions: Python, the libraries, SQLite, FFmpeg."""

from __future__ import annotations

import platform
import shutil
import ssl
from collections.abc import Iterator
from importlib import metadata
from pyexpat import EXPAT_VERSION

from podfetch_tui import __version__
from podfetch_tui.catalog import facts
from podfetch_tui.cli.doctor.check import Check, bad, ok, warn
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.settings import Settings
from podfetch_tui.notify.channels import command_of
from podfetch_tui.sandbox import programs
from podfetch_tui.sandbox.run_program import run_program

_LIBRARIES = ("textual", "urllib3", "feedparser", "sqlalchemy", "msgspec", "av", "psutil")
_REINSTALL = "install PodFetch again: pip install --force-reinstall podfetch-tui"
_SAFE_EXPAT = (2, 6, 0)
"""Older ones take quadratic time over some documents (CVE-2023-52425)."""
_FEWEST_VARIABLES = 32_766
"""SQLite's default since 3.32; a bulk of the catalogue takes up to 512 rows."""


def check_programs(settings: Settings) -> Iterator[Check]:
    """Yield what the program is made of."""
    yield ok("podfetch", f"{__version__} on {platform.system()} {platform.release()}")
    yield ok(
        "python",
        f"{platform.python_version()} ({platform.python_implementation()}), {ssl.OPENSSL_VERSION}",
    )
    yield from map(_library, _LIBRARIES)
    yield _expat()
    yield ok("libxml2", "not used: feeds are read with expat")
    yield _sqlite()
    yield _libav()
    needed = settings.media.transform != "none"
    yield _program("ffmpeg", needed=needed, why=f"media.transform is {settings.media.transform}")
    needed = settings.media.prober == "ffprobe"
    yield _program("ffprobe", needed=needed, why=f"media.prober is {settings.media.prober}")
    if settings.alerts.command:
        yield _alert_command(settings.alerts.command)


def _alert_command(command: str) -> Check:
    argv, problem = command_of(command)
    if problem:
        return bad("alerts.command", problem, "name a program that is there, by its whole path")
    return ok("alerts.command", argv[0])


def _library(name: str) -> Check:
    try:
        return ok(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return bad(name, "is not installed", _REINSTALL)


def _expat() -> Check:
    version = EXPAT_VERSION.removeprefix("expat_")
    if tuple(map(int, version.split("."))) < _SAFE_EXPAT:
        more = "some documents make it slow unless your system mended it, which our limits end"
        return ok("expat", f"{version}; {more}")
    return ok("expat", version)


def _sqlite() -> Check:
    found = facts.sqlite_facts()
    options = ", ".join(found.options)
    text = f"{found.version}" + (f" ({options})" if options else "")
    if not found.is_new_enough:
        return bad("sqlite", f"{text}: too old", "use a Python with SQLite 3.37 or newer")
    if not found.has_json:
        return bad("sqlite", f"{text}: without JSON", "use a Python with a complete SQLite")
    if not found.is_threadsafe:
        return bad("sqlite", f"{text}: not for threads", "use a Python with a usual SQLite")
    if found.most_variables < _FEWEST_VARIABLES:
        return bad(
            "sqlite",
            f"{text}: at most {found.most_variables} variables",
            "use a Python whose SQLite has the usual MAX_VARIABLE_NUMBER",
        )
    return ok("sqlite", text)


def _libav() -> Check:
    from podfetch_tui.media.library import library_versions

    try:
        versions = library_versions()
    except ImportError as error:
        return bad("libav", f"cannot be loaded: {error}", _REINSTALL)
    return ok("libav", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _program(name: str, *, needed: bool, why: str) -> Check:
    try:
        path = programs.ffmpeg() if name == "ffmpeg" else shutil.which(name)
    except Failure:
        path = None
    if path is None:
        text = "is not installed"
        if needed:
            return bad(name, f"{text}, but {why}", f"install {name}, or change that setting")
        return ok(name, f"{text}, nor needed: {why}")
    try:
        done = run_program([path, "-version"], wall_s=10, cpu_s=10, memory=4 << 30)
    except Failure as failure:
        return bad(name, f"{path}: {failure}", "look at the limits of this user (ulimit -a)")
    first = done.stdout.decode(errors="replace").partition("\n")[0].partition(" Copyright")[0]
    if done.problem:
        mend = f"install {name} again"
        found = f"{path} {done.problem}"
        return bad(name, found, mend) if needed else warn(name, found, mend)
    return ok(name, f"{first} ({path})")
