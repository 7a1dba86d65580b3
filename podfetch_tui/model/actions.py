"""Everything an operator can do by key: one table.

From it come the bindings of the screens, the footer, the help screen, the command palette,
``docs/keys.md`` and the check of the ``[keys]`` section. To add an action: add one line here
and a method ``action_<verb>`` on the class that has ``bound("<scope>")`` as its ``BINDINGS``
(``ui/keymap.py``); run ``make docs``. A test finds what is missing.

A key that works everywhere, in tables or in lists means the same on every screen; the others
belong to one screen, and ``b c e K l`` differ from one to the next. UPPERCASE is wide, forced or
cannot be taken back.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

import msgspec


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where actions work; the part of an id before its dot."""

    id: str
    where: str
    """In words, for help and documentation."""
    shared: bool = False
    """They work on every main screen, beside those of the screen."""
    within: tuple[str, ...] = ()
    """They work beside those of these scopes, and no others."""
    modal: bool = False
    """They work in a dialog, where no others do."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be done."""

    id: str
    """``scope.verb``; what ``[keys]`` names it by."""
    keys: str
    """Keys as in ``[keys]``, comma separated: ``r`` or ``ctrl+r,f5``."""
    label: str
    """A word or two for the footer and the palette."""
    help: str
    """One sentence without a full stop: what it does."""
    footer: bool = False
    """It stands in the footer."""
    palette: bool = True
    """The command palette offers it where it can be done."""
    words: str = ""
    """Further words under which palette and help find it: what newcomers call it."""

    @property
    def scope(self) -> str:
        """Where it works."""
        return self.id.partition(".")[0]

    @property
    def verb(self) -> str:
        """What it does: ``feeds.check`` is carried out by ``action_check``."""
        return self.id.partition(".")[2]


SCOPES = (
    Scope(id="go", where="everywhere", shared=True),
    Scope(id="app", where="everywhere", shared=True),
    Scope(id="engine", where="everywhere", shared=True),
    Scope(id="table", where="tables", shared=True),
    Scope(id="list", where="lists", shared=True),
    Scope(
        id="rows",
        where="long lists",
        within=("downloads", "episodes", "feed", "feeds", "quarantine"),
    ),
    Scope(id="tabs", where="tabs", within=("downloads", "episodes", "feed", "feeds")),
    Scope(id="dashboard", where="Dashboard"),
    Scope(id="feeds", where="Feeds"),
    Scope(id="feed", where="one feed"),
    Scope(id="episodes", where="episodes"),
    Scope(id="quarantine", where="Quarantine"),
    Scope(id="downloads", where="Downloads"),
    Scope(id="hosts", where="hosts"),
    Scope(id="limits", where="Limits"),
    Scope(id="events", where="Events"),
    Scope(id="config", where="Config"),
    Scope(id="confirm", where="questions", modal=True),
    Scope(id="form", where="forms", modal=True),
    Scope(id="choose", where="menus", modal=True),
    Scope(id="adding", where="adding feeds", modal=True),
    Scope(id="box", where="boxes of text", modal=True),
    Scope(id="entry", where="entries", modal=True),
    Scope(id="help", where="help", modal=True),
    Scope(id="quit", where="quit dialog", modal=True),
    Scope(id="wizard", where="first run", modal=True),
    Scope(id="stopped", where="engine stopped", modal=True),
)


def _go(screen: str, key: str, label: str, text: str, words: str = "") -> Action:
    return Action(id=f"go.{screen}", keys=key, label=label, help=text, words=words)


def _on(id_: str, keys: str, label: str, text: str, words: str = "") -> Action:
    """Return an action that the footer shows."""
    return Action(id=id_, keys=keys, label=label, help=text, footer=True, words=words)


def _of(id_: str, keys: str, label: str, text: str, words: str = "") -> Action:
    """Return an action that only help and palette show."""
    return Action(id=id_, keys=keys, label=label, help=text, words=words)


def _key(id_: str, keys: str, label: str, text: str, *, footer: bool = False) -> Action:
    """Return an action that makes no sense in the palette: moving, and keys of dialogs."""
    return Action(id=id_, keys=keys, label=label, help=text, footer=footer, palette=False)


_HELD = "waits 429 503 retry-after told blocked rate-limit throttled slow ask"
"""Words for a host that is left alone."""

ACTIONS = (
    _go("dashboard", "1", "Dashboard", "What the engine does now"),
    _go("feeds", "2", "Feeds", "All feeds: add, import, check, pause, edit, retire",
        "subscribe opml export podcasts shows url moved tags remove"),
    _go("quarantine", "3", "Quarantine", "Feeds that keep failing and wait for you",
        "release probe snooze broken dead errors 404 410"),
    _go("downloads", "4", "Downloads", "What is coming in", "queue transfers cancel"),
    _go("limits", "5", "Limits", "What the engine may use, changed at once",
        "speed bandwidth workers parallel slow fast throttle"),
    _go("events", "6", "Events", "What happened, and what happens", "log history audit errors"),
    _go("config", "7", "Config", "Which settings hold, and where they come from",
        "options preferences ini reload"),
    _go("episodes", "8", "Episodes", "Episodes of all feeds", "files retry skip delete failed"),
    _key("go.previous", "[", "Previous", "The screen before this one"),
    _key("go.next", "]", "Next", "The screen after this one"),
    _on("app.palette", ":,ctrl+p", "Commands", "Find any action or feed by name"),
    _on("app.help", "?", "Help", "What all keys do"),
    _of("app.hosts", "h", "Hosts", "Which hosts are left alone and until when; R asks one again",
        f"{_HELD} release"),
    _on("app.undo", "u", "Undo", "Take back what was done within the last minute",
        "revert mistake"),
    _of("app.freeze", "f", "Freeze", "Hold the picture while the engine goes on, or let it go"),
    _of("app.maximise", "m", "Maximise", "Give the pane one is in all the room, or give it back"),
    _of("app.theme", "ctrl+t", "Theme", "Other colours, kept until [ui] theme is changed"),
    _on("app.quit", "q", "Quit", "Drain or stop, and leave"),
    _on("engine.begin", "B", "Begin", "Begin with the new feeds"),
    _on("engine.pause", "P", "Pause all", "Start nothing new, or go on",
        "stop hold halt resume continue"),
    _key("table.up", "up,k", "Up", "One row up"),
    _key("table.down", "down,j", "Down", "One row down"),
    _key("table.page_up", "pageup", "Page up", "A screenful up"),
    _key("table.page_down", "pagedown", "Page down", "A screenful down"),
    _key("table.first", "home,g", "First", "The first row"),
    _key("table.last", "end,G", "Last", "The last row"),
    _key("table.open", "enter", "Open", "Open the row, or go into it", footer=True),
    _key("list.filter", "/", "Filter", "Show only rows that pass a filter", footer=True),
    _of("list.sort", "s", "Sort", "Choose what the rows are sorted by"),
    _key("table.select", "space", "Select", "Select the row, or take it out, and go on",
         footer=True),
    _key("table.range", "V", "Range", "Select from the last selected row to this one"),
    _of("table.all", "ctrl+a", "Select all", "Select all rows that the filter shows, or none"),
    _of("rows.columns", "c", "Columns", "Choose the columns of the list"),
    _of("rows.views", "v", "Views", "Named views of the list: filter, order and columns"),
    _key("list.back", "escape", "Back", "Stop probing; drop the selection, then the filter"),
    _on("dashboard.check", "r", "Run now", "Poll all active feeds now", "refresh update fetch"),
    _of("dashboard.failing", "e", "Failing", "Show the feeds that fail now and are not given up",
        "errors broken problems"),
    _on("feeds.check", "r", "Check", "Poll the chosen feeds now", "refresh update fetch"),
    _on("feeds.pause", "p", "Pause", "Pause the chosen feeds, or let paused ones go on",
        "stop hold resume continue"),
    _on("feeds.edit", "e", "Edit", "Change address (URL, if it moved), title, tags or rhythm"),
    _on("feeds.add", "i", "Add", "Add a feed by its address, after a look at it"),
    _on("feeds.import", "I", "Import", "Add a list, pasted or from a file: OPML, CSV, JSON, URLs"),
    _on("feeds.retire", "X", "Retire", "Never poll the chosen feeds again; their files stay",
        "remove delete unsubscribe"),
    _of("feeds.probe", "t", "Probe", "Fetch the feed once and say what came; nothing changes"),
    _of("feeds.probe_all", "T", "Probe all", "Probe chosen feeds one after the other; esc stops"),
    _of("feeds.snooze", "z", "Snooze", "Leave chosen feeds in quarantine alone until a time"),
    _of("feeds.quarantine", "Q", "Quarantine", "Probe chosen feeds as seldom as those that fail"),
    _of("feeds.group", "b", "Group", "Count feeds by state, host, failure or tag, and filter"),
    _of("feeds.cancel", "K", "Cancel",
        "End the downloads of the chosen feeds, skip them, and delete what came"),
    _of("feeds.more", "plus", "Sooner", "A step of priority up for the chosen feeds"),
    _of("feeds.less", "minus", "Later", "A step of priority down for the chosen feeds"),
    _on("feeds.log", "l", "Log", "What happened to the feed, on the Events screen"),
    _of("feeds.copy", "y", "Copy", "Copy the addresses of the chosen feeds; how to export a list",
        "opml save file"),
    _of("feeds.place", "o", "Where", "Show address and folder of the feed, and open its address"),
    _key("feed.leave", "escape", "Back", "Back to the list", footer=True),
    _on("downloads.cancel", "x", "Cancel",
        "End the chosen downloads and skip their episodes; what came stays for a retry"),
    _of("downloads.delete", "K", "Cancel, drop",
        "End the chosen downloads, skip their episodes and delete what came"),
    _on("hosts.release", "R", "Release", "Ask the host now, whatever it told us or how it failed",
        f"{_HELD} again"),
    _on("episodes.retry", "R", "Retry", "Fetch the chosen episodes now"),
    _on("episodes.skip", "x", "Skip", "Do not fetch the chosen episodes"),
    _of("episodes.delete", "K", "Delete", "Delete the chosen episodes and their files for good"),
    _on("episodes.log", "l", "Log", "What happened to the episode's feed, on the Events screen"),
    _of("episodes.copy", "y", "Copy", "Copy the addresses of the chosen episodes, and show them"),
    _of("episodes.place", "o", "Where", "Show address and file of the episode"),
    _key("tabs.next", "right", "Next tab", "The next tab"),
    _key("tabs.previous", "left", "Previous tab", "The tab before"),
    _on("quarantine.probe", "t", "Probe", "Fetch the feed once and say what came; nothing changes"),
    _of("quarantine.probe_all", "T", "Probe all",
        "Probe the chosen feeds one after the other, select those that answer; esc stops"),
    _on("quarantine.release", "R", "Release", "Poll the chosen feeds again, on probation",
        "unquarantine restore retry"),
    _on("quarantine.snooze", "z", "Snooze", "Leave the chosen feeds alone until a time"),
    _on("quarantine.edit", "e", "Edit URL", "Poll the feed at another URL, looked at first"),
    _on("quarantine.group", "b", "Group", "Show groups by cause and host, cause, host; or feeds"),
    _on("quarantine.history", "l", "History", "Go to what happened to the feed"),
    _on("quarantine.retire", "X", "Retire", "Never poll the chosen feeds again; their files stay"),
    _key("quarantine.leave", "escape", "Back", "Stop probing; from groups back to feeds"),
    _on("limits.less", "minus,left", "Less", "A step down"),
    _on("limits.more", "plus,right", "More", "A step up"),
    _on("limits.save", "w", "Save", "Write what is in memory only into the INI"),
    _on("limits.default", "D", "Default", "Set the limit to its default"),
    _on("limits.effect", "M", "Effect", "What the limits do, and what the last change did"),
    _on("limits.diff", "d", "Diff", "What saving would change in the INI, or what changed in it"),
    _of("limits.much_less", "shift+left", "Much less", "A large step down"),
    _of("limits.much_more", "shift+right", "Much more", "A large step up"),
    _on("events.failures", "e", "Failures", "Show only what failed, or everything again"),
    _on("events.feed", "l", "Feed", "Go to the feed of the event"),
    _on("config.reload", "r", "Re-read", "Read the settings and the feed lists again"),
    _on("config.editor", "E", "Edit INI", "Open the INI in the editor that VISUAL or EDITOR names"),
    _on("config.changed", "c", "Changed", "Show only what differs from its default, or all"),
    _key("confirm.yes", "y", "Yes", "Do it"),
    _key("confirm.no", "n,escape", "No", "Leave everything as it is"),
    _key("form.leave", "escape", "Leave", "Change nothing"),
    _key("choose.leave", "escape,q", "Leave", "Choose nothing"),
    _key("adding.add", "ctrl+s", "Add", "Add what is new"),
    _key("adding.look", "ctrl+l", "Look", "Fetch the address once and say what is there"),
    _key("adding.paused", "ctrl+o", "Paused", "Let new feeds wait, or begin with them at once"),
    _key("adding.leave", "escape", "Leave", "Add nothing"),
    _key("box.copy", "y", "Copy", "Copy what is selected, else all of it"),
    _key("box.browse", "b", "Browse", "Open the address in the browser of this machine"),
    _key("box.leave", "escape,q", "Leave", "Close the box"),
    _key("entry.feed", "l", "Feed", "Go to the feed that the entry is about"),
    _key("entry.episode", "e", "Episode", "Go to the episode that the entry is about"),
    _key("entry.copy", "y", "Copy", "Copy all of the entry"),
    _key("entry.leave", "escape,q", "Leave", "Close the entry"),
    _key("help.leave", "escape,q,?", "Leave", "Close the help", footer=True),
    _key("help.filter", "/", "Filter", "Find a key by what it does", footer=True),
    _key("quit.drain", "d", "Drain", "Let what runs end, then quit", footer=True),
    _key("quit.now", "n", "Now", "Stop at once; downloads go on where they are next time",
         footer=True),
    _key("quit.keep", "k", "Keep", "Close the screen and let the engine go on", footer=True),
    _key("quit.stay", "escape,c", "Stay", "Do not quit", footer=True),
    _key("wizard.back", "escape", "Back", "The question before, or leave at the first",
         footer=True),
    _key("stopped.restart", "r", "Restart", "Start the engine again", footer=True),
    _key("stopped.quit", "q", "Quit", "Quit", footer=True),
    _key("stopped.look", "escape", "Look", "Look around in what is left", footer=True),
)  # fmt: skip


CHANGING = frozenset({
    "add", "begin", "cancel", "check", "default", "delete", "edit", "editor", "import", "less",
    "more", "much_less", "much_more", "pause", "priority", "probe", "probe_all",
    "quarantine", "release", "reload", "reset", "resume", "retire", "retry", "save", "set", "skip",
    "snooze", "undo",
})  # fmt: skip
"""Verbs that change something at the engine, on whatever screen."""


def of_scope(scope: str) -> tuple[Action, ...]:
    """Return the actions of one scope, in their order.

    Raises:
        KeyError: There is no such scope.
    """
    if scope not in {known.id for known in SCOPES}:
        raise KeyError(scope)
    return tuple(action for action in ACTIONS if action.scope == scope)


def action(id_: str) -> Action:
    """Return the action with this id.

    Raises:
        KeyError: There is none.
    """
    for one in ACTIONS:
        if one.id == id_:
            return one
    raise KeyError(id_)


def where(scope: str) -> str:
    """Return in words where the actions of ``scope`` work."""
    return next(known.where for known in SCOPES if known.id == scope)


def unknown_id(id_: str) -> str:
    """Return what is wrong with an id of ``[keys]`` that no action has; empty if one has it."""
    known = [one.id for one in ACTIONS]
    if id_ in known:
        return ""
    close = difflib.get_close_matches(id_, known, n=1, cutoff=0.5)
    same = [name for name in known if name.partition(".")[2] == id_.rpartition(".")[2]]
    near = close or same[:1]
    hint = f"did you mean {near[0]}?" if near else "docs/keys.md lists them all"
    return f"no action has this id; {hint}"


def keys_of(one: Action, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of an action, where ``given`` holds what ``[keys]`` says."""
    return tuple(given.get(one.id, one.keys).split(","))


def clashes(given: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (id, other id, key) where one key would mean two things at once.

    The first id is one of ``given``; where both are, each pair comes once.
    """
    for index, one in enumerate(ACTIONS):
        for other in ACTIONS[index + 1 :]:
            if (one.id in given or other.id in given) and _meet(one.scope, other.scope):
                for key in _common(keys_of(one, given), keys_of(other, given)):
                    pair = (one.id, other.id) if one.id in given else (other.id, one.id)
                    yield (*pair, key)


def _common(keys: Iterable[str], others: tuple[str, ...]) -> list[str]:
    # Escape leads out of the innermost thing that one is in, whatever that is.
    return [key for key in keys if key in others and key != "escape"]


def _meet(scope: str, other: str) -> bool:
    """Return whether actions of both scopes can work at the same time."""
    if scope == other:
        return True
    one, two = (next(known for known in SCOPES if known.id == s) for s in (scope, other))
    if one.modal or two.modal:
        return False
    if one.within or two.within:
        return any(a.shared or a.id in b.within for a, b in ((one, two), (two, one)))
    return one.shared or two.shared
