"""The probe works under every limit a child sets itself, and fails as one item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.media_files import KINDS, make_media

from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.sandboxed import ProbeParams
from podfetch_tui.sandbox.pool import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, wall_s=60) as pool:
        yield pool


@pytest.mark.parametrize("kind", KINDS)
def test_every_container_can_be_decoded_there(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    path = make_media(tmp_path / "x", kind)
    params = ProbeParams(str(path), sniff_file(path).container, "decode")
    info = sandbox.call("probe_media", b"", params)
    assert info.problem == ""
    assert info.duration_s == pytest.approx(2, abs=0.25)


def test_a_file_that_is_not_there_is_a_failure_of_the_probe(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    params = ProbeParams(str(tmp_path / "missing"), "mp3", "header")
    with pytest.raises(Failure) as raised:
        sandbox.call("probe_media", b"", params)
    assert raised.value.kind is Kind.PROBE_KILLED
    assert "No such file" in raised.value.detail


def test_an_empty_file_is_refused_by_name(sandbox: Sandbox, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(Failure) as raised:
        sandbox.call("probe_media", b"", ProbeParams(str(empty), "mp3", "header"))
    assert raised.value.kind is Kind.EMPTY_MEDIA
