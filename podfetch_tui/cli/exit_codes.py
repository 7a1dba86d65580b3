"""What each exit code means; ``docs/commands.md`` is made from this."""

from __future__ import annotations

EXIT_CODES: dict[int, str] = {
    0: "done; also a continuous run or a screen that was stopped or quit",
    1: "`--once` or a command finished, some items failed",
    2: "wrong use: an option, a feed list, a name that means nothing",
    3: "bad configuration; every problem is named with file and line",
    4: "another process holds the archive",
    5: "no engine to talk to",
    6: "`verify` found damage",
    7: "the archive is unusable: full, read-only, a file, without its marker, of a newer format, "
    "an I/O error, a damaged catalogue",
    8: "an internal error, or memory ran out",
    130: "ended at once by a second SIGINT (Ctrl-C)",
    143: "ended at once by a second SIGTERM",
}
