"""The HTTP client: a conditional GET for feeds, a resumable stream for media.

The one doorway of this package. Whatever a host does ends as a result or as a
:class:`Failure`; nothing is judged here and nothing is tried again, except a request that
a kept connection lost (``net.exchange``). No cookies, no proxies from the environment;
credentials of a URL go to its own origin only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Access, Validators
from podfetch_tui.model.figures import rfc3339
from podfetch_tui.model.text import clean, hide, redact, secrets_of
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.bandwidth import Bandwidth
from podfetch_tui.net.deadlines import Watch, Watchdog
from podfetch_tui.net.exchange import Answer, exchange
from podfetch_tui.net.failures import TRANSFER_ERRORS, transfer_failure
from podfetch_tui.net.feed import FetchResult, receive
from podfetch_tui.net.names import Lookup, Names, read_hosts
from podfetch_tui.net.pools import Pools, tls_context
from podfetch_tui.net.proxy import proxy_of
from podfetch_tui.net.redirects import REDIRECTS, Trail
from podfetch_tui.net.refusal import ABOUT_AGENTS, NAMELESS, status_failure, told_apart
from podfetch_tui.net.stream import MediaStream, Resume
from podfetch_tui.net.target import Target, parse_target
from podfetch_tui.net.terms import Setup, Terms, setup_of, shown_at, terms_of
from podfetch_tui.net.vetting import Dialer, Rules
from podfetch_tui.policy.hosts import host_of
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked

__all__ = ["FetchResult", "HttpClient", "MediaStream", "Resume"]

_FEED_TYPES = (
    "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.8"
)


_ANYONE = Access()


class HttpClient:
    """Fetches feeds and media; one for the whole engine, used by all workers at once."""

    def __init__(
        self,
        network: NetworkSettings,
        *,
        per_host: int,
        clock: Clock,
        credentials: Credentials | None = None,
        resolver: Lookup | None = None,
    ) -> None:
        """Read the trusted authorities and the hosts file, start the watchdog.

        Args:
            network: The ``[network]`` settings.
            per_host: Connections to one origin at a time.
            clock: The engine's clock; deadlines keep real time.
            credentials: What hosts may be shown; none without.
            resolver: Instead of the system's name lookup.

        Raises:
            BadConfiguration: ``ca_bundle``, ``hosts``, ``proxy``, ``no_proxy`` or
                ``allow_private`` cannot be used.
        """
        self._clock = clock
        self._setup = setup_of(network, per_host, credentials or Credentials())
        tls = tls_context(network.ca_bundle)
        overrides = read_hosts(network.hosts) if network.hosts else None
        self._names = Names(clock=clock, lookup=resolver, overrides=overrides)
        self._dialer = Dialer(self._names, _rules(self._setup))
        proxy = proxy_of(network, self._dialer)
        self._pools = Pools(self._dialer, tls, per_host=per_host, proxy=proxy)
        self._bandwidth = Bandwidth(network.bandwidth, clock)
        self._watchdog = Watchdog(on_quiet=self._pools.drop_idle)
        self.told_until: Callable[[str], int] = lambda _: 0
        """Says until when a host told us to wait, in UTC milliseconds; it may be past."""
        self.hearts = (self._watchdog.heart, self._names.heart)
        """Of the threads behind all requests; a lookup may take as long as the system lets it."""

    def configure(
        self,
        network: NetworkSettings,
        *,
        per_host: int,
        credentials: Credentials | None = None,
    ) -> None:
        """Take new settings for all requests that begin from now on.

        ``bandwidth`` holds for those that run, too. ``ca_bundle``, ``hosts`` and the proxy stay
        as they were: they need a restart. Without ``credentials`` those stay, too.

        Raises:
            BadConfiguration: ``allow_private`` is no list of networks; nothing changed.
        """
        before = self._setup
        setup = setup_of(network, per_host, credentials or before.credentials)
        self._setup = setup
        self._bandwidth.set_rate(network.bandwidth)
        self._dialer.rules = _rules(setup)
        if (setup.allow, per_host) != (before.allow, before.per_host):
            # Kept connections were vetted under the old rules.
            self._pools.reset(per_host=per_host)

    def fetch(
        self,
        url: str,
        *,
        validators: Validators,
        access: Access = _ANYONE,
        stop: threading.Event,
    ) -> FetchResult:
        """Get a feed, conditionally when there are validators.

        Args:
            url: http or https; userinfo is sent as Basic authentication.
            validators: From the last answer; empty ones ask unconditionally.
            access: What the feed has of its own.
            stop: Ends the transfer within about a second.

        Raises:
            Failure: for everything but 200 and 304.
        """
        assert_unlocked("an HTTP request")
        terms = terms_of(self._setup, access)
        headers = {
            "User-Agent": terms.user_agent,
            "Accept": _FEED_TYPES,
            "Accept-Encoding": "gzip",
        }
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        watch = self._watchdog.watch(terms.setup.network.feed_deadline, stop)
        try:
            answer, trail = self._travel(url, headers, watch, terms)
            try:
                if answer.status not in (200, 304):
                    failure = self._refusal(answer, trail, terms)
                    raise self._told_apart(failure, url, watch, terms)
                return receive(
                    answer,
                    trail,
                    known=validators,
                    limit=terms.feed_max,
                    now_ms=self._clock.now_ms(),
                    may_move=not terms.setup.credentials.has_own(access.feed_url),
                )
            except Failure as failure:
                _at(trail.target, failure)
                raise
            finally:
                answer.discard()
        except TRANSFER_ERRORS as error:
            watch.check()
            raise _about(transfer_failure(error), url, terms) from error
        except Failure as failure:
            _about(failure, url, terms)
            raise
        finally:
            watch.end()

    def open_media(
        self,
        url: str,
        *,
        resume: Resume | None = None,
        limit: int | None = None,
        access: Access = _ANYONE,
        stop: threading.Event,
    ) -> MediaStream:
        """Ask for a media file, or for its rest, and return it as a stream to be closed.

        The head of the answer has to come within ``feed_deadline``; the body has its own
        deadline by size.

        Args:
            url: http or https; userinfo is sent as Basic authentication.
            resume: What is on disk; without a strong validator the whole is asked for.
            limit: Largest body in bytes, where that is less than ``media_max``.
            access: What the feed has of its own.
            stop: Ends the transfer within about a second.

        Raises:
            Failure: RANGE_MISMATCH when the answer does not fit what is on disk,
                HTTP_STATUS for everything but 200 and 206, and all that can fail before.
        """
        assert_unlocked("an HTTP request")
        terms = terms_of(self._setup, access)
        headers = {
            "User-Agent": terms.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        if resume is not None and resume.if_range is not None:
            headers["Range"] = f"bytes={resume.offset}-"
            headers["If-Range"] = resume.if_range
        watch = self._watchdog.watch(terms.setup.network.feed_deadline, stop)
        try:
            return self._open(url, headers, watch, terms, resume=resume, limit=limit)
        except TRANSFER_ERRORS as error:
            watch.end()
            watch.check()
            raise _about(transfer_failure(error), url, terms) from error
        except Failure as failure:
            watch.end()
            _about(failure, url, terms)
            raise
        except BaseException:
            watch.end()
            raise

    def post(
        self, url: str, body: bytes, *, content_type: str, deadline: float, stop: threading.Event
    ) -> None:
        """Send a small body, as a webhook wants it; a redirect is not followed.

        Args:
            url: http or https; userinfo is sent as Basic authentication.
            body: What is sent.
            content_type: Of the body.
            deadline: Seconds all of it may take.
            stop: Ends it within about a second.

        Raises:
            Failure: for all but an answer with a status of 2xx.
        """
        assert_unlocked("an HTTP request")
        terms = terms_of(self._setup, _ANYONE)
        watch = self._watchdog.watch(deadline, stop)
        try:
            target = parse_target(url, terms.allow)
            trail = Trail(target, max_redirects=0, allow=terms.allow)
            headers = {
                "User-Agent": terms.user_agent,
                "Content-Type": content_type,
                "Content-Length": str(len(body)),
                **shown_at(trail, terms).fields,
            }
            answer = exchange(
                self._pools, target, headers=headers, watch=watch, idle_timeout=deadline, body=body
            )
            if not 200 <= answer.status < 300:
                raise self._refusal(answer, trail, terms)
            answer.drain()
        except TRANSFER_ERRORS as error:
            watch.check()
            raise _about(transfer_failure(error), url, terms) from error
        except Failure as failure:
            _about(failure, url, terms)
            raise
        finally:
            watch.end()

    def forget_names(self) -> None:
        """Look every name up anew; for when the network has changed."""
        self._names.forget()

    def drop_caches(self) -> None:
        """Close all idle connections and forget all names: memory is short."""
        self._names.forget()
        self._pools.reset(per_host=self._setup.per_host)

    def close(self) -> None:
        """Close all idle connections and end the threads; running transfers must be over."""
        self._watchdog.close()
        self._pools.close()
        self._names.close()

    def _travel(
        self, url: str, headers: dict[str, str], watch: Watch, terms: Terms
    ) -> tuple[Answer, Trail]:
        """Follow redirects to the first answer that is none."""
        network = terms.setup.network
        target = parse_target(url, terms.allow)
        trail = Trail(target, max_redirects=network.max_redirects, allow=terms.allow)
        while True:
            # Part of the request and not of the client: another origin never sees them.
            shown = shown_at(trail, terms).fields
            try:
                answer = exchange(
                    self._pools,
                    target,
                    headers={**headers, **shown},
                    allow=terms.extra,
                    watch=watch,
                    idle_timeout=network.idle_timeout,
                )
            except Failure as failure:
                _at(target, failure)
                raise
            if answer.status not in REDIRECTS:
                return answer, trail
            answer.drain()
            before, target = target, trail.follow(answer.status, answer.fields)
            if target.host != before.host:
                self._check_may_be_asked(target)

    def _check_may_be_asked(self, target: Target) -> None:
        """Whoever told us to wait is not asked on a detour either."""
        now, until = self._clock.now_ms(), self.told_until(host_of(target.url))
        if until > now:
            told = f"{target.host} told us not to ask before {rfc3339(until)}; it was not asked"
            wait_s = (until - now) / 1000
            raise _at(target, Failure(Kind.HOST_HELD, told, retry_after=wait_s))

    def _open(
        self,
        url: str,
        headers: dict[str, str],
        watch: Watch,
        terms: Terms,
        *,
        resume: Resume | None,
        limit: int | None,
    ) -> MediaStream:
        answer, trail = self._travel(url, headers, watch, terms)
        try:
            if answer.status not in (200, 206):
                raise self._media_refusal(answer, trail, terms)
            network = terms.setup.network
            return MediaStream(
                answer,
                trail,
                resume=resume,
                media_max=min(limit or network.media_max, network.media_max),
                min_rate=network.min_rate,
                cap=self._bandwidth,
            )
        except BaseException:
            answer.discard()
            raise

    def _media_refusal(self, answer: Answer, trail: Trail, terms: Terms) -> Failure:
        if answer.status == 304:
            return Failure(Kind.PROTOCOL, "304 to a request that was not conditional", status=304)
        if answer.status == 416:
            total = clean(answer.fields.get("content-range", "no Content-Range"), 80)
            answer.drain()
            return Failure(Kind.RANGE_MISMATCH, f"range refused: {total}", status=416)
        return self._refusal(answer, trail, terms)

    def _told_apart(self, failure: Failure, url: str, watch: Watch, terms: Terms) -> Failure:
        """Find out whether a bare refusal is about our User-Agent: ask once under no name.

        Only the status of that answer is looked at; what it brings is not used.
        """
        is_bare = failure.kind is Kind.HTTP_STATUS and failure.status in ABOUT_AGENTS
        if not is_bare or terms.access.user_agent:
            return failure
        headers = {"User-Agent": NAMELESS, "Accept": "*/*", "Accept-Encoding": "gzip"}
        try:
            answer, _ = self._travel(url, headers, watch, terms)
        except (Failure, *TRANSFER_ERRORS):
            watch.check()
            return failure
        answer.discard()
        return told_apart(failure, answer.status)

    def _refusal(self, answer: Answer, trail: Trail, terms: Terms) -> Failure:
        shown = shown_at(trail, terms)
        failure = status_failure(answer, now_ms=self._clock.now_ms(), shown=shown.words)
        return _at(trail.target, failure)


def _rules(setup: Setup) -> Rules:
    return Rules(setup.allow, setup.network.connect_timeout)


def _at(target: Target, failure: Failure) -> Failure:
    """Say where it failed, which may be behind a redirect."""
    failure.url = redact(target.url)
    return failure


def _about(failure: Failure, url: str, terms: Terms) -> Failure:
    if failure.url is None:
        failure.url = redact(url)
    secrets = (*secrets_of(url), *secrets_of(terms.access.feed_url))
    failure.detail = hide(failure.detail, secrets)
    if failure.evidence:  # a page may repeat what it was shown
        page = failure.evidence.decode("utf-8", "surrogateescape")
        failure.evidence = hide(page, secrets).encode("utf-8", "surrogateescape")
    return failure
