"""The machine: clock, descriptors, network, terminal."""

from __future__ import annotations

import locale
import os
import resource
import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path

from podfetch_tui.cli.doctor.check import Check, bad, ok, warn
from podfetch_tui.model.settings import NetworkSettings, Settings
from podfetch_tui.policy.proxies import parse_proxy
from podfetch_tui.system import network
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.times import rfc3339

_EARLIEST = int(datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
_LATEST = int(datetime(2100, 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
_SAMPLE_S = 0.2
_SAMPLES = 3
_LOOKUP_S = 3.0
_NAME = "example.com"
"""Asked for where the archive has no feed: it exists for such questions (RFC 2606)."""
_SPARE_FILES = 256
_MEND_CLOCK = "set the clock, and let NTP keep it (timedatectl set-ntp true)"


def check_machine(settings: Settings, host: str) -> Iterator[Check]:
    """Yield what the machine is like.

    Args:
        settings: What the limits follow from.
        host: Host of a feed, to ask for its address; empty: a well-known one.
    """
    yield check_clock(Clock())
    yield _descriptors(settings)
    yield _names(settings.network, host)
    yield _proxy(settings.network)
    yield _routes()
    yield _authorities(settings.network)
    yield _terminal(os.environ)


def check_clock(clock: Clock) -> Check:
    """Say whether wall and monotonic clock make sense, and go at the same pace."""
    now = clock.now_ms()
    if not _EARLIEST <= now <= _LATEST:
        return bad("clock", f"it is {rfc3339(now)}, which cannot be", _MEND_CLOCK)
    text = ""
    for _ in range(_SAMPLES):  # this process may have to wait between two readings
        wall, steady = _pace(clock)
        if abs(wall - steady) <= 0.25 * _SAMPLE_S:
            return ok("clock", f"{rfc3339(now)}, steady")
        text = f"in {steady:.2f} s the wall clock went on by {wall:.2f} s: it is being set"
    return warn("clock", text, _MEND_CLOCK)


def _pace(clock: Clock) -> tuple[float, float]:
    now, mono = clock.now_ms(), clock.monotonic()
    clock.wait(threading.Event(), _SAMPLE_S)
    return (clock.now_ms() - now) / 1000, clock.monotonic() - mono


def _descriptors(settings: Settings) -> Check:
    work = settings.engine
    needed = 2 * (work.poll_workers + work.download_workers) + _SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    shown = "unlimited" if hard == unlimited else str(hard)
    text = f"{soft} open files, at most {shown}; {needed} are wanted"
    if hard != unlimited and hard < needed:
        mend = f"raise the limit (ulimit -Hn {needed}, LimitNOFILE= of the service)"
        return bad("descriptors", text, f"{mend}, or lower engine.poll_workers")
    return ok("descriptors", text)


def _names(settings: NetworkSettings, host: str) -> Check:
    if settings.proxy:
        return ok("names", "the proxy looks host names up")
    name = host or _NAME
    try:
        found = network.resolve(name, _LOOKUP_S)
    except OSError as error:
        text = f"{name} has no address here: {error.strerror or error}"
        return warn("names", text, "is the network up? look at /etc/resolv.conf, or ask again")
    return ok("names", f"{name} is at {', '.join(found[:4])}")


def _proxy(settings: NetworkSettings) -> Check:
    if not settings.proxy:
        ignored = [name for name in ("HTTP_PROXY", "HTTPS_PROXY") if _in_environment(name)]
        unused = f"; {' and '.join(ignored)} of the environment are not used" if ignored else ""
        return ok("proxy", f"none{unused}")
    try:
        place = parse_proxy(settings.proxy)
    except ValueError as error:
        return bad("proxy", f"network.proxy: {error}", "mend network.proxy")
    where = f"{place.host}:{place.port}"
    refused = network.can_connect(place.host, place.port, _LOOKUP_S)
    if refused is not None:
        text = f"{where} cannot be reached: {refused.strerror or refused}"
        return warn("proxy", text, "start the proxy, or mend network.proxy")
    return ok("proxy", f"{where} answers")


def _in_environment(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(name.lower()))


def _routes() -> Check:
    four, six = network.has_route(socket.AF_INET), network.has_route(socket.AF_INET6)
    words = f"IPv4 {'yes' if four else 'no'}, IPv6 {'yes' if six else 'no'}"
    if not four and not six:
        return warn("routes", f"{words}: no way out of this machine", "bring the network up")
    return ok("routes", words)


def _authorities(settings: NetworkSettings) -> Check:
    bundle = settings.ca_bundle
    context = ssl.create_default_context()
    if not bundle:
        return ok("certificates", f"{len(context.get_ca_certs())} authorities of this system")
    path = Path(bundle).expanduser()
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        return bad("certificates", f"{path}: {error}", "mend network.ca_bundle")
    return ok("certificates", f"{len(context.get_ca_certs())} authorities, with {path}")


def _terminal(environ: Mapping[str, str]) -> Check:
    term = environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ok("terminal", "none here: podfetch runs headless")
    size = shutil.get_terminal_size()
    encoding = locale.getpreferredencoding(False)
    depth = environ.get("COLORTERM") or ("256" if "256" in term else "few")
    colours = "no colours (NO_COLOR)" if environ.get("NO_COLOR") else f"{depth} colours"
    text = f"{term or 'TERM is not set'}, {size.columns}×{size.lines}, {colours}, {encoding}"
    if term in ("", "dumb"):
        return warn("terminal", text, "set TERM, or run with --no-ui")
    if encoding.lower().replace("-", "") != "utf8":
        return warn("terminal", text, "use a UTF-8 locale (LANG=C.UTF-8), or ui.glyphs = ascii")
    if size.columns < 80 or size.lines < 24:
        return warn("terminal", text, "make the window at least 80×24")
    return ok("terminal", text)
