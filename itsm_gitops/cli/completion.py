"""`itsm completion`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import App, command, pass_app
from itsm_gitops.cli.output import echo

_SETUP = {
    "bash": '# in ~/.bashrc:  eval "$(itsm completion bash)"\n',
    "zsh": '# in ~/.zshrc:  eval "$(itsm completion zsh)"\n',
    "fish": "# once:  itsm completion fish > ~/.config/fish/completions/itsm.fish\n",
}

_EDITOR = "vscode"

# click's script for Bash knows neither that Bash ends words at = and :, nor that a value follows them.
_BASH = r"""_itsm_completion() {
    local IFS=$'\n' rest=$COMP_LINE last=-1 index piece kind value
    local -a words=()
    for ((index = 0; index <= COMP_CWORD; index++)); do
        piece=${COMP_WORDS[index]}
        if ((last < 0)) || [[ $rest == [[:space:]]* ]]; then
            words+=("$piece")
            ((last += 1))
        else
            words[last]+=$piece
        fi
        rest=${rest#"${rest%%[![:space:]]*}"}
        rest=${rest#"$piece"}
    done
    local current=${words[last]}
    local before=${current%"${current##*[=:]}"}
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            plain) COMPREPLY+=("${value#"$before"}") ;;
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
        esac
    done < <(COMP_WORDS="${words[*]}" COMP_CWORD=$last _ITSM_COMPLETE=bash_complete "$1")
    if [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace
    fi
}
complete -o nosort -F _itsm_completion itsm
"""


@command(
    "completion",
    [
        ('eval "$(itsm completion bash)"', "in ~/.bashrc"),
        ('eval "$(itsm completion zsh)"', "in ~/.zshrc"),
        ("itsm completion fish > ~/.config/fish/completions/itsm.fish", "once"),
        ("itsm completion vscode > .vscode/settings.json", "after a new kind"),
    ],
)
@click.argument("shell", type=click.Choice([*_SETUP, _EDITOR]))
@pass_app
def completion_command(app: App, shell: str) -> None:
    """Print the shell's completion script, or the editor's settings.

    It completes commands, options, identifiers, states, fields and link types. 'vscode' prints
    settings that tie each folder of documents to its schema, kinds of your own included.
    """
    if shell == _EDITOR:
        from itsm_gitops.commands.init import editor_settings

        echo(editor_settings(app.repo).decode(), nl=False)
        return
    if shell == "bash":
        echo(_SETUP[shell] + _BASH, nl=False)
        return
    from click.shell_completion import get_completion_class

    from itsm_gitops.cli.app import group

    generator = get_completion_class(shell)
    if generator is None:
        raise click.UsageError(f"no completion for {shell}")
    echo(_SETUP[shell] + generator(group, {}, "itsm", "_ITSM_COMPLETE").source())
