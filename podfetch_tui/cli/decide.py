"""Carrying an operator's decision out: show it, ask, write it down, say what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import click
import msgspec

from podfetch_tui.cli.output import document, remark, say
from podfetch_tui.model.decisions import Decided
from podfetch_tui.model.errors import UsageError

AT_A_TIME = 500
"""Feeds or episodes that one write decides about."""
_MOST_SHOWN = 20
_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the audit."),
    click.option("--dry-run", is_flag=True, help="Show what would change; change nothing."),
    click.option("--yes", is_flag=True, help="Do not ask."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
)


class HowAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of every command that decides."""

    reason: str
    dry_run: bool
    yes: bool
    as_json: bool
    named: bool = False
    """What it is about was named one by one, not by a filter."""


def decision_options(command: _F) -> _F:
    """Give a command ``--reason``, ``--dry-run``, ``--yes`` and ``--json``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def confirm(count: int, verb: str, noun: str, *, yes: bool) -> None:
    """Ask before more than one thing changes.

    Raises:
        UsageError: There is nobody to ask and no ``--yes``.
    """
    if count <= 1 or yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"this would {verb} {count} {noun}; say --yes if that is meant")
    if not click.confirm(f"{verb} {count} {noun}?", err=True):
        raise click.Abort


def in_parts(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Yield ``ids`` in parts of a size that one write takes."""
    rest = iter(ids)
    while part := tuple(islice(rest, AT_A_TIME)):
        yield part


def report(
    decided: Iterable[Decided], noun: str, word: str, *, how: HowAsked, operation: bool = False
) -> int:
    """Say what came of a decision; return the exit code.

    It is 1 when something that was named is refused, or everything that passes a filter.

    Args:
        decided: Receipts, or what they would be.
        noun: ``feed`` or ``episode``.
        word: What was done, and the key of the JSON: ``paused``.
        how: How it was asked for.
        operation: The JSON has its number, for an undo.
    """
    done: list[int] = []
    refused: list[tuple[int, str]] = []
    number = 0
    for part in decided:
        done += part.done
        refused += part.refused
        number = number or part.operation
    things = noun if len(done) == 1 else f"{noun}s"
    remark(f"{len(done)} {things} {word}" + (" (dry run)" if how.dry_run else ""))
    _say_refused(refused, noun)
    if how.as_json:
        document(
            {
                word: len(done),
                "ids": done,
                "refused": [{"id": number, "reason": why} for number, why in refused],
                "dry_run": how.dry_run,
                **({"operation": number or None} if operation else {}),
            }
        )
    return 1 if refused and (how.named or not done) else 0


def _say_refused(refused: Sequence[tuple[int, str]], noun: str) -> None:
    for number, why in refused[:_MOST_SHOWN]:
        say(f"  {noun} {number} {why}")
    if len(refused) > _MOST_SHOWN:
        say(f"  … and {len(refused) - _MOST_SHOWN} more that it does not fit")
