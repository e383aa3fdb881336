"""The few questions of `itsm init` on a terminal: whose repository, which clock, who decides."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from itsm_gitops.cli.output import echo
from itsm_gitops.cli.prompts import ask_line, explain, say_again
from itsm_gitops.cli.render import styles
from itsm_gitops.commands.init import DEFAULT_ORGANISATION, refuse_zone
from itsm_gitops.commands.init_people import Founders, people_wanted, refuse_bad_handles
from itsm_gitops.model import ids
from itsm_gitops.model.errors import ItsmError

_ZONES = "/zoneinfo/"


class InitAnswers(NamedTuple):
    """What a new repository begins with."""

    organisation: str
    timezone: str
    founders: Founders


def ask_beginning() -> InitAnswers:
    """Ask for what only the user knows; Enter takes what is proposed. Raises Abort at the end of input."""
    organisation = _ask("Name of the organisation?", "", DEFAULT_ORGANISATION)
    zone = _ask("Which time zone?", "An IANA name; times are shown in it.", machine_zone(), refuse_zone)
    me = _ask(
        "Your own handle?",
        "Records and approvals name you by it. Address and key are taken from Git.",
        _handle(),
        lambda handle: refuse_bad_handles(Founders(handle)),
    )
    wanted = _people_wanted()
    others = _ask(
        "Who else decides about changes and rules?",
        f"Handles, by commas. Nobody approves their own work, so the shipped policy needs {wanted} people in all; "
        "Enter leaves it for later.",
        "",
        lambda text: refuse_bad_handles(Founders("", _split(text))),
    )
    return InitAnswers(organisation, zone, Founders(me, _split(others)))


def machine_zone() -> str:
    """Return the IANA name of the time zone of this machine; UTC where it does not say."""
    named = os.environ.get("TZ", "").lstrip(":")
    found = named or str(Path("/etc/localtime").resolve()).partition(_ZONES)[2]
    try:
        refuse_zone(found)
    except ItsmError:
        return "UTC"
    return found


def _split(text: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in text.split(",") if p.strip())


def _handle() -> str:
    """Return the handle that Git's name of the user gives; empty where it does not say."""
    from itsm_gitops.git import Git

    try:
        name = Git(Path.cwd()).run("config", "--get", "user.name")
    except ItsmError:
        return ""
    return ids.slug(name.decode("utf-8", "replace").strip())


def _people_wanted() -> int:
    from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook

    return people_wanted(read_rulebook(WorkingTree(packaged_rulebook_root())))


def _ask(question: str, about: str, default: str, refuse: Callable[[str], object] = len) -> str:
    style = styles(sys.stdout)
    echo(style.bold(question), color=style.on)
    explain(about)
    while True:
        answer = ask_line((), default, empty=True)
        try:
            refuse(answer)
        except ItsmError as error:
            say_again(error)
        else:
            return answer
