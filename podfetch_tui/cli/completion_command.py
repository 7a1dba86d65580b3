"""``podfetch completion``: what a shell needs to complete the words of a command line."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from podfetch_tui.model.errors import UsageError

PROGRAM = "podfetch"
VARIABLE = "_PODFETCH_COMPLETE"
"""Environment variable by which the shell asks; ``click`` makes it of the program's name."""
SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
@click.pass_context
def completion_command(ctx: click.Context, *, shell: str) -> None:
    """Print the script that completes commands and options in bash, zsh or fish.

    In bash or zsh: eval "$(podfetch completion bash)"; in fish: podfetch completion fish | source.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"{shell}: this version of click knows no such shell")
    complete = kind(ctx.find_root().command, {}, PROGRAM, VARIABLE)
    # Not the class's own source(): that starts bash to ask for its version.
    click.echo(ShellComplete.source(complete))
