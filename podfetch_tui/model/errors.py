"""What can go wrong, as values.

Adapters raise :class:`Failure`; it carries facts only (what kind, which HTTP status,
which errno), never a judgement. ``policy.classify`` turns those facts into a family,
a code and an action. Errors that end a command are :class:`PodfetchError`: each class
fixes its exit code, each instance says in one sentence what to do.

    Exception
    ├── Failure                 one attempt failed; recorded as an outcome
    └── PodfetchError           the command or process cannot go on
        ├── UsageError          exit 2
        ├── BadConfiguration    exit 3
        ├── ArchiveLocked       exit 4
        ├── NoEngine            exit 5
        └── ArchiveUnusable     exit 7
"""

from __future__ import annotations

from enum import Enum


class Family(str, Enum):
    """Who has to act on a failure (DESIGN: section 10)."""

    TRANSIENT = "transient"
    """It may work on the next try."""
    DEFERRED = "deferred"
    """The host told us when to come back; neither a retry nor a failure."""
    PERMANENT = "permanent"
    """Trying again soon is useless."""
    MALFORMED = "malformed"
    """The feed or the file is wrong."""
    REFUSED = "refused"
    """Our own policy forbids it."""
    SYSTEM = "system"
    """Disk, memory, our network or our bug: nobody else is blamed."""


class Kind(str, Enum):
    """What an adapter saw. The value is the stable word used in tables and filters."""

    DNS_TEMPORARY = "dns_temporary"
    DNS_UNKNOWN = "dns_unknown"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    UNREACHABLE = "unreachable"
    TLS_CERTIFICATE = "tls_certificate"
    TLS_HANDSHAKE = "tls_handshake"
    READ_TIMEOUT = "read_timeout"
    DEADLINE = "deadline"
    TOO_SLOW = "too_slow"
    RESET = "reset"
    SHORT_BODY = "short_body"
    LONG_BODY = "long_body"
    PROTOCOL = "protocol"
    DECODE = "decode"
    HTTP_STATUS = "http_status"
    AGENT_REFUSED = "agent_refused"
    """A status that is about our User-Agent, by all we can tell."""
    CHALLENGE = "challenge"
    """A protection service in front of the host wants to see a browser."""
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_LIMIT = "redirect_limit"
    REDIRECT_BAD = "redirect_bad"
    RANGE_MISMATCH = "range_mismatch"
    """A resumed body does not fit what is on disk; the download starts again at 0."""

    BLOCKED_SCHEME = "blocked_scheme"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED_PORT = "blocked_port"
    BLOCKED_ENCODING = "blocked_encoding"
    TOO_LARGE = "too_large"
    BOMB = "bomb"

    EMPTY_BODY = "empty_body"
    NOT_A_FEED = "not_a_feed"
    BAD_XML = "bad_xml"
    DTD_REFUSED = "dtd_refused"
    PARSER_KILLED = "parser_killed"
    REPLACED = "replaced"

    NOT_MEDIA = "not_media"
    EMPTY_MEDIA = "empty_media"
    PROBE_KILLED = "probe_killed"
    TRANSFORM_FAILED = "transform_failed"
    """``ffmpeg`` made nothing of use of an original, which is as it was."""
    BAD_EXTRA = "bad_extra"
    """A cover, chapters or a transcript is not what the feed says it is."""
    NO_PROGRAM = "no_program"

    DISK_FULL = "disk_full"
    LOW_SPACE = "low_space"
    """There is room, but not more than has to stay free, or not for this download."""
    READ_ONLY = "read_only"
    IO_ERROR = "io_error"
    PERMISSION = "permission"
    TOO_MANY_FILES = "too_many_files"
    OUT_OF_MEMORY = "out_of_memory"
    CATALOG_BUSY = "catalog_busy"
    CATALOG_CORRUPT = "catalog_corrupt"
    NETWORK_DOWN = "network_down"
    PROXY_FORBIDS = "proxy_forbids"
    """The proxy works, and does not let us go there."""
    NO_CREDENTIALS = "no_credentials"
    """The feed names an entry of the credentials file that is not there."""
    HOST_BUSY = "host_busy"
    """All our own connections to the host are in use (several feeds redirect to it);
    nobody failed, the job comes back a little later."""
    HOST_HELD = "host_held"
    """The host that was redirected to told us to wait before; it was not asked."""
    BUG = "bug"
    STOPPED = "stopped"
    """The engine asked the run to stop; nothing failed."""


class Failure(Exception):
    """One attempt failed for a reason that was expected and named.

    Attributes:
        kind: What was seen.
        detail: One line for humans, from us, with remote text already cleaned.
        status: HTTP status, where an answer came.
        errno: Operating-system error number, where there was one.
        retry_after: Seconds the host asked us to wait (RFC 9110 10.2.3), unclamped.
        url: The URL (redacted of credentials) the failure belongs to.
        evidence: Head of the body that was refused, at most 2 KiB.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        status: int | None = None,
        errno: int | None = None,
        retry_after: float | None = None,
        url: str | None = None,
        evidence: bytes = b"",
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.errno = errno
        self.retry_after = retry_after
        self.url = url
        self.evidence = evidence[:2048]

    def __str__(self) -> str:
        word = self.kind.value if self.status is None else f"{self.kind.value} {self.status}"
        return f"{word}: {self.detail}" if self.detail else word


class PodfetchError(Exception):
    """The command cannot go on; the message says what happened and what to do."""

    exit_code = 8


class UsageError(PodfetchError):
    """The command line, or a file it names, cannot be used."""

    exit_code = 2


class BadConfiguration(PodfetchError):
    """The settings have at least one problem; the message lists them all."""

    exit_code = 3


class ArchiveLocked(PodfetchError):
    """Another process holds the archive."""

    exit_code = 4


class NoEngine(PodfetchError):
    """No engine runs on this archive."""

    exit_code = 5


class ArchiveUnusable(PodfetchError):
    """The archive folder or its catalogue cannot be used as it is."""

    exit_code = 7


class NoArchiveYet(ArchiveUnusable):
    """There is no archive, never was one that is remembered, and one could be made there."""
