"""`itsm doctor`: what would let a change through unapproved, on this machine and on the server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges import connection as forging
from itsm_gitops.forges import shipped as shipped_files
from itsm_gitops.forges.forge import Forge
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import ACTIONS_APP, GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import ForgeError
from itsm_gitops.gate import doctor_plain as plain
from itsm_gitops.gate.codeowners import codeowners
from itsm_gitops.gate.doctor_branches import branch_checks, listed_branches, rehearsed
from itsm_gitops.gate.doctor_landing import identity_check, up_to_date
from itsm_gitops.gate.doctor_merging import merging_check
from itsm_gitops.gate.doctor_people import FAILED, OK, UNKNOWN, WARNING, Check, author_check, people_checks
from itsm_gitops.gate.doctor_rehearsal import rehearse_approval
from itsm_gitops.git import committing
from itsm_gitops.graph.ownership import HEADER, PLACES
from itsm_gitops.model import clock
from itsm_gitops.model.errors import GitError, Incomplete, ItsmError
from itsm_gitops.repository import Repository
from itsm_gitops.rules.editor_settings import PLACE, unknown_to_editor
from itsm_gitops.snapshots.gaps import warning
from itsm_gitops.snapshots.snapshot import WorkingTree

GATE = "gate"
_GITEA_GATE = "itsm gate / gate (pull_request_target)"  # workflow / job (event); rules may be patterns
EVIDENCE = "itsm/evidence"
_GIT = (2, 38)  # merge-tree --write-tree
_REFUSED = 401
_WAYS_IN = ("pull requests", "gate", "force pushes", "pushes", "direct pushes")
_PINNED = re.compile(r"uses:\s*(\S+)")


def doctor(repo: Repository, *, forge: str = "", offline: bool = False) -> list[Check]:
    """Look at everything; what cannot be looked at is in the list as ``unknown``."""
    found = [*_machine(repo), merging_check(repo), identity_check(repo)]
    try:
        name = forge if forge == plain.PLAIN else forging.forge_name(repo, forge)
    except ItsmError as error:
        if not Path(repo.root, "hooks/pre-receive").is_file():  # what init --forge plain writes
            return [*found, Check("forge", UNKNOWN, error.message, error.hint)]
        name = plain.PLAIN
    if name == plain.PLAIN:
        checks = (*_files(repo, name), *_own(repo, name), *_plain(repo, offline))
        return [*found, Check("forge", OK, "a plain Git server"), *checks]
    found.append(Check("forge", OK, name))
    found += [*_files(repo, name), *people_checks(repo, name), *_own(repo, name)]
    if offline:
        return [*found, Check("server", UNKNOWN, "not asked", "leave out --offline")]
    if not forging.token(name):
        hint = "set ITSM_FORGE_TOKEN to a token that may read the repository's rules"
        return [*found, Check("server", UNKNOWN, "not asked: there is no token", hint)]
    try:
        # One by one: what was seen before the server stopped to answer is told.
        server, target = forging.connect(repo, name), _target(repo)
        for check in look(server, target):
            found.append(check)
        for branch in listed_branches(repo, target):
            found += [
                check._replace(subject=f"{check.subject} on {branch}")
                for check in look(server, branch)
                if check.subject in _WAYS_IN and check.result == FAILED
            ]
    except ItsmError as error:
        refused = isinstance(error, ForgeError) and error.status == _REFUSED
        found.append(Check("server", FAILED if refused else UNKNOWN, error.message, error.hint))
    return found


def _own(repo: Repository, forge: str) -> Iterator[Check]:
    trial = rehearse_approval(repo, forge)
    if trial is not None:
        yield trial


def _plain(repo: Repository, offline: bool) -> Iterator[Check]:
    yield from people_checks(repo, plain.PLAIN)
    folder = plain.server_folder(repo)
    if offline or folder is None:
        hint = (
            "leave out --offline"
            if offline
            else "look there: its hooks, receive.denyNonFastForwards, receive.denyDeletes"
        )
        yield Check(
            "server", UNKNOWN, "not looked at" if offline else "is not a folder on this machine", hint
        )
        return
    target = _target(repo)
    yield from branch_checks(folder, target)
    for seen in (*plain.look(repo.history, folder), *plain.rehearse(folder, rehearsed(folder, target))):
        yield Check(seen.subject, OK if seen.good else FAILED, seen.message, seen.hint)


def _target(repo: Repository) -> str:
    """Return the branch that people bring their work to: the remote's own, else the pushed one that is checked out."""
    git = repo.history
    for words in (
        ("symbolic-ref", "--short", "refs/remotes/origin/HEAD"),
        ("rev-parse", "--abbrev-ref", "@{push}"),
    ):
        try:
            return git.run(*words).decode().strip().removeprefix("origin/")
        except GitError:
            continue
    return "main"


def _machine(repo: Repository) -> Iterator[Check]:
    git = repo.history
    version = git.run("version").decode("ascii", "replace").split()[2]
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    wanted = ".".join(map(str, _GIT))
    new = numbers >= _GIT
    yield Check("git", OK if new else FAILED, version, "" if new else f"install Git {wanted} or newer")
    try:
        name, email = committing.author(repo.root)
        yield author_check(repo, name, email)
    except GitError as error:
        yield Check("author", WARNING, error.message, error.hint)
    if git.shallow:
        yield Check("history", FAILED, "this is a shallow clone", "git fetch --unshallow")
    try:
        tuple(repo.book.kinds.values())  # reading it is the check
        yield Check("rule book", OK, "can be read")
        yield _documents(repo)
        yield _index(repo)
    except ItsmError as error:
        yield Check("rule book", FAILED, error.message, error.hint)


def _documents(repo: Repository) -> Check:
    """Say whether everything can be read that approvals are decided from."""
    gaps = repo.store().gaps()
    return Check("documents", FAILED, *warning(gaps)) if gaps else Check("documents", OK, "can be read")


def _index(repo: Repository) -> Check:
    """Tell how the index stands; that there is none is no fault, everything is only slower."""
    from itsm_gitops.repository.index.condition import condition

    snapshot = repo.snapshot()
    if not isinstance(snapshot, WorkingTree):
        return Check("index", OK, "there is none: no file is checked out")
    found = condition(snapshot, repo.settings(snapshot))
    if found.why or found.path is None:
        return Check("index", OK, f"there is none: {found.why}")
    made = clock.parse_time(found.made)
    age = f", {clock.age(made, clock.now())} old" if made else ""
    again = f"{found.reading:,} read again at the last look" if found.reading else "none was read again"
    place = found.path.relative_to(repo.root) if found.path.is_relative_to(repo.root) else found.path
    return Check(
        "index", OK, f"{found.documents:,} documents, {found.size / 1e6:.1f} MB{age}, {again}: {place}"
    )


def _files(repo: Repository, forge: str) -> Iterator[Check]:
    shipped = shipped_files.forge_files("gitea" if forge == "forgejo" else forge)
    for path, wanted in shipped.items():
        if not path.endswith((".yml", ".yaml")) and forge != plain.PLAIN:
            continue
        present = Path(repo.root, path)
        if not present.is_file():
            yield Check(
                path, FAILED, "is missing", f"itsm init --forge {'gitea' if forge == 'forgejo' else forge}"
            )
            continue
        raw = present.read_bytes()
        if _digest(raw) == _digest(wanted):
            yield Check(path, OK, "as shipped")
        else:
            yield Check(
                path, WARNING, "differs from what this version ships", "compare it: itsm init --no-git DIR"
            )
        loose = [u for u in _PINNED.findall(raw.decode("utf-8", "replace")) if not _pinned(u)]
        if loose:
            text = f"not pinned to a commit: {', '.join(sorted(set(loose)))}"
            yield Check(path, FAILED, text, "a tag can be moved: write the commit's hash")
    yield from _editor(repo)
    if forge == plain.PLAIN:
        return
    place = Path(repo.root, PLACES[forge])
    if not place.is_file():
        yield Check(
            "CODEOWNERS", WARNING, "is missing: the forge asks nobody for a review", "itsm codeowners --write"
        )
    elif not place.read_bytes().startswith(HEADER.encode()):
        yield Check("CODEOWNERS", OK, "is written by hand")
    else:
        try:
            owners = codeowners(repo, forge=forge)
        except Incomplete as error:
            yield Check("CODEOWNERS", UNKNOWN, error.message, error.hint)
            return
        text = "is what the CMDB says" if owners.current else "is not what the CMDB says"
        hint = "" if owners.current else "itsm codeowners --write"
        if owners.current and owners.text == HEADER:
            text = "names nobody: no owner has an account or a group on the forge, so it asks nobody for a review"
            hint = "itsm enrol PERSON --account …, forge_groups of teams; then itsm codeowners --write"
        yield Check("CODEOWNERS", WARNING if hint else OK, text, hint)


def _editor(repo: Repository) -> Iterator[Check]:
    """Say whether the settings of the editor know every schema, those of kinds that came later included."""
    unknown = unknown_to_editor(repo)
    if unknown:
        shown = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
        yield Check(
            PLACE, WARNING, f"editors do not know what {shown} describes", "itsm completion vscode --write"
        )


def _digest(raw: bytes) -> str:
    """Compare files without what may differ: the version of the tool, which a team may hold back."""
    return hashlib.sha256(re.sub(rb"itsm-gitops(\[fast\])?==\S+", b"itsm-gitops", raw)).hexdigest()


def _pinned(action: str) -> bool:
    return action.startswith("./") or shape.is_commit(action.partition("@")[2])


def look(server: Forge, branch: str) -> Iterator[Check]:
    """Look at the settings of a forge that protect ``branch``; raises ForgeError where it stops to answer."""
    if isinstance(server, Gitea):
        yield from _gitea(server, branch)
    elif isinstance(server, GitHub):
        yield from _github(server, branch)
    elif isinstance(server, GitLab):
        yield from _gitlab(server, branch)
    yield from up_to_date(server, branch)


def _verdict(subject: str, good: bool, yes: str, no: str, hint: str, *, bad: str = FAILED) -> Check:
    return Check(subject, OK if good else bad, yes if good else no, "" if good else hint)


def _github(server: GitHub, branch: str) -> Iterator[Check]:
    rules = {str(shape.dig(r, "type")): shape.dig(r, "parameters") for r in server.branch_rules(branch)}
    place = f"a ruleset for {branch}; a classic protection of the branch is not seen here"
    yield _verdict("pull requests", "pull_request" in rules, "required", f"{branch} takes pushes", place)
    checks = shape.dig(rules.get("required_status_checks"), "required_status_checks") or []
    ours = [c for c in checks if shape.dig(c, "context") == GATE]
    yield _verdict("gate", bool(ours), "required", "is not required: anybody can merge without it", place)
    if ours:
        bound = all(shape.dig(c, "integration_id") == ACTIONS_APP for c in ours)
        hint = "choose GitHub Actions as the source of the check"
        yield _verdict("gate's source", bound, "GitHub Actions", "any writer can post this status", hint)
    yield _verdict("force pushes", "non_fast_forward" in rules, "forbidden", "are possible", place)
    yield _verdict("deletion", "deletion" in rules, "forbidden", f"of {branch} is possible", place)
    last = shape.dig(rules.get("pull_request"), "require_last_push_approval") is True
    yield _verdict(
        "last push", last, "must be approved by another", "may be by the approver", place, bad=WARNING
    )
    kept = {str(shape.dig(r, "type")) for r in server.branch_rules(EVIDENCE)}
    safe = {"non_fast_forward", "deletion"} <= kept
    yield _verdict("evidence", safe, "append-only", "can be rewritten", f"a ruleset for {EVIDENCE}")
    errors = server.codeowners_errors(branch)
    if errors is not None:
        said = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        yield _verdict("CODEOWNERS on GitHub", not errors, "accepted", said, "itsm codeowners", bad=WARNING)
    yield Check(
        "bypasses",
        UNKNOWN,
        "who may go around the rules cannot be read here",
        "look at the ruleset's bypass list; never use 'exempt'",
    )


def _gitlab(server: GitLab, branch: str) -> Iterator[Check]:
    settings = server.settings()
    must = shape.dig(settings, "only_allow_merge_if_pipeline_succeeds") is True
    yield _verdict(
        "gate", must, "required", "a failed pipeline does not stop a merge", "Pipelines must succeed"
    )
    skipped = shape.dig(settings, "allow_merge_on_skipped_pipeline") is True
    yield _verdict("skipped pipelines", not skipped, "do not count", "count as success", "project settings")
    for name, subject in ((branch, "pushes"), (EVIDENCE, "evidence")):
        rule = server.protected_branch(name)
        closed = rule is not None and shape.dig(rule, "allow_force_push") is not True
        yield _verdict(subject, closed, f"{name} is protected", f"{name} can be rewritten", f"protect {name}")
    rule = server.protected_branch(branch)
    levels = [shape.dig(a, "access_level") for a in shape.dig(rule, "push_access_levels") or []]
    nobody = rule is not None and all(level == 0 for level in levels)
    yield _verdict("direct pushes", nobody, "nobody may", f"{branch} takes pushes", "allowed to push: no one")


def _gitea(server: Gitea, branch: str) -> Iterator[Check]:
    found: dict[str, Any] = {}
    for name in (branch, EVIDENCE):
        try:
            found[name] = server.client.get(f"{server.path}/branch_protections/{name.replace('/', '%2F')}")
        except ForgeError as error:
            if error.status != 404:
                raise
    rule = found.get(branch)
    needed = shape.dig(rule, "status_check_contexts") or []
    on = shape.dig(rule, "enable_status_check") is True and any(
        fnmatchcase(_GITEA_GATE, str(c)) for c in needed
    )
    yield _verdict("gate", on, "required", "is not required", f"protect {branch} and require the check")
    closed = rule is not None and shape.dig(rule, "enable_push") is not True
    yield _verdict("direct pushes", closed, "nobody may", f"{branch} takes pushes", f"protect {branch}")
    forced = shape.dig(rule, "enable_force_push") is True
    yield _verdict(
        "force pushes", rule is not None and not forced, "forbidden", "are possible", f"protect {branch}"
    )
    yield _verdict("evidence", EVIDENCE in found, "protected", "can be rewritten", f"protect {EVIDENCE}")
