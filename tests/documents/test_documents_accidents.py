"""A file that an accident made unreadable is reported once, by what happened to it and with the way out."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml_scribe import Scribe, documents, examples

from itsm_gitops.documents import LoadedDocument, load, load_json
from tests.support import SLOWER

RECORD = "id: a\ntitle: x\ndescription: |\n  One.\n\n  Two.\nlist:\n  - p\n  - q\nlast: 'z'\n"
JSON = '{\n  "id": "a",\n  "list": [\n    1,\n    2\n  ],\n  "last": "z"\n}\n'
TWO = "<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> topic\n"
THREE = "<<<<<<< HEAD\n{ours}||||||| 0a1b2c3\n{ours}=======\n{theirs}>>>>>>> topic\n"


def only(loaded: LoadedDocument) -> tuple[str, int]:
    assert loaded.data is None
    assert len(loaded.problems) == 1
    problem = loaded.problems[0]
    assert problem.hint
    return problem.code, problem.line


@pytest.mark.parametrize("form", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("text", [RECORD, JSON], ids=["yaml", "json"])
def test_conflict_markers_around_any_line(text: str, eol: str, form: str) -> None:
    lines = text.splitlines(keepends=True)
    read = load_json if text is JSON else load
    for at in range(len(lines)):
        conflict = form.format(ours=lines[at], theirs=lines[at].upper())
        merged = "".join([*lines[:at], conflict, *lines[at + 1 :]]).replace("\n", eol)
        assert only(read(merged.encode())) == ("P015", at + 1)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<<<<<<<\na: 1\n=======\na: 2\n>>>>>>>\n", 1),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n", 2),
        ("a: 1\n>>>>>>> topic\n", 2),
        ("a: 1\n||||||| base\nb: 1\n", 2),
        ("a: 1\n<<<<<<<<< HEAD\nb: 1\n=========\nb: 2\n>>>>>>>>> topic\n", 2),
        ("t: 'x\n<<<<<<< HEAD\n  y'\n=======\n  z'\n>>>>>>> topic\n  '\n", 2),
        ("a: \x07\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> topic\n", 2),
        ("<<<<<<< HEAD\r\na: 1\r\n=======\r\na: 2\r\n>>>>>>> topic", 1),
    ],
)
def test_markers_alone_or_of_another_length(text: str, line: int) -> None:
    assert only(load(text.encode())) == ("P015", line)


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  Heading\n  =======\n  text\n",
        "a: |\n  <<<<<<< HEAD\n  x\n  =======\n  y\n  >>>>>>> topic\n",
        'a: "<<<<<<< HEAD\\n=======\\n>>>>>>> topic"\n',
        "# <<<<<<< HEAD\n# =======\n# >>>>>>> topic\na: 1\n",
        "a: x <<<<<<< y\n",
    ],
)
def test_a_text_that_looks_like_a_conflict(text: str) -> None:
    assert load(text.encode()).problems == ()


@pytest.mark.parametrize("text", ["a: |\nHeading\n=======\n", "=======\n", "a: [\n=======\n"])
def test_an_underlined_heading_at_the_margin_is_no_merge(text: str) -> None:
    assert [p.code for p in load(text.encode()).problems] != ["P015"]


@examples(100, 2000)
@given(documents.filter(bool), st.integers(0, 10**9), st.integers(0, 200), st.booleans())
def test_a_conflict_in_any_document(data: dict[str, object], seed: int, at: int, three: bool) -> None:
    lines = Scribe(seed).document(data).replace("\r\n", "\n").splitlines(keepends=True)
    at %= len(lines)
    ours = lines[at].removesuffix("\n") + "\n"
    conflict = (THREE if three else TWO).format(ours=ours, theirs="other: 1\n")
    raw = "".join([*lines[:at], conflict, *lines[at + 1 :]]).encode()
    assert only(load(raw)) == ("P015", at + 1)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"


@pytest.mark.parametrize("read", [load, load_json])
@pytest.mark.parametrize(
    ("raw", "code", "says", "hint"),
    [
        (POINTER, "P016", "Git LFS", "git lfs pull"),
        (POINTER.replace(b"\n", b"\r\n"), "P016", "Git LFS", "git lfs pull"),
        (b"\xef\xbb\xbf" + POINTER, "P016", "Git LFS", "git lfs pull"),
        (b"\0GITCRYPT\0\x01\x02\xff", "P017", "git-crypt", "git-crypt unlock"),
        (b"age-encryption.org/v1\n-> X25519 x\n\xff\x00", "P017", "age", "decrypt"),
        (b"-----BEGIN PGP MESSAGE-----\n\nx\n", "P017", "OpenPGP", "decrypt"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162\n", "P017", "Ansible", "decrypt"),
        (b"\n<!DOCTYPE html>\n<html></html>\n", "P017", "HTML", "download"),
        (b'<?xml version="1.0"?>\n<html xmlns="x">', "P017", "HTML", "download"),
        (b"PK\x03\x04\x14\x00", "P017", "ZIP", "plain text"),
        (b"%PDF-1.7\n%\xe2", "P017", "PDF", "plain text"),
        (b"diff --git a/x b/x\n", "P017", "patch", "git apply"),
        ("id: a\n".encode("utf-16"), "P001", "UTF-16", "UTF-8"),
        ("id: a\nb: c\n".encode("utf-16-le"), "P001", "UTF-16", "UTF-8"),
        ("id: a\nb: c\n".encode("utf-16-be"), "P001", "UTF-16", "UTF-8"),
        ("id: a\nb: c\n".encode("utf-32"), "P001", "UTF-32", "UTF-8"),
        ("id: a\nb: c\n".encode("utf-32-be"), "P001", "UTF-32", "UTF-8"),
        (b"", "P007", "empty", "git checkout"),
        (b"\0" * 4096, "P017", "zero bytes", "git checkout"),
        (b"../../cmdb/services/mail.yaml", "P013", "symbolic link", "replace it"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_happened_is_named(
    read: Callable[[bytes], LoadedDocument], raw: bytes, code: str, says: str, hint: str
) -> None:
    loaded = read(raw)
    assert only(loaded) == (code, 1)
    assert says in loaded.problems[0].message
    assert hint in loaded.problems[0].hint


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<<\n",
        "<<<<<<<\n=======\n",
        "<<<<<<< a\n||||||| b\n=======\n",
        "=======\n<<<<<<<\n",
        "a/",
        "a." * 3,
    ],
)
@pytest.mark.parametrize("read", [load, load_json])
def test_many_markers_take_no_longer(read: Callable[[bytes], LoadedDocument], line: str) -> None:
    raw = (line * 100_000)[:250_000].encode()
    started = time.process_time()
    assert read(raw).data is None
    assert time.process_time() - started < 2 * SLOWER


def test_a_file_that_a_crash_cut_off() -> None:
    assert only(load(b"id: a\ntitle: x\0\0\0\0")) == ("P017", 2)
    assert only(load_json(b'{"a": {"b": 1,\n')) == ("P003", 2)
    assert "cut off" in load_json(b'{"a": "b').problems[0].message
