"""`itsm lsp`."""

from __future__ import annotations

from itsm_gitops.cli.base import App, pass_app
from itsm_gitops.cli.command import command
from itsm_gitops.model.errors import UsageError


@command("lsp", [("itsm lsp", "started by the editor, which speaks over standard input and output")])
@pass_app
def lsp_command(app: App) -> None:
    """Answer an editor while somebody types: a language server.

    It completes keys, choices, states, link types and identifiers (with their titles), explains
    what is under the cursor, opens what an identifier names, shows the findings of 'itsm check' as
    they would be if the text were saved, and offers the next states as edits. Kinds of your own
    are known like the shipped ones. The handbook says how editors start it.
    """
    try:
        from itsm_gitops.language.server import serve
    except ImportError as error:
        raise UsageError(
            f"the language server needs a package that is not installed ({error.name})",
            "pip install 'itsm-gitops[lsp]'",
        ) from error
    serve()
