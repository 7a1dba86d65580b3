"""A shell completes commands and options with the script that the program prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import as_process, podfetch

from podfetch_tui.cli.completion_command import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_asks_the_program(shell: str, tmp_path: Path) -> None:
    done = podfetch("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_PODFETCH_COMPLETE={shell}_complete" in done.stdout
    program = shutil.which(shell)
    if program is None:
        return
    script = tmp_path / "script"
    script.write_text(done.stdout)
    assert subprocess.run([program, "-n", str(script)], check=False).returncode == 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("podfetch quar", "quarantine"),
        ("podfetch feeds re", "resume"),
        ("podfetch --arch", "--archive"),
    ],
)
def test_the_program_completes_commands_below_commands_and_options(
    typed: str, offered: str
) -> None:
    at = str(len(typed.split()) - 1)
    done = as_process(_PODFETCH_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=at)
    assert f"plain,{offered}" in done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_with_it(tmp_path: Path) -> None:
    program = tmp_path / "podfetch"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m podfetch_tui "$@"\n')
    program.chmod(0o755)
    typed = (
        'eval "$(podfetch completion bash)"; COMP_WORDS=(podfetch verif); COMP_CWORD=1;'
        ' _podfetch_completion podfetch; echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", typed],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "verify\n", done.stderr


def test_a_shell_nobody_knows_is_a_mistake_of_usage() -> None:
    done = podfetch("completion", "cmd.exe")
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
