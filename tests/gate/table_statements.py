"""What people and attackers push below refs/itsm/ of a plain server, what the server says, and whether it takes it.

Each row is one push. ``earlier`` is on the server already, put there by nobody's leave. A text is a statement of the
template's request (ann describes s1; bob and carl own it), edited in one way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from itsm_gitops.gate.signed import PREFIX, canonical

YES, NO = "approved", "changes_requested"
NEW, OLD = "{name}", "{older}"

Edit = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Text:
    """One statement: who says what, with whose key, changed how after it was signed, pushed to which name."""

    person: str = "bob"
    state: str = YES
    at: str = "2026-11-22T11:00:00Z"
    key: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    edit: Edit | None = None
    ref: str = NEW
    # The text replaces what is there by this name.
    over: bool = False


@dataclass(frozen=True)
class Push:
    """One row: ``says`` is in what the server answers about a reference that it refuses, or about the last one."""

    name: str
    taken: bool
    says: str
    texts: tuple[Text, ...] = ()
    earlier: tuple[Text, ...] = ()
    branch: bool = False
    deleted: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()


def outer(**edits: Any) -> Edit:
    """Edit the text around a statement."""
    return lambda content: canonical({**json.loads(content), **edits})


def inner(**edits: Any) -> Edit:
    """Edit a statement under the signature of another one."""

    def edit(content: bytes) -> bytes:
        whole = json.loads(content)
        whole["statement"] = canonical({**json.loads(whole["statement"]), **edits}).decode()
        return canonical(whole)

    return edit


UNSIGNED = outer(signature="none")
NO_STATEMENT = "this is no signed statement: itsm approve --sign writes one"
NO_KEY = "no key that bob has on main today made this signature"
NAME = "by what it says, its name is"
ROOT = "refs/itsm holds nothing but signed statements"

HONEST = (
    Push("a yes", True, "a statement", (Text(),)),
    Push("a no", True, "a statement", (Text(state=NO),)),
    Push("a no after a yes, by its own name", True, "a statement", (Text(state=NO, at="2026-11-22T11:30:00Z"),), (Text(),)),
    Push("a yes and a no of one second", True, "a statement", (Text(), Text(state=NO))),
    Push("a yes again after a no", True, "a statement", (Text(at="2026-11-22T11:30:00Z"),), (Text(state=NO),)),
    Push("statements of two people", True, "a statement", (Text(), Text("carl"))),
    Push("an approval with the branch", True, "approved", (Text(),), branch=True),
    Push("an approval by the name of older versions", True, "a statement", (Text(ref=OLD),)),
    Push("an older client renews", True, "a statement", (Text(at="2026-11-22T11:30:00Z", ref=OLD, over=True),), (Text(ref=OLD),)),
    Push("the branch after an approval of an older version", True, "approved", (), (Text(ref=OLD),), branch=True),
    Push("a clock three minutes fast", True, "a statement", (Text(at="2026-11-22T12:03:00Z"),)),
    Push("a key of another kind", True, "a statement", (Text("carl"),)),
    Push("a note of some pages", True, "a statement", (Text(about={"note": "Tested. " * 1000}),)),
    Push("a no where somebody spoke for her in 2099", True, "a statement",
         (Text(state=NO, ref=OLD, over=True),), (Text(at="2099-01-01T00:00:00Z", edit=UNSIGNED, ref=OLD),)),
    Push("a yes after fifty texts that nobody signed", True, "approved", (Text(),),
         tuple(Text(about={"note": str(n)}, edit=UNSIGNED) for n in range(50)), branch=True),
    Push("a no where the person approved fifty times", True, "a statement", (Text(state=NO),),
         tuple(Text(about={"note": str(n)}) for n in range(50))),
)  # fmt: skip

ATTACKS = (
    Push("no signature", False, NO_KEY, (Text(edit=UNSIGNED),)),
    Push("the signature of another statement", False, NO_KEY, (Text(about={"note": "x"}, edit=inner(note="y")),)),
    Push("a colleague's key", False, NO_KEY, (Text(key="carl"),)),
    Push("a key of nobody", False, NO_KEY, (Text(key="mia"),)),
    Push("a person who is not there", False, "there is no active 'zoe' in cmdb/people on main", (Text("zoe", key="mia"),)),
    Push("a person who has left", False, "there is no active 'dora' in cmdb/people on main", (Text("dora", key="mia"),)),
    Push("in the name of somebody else", False, NAME, (Text(ref=f"{PREFIX}/x/carl-{'1' * 12}-{'2' * 12}"),)),
    Push("about another content than its name", False, NAME, (Text(ref=f"{PREFIX}/x/bob-{'1' * 12}"),)),
    Push("a name that is in the way of a folder", False, NAME, (Text(ref=f"{PREFIX}/x"),)),
    Push("a name below another name", False, NAME, (Text(ref=f"{NEW}/x"),)),
    Push("a name in capitals", False, ROOT, (Text(ref="refs/ITSM/approvals/x/bob-1"),)),
    Push("another folder of ours", False, ROOT, (Text(ref="refs/itsm/fetched/approvals/x/bob-1"),)),
    Push("in the way of everything", False, ROOT, (Text(ref="refs/itsm"),)),
    Push("a commit", False, NO_STATEMENT, commits=(f"{PREFIX}/x/y",)),
    Push("a megabyte", False, "bytes long, and a signed statement has at most 16384", (Text(about={"note": "x" * 1_000_000}),)),
    Push("another shape of the same statement", False, NO_STATEMENT, (Text(edit=lambda c: c.replace(b',"statement"', b', "statement"')),)),
    Push("from 2099", False, "it is dated 2099-01-01T00:00:00Z, which is yet to come", (Text(at="2099-01-01T00:00:00Z"),)),
    Push("signed in another repository", False, "bob signed it for another repository", (Text(about={"repository": "1" * 40}),)),
    Push("of a later version", False, "cannot read the statement: its version is 999", (Text(about={"version": 999}),)),
    Push("with a condition", False, "version 1 has no field 'only_if'", (Text(about={"only_if": "x"}),)),
    Push("a state that is none", False, NO_STATEMENT, (Text(state="SATISFIED"),)),
    Push("an older yes over a newer no", False, "an older statement cannot replace a newer one",
         (Text(at="2026-11-22T10:00:00Z", ref=OLD, over=True),), (Text(state=NO, ref=OLD),)),
    Push("a yes over a no of the same second", False, "an older statement cannot replace a newer one",
         (Text(ref=OLD, over=True),), (Text(state=NO, ref=OLD),)),
    Push("a no over a yes of the same second", True, "a statement", (Text(state=NO, ref=OLD, over=True),), (Text(ref=OLD),)),
    Push("deleting a no", False, "a statement cannot be deleted: sign another one", earlier=(Text(state=NO),), deleted=(NEW,)),
    Push("more approvals than anybody gives", False, "bob has handed in 50 statements about this request, and that is enough",
         (Text(),), tuple(Text(about={"note": str(n)}) for n in range(50))),
    Push("thirty texts that nobody signed", False, "not looked at, after 10 other statements that are refused",
         tuple(Text(about={"note": str(n)}, edit=UNSIGNED) for n in range(30))),
    Push("the branch with a forged approval", False, "approvals are missing", (Text(edit=UNSIGNED),), branch=True),
    Push("the branch with a yes and a no of one second", False, "bob asks for changes", (Text(), Text(state=NO)), branch=True),
    Push("the branch against a no under another name", False, "bob asks for changes", (Text(ref=OLD),),
         (Text(state=NO, at="2026-11-22T11:30:00Z"),), branch=True),
    Push("the branch with an approval by its author", False, "ann wrote commit", (Text("ann"),), branch=True),
)  # fmt: skip

PUSHES = (*HONEST, *ATTACKS)
