"""Names what happened to a file that is no document at all, by its cause and not by its last symptom.

An unfinished merge, a pointer of Git LFS, an encrypted file or a saved error page would otherwise be reported
as syntax errors or forbidden characters, which send people looking in the wrong place. Each gets one problem,
with the way out.
"""

from __future__ import annotations

import re

from itsm_gitops.documents.problems import Problem

_MERGE_HINT = (
    "git status lists what is unmerged; edit the file so that what is right remains and the lines with "
    "<<<<<<<, ======= and >>>>>>> are gone, then git add it"
)
# Git writes markers at the left margin, where no text of a block scalar can stand: a description may show them.
_BEGIN, _MIDDLE, _END = rb"<{7,}(?: [^\r\n]*)?", rb"={7,}", rb">{7,}(?: [^\r\n]*)?"
_MARKS = re.compile(rb"^(?:" + _BEGIN + rb"|" + _MIDDLE + rb"|" + _END + rb")\r?$", re.MULTILINE)
# What somebody overlooked: a line of ======= alone may as well underline a heading.
_LEFT = re.compile(rb"^(?:" + _BEGIN + rb"|>{7,} [^\r\n]+|\|{7,}(?: [^\r\n]*)?)\r?$", re.MULTILINE)

_LFS = re.compile(rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v\d+\r?\n")
_LFS_HINT = "git lfs install, then git lfs pull; documents need no LFS: git lfs untrack takes them out of it"
_PATH = re.compile(rb"(?:\.{0,2}/)?(?:[\w.-]+/)+[\w.-]+\.(?:yaml|yml|json)", re.ASCII)

_LONGEST_PATH = 4096
_RESTORE = "git checkout -- FILE brings the committed content back"
_DECRYPT = "decrypt it; documents are plain text, so that they can be reviewed and checked"
_TEXT = "documents are YAML as plain text; link to other files from the field documents"
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\0GITCRYPT\0", "the file is encrypted by git-crypt", "git-crypt unlock"),
    (b"age-encryption.org/v1", "the file is encrypted by age", _DECRYPT),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "the file is encrypted by age", _DECRYPT),
    (b"-----BEGIN PGP MESSAGE-----", "the file is encrypted by OpenPGP", _DECRYPT),
    (b"$ANSIBLE_VAULT;", "the file is encrypted by Ansible Vault", _DECRYPT),
    (b"PK\x03\x04", "the file is a ZIP archive or an office document", _TEXT),
    (b"\x1f\x8b", "the file is compressed by gzip", "gunzip it; " + _TEXT),
    (b"%PDF-", "the file is a PDF", _TEXT),
    (b"{\\rtf", "the file is a Rich Text document", _TEXT),
    (b"\x89PNG", "the file is a picture (PNG)", _TEXT),
    (b"\xff\xd8\xff", "the file is a picture (JPEG)", _TEXT),
    (b"\xd0\xcf\x11\xe0", "the file is an old office document", _TEXT),
    (b"SQLite format 3\0", "the file is an SQLite database", _TEXT),
    (b"diff --git ", "the file is a patch", "git apply FILE makes its changes; then remove it"),
)
_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_WIDE = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SAMPLE = 512


def unfinished_merge(raw: bytes) -> Problem | None:
    """Return the problem of a file with all markers of a conflict at the left margin, sound YAML or not."""
    if b"<<<<<<<" not in raw:
        return None
    begin, wanted = 0, b"<"
    for mark in _MARKS.finditer(raw):
        if mark[0][:1] == wanted:
            if wanted == b">":
                return _merge(raw, begin)
            begin, wanted = (mark.start(), b"=") if wanted == b"<" else (begin, b">")
    return None


def accident(raw: bytes) -> Problem | None:
    """Return what happened to a file that cannot be read; None where nothing in it tells."""
    left = _LEFT.search(raw)
    if left:
        return _merge(raw, left.start())
    if not raw:
        return Problem("P007", "the file is empty", f"write the document, or {_RESTORE}", 1, 1)
    if not raw.strip(b"\0"):
        message = "the file holds nothing but zero bytes: a crash or a full disk did that"
        return Problem("P017", message, _RESTORE, 1, 1)
    content = raw.removeprefix(_BOM)
    pointer = pointer_of_lfs(content)
    if pointer is not None:
        return pointer
    for start, message, hint in _STARTS:
        if content.startswith(start):
            return Problem("P017", message, hint, 1, 1)
    if _PAGE.match(content):
        message = "the file is an HTML page: a download that was answered with a web page, perhaps an error"
        return Problem("P017", message, f"download it again, or {_RESTORE}", 1, 1)
    if len(content) < _LONGEST_PATH and _PATH.fullmatch(content.strip()):
        message = "the file holds only a path: a symbolic link that was checked out as text"
        return Problem("P013", message, "replace it by the file it points to", 1, 1)
    return _wide(raw) or _cut_off(raw)


def pointer_of_lfs(raw: bytes) -> Problem | None:
    """Return the problem of a file of any format that is a pointer of Git LFS."""
    if not _LFS.match(raw):
        return None
    return Problem("P016", "the file is a pointer of Git LFS, its content was not fetched", _LFS_HINT, 1, 1)


def text_accident(raw: bytes) -> Problem | None:
    """Return what happened to a text that is no document, such as a page or a style; None where it can be used.

    A heading may be underlined by =======, so all three markers of a conflict must be there. An empty page is one.
    """
    problem = unfinished_merge(raw) or pointer_of_lfs(raw) or _wide(raw)
    if problem is not None or b"\0" not in raw:
        return problem
    at = raw.index(b"\0")
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    return Problem("P017", "the file has zero bytes: a crash or a full disk did that", _RESTORE, line, column)


def _merge(raw: bytes, at: int) -> Problem:
    message = "a merge is not finished: the file has conflict markers"
    return Problem("P015", message, _MERGE_HINT, raw.count(b"\n", 0, at) + 1, 1)


def _wide(raw: bytes) -> Problem | None:
    """Return the problem of a file in an encoding of two or four bytes, with a byte order mark or without."""
    name = next((name for mark, name in _WIDE if raw.startswith(mark)), "")
    sample = raw[:_SAMPLE]
    half = len(sample) // 2
    if not name and half >= 2 and max(sample[0::2].count(0), sample[1::2].count(0)) > 0.6 * half:
        name = "UTF-32" if sample.count(0) > 0.7 * len(sample) else "UTF-16"
    hint = "save the file as UTF-8 without a byte order mark"
    return Problem("P001", f"the file is {name}, not UTF-8", hint, 1, 1) if name else None


def _cut_off(raw: bytes) -> Problem | None:
    """Return the problem of a text that ends in zero bytes, as after a crash."""
    text = raw.rstrip(b"\0")
    if text == raw or b"\0" in text:
        return None
    line = text.count(b"\n") + 1
    message = "the file ends in zero bytes: a crash or a full disk cut it off"
    return Problem("P017", message, _RESTORE, line, len(text) - text.rfind(b"\n"))
