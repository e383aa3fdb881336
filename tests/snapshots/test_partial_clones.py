"""Partial, sparse and shallow clones of a real server: the right answer, or one line that says what is not here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from itsm_gitops.cli.app import run
from itsm_gitops.model.errors import GitError, Incomplete
from itsm_gitops.repository import Repository
from itsm_gitops.rules import check
from tests.support import GitRepo, fill, incident, path_of, service

INC = "INC-260304-00003"
KINDS = {
    "whole": (),
    "blobless": ("--filter=blob:none",),
    "treeless": ("--filter=tree:0",),
    "sparse": ("--sparse",),
    "blobless and sparse": ("--filter=blob:none", "--sparse"),
    "shallow": ("--depth=1",),
    "no files": ("--filter=blob:none", "--no-checkout"),
}
LACKS = "this partial clone lacks objects"
REFETCH = "git fetch --refetch --no-filter brings everything"
LEFT_OUT = "this file is not checked out (sparse checkout)"
SPARSE = "git sparse-checkout disable brings it back"
CUT = "this is a shallow clone"
UNSHALLOW = "git fetch --unshallow"
SAME = "same"  # as in the whole clone

# What each command says in each clone: what it says in a whole one, or a message with the way out.
TABLE: dict[tuple[str, ...], dict[str, tuple[str, ...] | str]] = {
    ("list", "incidents", "--json"): {"blobless": SAME, "treeless": SAME, "shallow": SAME, "sparse": (LEFT_OUT, SPARSE)},
    ("list", "incidents", "--json", "--at", "HEAD~2"): {"blobless": SAME, "treeless": SAME, "sparse": SAME, "blobless and sparse": SAME, "shallow": ("no revision", UNSHALLOW)},
    ("show", INC, "--json"): {"blobless": SAME, "treeless": SAME, "shallow": SAME, "sparse": ("is not checked out (sparse checkout)", "git sparse-checkout add records/incidents/2026/03")},
    ("show", INC, "--json", "--at", "HEAD~2"): {"blobless": SAME, "treeless": SAME, "sparse": SAME, "blobless and sparse": SAME, "shallow": ("no revision", UNSHALLOW)},
    ("check", "--json"): {"blobless": SAME, "treeless": SAME, "shallow": SAME, "sparse": (LEFT_OUT, SPARSE)},
    ("check", "--json", "--at", "HEAD~2"): {"blobless": SAME, "treeless": SAME, "sparse": SAME, "blobless and sparse": SAME, "shallow": ("no revision", UNSHALLOW)},
    ("check", "--json", "--base", "HEAD~2"): {"blobless": SAME, "treeless": SAME, "shallow": ("no revision", UNSHALLOW), "sparse": (LEFT_OUT, SPARSE)},
    ("gate", "--base", "HEAD~1", "--json"): {"blobless": SAME, "treeless": (LACKS, REFETCH), "shallow": ("no revision", UNSHALLOW)},
    ("log", INC, "--json"): {"blobless": SAME, "treeless": (LACKS, REFETCH), "shallow": (CUT, UNSHALLOW), "sparse": ("is not checked out (sparse checkout)", "sparse-checkout add")},
    ("audit", "verify"): {"blobless": SAME, "treeless": (LACKS, REFETCH), "shallow": (CUT, UNSHALLOW), "sparse": SAME},
    ("site", "build"): {"treeless": (LACKS, REFETCH), "sparse": (LEFT_OUT, SPARSE)},
}  # fmt: skip
# The quick suite has one case of each kind of answer.
QUICK = {
    ("list", "blobless"),
    ("show", "sparse"),
    ("check", "treeless"),
    ("log", "treeless"),
    ("audit", "shallow"),
}
CASES = [
    pytest.param(
        words,
        kind,
        id=f"{kind}: {' '.join(words)}",
        marks=() if (words[0], kind) in QUICK else pytest.mark.slow,
    )
    for words, kinds in TABLE.items()
    for kind in kinds
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of five commits that hands out any object, filtered as asked."""
    from itsm_gitops.snapshots import packaged_rulebook_root
    from tests.support import copy_tree

    made = GitRepo(tmp_path_factory.mktemp("server") / "repo")
    made.root.mkdir()
    made.git("init", "-q")
    made.git("config", "uploadpack.allowFilter", "true")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    copy_tree(packaged_rulebook_root() / "schemas", made.root / "schemas")
    made.write("itsm.yaml", "version: 1\norganisation: Example Ltd\ntimezone: Europe/Berlin\n")
    fill(made, 6)
    made.commit("Begin")
    for number in (1, 2, 3):
        made.write(
            path_of(INC),
            incident(INC, title=f"Printer is broken, part {number}", extra="aliases:\n  - OLD3\n"),
        )
        made.write("cmdb/services/mail.yaml", service("mail", extra=f"description: Number {number}.\n"))
        made.commit(f"Part {number}")
    return made.root


@pytest.fixture
def clone(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], GitRepo]:
    monkeypatch.setenv("ITSM_NOW", "2026-03-10T12:00:00Z")

    def make(kind: str) -> GitRepo:
        made = GitRepo(tmp_path / kind.replace(" ", "-"))
        GitRepo(server).git("clone", "-q", *KINDS[kind], server.as_uri(), str(made.root))
        return made

    return make


def said(root: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    before = Path.cwd()
    os.chdir(root)
    try:
        code = run(words)
    finally:
        os.chdir(before)
    out, err = capsys.readouterr()
    # A request check that lacks folders reads everything: more files, the same findings.
    lines = [
        line
        for line in out.splitlines()
        if not line.strip().startswith(('"seconds"', '"part"', '"files"', '"records"'))
    ]
    return code, "\n".join(lines), " ".join(err.split())


@pytest.mark.parametrize(("words", "kind"), CASES)
def test_every_command_in_every_clone(
    clone: Callable[[str], GitRepo], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], kind: str
) -> None:
    wanted = TABLE[words][kind]
    code, out, err = said(clone(kind).root, words, capsys)
    assert "Traceback" not in err
    if wanted == SAME:
        assert (code, out) == said(clone("whole").root, words, capsys)[:2]
        return
    assert code != 0
    for part in wanted:
        assert part in " ".join(out.split()) + err


def fetches(root: Path) -> tuple[Repository, list[int]]:
    repo = Repository.of_history(root)
    counts: list[int] = []
    repo.on_fetch = counts.append
    return repo, counts


def test_a_whole_commit_is_two_requests(clone: Callable[[str], GitRepo]) -> None:
    repo, counts = fetches(clone("no files").root)
    report = check(repo, at="HEAD")
    whole = check(clone("whole").repo, at="HEAD")
    assert report.findings == whole.findings
    assert len(counts) == 2, "the rule book and the settings; all documents"
    assert counts[1] == 9
    check(repo, at="HEAD")
    assert len(counts) == 2


def test_folders_that_are_missing_are_one_request(clone: Callable[[str], GitRepo]) -> None:
    repo, counts = fetches(clone("treeless").root)
    assert len(repo.store("HEAD~3").entries) == 9
    assert counts[0] == 1, "the top folder, which brings those below it"
    assert len(counts) <= 3


def test_a_request_check_asks_for_what_differs_at_once(clone: Callable[[str], GitRepo]) -> None:
    repo, counts = fetches(clone("blobless").root)
    report = check(repo, base="HEAD~3")
    assert counts == [2], "the incident and the service as they were"
    assert report.part
    assert report.findings == check(clone("whole").repo, base="HEAD~3").findings


def test_nothing_is_asked_for_where_that_is_forbidden(
    clone: Callable[[str], GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_FETCH", "off")
    repo, counts = fetches(clone("blobless").root)
    with pytest.raises(GitError, match=LACKS) as caught:
        repo.store("HEAD~2")
    assert caught.value.hint == REFETCH
    assert counts == []


def test_the_way_out_works(clone: Callable[[str], GitRepo], monkeypatch: pytest.MonkeyPatch) -> None:
    made = clone("treeless")
    made.git("fetch", "--refetch", "--no-filter", "-q")
    monkeypatch.setenv("ITSM_FETCH", "off")
    assert len(made.repo.store("HEAD~3").entries) == 9
    sparse = clone("sparse")
    with pytest.raises(Incomplete, match="sparse checkout"):
        sparse.repo.locate(INC)
    sparse.git("sparse-checkout", "disable")
    assert sparse.repo.locate(INC) == path_of(INC)


def test_an_unreachable_server_is_one_clear_line(
    clone: Callable[[str], GitRepo], capsys: pytest.CaptureFixture[str]
) -> None:
    made = clone("blobless")
    made.git("config", "remote.origin.url", "file:///nowhere/at/all")
    code, _, err = said(made.root, ("list", "incidents", "--at", "HEAD~2"), capsys)
    assert code == 1
    assert err.count("error:") == 1


SSH = "ssh://nobody@localhost:1/repo"
HTTP = "http://127.0.0.1:{port}/repo"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "value", "url"),
    [
        ("remote.origin.uploadpack", "touch {mark}; git-upload-pack", ""),
        ("core.sshCommand", "touch {mark}; ssh", SSH),
        ("credential.helper", "!touch {mark}", HTTP),
        ("credential.http://127.0.0.1:{port}.helper", "!touch {mark}", HTTP),
        ("core.askPass", "{folder}/hooks/post-checkout", HTTP),
        ("remote.origin.url", "ext::touch {mark}", ""),
        ("url.ext::touch {mark} #.insteadOf", "http:", HTTP),
        ("core.hooksPath", "{folder}/hooks", ""),
        ("core.fsmonitor", "{folder}/hooks/post-checkout", ""),
    ],
    ids=lambda v: str(v).partition(" ")[0],
)
def test_a_repository_handed_over_starts_no_program(
    clone: Callable[[str], GitRepo],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    setting: str,
    value: str,
    url: str,
) -> None:
    made = clone("blobless")
    mark = tmp_path / "mark"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    asked: list[str] = []
    with asking_for_a_password(asked) as port:
        if url:
            made.git("config", "remote.origin.url", url.format(port=port))
        name = setting.format(mark=mark, port=port)
        made.git("config", name, value.format(mark=mark, folder=tmp_path))
        said(made.root, ("list", "incidents", "--at", "HEAD~2"), capsys)
    assert not mark.exists()
    assert bool(asked) == setting.startswith(("credential", "core.askPass"))


@contextmanager
def asking_for_a_password(asked: list[str]) -> Iterator[int]:
    """A web server that lets nobody in; ``asked`` gets the paths that were asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = Thread(target=web.serve_forever, daemon=True)
        thread.start()
        try:
            yield web.server_address[1]
        finally:
            web.shutdown()
            thread.join()
