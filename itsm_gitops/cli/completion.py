"""`itsm completion`."""

from __future__ import annotations

import click

from itsm_gitops.cli.base import App, pass_app
from itsm_gitops.cli.command import command
from itsm_gitops.cli.output import echo
from itsm_gitops.model.errors import UsageError

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


def _editor(app: App, write: bool) -> None:
    from itsm_gitops.rules.editor_settings import PLACE, rulebook_settings, text_of, write_settings

    if not write:
        echo(text_of(rulebook_settings(app.repo)).decode(), nl=False)
        return
    changed = write_settings(app.repo)
    echo(f"{PLACE} {'written' if changed else 'is up to date'}")


@command(
    "completion",
    [
        ('eval "$(itsm completion bash)"', "in ~/.bashrc"),
        ('eval "$(itsm completion zsh)"', "in ~/.zshrc"),
        ("itsm completion fish > ~/.config/fish/completions/itsm.fish", "once"),
        ("itsm completion vscode --write", "editor settings, after a new kind"),
    ],
)
@click.argument("shell", type=click.Choice([*_SETUP, _EDITOR]))
@click.option("--write", is_flag=True, help="With vscode: bring .vscode/settings.json up to date.")
@pass_app
def completion_command(app: App, shell: str, write: bool) -> None:
    """Print the shell's completion script, or the editor's settings.

    It completes commands, options, identifiers, states, fields and link types. 'vscode' prints
    settings that tie every file of the repository to its schema, kinds of your own included;
    --write puts them into .vscode/settings.json and keeps what else is in it.
    """
    if shell == _EDITOR:
        _editor(app, write)
        return
    if write:
        raise UsageError("only the settings of the editor are written", "itsm completion vscode --write")
    if shell == "bash":
        echo(_SETUP[shell] + _BASH, nl=False)
        return
    from click.shell_completion import get_completion_class

    from itsm_gitops.cli.app import group

    generator = get_completion_class(shell)
    if generator is None:
        raise click.UsageError(f"no completion for {shell}")
    echo(_SETUP[shell] + generator(group, {}, "itsm", "_ITSM_COMPLETE").source())
