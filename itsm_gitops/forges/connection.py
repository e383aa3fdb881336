"""Connects to the forge of a repository: detects which one it is, and fetches a pull request with its reviews."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from itsm_gitops.forges import answers as shape
from itsm_gitops.forges import events, remotes
from itsm_gitops.forges.forge import FORGES, Forge
from itsm_gitops.forges.gitea import Gitea
from itsm_gitops.forges.github import GitHub
from itsm_gitops.forges.gitlab import GitLab
from itsm_gitops.forges.http import ForgeError
from itsm_gitops.forges.reviews import APPROVED, PROGRAM, PullRequest, Review
from itsm_gitops.git import Git, sharing, transfer
from itsm_gitops.model.errors import GitError, UsageError
from itsm_gitops.repository import Repository

# The environment's own words for the token of each forge, the most specific first.
_TOKENS = {
    "github": ("ITSM_FORGE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("ITSM_FORGE_TOKEN", "GITLAB_TOKEN"),
    "gitea": ("ITSM_FORGE_TOKEN", "GITEA_TOKEN", "GITHUB_TOKEN"),
    "forgejo": ("ITSM_FORGE_TOKEN", "FORGEJO_TOKEN", "GITEA_TOKEN", "GITHUB_TOKEN"),
}
_BOTS = {"github": "github-actions[bot]", "gitea": "gitea-actions", "forgejo": "forgejo-actions"}
_HEADS = {"gitlab": "refs/merge-requests/{}/head"}
_PULL_HEAD = "refs/pull/{}/head"
_REVIEWED_MAX = 200  # commits that approvals refer to and that are fetched one by one


@dataclass(frozen=True, slots=True)
class Gathered:
    """A pull request as the gate needs it: the commits to compare, and the reviews.

    ``base`` and ``head`` are commits that this repository has; ``target`` is a branch. ``event``
    is what started this run, None where the number was given by hand. ``pushed_by`` are those who pushed to it, by
    identity (``bot:`` before that of a program); asked for only where somebody approves.
    """

    pull_request: PullRequest
    reviews: tuple[Review, ...]
    base: str
    head: str
    target: str
    event: events.Event | None = None
    pushed_by: tuple[str, ...] = ()


def forge_name(repo: Repository, forge: str = "", env: Mapping[str, str] | None = None) -> str:
    """Return which forge this repository is on: as the caller names it, else by the CI that runs us, else by the remote."""
    variables = os.environ if env is None else env
    if forge:
        if forge not in FORGES:
            raise UsageError(f"there is no forge '{forge}'", f"one of: {', '.join(FORGES)}")
        return forge
    if variables.get("GITLAB_CI"):
        return "gitlab"
    if variables.get("FORGEJO_ACTIONS"):
        return "forgejo"
    if variables.get("GITEA_ACTIONS"):
        return "gitea"
    if variables.get("GITHUB_ACTIONS"):
        return "github"
    name = remotes.kind(remote_of(repo), shipped_files(repo))
    if not name:
        raise UsageError("it is not known which forge this repository is on", f"--forge {'|'.join(FORGES)}")
    return name


def remote_of(repo: Repository) -> remotes.Remote | None:
    """Return where ``origin`` is; None where there is none or it is a folder."""
    url = transfer.remote_url(repo.history)
    return remotes.parse(url) if url else None


def shipped_files(repo: Repository) -> list[str]:
    """Return the files of this repository that only one forge needs."""
    return [f for f in remotes.FILES if Path(repo.root, f).is_file()]


def token(forge: str, env: Mapping[str, str] | None = None) -> str:
    """Return the forge's token from the environment; empty where there is none."""
    variables = os.environ if env is None else env
    return next((variables[name].strip() for name in _TOKENS[forge] if variables.get(name, "").strip()), "")


def bot(forge: str, env: Mapping[str, str] | None = None) -> str:
    """Return the account that comments are written by: what ITSM_FORGE_BOT says, or the runner's own."""
    variables = os.environ if env is None else env
    return variables.get("ITSM_FORGE_BOT", "") or _BOTS.get(forge, "")


def connect(repo: Repository, forge: str = "", env: Mapping[str, str] | None = None) -> Forge:
    """Return the repository on its forge; raises UsageError or ForgeError with what is missing.

    In CI the variables of the runner say where it is, elsewhere the remote ``origin`` does.
    """
    variables = os.environ if env is None else env
    name = forge_name(repo, forge, variables)
    secret = token(name, variables)
    if name == "gitlab":
        address, project = variables.get("CI_API_V4_URL", ""), variables.get("CI_PROJECT_PATH", "")
        if not address:
            remote = _remote(repo)
            address, project = remotes.interface(remote, name), remote.path
        return GitLab.at(address, project, secret)
    address, slug = variables.get("GITHUB_API_URL", ""), variables.get("GITHUB_REPOSITORY", "")
    if not address or not slug:
        remote = _remote(repo)
        address, slug = address or remotes.interface(remote, name), slug or "/".join(remote.names)
    owner, _, repository = slug.partition("/")
    if name == "github":
        return GitHub.at(address, owner, repository, secret)
    return Gitea.at(address, owner, repository, secret, name)


def _remote(repo: Repository) -> remotes.Remote:
    remote = remote_of(repo)
    if remote is None:
        raise UsageError("this repository has no remote 'origin' on a forge", "git remote add origin ADDRESS")
    return remote


def read_event(forge: str, env: Mapping[str, str] | None = None) -> events.Event:
    """Return what started this run; raises UsageError outside of CI, ForgeError for a broken payload."""
    variables = os.environ if env is None else env
    if forge == "gitlab":
        if not variables.get("CI_PROJECT_PATH"):
            raise UsageError("this is not a GitLab job", "--pr NUMBER names the merge request")
        hook = variables.get("TRIGGER_PAYLOAD", "")  # the file of a web hook that started this pipeline
        return events.gitlab_webhook(_payload(hook)) if hook else events.gitlab(variables)
    path, name = variables.get("GITHUB_EVENT_PATH", ""), variables.get("GITHUB_EVENT_NAME", "")
    if not path or not name:
        raise UsageError("no event started this run", "--pr NUMBER names the pull request")
    return events.github(name, _payload(path), forge)


def _payload(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ForgeError(f"the event's payload cannot be read: {error.strerror}") from error


def gather(
    repo: Repository,
    *,
    forge: str = "",
    number: int | None = None,
    fetch: bool = True,
    env: Mapping[str, str] | None = None,
) -> Gathered:
    """Ask the forge about a pull request (``number``, or the one of the event) and fetch its commits.

    Raises UsageError where no pull request is named, ForgeError or GitError where something cannot be
    asked or had. Nothing is checked out.
    """
    name = forge_name(repo, forge, env)
    event = None if number is not None else read_event(name, env)
    pull_number = number if event is None else event.number
    if pull_number is None:
        raise UsageError(f"the event '{event and event.name}' is not about a pull request", "--pr NUMBER")
    server = connect(repo, name, env)
    pull_request = server.pull_request(pull_number)
    reviews = tuple(server.reviews(pull_number))
    queued = event is not None and event.queued and shape.is_commit(event.base)
    head = event.head if event is not None and queued else pull_request.head
    if fetch:
        fetch_pull_request(
            repo.history, name, pull_request, head, [r.commit for r in reviews if r.commit], token(name, env)
        )
    base = event.base if event is not None and queued else _tip(repo.history, pull_request.target)
    for commit in (base, head):
        if not repo.history.has(commit):
            raise GitError(
                f"commit {commit[:9]} is not in this repository", "git fetch origin; or fetch-depth: 0"
            )
    by = pushed_by(repo.history, server, pull_request, base, head, reviews)
    return Gathered(pull_request, reviews, base, head, pull_request.target, event, by)


def pushed_by(
    git: Git, server: Forge, pull_request: PullRequest, base: str, head: str, reviews: Sequence[Review]
) -> tuple[str, ...]:
    """Return who pushed what ``head`` has and ``base`` has not, as far as the forge tells; raises ForgeError.

    Nobody where nobody approves: then nobody need be kept apart.
    """
    pushes = server.pushes(pull_request.number) if any(r.state == APPROVED for r in reviews) else []
    if not pushes:
        return ()
    commits = set(git.run("rev-list", "--end-of-options", f"{base}..{head}", "--").decode("ascii").split())
    ours = [p for p in pushes if p.identity and (p.commit is None or p.commit in commits)]
    return tuple(sorted({f"{PROGRAM if p.bot else ''}{p.identity}" for p in ours}))


def _tip(git: Git, target: str) -> str:
    """Return the newest commit of the target branch that is known here."""
    return git.resolve(f"refs/remotes/origin/{target}")


def fetch_pull_request(
    git: Git, forge: str, pull_request: PullRequest, head: str, reviewed: Sequence[str], token: str
) -> None:
    """Fetch the target branch, the pull request, signed approvals and the commits that reviewers saw; raises GitError."""
    pull = _HEADS.get(forge, _PULL_HEAD).format(pull_request.number)
    target = f"+refs/heads/{pull_request.target}:refs/remotes/origin/{pull_request.target}"
    transfer.fetch(git, [target, pull, sharing.APPROVALS], token=token)
    for commit in list(dict.fromkeys([head, *reviewed]))[:_REVIEWED_MAX]:
        if not git.has(commit):
            try:
                transfer.fetch(git, [commit], token=token)
            except GitError:
                continue  # pushed away and collected: the assessment calls such an approval stale
