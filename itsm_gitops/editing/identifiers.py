"""Identifiers without reading documents: their names are their files' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from itsm_gitops.git.actor import acting
from itsm_gitops.model import ids
from itsm_gitops.model.errors import Ambiguous, NotFound, UsageError, did_you_mean, is_slip
from itsm_gitops.model.filter_words import ME
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository

MEANT = "!"  # after a name: use it although no document has it
_GIVES_WORK = ("assigned_to", "carried_out_by")


def kinds_of(book: RuleBook, groups: Iterable[str]) -> list[Kind]:
    """Return the kinds that names of kinds, classes and groups stand for, in rule-book order."""
    members = book.members(groups)
    return [book.kinds[name] for name in book.kinds if name in members]


def names(repo: Repository, kinds: Iterable[Kind], at: str | None = None) -> list[str]:
    """Return the identifiers of all documents of some kinds, sorted."""
    folders = [k.folder for k in kinds]
    paths = repo.paths_below(folders, at)
    return sorted(p.rsplit("/", 1)[-1].removesuffix(".yaml") for p in paths if p.endswith(".yaml"))


def resolve_reference(repo: Repository, reference: Mapping[str, Any], text: str) -> str:
    """Return the identifier that ``text`` means where a field refers to some kinds.

    A former name (an alias) stands for the present one, a fragment of one existing identifier is completed, ``@me`` is
    whoever acts. ``open`` references keep a text that
    names nothing here, as long as it may be a handle, and is no slip of the pen: whoever gets work must be known or
    named elsewhere already, and nobody may be nearly called like somebody who is there. With ``!`` behind it a name is
    meant as it is. Raises NotFound or Ambiguous.
    """
    if text == ME:
        return acting(repo, None)
    meant, text = text.endswith(MEANT), text.removesuffix(MEANT)
    kinds = kinds_of(repo.book, reference.get("to", ("any",)))
    if any(_is_there(repo, kind, text) for kind in kinds):
        return text
    known = names(repo, kinds)
    if text in known:
        return text
    folders, items = [k.folder for k in kinds], not any(k.is_record for k in kinds)
    # A former name comes before a fragment; that of a record is looked for last, as all records have to be read.
    former = repo.formerly(text, folders) if items else ""
    if former:
        return former
    try:
        found = ids.find(text, known)
    except (NotFound, Ambiguous) as error:
        former = "" if items or isinstance(error, Ambiguous) else repo.formerly(text, folders)
        if former:
            return former
        if reference.get("open") and ids.is_item_id(text):
            if not meant:
                _refuse_slip(repo, reference, text, known)
            return text
        expected = " or ".join(k.title.lower() for k in kinds[:4]) if len(kinds) <= 4 else "entry"
        if isinstance(error, Ambiguous):
            raise
        raise NotFound(f"there is no {expected} '{text}'", _hint(error, known, kinds)) from error
    if reference.get("open") and ids.is_item_id(text) and found != text.lower():
        if not meant:
            _refuse_slip(repo, reference, text, known)
        return text
    return found


def _refuse_slip(repo: Repository, reference: Mapping[str, Any], text: str, known: Iterable[str]) -> None:
    """Raise NotFound for a name that exists nowhere, where work would be given to nobody or another one is meant."""
    known = list(known)
    if reference.get("relation") not in _GIVES_WORK and not is_slip(text, known):
        return
    near = did_you_mean(text, known)
    if text == _acting(repo) or repo.store(None).into(text):
        return
    hint = f"{near}{chr(10) if near else ''}write {text}{MEANT} if this name is meant"
    raise NotFound(f"nobody is called '{text}'", hint)


def _acting(repo: Repository) -> str:
    try:
        return acting(repo, None)
    except UsageError:
        return ""


def _is_there(repo: Repository, kind: Kind, identifier: str) -> bool:
    """Whether a whole identifier has its file: one look, where a list of names would have to be read."""
    try:
        path = repo.root / repo.book.path_for(kind, identifier)
    except NotFound:
        return False
    return path.is_file() and not path.is_symlink()


def _hint(error: NotFound, known: list[str], kinds: list[Kind]) -> str:
    if error.hint.startswith("did you mean"):
        return error.hint
    if known and len(known) <= 12:
        return f"there are: {', '.join(known)}"
    if not known and len(kinds) == 1 and not kinds[0].is_record:
        return f"itsm new {kinds[0].name} ID --name NAME creates one"
    return f"itsm list {kinds[0].plural} shows what there is" if len(kinds) == 1 else "itsm list --help"
