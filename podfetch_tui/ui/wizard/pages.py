"""The questions of the wizard, in their order."""

from __future__ import annotations

from typing import NamedTuple


class Page(NamedTuple):
    """One question."""

    name: str
    """The field of the answers, or ``welcome`` or ``review``."""
    title: str
    intro: str
    is_text: bool = True
    """It is typed; else it is chosen."""
    hint: str = ""


PAGES = (
    Page(
        "welcome",
        "Welcome to PodFetch",
        "There is no archive yet. A few questions make one; nothing is written before the last.",
        is_text=False,
    ),
    Page("root", "Folder", "Where are the episodes to be kept? Each feed gets a folder in it."),
    Page(
        "feeds",
        "Feeds",
        "A file with your feeds: OPML as podcast programs export it, CSV, JSON, or a URL a line.",
        hint="empty: none yet",
    ),
    Page(
        "backlog",
        "The past",
        "How many old episodes of each feed are wanted? More can be fetched later.",
        is_text=False,
    ),
    Page(
        "pace",
        "Politeness",
        "How hard may hosts and this machine be worked?",
        is_text=False,
    ),
    Page(
        "contact",
        "Contact",
        "An address or page for those who run the hosts, told to them with every request.",
        hint="you@example.org, or empty",
    ),
    Page("min_free", "Disk", "Downloads wait while less than this is free."),
    Page("review", "Review", "This is what will be written:", is_text=False),
)
