"""Where things are in an archive, and names that every file system takes.

Nothing here touches the disk. Names come from strangers: whatever a title holds, the result
is one component of a path, never hidden, never reserved, never leading out of its folder.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.names import COMPONENT_BYTES, cut
from podfetch_tui.model.text import clean
from podfetch_tui.storage.template import NameFields, Template

MARKER_DIR = ".podfetch"
UNFINISHED = f"{MARKER_DIR}.new-"
"""How the folder begins in which an archive is made, before it is one."""
_NOT_CONTENT = frozenset(
    {
        "lost+found",
        ".DS_Store",
        ".Spotlight-V100",
        ".Trashes",
        ".fseventsd",
        "System Volume Information",
    }
)
"""What an operating system puts on an empty disk by itself."""
UNKNOWN_EXTENSION = ".bin"
"""Extension of media of no known container; never empty, so that no media file can have the
name of another one's sidecar."""

_MOST_CHARS = 4000
_COLON = re.compile(r"\s*[:：]\s+")
_REPLACED = str.maketrans({"/": "-", "\\": "-", "|": "-", ":": "-", '"': "'", "\ufffd": "_"})
_DROPPED = re.compile(r"[*?<>]")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}\Z")
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
)


class Layout(msgspec.Struct, frozen=True):
    """The paths of one archive."""

    root: Path
    """Absolute path of the archive's folder."""
    uuid: str = ""
    """The archive's identity, from its marker; empty when only paths are wanted."""
    catalog_uuid: str = ""
    """The catalogue that belongs to it; empty before there is one."""

    @property
    def marker_dir(self) -> Path:
        """The folder that makes its parent an archive."""
        return self.root / MARKER_DIR

    @property
    def marker(self) -> Path:
        """``archive.json``: format version and UUID."""
        return self.marker_dir / "archive.json"

    @property
    def catalog(self) -> Path:
        """The catalogue, unless ``[archive] catalog`` names another place."""
        return self.marker_dir / "catalog.db"

    @property
    def parts(self) -> Path:
        """Downloads that are not published yet."""
        return self.marker_dir / "parts"

    @property
    def rejected(self) -> Path:
        """Files that were not what the catalogue promised, kept for a look."""
        return self.marker_dir / "rejected"

    @property
    def lock(self) -> Path:
        """The file whose lock makes a process the only one on this archive."""
        return self.marker_dir / "lock"

    def media(self, relpath: str) -> Path:
        """Return the absolute path of a media file.

        Raises:
            ValueError: ``relpath`` is empty, absolute, climbs, or leads into the marker.
        """
        path = PurePosixPath(relpath)
        parts = relpath.split("/")
        if path.is_absolute() or "\0" in relpath or not all(parts) or {".", ".."} & set(parts):
            raise ValueError(f"not a path below the archive: {clean(relpath)!r}")
        if parts[0].casefold() == MARKER_DIR:
            raise ValueError(f"a path of the archive's own: {clean(relpath)!r}")
        return self.root / path


def is_content(name: str) -> bool:
    """Say whether a file or folder at the top of an archive was put there by somebody.

    What an operating system makes there is not looked into: only root may.
    """
    return name not in _NOT_CONTENT and not name.startswith(UNFINISHED)


def safe_component(text: str, limit_bytes: int = COMPONENT_BYTES, *, fallback: str = "") -> str:
    r"""Return ``text`` as one file or folder name that is safe on every file system.

    NFC; no controls, format and bidi characters, private or unassigned code points; none of
    ``/ \ : * ? " < > |``; no device name of Windows; no blank, dot or hyphen in front (hidden
    files, options), no blank or dot at the end; at most ``limit_bytes`` in UTF-8, cut between
    whole characters. Doing it twice changes nothing.

    Args:
        text: Anything at all.
        limit_bytes: Longest result, at least 8.
        fallback: What to return when nothing is left.
    """
    text = _COLON.sub(" - ", text[:_MOST_CHARS])
    text = _DROPPED.sub("", unicodedata.normalize("NFC", text)).translate(_REPLACED)
    text = "".join(char for char in text if _is_kept(char))
    text = clean(text, _MOST_CHARS).lstrip(" .-")
    text = cut(text, limit_bytes)
    if text.partition(".")[0].rstrip().upper() in _DEVICES:
        text = cut(f"_{text}", limit_bytes)
    return text or fallback


def _is_kept(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in _DROPPED_CATEGORIES


def folder_name(title: str, url: str) -> str:
    """Return the wanted folder of a feed: its title, else the host of its URL, else ``feed``."""
    if name := safe_component(title):
        return name
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return safe_component(host.removeprefix("www."), fallback="feed")


def safe_extension(extension: str) -> str:
    """Return ``extension`` in lower case when it is one (``.mp3``), else ``.bin``."""
    extension = extension.lower()
    return extension if _EXTENSION.match(extension) else UNKNOWN_EXTENSION


def final_path(
    template: Template,
    *,
    folder: str,
    feed_title: str,
    episode: Episode,
    extension: str,
    season: str = "",
    number: str = "",
) -> str:
    """Return the wanted path of an episode's media below the root, whether free or not.

    The same arguments give the same path; ``model.names.alternatives`` says what to try when
    it is taken.

    Args:
        template: ``[archive] filename``, from :func:`storage.template.parse_template`.
        folder: The feed's own folder, one component; everything is below it.
        feed_title: What ``{feed}`` means after the first ``/``.
        episode: Whose name is wanted.
        extension: With its dot; what is none becomes ``.bin``.
        season: What ``{season}`` means.
        number: What ``{number}`` means.

    Raises:
        ValueError: ``folder`` is not one component of a path.
    """
    if folder in {"", ".", "..", MARKER_DIR} or "/" in folder or "\0" in folder:
        raise ValueError(f"not a folder of a feed: {clean(folder)!r}")
    extension = safe_extension(extension)
    texts = template.render(
        NameFields(
            feed=feed_title,
            title=episode.title if safe_component(episode.title) else "",
            published=episode.published,
            guid=episode.guid,
            season=season,
            number=number,
            id=episode.id,
        )
    )
    *folders, name = texts
    names = [safe_component(text, fallback="untitled") for text in folders]
    stem = _without_extension(name.strip(), extension)
    room = COMPONENT_BYTES - len(extension)
    return "/".join([folder, *names, safe_component(stem, room, fallback="untitled") + extension])


def beside(relpath: str, suffix: str) -> str:
    """Return the wanted path of a further file of the media file at ``relpath``.

    Args:
        relpath: Path of the media file below the root.
        suffix: What follows its stem, as in ``.tagged.mp3``; of our making.
    """
    folder, slash, name = relpath.rpartition("/")
    stem = PurePosixPath(name).stem
    room = COMPONENT_BYTES - len(suffix.encode())
    return f"{folder}{slash}{safe_component(stem, room, fallback='untitled')}{suffix}"


def _without_extension(name: str, extension: str) -> str:
    """Drop an extension that the title carries already, as in ``talk.mp3``."""
    return name[: -len(extension)] if name.lower().endswith(extension) else name
