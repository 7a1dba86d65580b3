"""The one table that says what a failure means and what is done about it.

Adapters report facts (:class:`~podfetch_tui.model.errors.Kind`, HTTP status,
``Retry-After``); this file alone turns them into a family, a code and an action.
The first rule that matches holds. ``docs/failures.md`` is printed from the same table.
It decides nothing about *when*: that is ``retry``, ``interval`` and ``breaker``.
"""

from __future__ import annotations

from typing import Literal, Union

import msgspec

from podfetch_tui.model.errors import Failure, Family, Kind

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

SOON = (15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY)
"""For what may heal by itself within a day."""
UNHURRIED = (HOUR, 6 * HOUR, DAY, 7 * DAY)
"""For what a host may have to mend by hand."""
RARELY = (DAY, 7 * DAY)
"""For what hardly ever heals."""
BACK_OFF = (*(MINUTE * 2**n for n in range(6)), HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR)
"""For a host that says "too much" but not until when."""
BY_HAND = (5 * MINUTE, HOUR, 6 * HOUR, DAY)
"""For what needs a program or a setting of this machine."""
LOCAL = (15.0, MINUTE)
"""For our own machine: the engine asks again itself when it is well."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a failure means and what is done about it."""

    family: Family
    code: str
    """Stable word for filters and JSON: ``dns_unknown``, ``http_404``."""
    retry: bool
    """It may be tried again within the same run."""
    recheck: tuple[float, ...]
    """Seconds until each slow re-check after the run; the last repeats, none means never."""
    host_failure: bool
    """It counts in the breaker of the host."""
    feed_failure: bool
    """It counts in the breaker of the feed."""
    pause: bool
    """Everything waits until the machine is well again."""
    stop: bool
    """The engine stops rather than make it worse."""
    gone_after: int
    """So many sightings on end mean it is gone for good; 0 means never."""
    text: str
    """One sentence: what happened."""


Signal = Union[Kind, range]
Where = Literal["feed", "media", "both"]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table: which failures it is about, and its verdict."""

    on: tuple[Signal, ...]
    """Kinds, or ranges of HTTP statuses for ``Kind.HTTP_STATUS``."""
    family: Family
    text: str
    where: Where = "both"
    with_retry_after: bool = False
    """It holds only when the host named a time to come back."""
    retry: bool = False
    recheck: tuple[float, ...] = ()
    host: bool = False
    pause: bool = False
    stop: bool = False
    gone_after: int = 0

    def matches(self, kind: Kind, status: int | None, *, media: bool, named: bool) -> bool:
        """Return whether this line is about such a failure."""
        if self.where == ("feed" if media else "media") or (self.with_retry_after and not named):
            return False
        if kind is not Kind.HTTP_STATUS:
            return kind in self.on
        return any(isinstance(signal, range) and (status or 0) in signal for signal in self.on)


def _http(*statuses: int) -> tuple[range, ...]:
    return tuple(range(status, status + 1) for status in statuses)


_T, _D, _P = Family.TRANSIENT, Family.DEFERRED, Family.PERMANENT
_M, _X, _S = Family.MALFORMED, Family.REFUSED, Family.SYSTEM


def _transient(on: tuple[Signal, ...], text: str, *, host: bool = False) -> Rule:
    return Rule(on=on, family=_T, text=text, retry=True, recheck=SOON, host=host)


def _lasting(
    family: Family,
    on: tuple[Signal, ...],
    recheck: tuple[float, ...],
    text: str,
    where: Where = "both",
    gone_after: int = 0,
) -> Rule:
    return Rule(
        on=on, family=family, text=text, where=where, recheck=recheck, gone_after=gone_after
    )


def _system(
    on: tuple[Signal, ...],
    text: str,
    *,
    recheck: tuple[float, ...] = LOCAL,
    pause: bool = False,
    stop: bool = False,
) -> Rule:
    return Rule(on=on, family=_S, text=text, recheck=recheck, pause=pause, stop=stop)


TABLE: tuple[Rule, ...] = (
    # The way to the host.
    _transient((Kind.DNS_TEMPORARY,), "The name server did not answer.", host=True),
    # A resolver that is offline says "no such name" too, hence not permanent; never fast.
    Rule(
        on=(Kind.DNS_UNKNOWN,),
        family=_T,
        recheck=(6 * HOUR,),
        host=True,
        text="The host name does not exist.",
    ),
    _transient((Kind.CONNECT_REFUSED,), "The host refused the connection.", host=True),
    _transient((Kind.CONNECT_TIMEOUT,), "The host did not accept a connection.", host=True),
    _transient((Kind.UNREACHABLE,), "There is no route to the host.", host=True),
    _lasting(
        _P,
        (Kind.TLS_CERTIFICATE,),
        (6 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR, DAY),
        "The certificate of the host is expired, unknown or for another name.",
    ),
    _transient((Kind.TLS_HANDSHAKE,), "No secure connection could be agreed on.", host=True),
    # The way of the body.
    _transient((Kind.READ_TIMEOUT,), "The host fell silent.", host=True),
    _transient((Kind.DEADLINE,), "The answer took longer than its deadline.", host=True),
    _transient((Kind.TOO_SLOW,), "The answer came slower than the minimum rate.", host=True),
    _transient((Kind.RESET,), "The host cut the connection.", host=True),
    _transient((Kind.SHORT_BODY,), "The body ended before its declared length.", host=True),
    _transient((Kind.LONG_BODY,), "The body is longer than its declared length."),
    _transient((Kind.PROTOCOL,), "The answer is not proper HTTP.", host=True),
    _transient((Kind.RANGE_MISMATCH,), "The rest does not fit what is on disk; begun anew."),
    _lasting(_M, (Kind.DECODE,), RARELY, "The compressed body is damaged."),
    _lasting(
        _P,
        (Kind.REDIRECT_LOOP, Kind.REDIRECT_LIMIT, Kind.REDIRECT_BAD),
        UNHURRIED,
        "The redirects lead nowhere.",
    ),
    # What the host answered.
    Rule(
        on=_http(413, 429, 503),
        family=_D,
        with_retry_after=True,
        recheck=BACK_OFF,
        text="The host told us when to come back.",
    ),
    Rule(on=_http(429), family=_D, recheck=BACK_OFF, text="The host gets too many requests."),
    _transient(_http(202), "The host is still preparing the answer."),
    _lasting(_M, (range(200, 300),), SOON, "The host answered without the body we need."),
    _transient(_http(304), "The host said “not modified” to a request without conditions."),
    _lasting(_P, (range(300, 400),), UNHURRIED, "The host answered with an unusable redirect."),
    _lasting(_P, _http(401, 407), RARELY, "The host wants credentials."),
    _lasting(_P, _http(402, 403), UNHURRIED, "The host forbids access, often a bot rule."),
    _lasting(
        _P,
        (Kind.AGENT_REFUSED,),
        UNHURRIED,
        "The host refuses our User-Agent (podfetch feeds edit FEED --user-agent can change it).",
    ),
    _lasting(
        _P,
        (Kind.CHALLENGE,),
        UNHURRIED,
        "A service in front of the host lets browsers through only.",
    ),
    _lasting(_P, _http(404), (6 * HOUR,), "The host has no such feed.", "feed"),
    _lasting(
        _P,
        _http(404),
        # Hosts publish the item before the file: quick at first, given up after a month.
        (*SOON, 7 * DAY),
        "The host has no such file, or not yet.",
        "media",
        gone_after=10,
    ),
    _lasting(_P, _http(410), (DAY, 30 * DAY), "The host says it is gone for good.", gone_after=2),
    _transient(_http(408, 421, 425), "The host asks to send the request again."),
    _transient(_http(409, 412, 416), "The host refused the conditions of the request."),
    _lasting(_P, (range(400, 500),), RARELY, "The host does not accept the request."),
    _lasting(_P, _http(501, 505), RARELY, "The host does not support the request."),
    # Not "our network is down": one hostile feed could stop everything by saying so.
    _transient(_http(511), "The network in between wants a sign-in.", host=True),
    _transient((range(500, 600),), "The host has trouble of its own.", host=True),
    _transient((range(100, 200),), "The host never finished its answer."),
    _lasting(_P, (range(100), range(600, 1000)), RARELY, "The status means nothing in HTTP."),
    # Our policy.
    _lasting(_X, (Kind.BLOCKED_SCHEME,), RARELY, "Only http and https are fetched."),
    _lasting(
        _X,
        (Kind.BLOCKED_ADDRESS,),
        RARELY,
        "The host has a private address (network.allow_private can permit it).",
    ),
    _lasting(_X, (Kind.BLOCKED_PORT,), RARELY, "The port is not one that web servers use."),
    _lasting(_X, (Kind.BLOCKED_ENCODING,), RARELY, "The content encoding is not allowed."),
    _lasting(
        _X,
        (Kind.TOO_LARGE,),
        (7 * DAY,),
        "The body is larger than allowed (network.feed_max, network.media_max).",
    ),
    _lasting(_X, (Kind.BOMB,), RARELY, "The body unpacks to far more than it weighs."),
    # The feed or the file.
    _lasting(_M, (Kind.EMPTY_BODY, Kind.EMPTY_MEDIA), SOON, "The body is empty."),
    _lasting(_M, (Kind.NOT_A_FEED,), UNHURRIED, "The body is not a feed."),
    _lasting(_M, (Kind.BAD_XML,), UNHURRIED, "The feed is broken beyond repair."),
    _lasting(_M, (Kind.DTD_REFUSED,), RARELY, "The feed declares entities, which is refused."),
    _lasting(_M, (Kind.PARSER_KILLED,), RARELY, "Reading the feed took too much time or memory."),
    _lasting(_M, (Kind.REPLACED,), RARELY, "The feed was exchanged as a whole."),
    _lasting(_M, (Kind.NOT_MEDIA,), UNHURRIED, "The file is a page or text, not media."),
    _lasting(_M, (Kind.PROBE_KILLED,), RARELY, "Checking the file took too much time or memory."),
    _lasting(
        _M,
        (Kind.TRANSFORM_FAILED,),
        (*BY_HAND, 7 * DAY),
        "No further file could be made of the original.",
    ),
    _lasting(
        _M,
        (Kind.BAD_EXTRA,),
        UNHURRIED,
        "The cover, chapters or transcript is not what the feed says it is.",
    ),
    # This machine: never charged to a feed or a host.
    _system((Kind.DISK_FULL,), "The disk of the archive is full.", pause=True),
    _system(
        (Kind.LOW_SPACE,),
        "There is no room for the file beside what must stay free (archive.min_free).",
        recheck=(0.0,),
    ),
    _system((Kind.READ_ONLY,), "The disk of the archive is read-only.", pause=True),
    _system((Kind.IO_ERROR,), "The disk of the archive has errors.", stop=True),
    # One folder; where all may not be written, the archive is read-only.
    _system((Kind.PERMISSION,), "A file of the archive may not be written.", recheck=(5 * MINUTE,)),
    Rule(
        on=(Kind.NO_PROGRAM,),
        family=_S,
        recheck=BY_HAND,
        text="A program that the settings ask for is not installed.",
    ),
    _system((Kind.TOO_MANY_FILES,), "Too many files are open."),
    _system((Kind.OUT_OF_MEMORY,), "Memory ran out."),
    _system((Kind.CATALOG_BUSY,), "Another program locks the catalogue.", pause=True),
    _system((Kind.CATALOG_CORRUPT,), "The catalogue is damaged.", stop=True),
    _system((Kind.NETWORK_DOWN,), "Our own network, or the proxy, is down.", pause=True),
    _lasting(_S, (Kind.PROXY_FORBIDS,), UNHURRIED, "The proxy does not let us go to the host."),
    Rule(
        on=(Kind.NO_CREDENTIALS,),
        family=_S,
        recheck=(15 * MINUTE, HOUR),
        text="The credentials the feed is to use are not in the credentials file.",
    ),
    Rule(
        on=(Kind.HOST_BUSY,),
        family=_D,
        recheck=(5.0, *LOCAL),
        text="All connections we allow ourselves to the host are in use.",
    ),
    Rule(
        on=(Kind.HOST_HELD,),
        family=_D,
        recheck=BACK_OFF,
        text="The redirect leads to a host that told us to wait; it was not asked.",
    ),
    _lasting(_S, (Kind.BUG,), (15 * MINUTE, *RARELY), "PodFetch has a bug; the log has more."),
    _lasting(_S, (Kind.STOPPED,), (0.0,), "PodFetch was stopped first; nothing failed."),
)


def classify(
    kind: Kind,
    status: int | None = None,
    *,
    media: bool = False,
    retry_after: float | None = None,
) -> Verdict:
    """Return what a failure means.

    Args:
        kind: What the adapter saw.
        status: HTTP status; looked at for ``Kind.HTTP_STATUS`` only.
        media: It happened to an episode's file, not to a feed: the feed is not charged.
        retry_after: Seconds the host asked us to wait, if it did (RFC 9110 10.2.3).
    """
    # Whatever a socket may yield, the table answers for 0..999.
    status = status if status is not None and 0 <= status < 1000 else None
    named = retry_after is not None
    rule = next(rule for rule in TABLE if rule.matches(kind, status, media=media, named=named))
    blameless = rule.family in (Family.SYSTEM, Family.DEFERRED)
    return Verdict(
        family=rule.family,
        code=f"http_{status}" if kind is Kind.HTTP_STATUS and status else kind.value,
        retry=rule.retry,
        recheck=rule.recheck,
        host_failure=rule.host,
        feed_failure=not (blameless or media),
        pause=rule.pause,
        stop=rule.stop,
        gone_after=rule.gone_after,
        text=rule.text,
    )


def verdict_of(failure: Failure, *, media: bool = False) -> Verdict:
    """Return what ``failure`` means; see :func:`classify`."""
    return classify(failure.kind, failure.status, media=media, retry_after=failure.retry_after)
