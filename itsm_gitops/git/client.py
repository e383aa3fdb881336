"""The git command, hardened: the only way this package asks Git to read anything.

A cloned repository is hostile until proven otherwise: its own configuration can name commands
that Git would run (hooks, file-system monitors, external diffs, text converters, signature
programs, transports). Every call here switches those off, never passes text where an option could
stand, and asks few, large questions with NUL-separated answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from itsm_gitops.git.process import Blob, GitAnswer, environment, executable, explain, read_blob
from itsm_gitops.model.errors import GitError, MissingObject, did_you_mean

if TYPE_CHECKING:
    import subprocess

TIMEOUT = 120.0
BLOB_MAX = (1 << 20) + 1  # one byte more than any document may have: enough to see it is too large

_CONFIG = (
    "advice.graftFileDeprecated=false",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotepath=off",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
    "protocol.allow=never",
    "protocol.ext.allow=never",
    "safe.bareRepository=explicit",
)

_SUFFIX = re.compile(r"[~^:]|@\{")  # what may follow the name of a branch: main~1, main@{yesterday}
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_OWN_NAMES = ("HEAD", "@", "FETCH_HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD")


class Supplier(Protocol):
    """Who fetches what a partial clone lacks; see ``git.partial_clone``."""

    def prepare(self, git: Git, wanted: Sequence[str]) -> None:
        """Fetch those of some objects that a partial clone lacks, before they are asked for."""
        ...

    def objects(self, git: Git, wanted: Sequence[str]) -> bool:
        """Fetch those of some objects that are missing; returns whether all are here now."""
        ...

    def trees(self, git: Git, tree: str) -> bool:
        """Fetch all missing folders of a commit or tree; returns whether all are here now."""
        ...


def decode(name: bytes) -> str:
    """Turn a path as Git writes it into text; bytes that are not UTF-8 survive as surrogates."""
    return name.decode("utf-8", "surrogateescape")


class Git:
    """Runs Git commands in the repository that holds ``root``, which may be a folder inside it.

    All paths given and returned are relative to ``root``. Nothing is started before the first
    question. ``extra`` is added to the environment of every question (see ``Repository.receiving``).
    """

    def __init__(self, root: Path, extra: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._extra = dict(extra or {})
        self.supplier: Supplier | None = None
        self._commits: set[str] = set()  # hashes that resolve has found: they mean the same for ever

    @property
    def extra(self) -> Mapping[str, str]:
        """What is added to the environment of every question."""
        return self._extra

    def having(self, extra: Mapping[str, str]) -> Git:
        """Return the same repository with more variables in the environment of its commands."""
        made = Git(self.root, {**self._extra, **extra})
        made.supplier = self.supplier
        return made

    def run(
        self,
        *args: str,
        timeout: float = TIMEOUT,
        index: str | None = None,
        stdin: bytes = b"",
        accept: frozenset[int] = frozenset(),
    ) -> bytes:
        """Run one git command and return what it prints; raises GitError with a hint.

        ``args`` are the command's own; callers put ``--end-of-options`` and ``--`` before any
        text that comes from outside. ``index`` names another index file, ``stdin`` is standard input.
        ``accept`` are exit codes that are an answer too.
        """
        import subprocess

        try:
            process = subprocess.run(
                self._command(args),
                cwd=self.root,
                env={**environment(index), **self._extra},
                input=stdin,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitError(
                f"git {args[0]} took longer than {timeout:.0f} s", "is the disk reachable?"
            ) from error
        if process.returncode and process.returncode not in accept:
            raise explain(args[0], process.returncode, process.stderr)
        return process.stdout

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start one git command and return its process, with pipes; the caller ends it."""
        import subprocess

        return subprocess.Popen(
            self._command(args),
            cwd=self.root,
            env={**environment(), **self._extra},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=1 << 16,
        )

    def ask(self, *args: str, stdin: bytes = b"", index: str | None = None) -> GitAnswer:
        """Start one git command that works while the caller does other things."""
        return GitAnswer(args, self._command(args), self.root, {**environment(index), **self._extra}, stdin)

    def _command(self, args: tuple[str, ...]) -> list[str]:
        settings = [word for setting in _CONFIG for word in ("-c", setting)]
        return [executable(), "--no-pager", "--literal-pathspecs", *settings, *args]

    @property
    def directory(self) -> Path:
        """Return the absolute path of the ``.git`` folder (of this work tree, if there are several)."""
        return Path(self._place[0])

    @property
    def prefix(self) -> str:
        """Return where ``root`` is below the top of the work tree: empty, or ending with a slash."""
        return self._place[1]

    @cached_property
    def _place(self) -> tuple[str, str]:
        wanted = ("--absolute-git-dir", "--show-prefix")
        answers = decode(self.run("rev-parse", *wanted)).split("\n")
        if len(answers) != len(wanted) + 1:  # the name of a folder holds the end of a line
            answers = [decode(self.run("rev-parse", word).rstrip(b"\n")) for word in wanted]
        return answers[0], answers[1]

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Return Git's settings here, by their names as Git lists them; of several values the last one."""
        lines = decode(self.run("config", "-z", "--list")).split("\0")
        return dict(line.partition("\n")[::2] for line in lines if line)

    @property
    def shallow(self) -> bool:
        """Whether history was cut off when this repository was cloned."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def require_history(self, purpose: str) -> None:
        """Raise GitError in a shallow clone, where answers about history would be wrong."""
        if self.shallow:
            raise GitError(
                f"this is a shallow clone, so {purpose} is not known",
                "git fetch --unshallow (in GitHub Actions: fetch-depth: 0)",
            )

    def has(self, commit: str) -> bool:
        """Whether a commit (a full hash) is in this repository."""
        try:
            self.run("cat-file", "-e", f"{commit}^{{commit}}")
        except GitError:
            return False
        return True

    def knows(self, *commits: str) -> None:
        """Note full hashes that Git has just named as commits, so that nobody asks for them again."""
        self._commits.update(commits)

    def resolve(self, revision: str) -> str:
        """Return the full commit hash that ``revision`` means; raises GitError with a near name.

        A short name means the branch before a tag of the same name, unlike in Git: anybody may push a tag.
        """
        if revision in self._commits:
            return revision
        if not revision or not revision.isprintable():
            raise GitError(
                "a revision must be printable text, not empty", "for example HEAD, main, v1.2 or a hash"
            )
        try:
            whole, commit = self._branch(revision)
            if commit:
                self._commits.add(commit)
                return commit
            out = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{whole}^{{commit}}")
        except GitError as error:
            if error.hint:
                raise
            raise GitError(f"there is no revision '{revision}'", self._nearest(revision)) from error
        commit = out.decode("ascii").split()[-1]
        self._commits.add(commit)
        return commit

    def _branch(self, revision: str) -> tuple[str, str]:
        """Return a revision with the whole name of the branch that it begins with, if there is one.

        Also its commit, where it is that name and nothing else.
        """
        name = _SUFFIX.split(revision, maxsplit=1)[0]
        if not name or name.startswith(("refs/", "-")) or name in _OWN_NAMES or _HASH.fullmatch(name):
            return revision, ""
        places = [f"refs/heads/{name}", f"refs/remotes/{name}", f"refs/remotes/{name}/HEAD"]
        form = "--format=%(objecttype) %(objectname) %(refname)"
        lines = decode(self.run("for-each-ref", form, "--end-of-options", *places)).splitlines()
        there = {ref: (sort, oid) for sort, oid, ref in (line.split(" ", 2) for line in lines)}
        place = next((p for p in places if p in there), None)
        if place is None:
            return revision, ""
        sort, oid = there[place]
        return f"{place}{revision[len(name) :]}", oid if sort == "commit" and revision == name else ""

    def _nearest(self, revision: str) -> str:
        names = decode(self.run("for-each-ref", "--format=%(refname:short)")).split("\n")
        if not any(names):
            return "nothing has been committed yet"
        if self.shallow:
            return "this is a shallow clone; git fetch --unshallow gets the rest"
        return (
            did_you_mean(revision, [n for n in names if n]) or "git log and git branch -a show what there is"
        )

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit where ``head`` left ``base`` (both any revision).

        Raises GitError for histories with no common commit, which is what a shallow clone shows.
        """
        first = self.resolve(base)
        if head == "HEAD":  # no need to look its name up first
            with suppress(GitError):
                return self._meeting(first, "HEAD^{commit}")
        second = self.resolve(head)
        try:
            return self._meeting(first, second)
        except GitError as error:
            if error.hint:
                raise
            hint = "git fetch --unshallow (in GitHub Actions: fetch-depth: 0)" if self.shallow else ""
            raise GitError(f"'{base}' and '{head}' have no commit in common", hint) from error

    def _meeting(self, base: str, head: str) -> str:
        return self.run("merge-base", "--end-of-options", base, head).decode("ascii").strip()

    def plain_merge(self, ours: str, theirs: str) -> str:  # noqa: ARG002 - a subclass knows more
        """Return the tree of merging two commits where it is known without asking; here it never is."""
        return ""

    def blobs(self, oids: Iterable[str], most: int = BLOB_MAX) -> Iterator[Blob]:
        """Yield the content of each object, in order, from one process; raises GitError if one is missing.

        Content beyond ``most`` bytes is read past, never held. What a partial clone lacks is fetched first, in
        one request, where there is a supplier.
        """
        wanted = list(oids)
        done, supplier = 0, self.supplier
        while True:
            try:
                for blob in self._batch(wanted[done:], most):
                    done += 1
                    yield blob
            except MissingObject:
                if supplier is None or not supplier.objects(self, wanted[done:]):
                    raise
                supplier = None
            else:
                return

    def _batch(self, oids: Sequence[str], most: int) -> Iterator[Blob]:
        import subprocess
        import tempfile

        with tempfile.TemporaryFile() as names:
            # The names come from a file, so that git may fill its output while we read it.
            if not oids:
                return
            names.writelines(oid.encode("ascii") + b"\n" for oid in oids)
            names.seek(0)
            with subprocess.Popen(
                self._command(("cat-file", "--batch", "--buffer")),
                cwd=self.root,
                env={**environment(), **self._extra},
                stdin=names,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=1 << 18,
            ) as process:
                out, err = cast(IO[bytes], process.stdout), cast(IO[bytes], process.stderr)
                try:
                    for _ in oids:
                        yield read_blob(out, err, most)
                finally:
                    process.kill()
