"""The table of who is who: authors, pushers, signers and several handles of one human, and what the reviewer is told."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from itsm_gitops.gate.approvals import ApprovalQuery, approve
from itsm_gitops.gate.types import ERROR, NOT_APPLICABLE, SATISFIED, UNSATISFIED
from itsm_gitops.git.sshsig import fingerprint
from tests.gate.situations import REQUEST, Situation, Step, commit, delete, edit, ok, record, update, write
from tests.gate.world import (
    CHANGE_PATH,
    CHG,
    INC,
    INCIDENT_PATH,
    NOW,
    POLICY_PATH,
    World,
    change,
    person,
    server,
)


@dataclass(frozen=True)
class PeopleRow(Situation):
    """A situation with who pushed to the request, as the server or the forge tells."""

    pushed_by: tuple[str, ...] | Callable[[], tuple[str, ...]] = ()


@cache
def key(name: str) -> Path:
    """The file of a key pair that is made once."""
    file = Path(tempfile.mkdtemp(prefix="itsm-keys-")) / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)], check=True)
    return file


def public(name: str) -> str:
    return " ".join(key(name).with_name(f"{name}.pub").read_text().split()[:2])


def has_key(who: str, name: str = "", made_up: str = "") -> Step:
    """Write a key into somebody's file; its fingerprint as it is, or made up."""

    def step(w: World) -> None:
        text = public(name or who)
        typed = made_up or fingerprint(text)
        path = w.root / f"cmdb/people/{who}.yaml"
        entry = f"signing_keys:\n- type: ssh\n  fingerprint: {typed}\n  public_key: {text}\n"
        path.write_text(path.read_text() + entry)

    return step


def signed_commit(name: str, by: str = "ann") -> Step:
    """Commit as somebody, with the signature of a key."""

    def step(w: World) -> None:
        w.git("add", "-A")
        who = {f"GIT_{side}_{what}": value for side in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", by), ("EMAIL", f"{by}@example.org"))}  # fmt: skip
        settings = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key(name)}")
        w.git(*settings, "commit", "-q", "-S", "-m", "change", env=who)

    return step


def borrowed_signature(w: World) -> None:
    """Put the signature of the last commit on another text."""
    raw = w.git("cat-file", "commit", "HEAD") + "\n"
    file = w.root.parent / "commit"
    file.write_text(raw.replace("change\n", "another change\n"))
    made = w.git("hash-object", "-t", "commit", "-w", str(file))
    w.git("reset", "-q", "--hard", made)


def signs(who: str, name: str = "") -> Step:
    """Let somebody sign an approval of the request as it stands."""

    def step(w: World) -> None:
        asked = ApprovalQuery(base="main", head="topic", target="main")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ITSM_NOW", NOW.isoformat())
            approve(w.repo, asked, person=who, key=str(key(name or who)))

    return step


def extra(who: str, text: str) -> Step:
    def step(w: World) -> None:
        path = w.root / f"cmdb/people/{who}.yaml"
        path.write_text(path.read_text() + text)

    return step


def newcomer(name: str, teams: str, number: int, **more: str) -> Step:
    return write(f"cmdb/people/{name}.yaml", person(name, teams, number, **more))


def retire(who: str) -> Step:
    return edit(f"cmdb/people/{who}.yaml", "lifecycle: production", "lifecycle: retired")


def octopus(by: str) -> Step:
    """Merge two branches of ann at once, as somebody, and nothing else."""

    def step(w: World) -> None:
        for name in ("two", "three"):
            w.git("checkout", "-q", "-b", name, "main")
            w.write(f"docs/{name}.md", f"{name}\n")
            w.commit(by="ann")
        w.on_topic()
        who = {f"GIT_{side}_{what}": value for side in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", by), ("EMAIL", f"{by}@example.org"))}  # fmt: skip
        w.git("merge", "-q", "--no-edit", "two", "three", env=who)

    return step


def graft(w: World) -> None:
    """Say in this clone that the last commit has no other parent than the target branch."""
    file = w.root / ".git/info/grafts"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{w.head} {w.git('rev-parse', 'main')}\n")


def replaced(w: World) -> None:
    """Put a commit of ann in the place of bob's, in this clone."""
    tree, parent = w.git("rev-parse", "HEAD^{tree}"), w.git("rev-parse", "HEAD^")
    who = {f"GIT_{side}_{what}": value for side in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "ann"), ("EMAIL", "ann@example.org"))}  # fmt: skip
    w.git("replace", w.head, w.git("commit-tree", "-p", parent, "-m", "change", tree, env=who))


def says(text: str) -> tuple[Step, ...]:
    """The usual request, by ann, with more in the message of its commit."""
    return record(), commit(message=f"change\n\n{text}")


def moved_by_main(w: World) -> None:
    w.on_main()
    w.edit("cmdb/people/bob.yaml", "teams: [ops]", "teams: [desk]")
    w.commit("bob goes to the desk", by="cab-one")
    w.on_topic()


SECOND = "CHG-261120-BBBBB"
S3 = write("cmdb/servers/s3.yaml", server("s3"))
TWO_CHANGES = (
    record(requested_by="bob"),
    write(f"records/changes/2026/11/{SECOND}.yaml", change(id=SECOND, cis="[s3]", requested_by="carl")),
    commit(),
)
WEB, BOT = "GitHub <noreply@github.com>", "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"
ONLY_WARNS = edit(POLICY_PATH, "unknown_author: error", "unknown_author: warning")
HIGH = (record(risk="{level: high, reason: New.}"), commit())

ROWS = (
    # --- a program is nobody's author ------------------------------------------------------------
    PeopleRow("web editor is the only author", ERROR, "only a program is named as the author of commit", (ok("bob"),), request=(record(), commit(by=WEB))),
    PeopleRow("bot of an own GitHub is the only author", ERROR, "whoever did commits it under their own address", (ok("bob"),),
              request=(record(), commit(by="x[bot] <1+x[bot]@users.noreply.ghe.example.com>"))),
    PeopleRow("bot of a GitLab project is the only author", ERROR, "only a program is named", (ok("bob"),),
              request=(record(), commit(by="bot <project_7_bot_ab12@noreply.gitlab.com>"))),
    PeopleRow("bot's commit beside a colleague's", ERROR, "only a program is named", (ok("bob"),),
              request=(record(), commit(), write("infra/x.tf", "x\n"), commit(by=BOT))),
    PeopleRow("only author is a program, and the policy only warns", SATISFIED, "nobody knows who wrote it", (ok("bob"),),
              base=(ONLY_WARNS,), request=(record(), commit(by=WEB))),
    PeopleRow("who commits in a bot's name has written it", UNSATISFIED, "in the name of a program", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by=BOT, committer="bob"))),
    PeopleRow("passes: ann commits what a bot proposed", SATISFIED, "approved by bob", (ok("bob"),), request=(record(), commit(by=BOT, committer="ann"))),
    PeopleRow("passes: a bot writes on behalf of ann", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(), commit(by=BOT, message="change\n\nCo-authored-by: Ann <ann@example.org>"))),
    PeopleRow("passes: ann edits on the forge's page", SATISFIED, "approved by bob", (ok("bob"),), request=(record(), commit(committer=WEB))),
    PeopleRow("web editor of a forge that the policy does not know", ERROR, "add noreply@gitlab.com to robots", (ok("bob"),),
              request=(record(), commit(committer="GitLab <noreply@gitlab.com>"))),
    PeopleRow("web editor of an own GitHub", ERROR, "add noreply@ghe.example.com to robots", (ok("bob"),),
              request=(record(), commit(committer="GitHub Enterprise <noreply@ghe.example.com>"))),
    PeopleRow("committer is a stranger", ERROR, "add the address to commit_addresses", (ok("bob"),),
              request=(record(), commit(committer="Zed <zed@example.net>"))),
    # --- credits in messages -----------------------------------------------------------------------
    PeopleRow("co-author before other text", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("Co-authored-by: Bob <bob@example.org>\n\nSee the ticket for more.")),
    PeopleRow("co-author in a list of squashed commits", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("* Replace it\n\n* Mend it\n\n---------\n\nCo-Authored-By: Bob <bob@example.org>\nReviewed in the meeting.")),
    PeopleRow("author in what git merge --squash writes", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("Squashed commit of the following:\n\ncommit 1234567\nAuthor: Bob <bob@example.org>\nDate:   today\n\n    Replace it")),
    PeopleRow("two co-authors in one line", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("co-authors: Dora <dora@example.org>, Bob <bob@example.org>")),
    PeopleRow("co-author on a folded line", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("CO-AUTHORED-BY: Bob\n  <bob@example.org>")),
    PeopleRow("co-author with hyphens that do not break", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("Co\u2011authored\u2011by: Bob <bob@example.org>\nmore")),
    PeopleRow("co-author by a handle alone", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION", request=says("Co-authored-by: bob")),
    PeopleRow("pair programming", UNSATISFIED, "bob is a co-author of commit", (ok("bob"),), "SEPARATION",
              request=says("Paired-with: bob@example.org")),
    PeopleRow("passes: a message that speaks of co-authors", SATISFIED, "approved by bob", (ok("bob"),),
              request=says("Co-authored-by: lines are read anywhere\nauthor: see below")),
    # --- signatures and pushers --------------------------------------------------------------------
    PeopleRow("bob signs what ann is named for", UNSATISFIED, "bob signed commit", (ok("bob"),), "SEPARATION",
              base=(has_key("bob"),), request=(record(), signed_commit("bob"))),
    PeopleRow("bob signs with a key that is no longer valid", UNSATISFIED, "bob signed commit", (ok("bob"),), "SEPARATION",
              base=(has_key("bob"), extra("bob", "  valid_until: 2020-01-01\n")), request=(record(), signed_commit("bob"))),
    PeopleRow("bob signs what a bot is named for", UNSATISFIED, "bob signed commit", (ok("bob"),), "SEPARATION",
              base=(has_key("bob"), edit(POLICY_PATH, "robots: [", "robots: [ann@example.org, ")), request=(record(), signed_commit("bob"))),
    PeopleRow("passes: a signature of bob that was moved to another commit", SATISFIED, "approved by bob", (ok("bob"),),
              base=(has_key("bob"),), request=(record(), signed_commit("bob"), borrowed_signature)),
    PeopleRow("passes: ann signs her own", SATISFIED, "approved by bob", (ok("bob"),), base=(has_key("ann"),), request=(record(), signed_commit("ann"))),
    PeopleRow("bob pushes commits that name ann", UNSATISFIED, "bob pushed this request, and its commits are not all signed", (ok("bob"),), "SEPARATION",
              pushed_by=("user:bob",)),
    PeopleRow("bob pushes with a signed push", UNSATISFIED, "bob pushed this request", (ok("bob"),), "SEPARATION",
              base=(has_key("bob"),), pushed_by=lambda: (f"ssh:{fingerprint(public('bob'))}",)),
    PeopleRow("server knows bob by his address", UNSATISFIED, "bob pushed this request", (ok("bob"),), "SEPARATION", pushed_by=("user:Bob@example.org",)),
    PeopleRow("bob pushes to a colleague's request on a forge", UNSATISFIED, "bob pushed this request", (ok("bob"),), "SEPARATION",
              opened_by="github:1", pushed_by=("github:1", "github:2")),
    PeopleRow("bob pushes to a bot's request", UNSATISFIED, "bob pushed this request", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by=BOT)), pushed_by=("bot:github:29139614", "github:2")),
    PeopleRow("stranger pushes to a bot's request", ERROR, "only a program is named", (ok("bob"),),
              request=(record(), commit(by=BOT)), pushed_by=("bot:github:29139614", "github:99")),
    PeopleRow("who pushes to the server need not have written it", ERROR, "only a program is named", (ok("bob"),),
              request=(record(), commit(by=BOT)), pushed_by=("user:ann",)),
    PeopleRow("passes: a bot's request to which only the bot pushed", SATISFIED, "approved by bob", (ok("bob"),),
              request=(record(), commit(by=BOT)), pushed_by=("bot:github:29139614",)),
    PeopleRow("passes: bob pushes what ann signed", SATISFIED, "approved by bob", (ok("bob"),),
              base=(has_key("ann"),), request=(record(), signed_commit("ann")), pushed_by=("user:bob",)),
    PeopleRow("passes: ann pushes her own", SATISFIED, "approved by bob", (ok("bob"),), pushed_by=("user:ann",)),
    PeopleRow("passes: a shared account pushes, and it is told", SATISFIED, "git pushed this, and is nobody in cmdb/people", (ok("bob"),), pushed_by=("user:git",)),
    # --- one human ---------------------------------------------------------------------------------
    PeopleRow("second handle of the author", UNSATISFIED, "paul is the same person as bob (same_as), and bob wrote commit", (ok("paul"),), "SEPARATION",
              base=(extra("paul", "same_as: [bob]\n"), edit("cmdb/people/paul.yaml", "[desk]", "[ops]")), request=(record(), commit(by="bob"))),
    PeopleRow("second handle, said in the other file", UNSATISFIED, "paul is the same person as bob (same_as)", (ok("paul"),), "SEPARATION",
              base=(extra("bob", "same_as: [paul]\n"), edit("cmdb/people/paul.yaml", "[desk]", "[ops]")), request=(record(), commit(by="bob"))),
    PeopleRow("handle of a handle", UNSATISFIED, "carl is the same person as paul (same_as), and paul wrote commit", (ok("carl"),), "SEPARATION",
              base=(extra("bob", "same_as: [paul]\n"), extra("carl", "same_as: [bob]\n")), request=(record(), commit(by="paul"))),
    PeopleRow("two of the board with one commit address", UNSATISFIED, "cab-two is the same person as cab-one (one commit address)",
              (ok("bob"), ok("cab-one"), ok("cab-two")), "SAME_PERSON",
              base=(edit("cmdb/people/cab-two.yaml", "[cab-two@example.org]", "[cab-two@example.org, CAB-ONE@example.org]"),), request=HIGH),
    PeopleRow("two of the board with one key under a made-up fingerprint", UNSATISFIED, "cab-two is the same person as cab-one (one signing key)",
              (ok("bob"), ok("cab-one"), ok("cab-two")), "SAME_PERSON",
              base=(has_key("cab-one"), has_key("cab-two", "cab-one", "SHA256:" + "A" * 43)), request=HIGH),
    PeopleRow("two signed approvals by one key", UNSATISFIED, "(one signing key), who has approved: one person has one vote", (ok("bob"),), "SAME_PERSON",
              base=(has_key("cab-one"), has_key("cab-two", "cab-one", "SHA256:" + "A" * 43)), request=HIGH,
              after=(signs("cab-one"), signs("cab-two", "cab-one"))),
    PeopleRow("no of the other handle", UNSATISFIED, "paul asked for changes", (ok("bob"), ok("paul", state="changes_requested")),
              base=(extra("paul", "same_as: [carl]\n"),)),
    PeopleRow("account that two people claim opened it", UNSATISFIED, "carl wrote this request (it was opened by them)", (ok("carl", person="carl"),), "SEPARATION",
              base=(edit("cmdb/people/paul.yaml", "id: 9", "id: 3"),), opened_by="github:3"),
    PeopleRow("passes: two of the board with two keys", SATISFIED, "approved by cab-one, cab-two", (ok("bob"), ok("cab-one"), ok("cab-two")),
              base=(has_key("cab-one"), has_key("cab-two")), request=HIGH),
    PeopleRow("passes: two entries of one human share an account", SATISFIED, "approved by bob", (ok("bob"),),
              base=(newcomer("bob-admin", "desk", 2, same_as="[bob]"), retire("bob-admin"))),
    # --- words -------------------------------------------------------------------------------------
    PeopleRow("account that two people claim approves", UNSATISFIED, "github:3 (carl) is nobody's account: carl, paul all claim it in cmdb/people", (ok("carl"),),
              "UNKNOWN_PERSON", base=(edit("cmdb/people/paul.yaml", "id: 9", "id: 3"),)),
    PeopleRow("board has one member", UNSATISFIED, "only cab-one could, and 1 more has to fill that role", (ok("bob"),), base=(retire("cab-two"),), request=HIGH),
    PeopleRow("only member of the board has approved", UNSATISFIED, "nobody else on the target branch fills that role", (ok("bob"), ok("cab-one")),
              base=(retire("cab-two"),), request=HIGH),
    PeopleRow("one of the board wrote it", UNSATISFIED, "1 more has to fill that role, because cab-two wrote commit", (ok("bob"),),
              request=(record(risk="{level: high, reason: New.}"), commit(by="cab-two"))),
    PeopleRow("main moved the owner away", UNSATISFIED, "bob was owner when this request left the target branch, and is no longer", (ok("bob"),), "NO_ROLE",
              after=(moved_by_main,)),
    PeopleRow("passes: an approval where nobody is asked", NOT_APPLICABLE, "bob approves, but nobody is asked to approve anything here", (ok("bob"),), "NO_ROLE",
              request=(write(INCIDENT_PATH, f"id: {INC}\nkind: incident\ntitle: Down\nstate: new\n"), commit())),
    # --- honest work ---------------------------------------------------------------------------------
    PeopleRow("passes: who asked for one of two changes approves the other", SATISFIED, "approved by bob", (ok("bob"), ok("carl")), base=(S3,), request=TWO_CHANGES),
    PeopleRow("who asked for one of two changes does not approve that one", UNSATISFIED, "needs 1 of 1 by owner: carl, eve could", (ok("bob"),), base=(S3,), request=TWO_CHANGES),
    PeopleRow("who asked for one of two changes of one item", UNSATISFIED, "needs 1 of 1 by owner: carl, eve could", (ok("bob"),),
              request=(record(requested_by="bob"), write(f"records/changes/2026/11/{SECOND}.yaml", change(id=SECOND)), commit())),
    PeopleRow("who asked for both of two changes", UNSATISFIED, f"eve asked for {CHG}", (ok("eve"),), "SEPARATION", base=(S3,),
              request=(record(), write(f"records/changes/2026/11/{SECOND}.yaml", change(id=SECOND, cis="[s3]")), commit())),
    PeopleRow("passes: a new colleague enrols herself", SATISFIED, "nobody in cmdb/people is known to commit as zoe", (ok("cab-one"), ok("cab-two")),
              request=(newcomer("zoe", "desk", 77), commit(by="zoe"))),
    PeopleRow("passes: somebody adds the own address", SATISFIED, "approved by cab-one, cab-two", (ok("cab-one"), ok("cab-two")),
              request=(edit("cmdb/people/paul.yaml", "[paul@example.org]", "[paul@example.org, p@example.net]"), commit(by="paul <p@example.net>"))),
    PeopleRow("stranger adds an address to the file of one of the board", UNSATISFIED, "cab-one would be an author of this request", (ok("cab-one"), ok("cab-two")), "SEPARATION",
              request=(edit("cmdb/people/cab-one.yaml", "[cab-one@example.org]", "[cab-one@example.org, m@example.net]"), commit(by="cab-one <m@example.net>"))),
    PeopleRow("new colleague brings something else along", ERROR, "nobody in cmdb/people is known to commit as zoe", (ok("cab-one"), ok("cab-two")),
              request=(newcomer("zoe", "desk", 77), write("README.md", "# Hers\n"), commit(by="zoe"))),
    PeopleRow("stranger brings the file of somebody else", ERROR, "nobody in cmdb/people is known to commit as zed", (ok("cab-one"), ok("cab-two")),
              request=(newcomer("zoe", "desk", 77), commit(by="zed"))),
    PeopleRow("passes: an incident of an outsider", NOT_APPLICABLE, "nobody need approve", (),
              request=(write(INCIDENT_PATH, f"id: {INC}\nkind: incident\ntitle: Down\nstate: new\n"), commit(by="Customer <customer@example.com>"))),
    PeopleRow("passes: a reviewer merges three branches without an edit", SATISFIED, "approved by bob", (ok("bob"),),
              request=(*REQUEST, octopus("bob"))),
    PeopleRow("passes: a reviewer updates the branch", SATISFIED, "approved by bob", (ok("bob"),), after=update(main=write("README.md", "# Main\n"), by="bob")),
    # --- what this clone says about history ----------------------------------------------------------
    PeopleRow("graft hides an author", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by="bob"), edit(CHANGE_PATH, "disk of s1", "disk in s1"), commit(), graft)),
    PeopleRow("replacement hides an author", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION", request=(record(), commit(by="bob"), replaced)),
    PeopleRow("author removes himself from the directory", UNSATISFIED, "bob wrote commit", (ok("bob"),), "SEPARATION",
              request=(record(), commit(by="bob"), delete("cmdb/people/bob.yaml"), commit())),
)  # fmt: skip
