"""Values that are typed as text get the type of their field, or of the question that they answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from itsm_gitops.documents import load
from tests.cli.conftest import Cli, acme, cli, made_once  # noqa: F401 - fixtures

QUESTIONS: dict[str, dict[str, Any]] = {
    "quota": {"title": "How much?", "type": "integer", "minimum": -100, "maximum": 100},
    "share": {"title": "Which share?", "type": "number", "minimum": -1, "maximum": 1},
    "vip": {"title": "Important?", "type": "boolean"},
    "day": {"title": "When?", "type": "string", "format": "date"},
    "size": {"title": "How large?", "type": "string", "enum": ["small", "very_large"]},
    "level": {"title": "Which level?", "type": "integer", "enum": [1, 2, 3]},
    "colours": {"title": "Which colours?", "type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 20}},
    "remark": {"title": "Anything else?", "type": "string", "maxLength": 80},
}  # fmt: skip
GIVEN = [
    "--title",
    "A mailbox",
    "--requested-by",
    "duty-agent",
    "--answer",
    "mailbox=a",
    "--answer",
    "from=today",
]


@pytest.fixture
def form(acme: Path) -> Path:  # noqa: F811
    offering = acme / "cmdb/offerings/new-mailbox.yaml"
    data = load(offering.read_bytes()).data
    data["form"]["properties"] |= QUESTIONS
    offering.write_text(json.dumps(data, indent=2))
    return acme


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("quota=5", 5), ("quota=-5", -5), ("share=0.5", 0.5), ("share=-1", -1), ("vip=true", True), ("vip=no", False),
        ("day=today", "2026-11-22"), ("size=very-large", "very_large"), ("level=2", 2), ("colours=red,blue", ["red", "blue"]),
        ("remark=5", "5"), ("remark=- first", "- first"), ("remark=true", "true"), ("remark=a=b", "a=b"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", [False, True])
def test_an_answer_has_the_type_of_its_question(
    answer: str,
    value: Any,
    last: bool,
    form: Path,
    cli: Cli,  # noqa: F811
) -> None:
    words = [*GIVEN, "--answer", answer]
    offering = ["--offering", "new-mailbox"]
    cli("new", "request", *(words + offering if last else offering + words))
    (made,) = (p for p in (form / "records/requests").rglob("*.yaml") if "A mailbox" in p.read_text())
    assert load(made.read_bytes()).data["answers"][answer.partition("=")[0]] == value
    name, _, text = answer.partition("=")
    again = cli("set", made.stem, f"answers.{name}={text}").out
    assert load(made.read_bytes()).data["answers"][name] == value, again


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("quota=many", "'many' is not a whole number"), ("quota=5.5", "'5.5' is not a whole number"),
        ("share=nan", "'nan' is not a number"), ("share=1e999", "'1e999' is not a number"),
        ("vip=perhaps", "neither true nor false"), ("day=soon", "is not a date"), ("level=4", "not one of the values"),
        ("quote=5", "does not ask 'quote'"),
    ],
)  # fmt: skip
def test_an_answer_of_another_type_is_refused(answer: str, message: str, form: Path, cli: Cli) -> None:  # noqa: F811
    done = cli("new", "request", "--offering", "new-mailbox", *GIVEN, "--answer", answer, code=None)
    assert done.code in (1, 2)
    assert message in " ".join(done.err.split())


def test_a_question_that_depends_on_an_answer_is_needed_where_that_was_given(form: Path, cli: Cli) -> None:  # noqa: F811
    offering = form / "cmdb/offerings/new-mailbox.yaml"
    data = load(offering.read_bytes()).data
    data["form"]["if"] = {"properties": {"size": {"const": "very_large"}}}
    data["form"]["required"].append("size")
    data["form"]["then"] = {"required": ["remark"]}
    offering.write_text(json.dumps(data, indent=2))
    words = ["new", "request", "--offering", "new-mailbox", *GIVEN]
    cli(*words, "--answer", "size=small")
    done = cli(*words, "--answer", "size=very_large", code=None)
    assert done.code in (1, 2)
    assert "remark" in done.err
    cli(*words, "--answer", "size=very_large", "--answer", "remark=It is for the archive")
