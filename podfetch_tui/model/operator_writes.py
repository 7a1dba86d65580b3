"""The changes that an operator's command may make, as the doorway takes them."""

from __future__ import annotations

from typing import Any, Union, get_args

from podfetch_tui.model.decisions import (
    Decided,
    DecideEpisodes,
    DecideFeeds,
    ForgetErasures,
    NoteAction,
    NoteFiles,
    Undone,
    UndoOperation,
)
from podfetch_tui.model.derivatives import DeriveEpisodes
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.host_writes import HostsReleased, ReleaseHosts
from podfetch_tui.model.list_writes import Imported, ImportFeeds, ListFailed, ListRead, ReadList
from podfetch_tui.model.writes import ChangeFeed

OperatorWrite = Union[
    ImportFeeds,
    ReadList,
    ListFailed,
    EditFeed,
    ChangeFeed,
    DecideFeeds,
    DecideEpisodes,
    DeriveEpisodes,
    ForgetErasures,
    UndoOperation,
    NoteAction,
    NoteFiles,
    ReleaseHosts,
]
"""Writes a client of the doorway may hand over; no step of a run is among them."""

OPERATOR_WRITES: tuple[type, ...] = get_args(OperatorWrite)
RECEIPTS: dict[type, Any] = {
    ImportFeeds: Imported,
    ReadList: ListRead,
    DecideFeeds: Decided,
    DecideEpisodes: Decided,
    DeriveEpisodes: Decided,
    EditFeed: Decided,
    UndoOperation: Undone,
    NoteAction: Decided,
    NoteFiles: Decided,
    ReleaseHosts: HostsReleased,
}
"""Type of the receipt, where a write has one."""
