"""The tables of what lands: which edits of an authorised change are progress, what a merge makes of a branch, files
that come later, and how often a signed approval counts.

Rows of ``LANDS`` are read as those in ``situations``. Rows of ``USES`` play on a branch with signed approvals (``Play``).
``honest`` marks what has to pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from itsm_gitops.gate import signed as signing
from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, SATISFIED, UNSATISFIED, Assessment
from itsm_gitops.git import sshsig
from itsm_gitops.git.refs import StoredText
from itsm_gitops.snapshots.identity import identity
from tests.gate.situations import Situation, Step, edit, ok, record, write
from tests.gate.test_signed import Scene
from tests.gate.world import CHANGE_PATH, NOW, SERVER, World, server

TASKS = (
    "[{name: Set the limit, status: open, assignee: dora, planned_end: '2026-11-25T21:00:00Z'},"
    " {name: Check the result, kind: test, status: open, assignee: eve}]"
)
PLAN = {
    "tasks": TASKS,
    "documents": "[{title: Runbook, url: 'https://example.org/runbook'}]",
    "external_refs": "[{system: jira, id: OPS-1}]",
    "links": "[{type: relates_to, target: s2}]",
    "x": "{step: one}",
    "labels": "{team: ops}",
}
FILE = "deploy/limits.tf"


def plan(**fields: str) -> Step:
    return record(**{**PLAN, **fields})


def _progress(name: str, result: str, says: str, *, honest: bool = False, **fields: str) -> Situation:
    about = f"{'honest: ' if honest else ''}progress: {name}"
    return Situation(about, result, says, base=(plan(),), request=(plan(**fields), lambda w: w.commit()))


def _tasks(*edits: tuple[str, str]) -> str:
    text = TASKS
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


_NOBODY = "nobody need approve"


def _event(name: str, note: str) -> Situation:
    def step(w: World) -> None:
        text = (w.root / CHANGE_PATH).read_text().replace("state: scheduled", "state: implement")
        w.write(
            CHANGE_PATH, f"{text}  - {{at: 2026-11-22T09:00:00Z, by: dora, state: implement, note: {note}}}\n"
        )
        w.commit()

    return Situation(f"honest: progress: {name}", NOT_APPLICABLE, _NOBODY, base=(plan(),), request=(step,))


def _rewritten(w: World) -> None:
    w.edit(CHANGE_PATH, "at: 2026-11-20T10:00:00Z", "at: 2026-11-10T10:00:00Z")
    w.commit()


PROGRESS = (
    _progress("a task is ticked", NOT_APPLICABLE, _NOBODY, honest=True, tasks=_tasks(("status: open", "status: done"))),
    _progress(
        "when a task was done", NOT_APPLICABLE, _NOBODY, honest=True,
        tasks=_tasks(("status: open", "status: done, actual_end: '2026-11-25T20:30:00Z'")),
    ),
    _progress(
        "a report is added", NOT_APPLICABLE, _NOBODY, honest=True,
        documents="[{title: Runbook, url: 'https://example.org/runbook'}, {title: Log, url: 'https://example.org/log'}]",
    ),
    _progress(
        "a link is added", NOT_APPLICABLE, _NOBODY, honest=True,
        links="[{type: relates_to, target: s2}, {type: relates_to, target: s1}]",
    ),
    _progress("a key of x is added", NOT_APPLICABLE, _NOBODY, honest=True, x="{step: one, measured: 7}"),
    _progress("labels are the reader's own", NOT_APPLICABLE, _NOBODY, honest=True, labels="{team: net}"),
    _event("the work begins", "Begun."),
    _progress("the check is taken away", UNSATISFIED, "tasks 'Check the result' removed",
              tasks="[{name: Set the limit, status: open, assignee: dora, planned_end: '2026-11-25T21:00:00Z'}]"),
    _progress("all tasks are taken away", UNSATISFIED, "tasks removed", tasks=""),
    _progress("work is added", UNSATISFIED, "tasks 'Drop the archive' added",
              tasks=_tasks(("}]", "}, {name: Drop the archive, status: open}]"))),
    _progress("a task is renamed", UNSATISFIED, "tasks 'Drop the archive' (name) edited",
              tasks=_tasks(("Set the limit", "Drop the archive"))),
    _progress("somebody else does it", UNSATISFIED, "tasks 'Set the limit' (assignee) edited",
              tasks=_tasks(("assignee: dora", "assignee: carl"))),
    _progress("it is described otherwise", UNSATISFIED, "tasks 'Set the limit' (description) added",
              tasks=_tasks(("assignee: dora", "assignee: dora, description: By hand."))),
    _progress("it may take longer", UNSATISFIED, "tasks 'Set the limit' (planned_end) edited",
              tasks=_tasks(("21:00:00Z", "23:00:00Z"))),
    _progress("a ticked task hides a new doer", UNSATISFIED, "(assignee) edited",
              tasks=_tasks(("status: open, assignee: dora", "status: done, assignee: mia"))),
    _progress("another runbook", UNSATISFIED, "documents 'Runbook' (url) edited",
              documents="[{title: Runbook, url: 'https://example.org/other'}]"),
    _progress("no runbook", UNSATISFIED, "documents removed", documents=""),
    _progress("another reason", UNSATISFIED, "links 's1'", links="[{type: relates_to, target: s1}]"),
    _progress("another ticket", UNSATISFIED, "external_refs.0", external_refs="[{system: jira, id: OPS-2}]"),
    _progress("another step in x", UNSATISFIED, "x.step edited", x="{step: two}"),
    Situation("progress: history is written anew", UNSATISFIED, "timeline.0", base=(plan(),), request=(_rewritten,)),
    _progress("a planned time beside progress", UNSATISFIED, "planned_end edited", planned_end="2026-11-26T21:00:00Z"),
)  # fmt: skip


def _approver_as_doer() -> Situation:
    row = _progress("the approver becomes the doer", UNSATISFIED, "bob carries out CHG-261120-AAAAA",
                    tasks=_tasks(("assignee: dora", "assignee: bob")))  # fmt: skip
    return Situation(row.name, row.result, row.says, (ok("bob"),), "SEPARATION", row.base, row.request)


def _another_owner() -> Situation:
    row = _progress("another doer, seen by the other owner", SATISFIED, "approved by carl", honest=True,
                    tasks=_tasks(("assignee: dora", "assignee: bob")))  # fmt: skip
    return Situation(row.name, row.result, row.says, (ok("carl"),), "", row.base, row.request)


def _under_way(w: World) -> None:
    w.edit(CHANGE_PATH, "state: scheduled", "state: implement")


def _files(name: str, result: str, says: str, *reviews: str, state: str = "implement") -> Situation:
    def bring(w: World) -> None:
        text = (w.root / CHANGE_PATH).read_text()
        w.write(CHANGE_PATH, text + "  - {at: 2026-11-22T09:00:00Z, by: dora, note: The files for it.}\n")
        w.write(FILE, "connections = 400\n")
        w.commit()

    given = tuple(ok(who) for who in reviews)
    return Situation(name, result, says, given, "", (record(state=state),), (bring,))


FILES = (
    _files("honest: files: on Saturday, to a plan under way", SATISFIED, "approved by bob", "bob"),
    _files("honest: files: on Saturday, to a plan that waits", SATISFIED, "it now brings 1 file", "bob", state="scheduled"),
    _files("files: nobody has seen them", UNSATISFIED, "it now brings 1 file that nobody has seen"),
    _files("files: seen by somebody who owns nothing", UNSATISFIED, "needs 1 of 1", "mia"),
    _files("files: to a change that is over", ERROR, "no rule of the policy covers deploy/limits.tf", "bob", state="closed"),
)  # fmt: skip


def main_does(*steps: Step, by: str = "cab-one") -> Step:
    """Let main go on while the request waits."""

    def step(w: World) -> None:
        w.on_main()
        for each in steps:
            each(w)
        w.commit("main goes on", by=by)
        w.on_topic()

    return step


def _rename(w: World) -> None:
    w.git("mv", SERVER, "cmdb/servers/s9.yaml")


LONG = server("s1", extra="".join(f"# line {n}\n" for n in range(9)) + "description: Holds the shop.\n")
DESCRIBED = edit(SERVER, "Holds the shop.", "Holds all.")
NAMED = edit(SERVER, "name: Server s1", "name: Server one")
_BASE = (write(SERVER, LONG),)
_ASK = (DESCRIBED, lambda w: w.commit())
FLOW = (
    "{\n  id: CHG-261120-AAAAA, kind: change, title: T, type: normal, requested_by: eve, cis: [s1],\n"
    "  justification: J, risk: {level: low, reason: R}, state: scheduled, implementers: [dora],\n"
    "  planned_start: '2026-11-25T20:00:00Z', planned_end: '2026-11-25T21:00:00Z',\n"
    "  x: %s\n  labels: {a: b},\n  watchers: [eve],\n  commits: [],\n%s  pull_requests: [],\n  %s\n"
    "  timeline: [{at: '2026-11-20T10:00:00Z', by: ann, state: draft}]\n}\n"
)


def _flow(first: str, middle: str, last: str) -> Step:
    return write(CHANGE_PATH, FLOW % (first, middle, last))


def _behind(name: str, result: str, says: str, *main: Step, code: str = "", **about: Any) -> Situation:
    base, request = about.get("base", _BASE), about.get("request", _ASK)
    return Situation(name, result, says, (ok("bob"),), code, base, request, (main_does(*main),))


LANDS = (
    _behind("honest: lands: main touched other files", SATISFIED, "approved by bob", write("README.md", "# More\n")),
    _behind("lands: main touched other lines of it", UNSATISFIED, "it is behind: main went on", NAMED, code="STALE"),
    _behind("lands: the way out is named", UNSATISFIED, "rebase it on main", NAMED),
    _behind("lands: main touched the same line", ERROR, "it conflicts with main in cmdb/servers/s1.yaml",
            edit(SERVER, "Holds the shop.", "Holds nothing.")),
    _behind("lands: main took the file away", ERROR, "it conflicts with main", lambda w: (w.root / SERVER).unlink()),
    _behind("lands: main renamed the file", UNSATISFIED, "it is behind: main went on", _rename),
    _behind("lands: main has it already", ERROR, "the request changes nothing", DESCRIBED),
    _behind("lands: a merge attribute decides nothing", ERROR, "it conflicts with main",
            edit(SERVER, "Holds the shop.", "Holds nothing."), base=(*_BASE, write(".gitattributes", "* merge=union\n"))),
    _behind("honest: lands: progress, and main edits the plan", NOT_APPLICABLE, _NOBODY,
            edit(CHANGE_PATH, "title: Replace the disk of s1", "title: Replace the disks of s1"),
            base=(record(),), request=(edit(CHANGE_PATH, "timeline:\n", "labels: {team: ops}\ntimeline:\n"), lambda w: w.commit())),
    _behind("lands: two halves make a line of the plan", UNSATISFIED, "services", _flow("{},", "", ""),
            base=(_flow("{", "", "},"),), request=(_flow("{", "  services: [s2],\n", "},"), lambda w: w.commit())),
)  # fmt: skip
ROWS = (*PROGRESS, _approver_as_doer(), _another_owner(), *FILES, *LANDS)


class Play:
    """A branch ``topic`` that describes s1, signed approvals about it, and how it comes to ``main``."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.world = scene.world
        self.git = scene.world.git
        self.statements: list[StoredText] = []
        self.base = "main"

    def start(self) -> None:
        self.git("checkout", "-q", "-B", "topic", "main")

    def say(self, text: str, path: str = SERVER, old: str = "lifecycle:", by: str = "ann") -> None:
        """Make a request that writes a description (or edits another file)."""
        self.start()
        self.world.edit(path, old, f"description: {text}\n{old}" if path == SERVER else text)
        self.world.commit(text, by=by)

    def back(self) -> None:
        """Make a request that takes the newest content of main back."""
        self.start()
        self.git("checkout", "main~1", "--", ".")
        gone = self.git("diff", "--name-only", "--diff-filter=D", "main", "main~1").split()
        for path in gone:
            (self.world.root / path).unlink(missing_ok=True)
        self.world.commit("Back")

    def assess(self) -> Assessment:
        from itsm_gitops.gate.assess import assess

        return assess(
            self.world.repo, base=self.base, head="topic", target="main", now=NOW, statements=self.statements
        )

    def sign(self, who: str = "bob", state: str = "approved", **edits: Any) -> None:
        """Sign what topic would bring; an edit to None leaves a field out, as older programs did."""
        now = self.assess()
        known = identity(self.world.repo.history, now.base)
        about = {
            **json.loads(signing.statement(now, known, who, state)),
            "at": "2026-11-22T10:00:00Z",
            **edits,
        }
        text = signing.canonical({k: v for k, v in about.items() if v is not None})
        signature = sshsig.sign(text, self.scene.keys / who, signing.NAMESPACE)
        content = signing.canonical({"statement": text.decode(), "signature": signature})
        number = f"{len(self.statements) + 1:040x}"
        self.statements.append(StoredText(f"{signing.PREFIX}/x/{who}-{number[-4:]}", number, content))

    def land(self, way: str = "ff") -> None:
        self.world.on_main()
        if way == "squash":
            self.git("merge", "-q", "--squash", "topic")
            self.world.commit("Squashed", by="cab-one")
        else:
            self.git("merge", "-q", *(["--ff-only"] if way == "ff" else ["--no-ff", "--no-edit"]), "topic")

    def there_and_back(self, way: str = "ff") -> None:
        self.land(way)
        self.back()
        self.land(way)

    def elsewhere(self) -> None:
        """Let main go on with another file."""
        self.world.on_main()
        self.world.write("README.md", f"# {len(self.statements)} more\n")
        self.world.commit("main goes on", by="cab-one")
        self.world.on_topic()


@dataclass(frozen=True)
class Use:
    """One row: what is played, and how the request on ``topic`` stands at the end."""

    name: str
    result: str
    says: str
    play: Callable[[Play], object]
    code: str = ""
    keep: dict[str, Any] = field(default_factory=dict)


def _again(way: str, **edits: Any) -> Callable[[Play], object]:
    def play(p: Play) -> None:
        p.say("one")
        p.sign(**edits)
        p.there_and_back(way)
        p.say("one")

    return play


def _fresh(p: Play) -> None:
    _again("ff")(p)
    p.sign()


def _waits(p: Play) -> None:
    p.say("one")
    p.sign()
    p.elsewhere()


def _rebased(p: Play) -> None:
    _waits(p)
    p.git("rebase", "-q", "main", env={"GIT_COMMITTER_NAME": "ann", "GIT_COMMITTER_EMAIL": "ann@example.org"})


def _old_program(p: Play) -> None:
    p.say("one")
    p.sign(base=None)
    p.elsewhere()


def _two_files(both: bool) -> Callable[[Play], object]:
    """Approve two files; let one come to main by another way and go again, or both, one after the other."""

    def play(p: Play) -> None:
        def request() -> None:
            p.say("one")
            p.world.edit("README.md", "# Example", "# Two")
            p.world.commit("two")

        request()
        p.sign()
        before = p.git("rev-parse", "main")
        p.say("one")
        p.land()
        if both:
            p.say("# Two", path="README.md", old="# Example")
            p.land()
        p.start()
        p.git("checkout", before, "--", ".")
        p.world.commit("Back")
        p.land()
        request()

    return play


def _page(step: Callable[[Play], object]) -> Callable[[Play], object]:
    """Do something to a page, approve it, merge it, take it back, and do it again."""

    def play(p: Play) -> None:
        def request() -> None:
            p.start()
            step(p)
            p.world.commit("page")

        request()
        p.sign()
        p.there_and_back()
        request()

    return play


def _vetoed(p: Play) -> None:
    p.say("one")
    p.sign(state="changes_requested", note="Not like this.")
    p.there_and_back()
    p.say("one")


def _judged_late(p: Play) -> None:
    """Judge the first of two merges of one content by the approval of the second."""
    p.say("one")
    p.git("branch", "first")
    p.base = p.git("rev-parse", "main")
    before = p.base
    p.there_and_back()
    p.say("one")
    p.base = "main"
    p.sign()
    p.base = before
    p.git("checkout", "-q", "-B", "topic", "first")


def _another_root(p: Play) -> None:
    """Bring a history that was begun anew, with the commit that was signed there, as a second parent."""
    tree = p.git("rev-parse", "main^{tree}")
    who = {
        f"GIT_{s}_{k}": v
        for s in ("AUTHOR", "COMMITTER")
        for k, v in (("NAME", "eve"), ("EMAIL", "eve@example.org"))
    }
    staging = p.git("commit-tree", "-m", "Staging", tree, env=who)
    p.say("one")
    p.sign(base=staging)
    merge = p.git("commit-tree", "-m", "Merge", "-p", "main", "-p", staging, tree, env=who)
    p.git("update-ref", "refs/heads/main", merge)
    p.git("checkout", "-q", "-f", "topic")


def _pinned(value: str) -> Callable[[Play], object]:
    def play(p: Play) -> None:
        p.world.on_main()
        p.world.write("itsm.yaml", f"version: 1\norganisation: Example Ltd\nidentity: {value}\n")
        p.world.commit("Who we are", by="cab-one")
        p.say("one")

    return play


def _signed_as(value: str, **edits: Any) -> Callable[[Play], object]:
    def play(p: Play) -> None:
        _pinned(value)(p)
        p.sign(**edits)

    return play


def _pinned_by_request(p: Play) -> None:
    _signed_as("a" * 32)(p)
    p.world.on_main()
    p.world.edit("itsm.yaml", "a" * 32, "b" * 32)
    p.world.commit("We are somebody else", by="cab-one")
    p.world.on_topic()


def _broken_settings(p: Play) -> None:
    _signed_as("a" * 32)(p)
    p.world.on_main()
    p.world.edit("itsm.yaml", "version: 1", "version: [1")
    p.world.commit("Oh", by="cab-one")
    p.world.on_topic()


USED = "it was used: main held exactly this content at"
USES = (
    Use("pushed, taken back and pushed again", UNSATISFIED, USED, _again("ff"), "SPENT"),
    Use("merged, taken back and merged again", UNSATISFIED, USED, _again("merge"), "SPENT"),
    Use("squashed, taken back and proposed again", UNSATISFIED, USED, _again("squash"), "SPENT"),
    Use("signed by an older program", UNSATISFIED, USED, _again("ff", base=None), "SPENT"),
    Use("signed by an older program, the commit is gone", UNSATISFIED, USED, _again("squash", base=None, commit="f" * 40), "SPENT"),
    Use("both files came one by one and went", UNSATISFIED, USED, _two_files(True), "SPENT"),
    Use("a new page comes, goes and comes", UNSATISFIED, USED, _page(lambda p: p.world.write("docs/a.md", "A\n")), "SPENT"),
    Use("a page is removed twice", UNSATISFIED, USED, _page(lambda p: (p.world.root / "README.md").unlink()), "SPENT"),
    Use("only a mode goes back and forth", UNSATISFIED, USED, _page(lambda p: (p.world.root / "README.md").chmod(0o755)), "SPENT"),
    Use("an approval of the second merge for the first", UNSATISFIED, "does not count backwards", _judged_late, "SPENT"),
    Use("a no is not used up", UNSATISFIED, "bob asks for changes: Not like this.", _vetoed),
    Use("on a commit that is not here", UNSATISFIED, "not on the first-parent line of main",
        lambda p: (p.say("one"), p.sign(base="f" * 40)), "OTHER_HISTORY"),
    Use("in a copy begun anew, which then comes as a second parent", UNSATISFIED, "another history", _another_root, "OTHER_HISTORY"),
    Use("in staging, which has an identity of its own", UNSATISFIED, "signed it for another repository",
        _signed_as("a" * 32, repository="b" * 32), "OTHER_REPOSITORY"),
    Use("for the first commit, where an identity is pinned", UNSATISFIED, "signed it for another repository",
        _signed_as("a" * 32, repository="0" * 40), "OTHER_REPOSITORY"),
    Use("the identity is another one since", UNSATISFIED, "signed it for another repository", _pinned_by_request, "OTHER_REPOSITORY"),
    Use("an identity that is none", ERROR, "'x' does not match", lambda p: (p.say("one"), p.sign(), _pinned("x")(p))),
    Use("settings that cannot be read", ERROR, "the list is not closed", _broken_settings),
    Use("a base that is no commit", UNSATISFIED, "needs 1 of 1", lambda p: (p.say("one"), p.sign(base="main"))),
    Use("honest: approved again each time", SATISFIED, "approved by bob", _fresh),
    Use("honest: it waits while main goes on elsewhere", SATISFIED, "approved by bob", _waits),
    Use("honest: it is rebased meanwhile", SATISFIED, "approved by bob", _rebased),
    Use("honest: signed by an older program and not used", SATISFIED, "approved by bob", _old_program),
    Use("honest: only one of its files was there before", SATISFIED, "approved by bob", _two_files(False)),
    Use("honest: known by its identity", SATISFIED, "approved by bob", _signed_as("a" * 32)),
)  # fmt: skip
