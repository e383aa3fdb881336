"""`itsm completion`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import command

_SETUP = {
    "bash": '# in ~/.bashrc:  eval "$(itsm completion bash)"\n',
    "zsh": '# in ~/.zshrc:  eval "$(itsm completion zsh)"\n',
    "fish": "# once:  itsm completion fish > ~/.config/fish/completions/itsm.fish\n",
}


@command(
    "completion",
    [
        ('eval "$(itsm completion bash)"', "in ~/.bashrc"),
        ('eval "$(itsm completion zsh)"', "in ~/.zshrc"),
        ("itsm completion fish > ~/.config/fish/completions/itsm.fish", "once"),
    ],
)
@click.argument("shell", type=click.Choice(list(_SETUP)))
def completion_command(shell: str) -> None:
    """Print the shell's completion script.

    It completes commands, options, identifiers, states, fields and link types.
    """
    from click.shell_completion import get_completion_class

    from itsm_gitops.cli.app import group

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(_SETUP[shell] + found(group, {}, "itsm", "_ITSM_COMPLETE").source())
