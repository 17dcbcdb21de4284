# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot completion`: the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cli.output import show


@click.command("completion", short_help="Print the completion script for your shell.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Prints a completion script: for bash, `eval "$(folkmoot completion bash)"` in ~/.bashrc."""
    found = get_completion_class(shell)
    assert found is not None, "click knows these three"
    show(found(context.find_root().command, {}, "folkmoot", "_FOLKMOOT_COMPLETE").source())
