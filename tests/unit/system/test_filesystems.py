"""Telling file systems apart, from real mounts and from tables of other machines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.mounts import fuse_mirror, small_disk

from podfetch_tui.system import filesystems
from podfetch_tui.system.filesystems import (
    FileSystem,
    choose,
    file_system_of,
    folds_case,
    parse_mountinfo,
)

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
36 22 0:31 / /srv rw shared:2 - nfs4 server:/export rw,vers=4.2
37 36 8:17 / /srv/local rw - xfs /dev/sdb1 rw
38 22 0:32 / /mnt/my\\040share rw - cifs //nas/share rw
39 22 0:33 / /home/me/remote rw shared:3 master:1 - fuse.sshfs host:/x rw
40 22 8:33 / /media/ntfs rw - fuseblk /dev/sdc1 rw
41 22 8:49 / /over rw - ext4 /dev/sdd1 rw
42 41 0:34 / /over rw - 9p nowhere rw
43 22 0:35 / /hidden/below rw - nfs old:/ rw
44 22 8:65 / /hidden rw - ext4 /dev/sde1 rw
broken
45 22 x:y / /odd rw - cifs
46 22 0:36 / /no-dash rw
"""


def seen(place: str, device: int | None = None) -> str:
    found = choose(Path(place), parse_mountinfo(TABLE), device)
    assert found is not None
    return found.kind


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/me", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/archive/.podfetch", "nfs4"),
        ("/srv/local/archive", "xfs"),
        ("/srvx", "ext4"),
        ("/mnt/my share/a", "cifs"),
        ("/home/me/remote/a", "fuse.sshfs"),
        ("/media/ntfs/a", "fuseblk"),
        ("/over/a", "9p"),
        ("/odd/a", "cifs"),
        ("/no-dash/a", "ext4"),
    ],
)
def test_a_path_lies_on_the_deepest_mount_around_it(place: str, kind: str) -> None:
    assert seen(place) == kind


def test_a_mount_that_another_one_hides_is_told_by_the_device() -> None:
    assert seen("/hidden/below/a", os.makedev(8, 65)) == "ext4"
    assert seen("/hidden/below/a", os.makedev(0, 99)) == "nfs"  # no table shows such a device


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "NFS"])
def test_network_file_systems_are_known(kind: str) -> None:
    found = FileSystem(kind)
    assert found.is_network
    assert not found.is_safe_for_catalog


@pytest.mark.parametrize("kind", ["fuse", "fuse.sshfs", "fuseblk", "macfuse", "virtiofs"])
def test_fuse_file_systems_are_known(kind: str) -> None:
    found = FileSystem(kind)
    assert found.is_fuse
    assert not found.is_safe_for_catalog


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "apfs", "hfs", "tmpfs", "overlay", "exfat", "vfat", ""]
)
def test_local_file_systems_may_hold_a_catalogue(kind: str) -> None:
    assert FileSystem(kind).is_safe_for_catalog


def test_nothing_is_known_where_there_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystems, "_MOUNTINFO", tmp_path / "none")
    monkeypatch.setattr("sys.platform", "linux")
    assert file_system_of(tmp_path) is None


@pytest.mark.root
def test_real_mounts_are_seen_through_links_and_before_a_path_exists(tmp_path: Path) -> None:
    with small_disk(tmp_path / "a disk", "1m") as disk:
        (disk / "folder").mkdir()
        (tmp_path / "link").symlink_to(disk / "folder")
        for place in (disk, disk / "folder", tmp_path / "link", disk / "not" / "yet there"):
            found = file_system_of(place)
            assert found is not None
            assert (found.kind, found.point) == ("tmpfs", str(disk))


@pytest.mark.root
def test_a_real_fuse_mount_is_known(tmp_path: Path) -> None:
    with fuse_mirror(tmp_path / "mirror", tmp_path / "disk") as at:
        found = file_system_of(at / "archive")
        assert found is not None
        assert found.is_fuse


def test_whether_case_counts_is_told_by_a_name_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "Notes").write_text("")
    counts = not (tmp_path / "nOTES").exists()
    assert folds_case(tmp_path) is not counts


def test_two_files_whose_names_differ_in_case_prove_that_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Notes").write_text("one")
    monkeypatch.setattr(Path, "exists", lambda _: True)
    monkeypatch.setattr(Path, "samefile", lambda *_: True)
    assert folds_case(tmp_path) is True
    monkeypatch.setattr(Path, "samefile", lambda *_: False)
    assert folds_case(tmp_path) is False


def test_without_a_name_with_letters_nothing_is_known_of_case(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    assert folds_case(tmp_path / "2024") is None
