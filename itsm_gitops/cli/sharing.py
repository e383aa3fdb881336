"""Shares what a command has written, and says what became of it: behind every command that takes ``--sync``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from itsm_gitops.cli.failures import say
from itsm_gitops.cli.output import echo
from itsm_gitops.cli.render import styles
from itsm_gitops.model.errors import ItsmError, Refused
from itsm_gitops.model.text import safe_text
from itsm_gitops.model.words import counted

if TYPE_CHECKING:
    from itsm_gitops.editing.sync import Synced
    from itsm_gitops.repository import Repository

_NOT_SHARED = "written here, but not shared"
_NEXT = "nothing is lost: the next itsm sync takes it along"


def share(repo: Repository, said: str) -> None:
    """Share what a command has just written, where its options (``said``: yes, no or empty) or the settings want it."""
    from itsm_gitops.commands.sharing import is_wanted

    if is_wanted(repo, said):
        from itsm_gitops.editing.sync import sync

        try:
            result = sync(repo)
        except KeyboardInterrupt:
            say("warning", _NOT_SHARED, _NEXT)
            raise
        except OSError as error:
            raise ItsmError(f"{_NOT_SHARED}: {error}", _NEXT) from error
        except ItsmError as error:
            error.message = f"{_NOT_SHARED}: {error.message}"
            if not isinstance(error, Refused):  # that says itself what is to be decided first
                error.hint = "\n".join(filter(None, (error.hint, _NEXT)))
            raise
        tell(result, err=True)


def tell(result: Synced, *, err: bool = False) -> None:
    """Say in one line what was shared, and name what was not."""
    from itsm_gitops.editing.sync import LOCAL, QUEUED, SHARED, WAITING

    style = styles(sys.stderr if err else sys.stdout)
    where = f"{result.remote}/{result.branch}" if result.remote else result.branch
    if result.message:
        echo(style.dim(safe_text(result.message.partition("\n")[0])), err=err, color=style.on)
    came = f", {counted(result.received, 'commit')} received" if result.received else ""
    merged = f", {counted(len(result.merged), 'document')} merged" if result.merged else ""
    words = {
        SHARED: f"shared with {where}: {counted(result.pushed, 'commit')} sent{came}{merged}",
        LOCAL: f"committed as {result.commit[:9]}; there is no remote to share it with",
        WAITING: f"sent to {result.waiting}: {result.branch} takes no pushes, a workflow merges it after its check",
    }
    said = words.get(result.outcome, f"nothing to share with {where}{came}")
    if result.outcome == QUEUED:
        say(
            "warning",
            f"not shared yet: {result.why}",
            "what you wrote is committed here and waits: itsm sync",
        )
    else:
        echo(style.good(safe_text(said)), err=err, color=style.on)
    if result.behind:
        say(
            "warning",
            f"the files here stay as they were: {result.behind}",
            "commit or stash what is in the way; itsm sync",
        )
    for file in result.left:
        say("note", f"left here: {file.path} ({file.reason})", file.hint)
