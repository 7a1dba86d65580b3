"""Which FFmpeg libraries PyAV brought."""

from __future__ import annotations


def library_versions() -> dict[str, str]:
    """Return the name of each library, without its ``lib``, and its version.

    Raises:
        ImportError: PyAV is missing, or does not fit this machine.
    """
    import av  # takes a tenth of a second, which only the doctor has

    versions: dict[str, tuple[int, ...]] = dict(av.library_versions)
    found = {"PyAV": str(av.__version__)}
    wanted = ("libavformat", "libavcodec", "libavutil")
    return found | {name: ".".join(map(str, versions[name])) for name in wanted if name in versions}
