"""The keys of each command's ``--json``; ``docs/commands.md`` is made from this.

Keys are only ever added. A test compares them with what the commands print.
"""

from __future__ import annotations

from typing import NamedTuple

from podfetch_tui.model.applying import is_limit
from podfetch_tui.model.settings import keys

_EVENT = "at kind feed_id episode_id family code text feed_title episode_title"
_FEED = (
    "id url title state state_reason breaker consecutive_failures last_error last_family"
    " last_status last_success_at next_poll_at priority tags episodes archived pending failed"
    " bytes interval_s backlog user_agent feed_max allow_private auth own_priority since"
    " snoozed_until waits_until"
)
_EPISODE = (
    "id feed_id feed_url guid title published_at state path bytes sha256 media_type duration_s"
    " validity attempts family error derivatives enclosure_url feed_title"
)
_VALUE = "key value text default source origin applies in_file pending ends_at"
_SETTINGS = "ok text changed pending gave_way problems diff operation"
_LIMIT = "value text source in_file ends_at range"
_IMPORT = "new duplicate rejected rejects notes"
_DECIDED = "ids refused dry_run"
_DECIDED_FEEDS = f"{_DECIDED} operation"
_VERIFIED = "checked ok missing mismatched foreign parts unreadable"
_TALLIES = (
    "pending claimed sealed archived failed skipped gone missing deleted partial",
    "total active paused quarantined gone retired cooling failing",
)


class JsonKeys(NamedTuple):
    """What a command prints with ``--json``."""

    keys: str
    """Separated by blanks."""
    lines: bool = False
    """One object a line; else one document."""
    inner: tuple[tuple[str, str], ...] = ()
    """Keys of documents within, by their key."""


JSON_KEYS: dict[str, JsonKeys] = {
    "backup": JsonKeys("path bytes archive format feeds episodes kept removed"),
    "config check": JsonKeys("ok file problems"),
    "config describe": JsonKeys("key default type allowed choices applies secret help", True),
    "config diff": JsonKeys(_VALUE, True),
    "config show": JsonKeys(_VALUE, True),
    "doctor": JsonKeys("ok checks", inner=(("checks", "name state text mend"),)),
    "episodes delete": JsonKeys(f"deleted {_DECIDED}"),
    "episodes derive": JsonKeys(f"due {_DECIDED}"),
    "episodes list": JsonKeys(_EPISODE, True),
    "episodes retry": JsonKeys(f"due {_DECIDED}"),
    "episodes show": JsonKeys(f"{_EPISODE} keys note"),
    "episodes skip": JsonKeys(f"skipped {_DECIDED}"),
    "events": JsonKeys(f"id {_EVENT}", True),
    "feeds accept-removals": JsonKeys("paused dry_run lists"),
    "feeds add": JsonKeys(_IMPORT),
    "feeds check": JsonKeys("due skipped dry_run"),
    "feeds edit": JsonKeys(
        "edited dry_run feeds", inner=(("feeds", "id changes queued probe warnings"),)
    ),
    "feeds list": JsonKeys(_FEED, True),
    "feeds pause": JsonKeys(f"paused {_DECIDED_FEEDS}"),
    "feeds raw": JsonKeys("feed_id at bytes sha256 content_type"),
    "feeds remove": JsonKeys(f"retired {_DECIDED_FEEDS}"),
    "feeds resume": JsonKeys(f"resumed {_DECIDED_FEEDS}"),
    "feeds retire": JsonKeys(f"retired {_DECIDED_FEEDS}"),
    "feeds show": JsonKeys(f"{_FEED} folder merged_into page_url move earlier_urls lists metadata"),
    "hosts list": JsonKeys("host until breaker opened why", True),
    "hosts release": JsonKeys("released refused feeds episodes dry_run"),
    "import": JsonKeys(_IMPORT),
    "import --dry-run": JsonKeys(
        "new duplicate rejected rejects first_poll_requests paused backlog episodes bytes"
        " known_feeds polled_feeds episodes_of_unknown_size own_backlogs"
    ),
    "limits get": JsonKeys(
        " ".join(key.id for key in keys() if is_limit(key)),
        inner=(
            ("engine.poll_workers", f"limit target busy reason {_LIMIT}"),
            ("engine.download_workers", f"limit target busy reason {_LIMIT}"),
            ("engine.per_host", _LIMIT),
        ),
    ),
    "limits reset": JsonKeys(_SETTINGS),
    "limits set": JsonKeys(_SETTINGS),
    "pause": JsonKeys("ok text"),
    "quarantine edit-url": JsonKeys(
        "edited dry_run feeds", inner=(("feeds", "id changes queued probe warnings"),)
    ),
    "quarantine list": JsonKeys(f"{_FEED} reason probes next_probe_at cause host", True),
    "quarantine probe": JsonKeys(
        "feed_id title url ok family code detail status duration_ms bytes content_type final_url"
        " found_title items known_items head release release_text state",
        True,
    ),
    "quarantine release": JsonKeys(f"released {_DECIDED_FEEDS}"),
    "quarantine retire": JsonKeys(f"retired {_DECIDED_FEEDS}"),
    "quarantine show": JsonKeys(
        "id title url state since reason cause consecutive_failures first_failure_at"
        " last_success_at last_error last_family last_status probation probes next_probe_at"
        " snoozed_until host host_open_until polls evidence evidence_bytes actions do"
    ),
    "quarantine snooze": JsonKeys(f"snoozed {_DECIDED_FEEDS}"),
    "reload": JsonKeys(_SETTINGS),
    "resume": JsonKeys("ok text"),
    "restore": JsonKeys(
        "backup restored dry_run kept_aside adopted missing foreign foreign_files",
        inner=(("backup", "format archive catalog feeds episodes bytes"),),
    ),
    "restore --dry-run": JsonKeys("backup restored dry_run"),
    "stop": JsonKeys("ok text"),
    "status": JsonKeys(
        "state reason engine at archive uptime_s feeds episodes media lanes rates totals errors"
        " resources queue alerts settings",
        inner=(
            ("feeds", _TALLIES[1]),
            ("episodes", f"total {_TALLIES[0]}"),
            ("media", "files bytes"),
            ("lanes", "poll download"),
            ("resources", "free_bytes total_bytes"),
            ("alerts", "name since text value limit"),
            (
                "settings",
                "file generation loaded_at watched rejected_at problems pending runtime",
            ),
        ),
    ),
    "undo": JsonKeys("ok undone refused"),
    "verify": JsonKeys(_VERIFIED),
    "verify --list": JsonKeys(
        f"{_VERIFIED} items",
        inner=(("items", "path problem episode_id kind"),),
    ),
    "why EPISODE": JsonKeys(
        "kind id episode feed seen_at archived_at durable_bytes attempts next host files"
        " derivatives actions do"
    ),
    "why FEED": JsonKeys(
        "kind id feed since snoozed_until cool_down_until opened probation last_answer polls days"
        " next host episodes episode_reasons actions do"
    ),
}
"""By the words of the command; an option that changes the keys follows them."""
