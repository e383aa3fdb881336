"""The sheet that `itsm model` begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from itsm_gitops.editing.identifiers import names
from itsm_gitops.model import meaning

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

_PEOPLE = 5
_NOBODY = "# people:                 itsm enrol HANDLE --team it-team puts somebody into the team\n"


def starter_sheet(repo: Repository) -> str:
    """Return a sheet with an item of each sort: for the time zone of a repository, with its people in the team."""
    text = Path(__file__).with_name("model_starter.yaml").read_text("utf-8")
    kinds = [k for k in repo.book.kinds.values() if meaning.PERSON in k.plays]
    people = [f"- id: {name}\n  teams: [it-team]\n" for name in names(repo, kinds)[:_PEOPLE]]
    listed = f"{kinds[0].plural}:\n{''.join(people)}" if people else _NOBODY
    return text.replace("{timezone}", repo.config.timezone).replace("{people}\n", listed)
