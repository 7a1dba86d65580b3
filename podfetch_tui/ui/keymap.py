"""From the table of actions to Textual's bindings; see ``model/actions.py`` to add one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from textual.binding import Binding, BindingType

from podfetch_tui.model import actions
from podfetch_tui.model.actions import Action

_SIGNS = {"plus": "+", "minus": "-", "slash": "/", "colon": ":"}
"""Keys whose sign is shorter than their name."""


def bound(*scopes: str) -> list[BindingType]:
    """Return the bindings of ``scopes``, for the ``BINDINGS`` of the class that has the methods.

    ``feeds.check`` is carried out by ``action_check`` of that class.
    """
    return [
        Binding(
            one.keys,
            f"go('{one.verb}')" if scope == "go" else one.verb,
            one.label,
            id=one.id,
            show=one.footer,
            tooltip=one.help,
        )
        for scope in scopes
        for one in actions.of_scope(scope)
    ]


def changes(binding: str) -> bool:
    """Return whether the action of a binding, ``check`` or ``app.pause``, changes something."""
    return binding.partition("(")[0].rpartition(".")[2] in actions.CHANGING


def sections(scopes: Sequence[str]) -> list[tuple[str, list[Action]]]:
    """Return the actions of ``scopes`` by where they work, in words, in the order of scopes."""
    found = [(actions.where(scope), one) for scope in scopes for one in actions.of_scope(scope)]
    return [
        (place, [one for _, one in group]) for place, group in groupby(found, lambda item: item[0])
    ]


def shown_keys(one: Action, given: Mapping[str, str]) -> str:
    """Return the keys of an action as people read them: ``space``, ``^a``, ``↵`` is ``enter``."""
    return " ".join(_shown(key) for key in actions.keys_of(one, given))


def key_of(id_: str, given: Mapping[str, str]) -> str:
    """Return the first key of an action, as people read it."""
    key = actions.keys_of(actions.action(id_), given)[0]
    return _SIGNS.get(key, _shown(key))


def _shown(key: str) -> str:
    return key.replace("ctrl+", "^") if key.startswith("ctrl+") else key
