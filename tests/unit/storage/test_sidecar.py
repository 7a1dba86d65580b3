from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import msgspec
import pytest

from podfetch_tui.model.errors import Failure
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.sidecar import SCHEMA, encode, sidecar_path, write_sidecar
from podfetch_tui.system.durable import umask

MEDIA = "Show/2024-02-29 A title.mp3"


class Content(msgspec.Struct):
    guid: str
    sha256: bytes
    published: int | None = None


def test_a_sidecar_lies_beside_its_media_with_schema_first(layout: Layout) -> None:
    written = write_sidecar(layout, MEDIA, {"guid": "é", "schema": "forged", "n": [1]})
    assert written.path == f"{MEDIA}.json" == sidecar_path(MEDIA)
    data = layout.media(written.path).read_bytes()
    assert list(json.loads(data).items()) == [("schema", SCHEMA), ("guid", "é"), ("n", [1])]
    assert data.endswith(b"}\n")
    assert written.size == len(data)
    assert written.sha256 == hashlib.sha256(data).digest()
    assert layout.media(written.path).stat().st_mode & 0o777 == 0o666 & ~umask()


def test_a_struct_and_its_dict_give_the_same_bytes() -> None:
    content = Content("tag:1", b"\1\2", 5)
    as_dict = {"guid": "tag:1", "sha256": b"\1\2", "published": 5}
    assert encode(content) == encode(as_dict)


def test_writing_again_replaces_it_whole_and_leaves_nothing_else(layout: Layout) -> None:
    write_sidecar(layout, MEDIA, {"long": "x" * 1000})
    write_sidecar(layout, MEDIA, {"a": 1})
    assert json.loads(layout.media(sidecar_path(MEDIA)).read_bytes()) == {"schema": SCHEMA, "a": 1}
    assert [p.name for p in layout.media(MEDIA).parent.iterdir()] == [sidecar_path(MEDIA)[5:]]
    assert list(layout.parts.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_one(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sidecar(layout, MEDIA, {"a": 1})

    def full(fd: int, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Failure):
        write_sidecar(layout, MEDIA, {"a": 2})
    monkeypatch.undo()
    assert json.loads(layout.media(sidecar_path(MEDIA)).read_bytes())["a"] == 1
    assert list(layout.parts.iterdir()) == []


def test_a_half_written_one_never_lies_among_the_media(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Path, target: Path) -> Path:
        assert self.parent == layout.parts
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_sidecar(layout, MEDIA, {"a": 1})
    assert list(layout.media(MEDIA).parent.iterdir()) == []


def test_media_of_one_stem_have_a_sidecar_each() -> None:
    assert sidecar_path("Show/a.mp3") != sidecar_path("Show/a.mp4")


def test_a_path_out_of_the_archive_is_refused(layout: Layout) -> None:
    with pytest.raises(ValueError, match="archive"):
        write_sidecar(layout, "../x.mp3", {})
