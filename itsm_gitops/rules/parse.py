"""Family P: documents that cannot be read safely. The reader finds them; here they get a name."""

from __future__ import annotations

from itsm_gitops.rules.registry import declare

_ABOUT: tuple[tuple[str, str, str, str, str, str], ...] = (
    (
        "P001",
        "Not UTF-8",
        "Every tool that reads the repository must see the same characters.",
        "save the file as UTF-8",
        "(bytes that are not UTF-8)",
        "title: Café is closed",
    ),
    (
        "P002",
        "Forbidden character",
        "Control, zero-width and direction characters can hide text from reviewers or act on a terminal.",
        "remove the character (itsm check --fix removes a byte-order mark)",
        r'title: "approved\e[2K"',
        "title: approved",
    ),
    (
        "P003",
        "Syntax error",
        "The file is not well-formed, so nothing in it can be trusted.",
        "correct the line; itsm fmt shows the canonical form of a file that parses",
        "title: [unclosed",
        "title: Mail is down",
    ),
    (
        "P004",
        "Duplicate key",
        "Most YAML readers silently keep the last value, so a reviewer and a program would see different facts.",
        "keep one of the two",
        "state: new\nstate: closed",
        "state: new",
    ),
    (
        "P005",
        "Anchor, alias or merge key",
        "Aliases can make a tiny file expand into gigabytes, and hide what a document says.",
        "write the value out",
        "a: &x [1]\nb: *x",
        "a: [1]\nb: [1]",
    ),
    (
        "P006",
        "Tag",
        "Tags can make a YAML reader run code; no field here needs one.",
        "remove the tag",
        "title: !!python/name:os.system",
        "title: os.system",
    ),
    (
        "P007",
        "Not exactly one document",
        "One file is one document, so that its name is its identifier.",
        "split the file, or remove the extra ---",
        "title: one\n---\ntitle: two",
        "title: one",
    ),
    (
        "P008",
        "Key that is not text",
        "Field names are text; other keys cannot be written as JSON.",
        "put the key in quotes",
        "labels:\n  1: one",
        'labels:\n  "1": one',
    ),
    (
        "P009",
        "File too large",
        "A record is at most 256 KiB (a file of the rule book 1 MiB), so that no file can stall a check.",
        "move attachments elsewhere and link to them under documents",
        "(a file of 300 KiB)",
        "documents:\n  - title: Log\n    url: https://example.com/log",
    ),
    (
        "P010",
        "Nested too deeply or too many values",
        "At most 20 levels and 20,000 values: more is an attack or a mistake.",
        "flatten the structure",
        "x: {a: {b: {c: …}}}",
        "x: {a: 1}",
    ),
    (
        "P011",
        "Not a mapping",
        "A document is a mapping of field names to values.",
        "write `field: value` lines",
        "- just\n- a list",
        "id: payments-db",
    ),
    (
        "P012",
        "Text not in normal form",
        "The same word in two Unicode forms looks equal and is not: searches and comparisons would miss it.",
        "save the text in Unicode normal form C (itsm check --fix does)",
        "title: Cafe\u0301   # e and a combining accent",
        "title: Caf\u00e9   # one letter",
    ),
    (
        "P013",
        "Not a regular file",
        "A symbolic link or submodule could make the tools read files outside the repository.",
        "replace it by a regular file",
        "records/incidents/link.yaml -> /etc/passwd",
        "records/incidents/2026/11/INC-261122-K7QF3.yaml",
    ),
    (
        "P014",
        "Unreadable or misplaced file",
        "A file that the tools cannot name or reach is a fact nobody sees.",
        "rename or remove the file",
        "cmdb/databases/pay\\nments.yaml",
        "cmdb/databases/payments.yaml",
    ),
    (
        "P015",
        "Unfinished merge",
        "Lines of Git stand in the file for a decision between two versions that nobody has made yet.",
        "edit the file so that what is right remains, without the marker lines, then git add it",
        "<<<<<<< HEAD\nstate: new\n=======\nstate: closed\n>>>>>>> topic",
        "state: closed",
    ),
    (
        "P016",
        "Pointer of Git LFS",
        "Git LFS keeps the content elsewhere; without it nobody knows what the document says.",
        "git lfs pull",
        "version https://git-lfs.github.com/spec/v1\noid sha256:…\nsize 812",
        "id: payments-db",
    ),
    (
        "P017",
        "No document at all",
        "Something else lies under the name of a document: encrypted, an HTML page, a picture, zero bytes.",
        "git checkout -- FILE brings the committed content back",
        "<!DOCTYPE html>",
        "id: payments-db",
    ),
)

# A byte-order mark and a normal form are put right without losing anything.
_REPAIRED = ("P002", "P012")

for _code, _title, _why, _hint, _bad, _good in _ABOUT:
    declare(_code, _title, why=_why, hint=_hint, bad=_bad, good=_good, fixable=_code in _REPAIRED)
