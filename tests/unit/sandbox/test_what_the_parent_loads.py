"""The libraries that read hostile bytes are loaded in children only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import podfetch_tui


def test_the_parent_loads_neither_av_nor_feedparser() -> None:
    script = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "import podfetch_tui.sandbox.pool, podfetch_tui.sandbox.run_program\n"
        "import podfetch_tui.media.sniff, podfetch_tui.media.judge, podfetch_tui.media.ffprobe\n"
        "import podfetch_tui.media.budget\n"
        "print(sorted({'av', 'feedparser', 'lxml', 'pickle'} & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert ended.stdout == b"[]\n"


def test_a_child_finds_our_package_without_an_installation() -> None:
    root = str(Path(podfetch_tui.__file__).parents[1])
    script = (
        "import sys, importlib.util, pathlib\n"
        f"root = pathlib.Path({root!r})\n"
        f"sys.path[:] = ['', *{sys.path!r}]\n"
        "sys.path = [p for p in sys.path if p and pathlib.Path(p) != root]\n"
        "class Finder:\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'podfetch_tui':\n"
        "            return importlib.util.spec_from_file_location(\n"
        "                name, root / name / '__init__.py',\n"
        "                submodule_search_locations=[str(root / name)])\n"
        "sys.meta_path.insert(0, Finder)\n"
        "from podfetch_tui.sandbox.pool import Sandbox\n"
        "with Sandbox(1) as pool:\n"
        "    pool.check()\n"
        "print('fine')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.stdout == b"fine\n", ended.stderr
