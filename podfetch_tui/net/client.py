"""The HTTP client: a conditional GET for feeds, a resumable stream for media.

The one doorway of this package. Whatever a host does ends as a result or as a
:class:`Failure`; nothing is judged here and nothing is tried again, except a request that
a kept connection lost (``net.exchange``). No cookies, no proxies from the environment;
credentials of a URL go to its own origin only.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.text import clean, redact
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.deadlines import Watch, Watchdog
from podfetch_tui.net.decode import decode_head
from podfetch_tui.net.exchange import Answer, exchange
from podfetch_tui.net.failures import TRANSFER_ERRORS, transfer_failure
from podfetch_tui.net.feed import FetchResult, receive
from podfetch_tui.net.headers import field_text, retry_after, user_agent
from podfetch_tui.net.names import Lookup, Names, read_hosts
from podfetch_tui.net.pools import Pools, tls_context
from podfetch_tui.net.redirects import REDIRECTS, Trail
from podfetch_tui.net.stream import MediaStream, Resume
from podfetch_tui.net.target import parse_target
from podfetch_tui.net.vetting import Dialer, Rules
from podfetch_tui.policy.addresses import Network, parse_networks
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked

__all__ = ["FetchResult", "HttpClient", "MediaStream", "Resume"]

_FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.8"
)
_EVIDENCE = 2048


class _Setup(NamedTuple):
    """All that can change while running, swapped as one value."""

    network: NetworkSettings
    allow: tuple[Network, ...]
    user_agent: str
    per_host: int


class HttpClient:
    """Fetches feeds and media; one for the whole engine, used by all workers at once."""

    def __init__(
        self,
        network: NetworkSettings,
        *,
        per_host: int,
        clock: Clock,
        resolver: Lookup | None = None,
    ) -> None:
        """Read the trusted authorities and the hosts file, start the watchdog.

        Args:
            network: The ``[network]`` settings.
            per_host: Connections to one origin at a time.
            clock: The engine's clock; deadlines keep real time.
            resolver: Instead of the system's name lookup.

        Raises:
            BadConfiguration: ``ca_bundle``, ``hosts`` or ``allow_private`` cannot be used.
        """
        self._clock = clock
        self._setup = _make_setup(network, per_host)
        tls = tls_context(network.ca_bundle)
        overrides = read_hosts(network.hosts) if network.hosts else None
        self._names = Names(clock=clock, lookup=resolver, overrides=overrides)
        self._dialer = Dialer(self._names, _rules(self._setup))
        self._pools = Pools(self._dialer, tls, per_host=per_host)
        self._watchdog = Watchdog(on_quiet=self._pools.drop_idle)

    def configure(self, network: NetworkSettings, *, per_host: int) -> None:
        """Take new settings for all requests that begin from now on.

        ``ca_bundle`` and ``hosts`` stay as they were: they need a restart.

        Raises:
            BadConfiguration: ``allow_private`` is no list of networks; nothing changed.
        """
        setup, before = _make_setup(network, per_host), self._setup
        self._setup = setup
        self._dialer.rules = _rules(setup)
        if (setup.allow, per_host) != (before.allow, before.per_host):
            # Kept connections were vetted under the old rules.
            self._pools.reset(per_host=per_host)

    def fetch(
        self,
        url: str,
        *,
        validators: Validators,
        user_agent: str | None = None,
        stop: threading.Event,
    ) -> FetchResult:
        """Get a feed, conditionally when there are validators.

        Args:
            url: http or https; userinfo is sent as Basic authentication.
            validators: From the last answer; empty ones ask unconditionally.
            user_agent: Instead of ours, for hosts that insist.
            stop: Ends the transfer within about a second.

        Raises:
            Failure: for everything but 200 and 304.
        """
        assert_unlocked("an HTTP request")
        setup = self._setup
        headers = {
            "User-Agent": field_text(user_agent) if user_agent else setup.user_agent,
            "Accept": _FEED_TYPES,
            "Accept-Encoding": "gzip",
        }
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        watch = self._watchdog.watch(setup.network.feed_deadline, stop)
        try:
            answer, trail = self._travel(url, headers, watch, setup)
            try:
                if answer.status not in (200, 304):
                    raise self._status_failure(answer)
                return receive(
                    answer,
                    trail,
                    known=validators,
                    limit=setup.network.feed_max,
                    now_ms=self._clock.now_ms(),
                )
            finally:
                answer.discard()
        except TRANSFER_ERRORS as error:
            watch.check()
            raise _about(transfer_failure(error), url) from error
        except Failure as failure:
            _about(failure, url)
            raise
        finally:
            watch.end()

    def open_media(
        self,
        url: str,
        *,
        resume: Resume | None = None,
        user_agent: str | None = None,
        stop: threading.Event,
    ) -> MediaStream:
        """Ask for a media file, or for its rest, and return it as a stream to be closed.

        The head of the answer has to come within ``feed_deadline``; the body has its own
        deadline by size.

        Args:
            url: http or https; userinfo is sent as Basic authentication.
            resume: What is on disk; without a strong validator the whole is asked for.
            user_agent: Instead of ours, for hosts that insist.
            stop: Ends the transfer within about a second.

        Raises:
            Failure: RANGE_MISMATCH when the answer does not fit what is on disk,
                HTTP_STATUS for everything but 200 and 206, and all that can fail before.
        """
        assert_unlocked("an HTTP request")
        setup = self._setup
        headers = {
            "User-Agent": field_text(user_agent) if user_agent else setup.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        if resume is not None and resume.if_range is not None:
            headers["Range"] = f"bytes={resume.offset}-"
            headers["If-Range"] = resume.if_range
        watch = self._watchdog.watch(setup.network.feed_deadline, stop)
        try:
            return self._open(url, headers, watch, setup, resume=resume)
        except TRANSFER_ERRORS as error:
            watch.end()
            watch.check()
            raise _about(transfer_failure(error), url) from error
        except Failure as failure:
            watch.end()
            _about(failure, url)
            raise
        except BaseException:
            watch.end()
            raise

    def forget_names(self) -> None:
        """Look every name up anew; for when the network has changed."""
        self._names.forget()

    def close(self) -> None:
        """Close all idle connections and end the threads; running transfers must be over."""
        self._watchdog.close()
        self._pools.close()
        self._names.close()

    def _travel(
        self, url: str, headers: dict[str, str], watch: Watch, setup: _Setup
    ) -> tuple[Answer, Trail]:
        """Follow redirects to the first answer that is none."""
        network = setup.network
        target = parse_target(url, setup.allow)
        trail = Trail(target, max_redirects=network.max_redirects, allow=setup.allow)
        while True:
            # Part of the request and not of the client: another origin never sees it.
            authorization = target.authorization
            answer = exchange(
                self._pools,
                target,
                headers={**headers, "Authorization": authorization} if authorization else headers,
                watch=watch,
                idle_timeout=network.idle_timeout,
            )
            if answer.status not in REDIRECTS:
                return answer, trail
            answer.drain()
            target = trail.follow(answer.status, answer.fields)

    def _open(
        self,
        url: str,
        headers: dict[str, str],
        watch: Watch,
        setup: _Setup,
        *,
        resume: Resume | None,
    ) -> MediaStream:
        answer, trail = self._travel(url, headers, watch, setup)
        try:
            if answer.status not in (200, 206):
                raise self._media_refusal(answer)
            network = setup.network
            return MediaStream(
                answer,
                trail,
                resume=resume,
                media_max=network.media_max,
                min_rate=network.min_rate,
            )
        except BaseException:
            answer.discard()
            raise

    def _media_refusal(self, answer: Answer) -> Failure:
        if answer.status == 304:
            return Failure(Kind.PROTOCOL, "304 to a request that was not conditional", status=304)
        if answer.status == 416:
            total = clean(answer.fields.get("content-range", "no Content-Range"), 80)
            answer.drain()
            return Failure(Kind.RANGE_MISMATCH, f"range refused: {total}", status=416)
        return self._status_failure(answer)

    def _status_failure(self, answer: Answer) -> Failure:
        wait = retry_after(answer.fields.get("retry-after"), now_ms=self._clock.now_ms())
        detail = f"the host answered {answer.status} {answer.reason}".rstrip()
        evidence = decode_head(answer.drain(), _EVIDENCE)
        return Failure(
            Kind.HTTP_STATUS,
            detail,
            status=answer.status,
            retry_after=wait,
            evidence=evidence,
        )


def _make_setup(network: NetworkSettings, per_host: int) -> _Setup:
    try:
        allow = parse_networks(network.allow_private)
    except ValueError as error:
        raise BadConfiguration(f"[network] allow_private: {error}") from error
    return _Setup(network, allow, user_agent(network), per_host)


def _rules(setup: _Setup) -> Rules:
    return Rules(setup.allow, setup.network.connect_timeout)


def _about(failure: Failure, url: str) -> Failure:
    if failure.url is None:
        failure.url = redact(url)
    return failure
