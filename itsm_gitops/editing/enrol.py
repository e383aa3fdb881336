"""`itsm enrol`: say in the directory who somebody is to Git, to a forge and to signed statements.

The gate tells people apart by commit addresses, account numbers and public keys. All three are facts
that machines print and people mistype, so they are taken from where they are.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from itsm_gitops.editing.change import Written, save
from itsm_gitops.editing.create import finish, start
from itsm_gitops.editing.fields import SET, Assignment
from itsm_gitops.editing.opening import open_document
from itsm_gitops.git.actor import acting, person_of, setting, usual_key
from itsm_gitops.model.errors import NotFound, UsageError, did_you_mean
from itsm_gitops.model.ids import slug
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.model.rulebook import RuleBook

if TYPE_CHECKING:
    from itsm_gitops.repository import Repository


class Enrolment(NamedTuple):
    """What is to be known of somebody; empty parts are left as they are.

    ``key`` is the file of an SSH key (either half), ``accounts`` are ``FORGE:NUMBER[:LOGIN]``.
    """

    name: str = ""
    teams: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    key: str = ""
    accounts: tuple[str, ...] = ()


def _people(book: RuleBook) -> Kind:
    kind = book.player(PERSON)
    if kind is None:
        raise NotFound(
            "no class of this rule book plays the role person",
            "x-itsm: {plays: [person]} says which one does",
        )
    return kind


def enrol(repo: Repository, person: str, about: Enrolment, *, dry_run: bool = False) -> Written:
    """Write what is to be known of ``person`` (empty: who runs this); creates the file where there is none.

    Of oneself, name, address and key are taken from Git's own settings where they are not given. What is
    known already is not written twice. Raises UsageError for a key or an account that cannot be read,
    and where there is nothing to write.
    """
    handle = person or acting(repo, None)
    about = about_oneself(repo, about) if not person or _is_self(repo, person) else about
    if not any(about):
        raise UsageError(f"what is to be known of {handle}?", "--address, --key, --account, --team or --name")
    parts: dict[str, list[Any]] = {
        "teams": list(about.teams),
        "commit_addresses": list(about.addresses),
        "identities": [_account(repo, text) for text in about.accounts],
        "signing_keys": [_key(Path(about.key).expanduser())] if about.key else [],
    }
    kind = _people(repo.book)
    path = repo.book.path_for(kind, handle)
    if not (repo.root / path).exists():
        draft = start(repo, kind.name, identifier=handle)
        draft.assign([Assignment(("name",), SET, about.name or _name(repo, handle))])
        draft.data |= {field: values for field, values in parts.items() if values}
        return finish(draft, dry_run=dry_run)[0]
    document = open_document(repo, handle)
    new = dict(document.data)
    if about.name:
        new["name"] = about.name
    for field, values in parts.items():
        known = list(new.get(field) or ())
        added = [v for v in values if not any(_same(v, k) for k in known)]
        if added:
            new[field] = [*known, *added]
    return save(repo, document, new, dry_run=dry_run)


def about_oneself(repo: Repository, about: Enrolment) -> Enrolment:
    """Add what Git and the machine say of whoever runs this, where it was not given: address, key, account, name.

    The account is that of an address which a forge hands out to keep the real one private: it holds the number.
    """
    address = setting(repo, "user.email")
    account = _account_of(address)
    key = usual_key(repo)
    return about._replace(
        addresses=about.addresses or ((address,) if address else ()),
        key=about.key or (str(key) if key else ""),
        accounts=about.accounts or ((account,) if account else ()),
    )


# Addresses that forges give people who keep theirs private: number and login.
_PRIVATE = (
    ("github", re.compile(r"(\d+)\+([\w.-]+)@users\.noreply\.github\.com")),
    ("gitlab", re.compile(r"(\d+)-([\w.-]+)@users\.noreply\.gitlab\.com")),
)


def _account_of(address: str) -> str:
    for forge, pattern in _PRIVATE:
        match = pattern.fullmatch(address.lower())
        if match:
            return ":".join((forge, *match.groups()))
    return ""


def _name(repo: Repository, handle: str) -> str:
    """Return the name of a new person: Git's, where they enrol themselves."""
    return (setting(repo, "user.name") if _is_self(repo, handle) else "") or handle


def _is_self(repo: Repository, handle: str) -> bool:
    """Whether somebody enrols themselves: by their file, by Git's name, or by what their address begins with."""
    with suppress(UsageError):  # nobody says who runs this, so it is not known to be them
        if handle == acting(repo, None):
            return True
    if person_of(repo):
        return False  # Git's address is that of somebody else
    return handle == slug(setting(repo, "user.email").partition("@")[0])


def _same(new: Any, known: Any) -> bool:
    """Whether an entry is there already: labels and dates of an account or key do not matter."""
    if isinstance(new, dict) and isinstance(known, dict):
        named = ("fingerprint",) if "fingerprint" in new else ("forge", "id")
        return all(new.get(n) == known.get(n) for n in named)
    return bool(str(new).lower() == str(known).lower())


def _account(repo: Repository, text: str) -> dict[str, Any]:
    forge, _, rest = text.partition(":")
    number, _, login = rest.partition(":")
    schema = _people(repo.book).fields["identities"]["items"]["properties"]["forge"]
    if forge not in schema["enum"]:
        raise NotFound(
            f"'{forge}' is not a forge",
            did_you_mean(forge, schema["enum"]) or f"one of: {', '.join(schema['enum'])}",
        )
    if not number.isdecimal() or not int(number):
        raise UsageError(
            f"'{text}' does not name an account by its number",
            "FORGE:NUMBER[:LOGIN]; GitHub tells the number at api.github.com/users/LOGIN, field id",
        )
    return {"forge": forge, "id": int(number), **({"login": login} if login else {})}


def _key(file: Path) -> dict[str, Any]:
    """Return the entry of a public key; its fingerprint is the one that ``ssh-keygen -l`` prints."""
    from itsm_gitops.git.sshsig import fingerprint, public_key

    half = file if file.suffix == ".pub" else file.with_name(f"{file.name}.pub")
    try:
        text = public_key(half.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise UsageError(f"{half} does not hold a public SSH key", "ssh-keygen -t ed25519 makes a pair")
    return {"type": "ssh", "fingerprint": fingerprint(text), "public_key": text}
