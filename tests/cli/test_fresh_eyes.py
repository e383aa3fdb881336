"""What somebody who has never seen the tool stumbles over: places, slips, and words that help."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

PathOf = Callable[[str], Path]
Run = Callable[..., subprocess.CompletedProcess[str]]
PROBLEM = "PRB-260112-EXMP2"
INCIDENT = "INC-260112-EXMP1"


def said(text: str) -> str:
    """Text as one line."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["move", "email", "prod"], 1, "did you mean production?"),
        (["move", "email", "scrapped"], 1, "allowed from 'production': test maintenance retired"),
        (["new", "change", "--template", "nope"], 1, "templates for it: emergency-change, normal-change"),
        (["new", "change", "--template", "norml-change"], 1, "did you mean normal-change?"),
        (["explain", "K0033"], 1, "did you mean K003?"),
        (["explain", "k0003"], 1, "did you mean K003?"),
        (["site", "build", "--out"], 2, "itsm site build --help"),
        (["list", "--sort"], 2, "itsm list --help"),
        (
            ["list", "--sort", "foo"],
            2,
            "columns: id, kind, title, state, priority, clock, age, opened, updated, path",
        ),
        (["list", "incidents", "--where", "foo=1"], 2, "itsm explain incident lists the fields"),
        (["show", "zzz"], 1, "itsm list and itsm list items show what there is"),
        (["list", "--since", "foo"], 2, "write 7d, 12h, 2026-11-22"),
    ],
)
def test_a_slip_gets_a_hint_that_helps(words: list[str], code: int, hint: str, acme: Path, cli: Cli) -> None:
    result = cli(*words, code=code)
    assert hint in said(result.err)
    assert len(result.err.splitlines()) <= 12


def test_findings_that_stop_a_writing_are_counted_as_rules(acme: Path, cli: Cli) -> None:
    err = cli("set", PROBLEM, "cis=nope,neither", code=1).err
    assert "there is no" in err
    err = cli("set", PROBLEM, "x=[1]", "labels=[1]", code=1).err
    assert err.count(" S003 ") == 2
    assert "this would break 1 rule; nothing was written" in err


def test_missing_fields_stand_in_columns(acme: Path, cli: Cli) -> None:
    err = cli("new", "service", "shop", "--name", "Shop", "--team", "it-operations", code=2).err
    lines = [line for line in err.splitlines() if line.strip().startswith("--")]
    assert [line.split()[0] for line in lines] == ["--description", "--category"]
    assert len({line.index("--") for line in lines}) == 1
    assert "What the service is and what it is for" in said(err)


def test_what_a_record_took_ends_when_it_was_finished(acme: Path, cli: Cli) -> None:
    assert "took 1 d" in cli("show", INCIDENT).out
    cli("note", INCIDENT, "Asked again: it held.")
    assert "took 1 d" in cli("show", INCIDENT).out
    row = cli("list", "incidents", "--text", INCIDENT, "--json").json[0]
    assert (row["age_seconds"], row["opened"][:4], row["updated"][:4]) == (89_700, "2026", "2026"), row


def break_(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"broken: [\n")


def test_files_that_cannot_be_read_are_told_and_not_silently_left_out(
    acme: Path, cli: Cli, path_of: PathOf, tmp_path: Path
) -> None:
    break_(path_of(PROBLEM))
    for words in (
        ["list", "problems"],
        ["list", "problems", "--json"],
        ["export", "json"],
        ["export", "json", "problems", "-o", str(tmp_path / "out.json")],
        ["export", "csv", "problems"],
    ):
        err = said(cli(*words, code=int(words[0] == "export")).err)
        assert "warning: 1 file cannot be read and is left out: " in err, words
        assert PROBLEM in err, words
        assert "itsm check says what is wrong with" in err
    assert cli("list", "incidents").err == ""
    assert cli("export", "csv", "incidents").err == ""


def test_show_tells_a_broken_neighbour_from_one_that_is_not_there(
    acme: Path, cli: Cli, path_of: PathOf
) -> None:
    break_(path_of(PROBLEM))
    out = cli("show", INCIDENT).out
    assert "cannot be read" in next(line for line in out.splitlines() if PROBLEM in line)


def test_log_of_a_broken_document_says_so_and_not_that_all_was_removed(
    acme: Path, cli: Cli, path_of: PathOf
) -> None:
    break_(path_of(PROBLEM))
    out = cli("log", PROBLEM).out
    assert "not committed" in out
    assert "the file cannot be read: itsm check " in said(out)
    assert "- title" not in out
    assert "+ title" in out
    assert cli("log", PROBLEM, "--json").json["uncommitted"] == []
    assert [u["id"] for u in cli("log", PROBLEM, "--json").json["unreadable"]] == [PROBLEM]


def test_log_of_one_field_shows_its_whole_value(acme: Path, cli: Cli) -> None:
    out = cli("log", PROBLEM, "--field", "workaround").out
    assert "…" not in out
    assert "Look at the free space every Monday and extend the volume below 20 %." in said(out)
    assert all(len(line) <= 80 for line in out.splitlines())


def test_a_part_of_the_repository_is_counted_as_a_part(acme: Path, cli: Cli) -> None:
    assert "no findings in 1 file (" in cli("check", PROBLEM).out
    assert "no findings in 5 files (" in cli("check", "records").out
    data = cli("check", "cmdb/people", "--json").json
    assert (data["files"], data["records"]) == (6, 0)


def test_a_time_zone_that_does_not_exist_is_a_finding(acme: Path, cli: Cli) -> None:
    config = acme / "itsm.yaml"
    config.write_text(config.read_text().replace("Europe/Berlin", "Europe/Berln"))
    out = said(cli("check", code=1).out)
    assert "error S023 there is no time zone 'Europe/Berln' hint: did you mean Europe/Berlin" in out
    line, column = out.split("itsm.yaml:")[1].split(" ")[0].split(":")[:2]
    text = config.read_text().splitlines()[int(line) - 1]
    assert text[int(column) - 1 :].strip("'\"") == "Europe/Berln"


def test_a_bare_repository_is_named_as_such(acme: Path, cli: Cli, tmp_path: Path) -> None:
    bare = tmp_path / "acme.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(acme), str(bare)], check=True)
    err = said(cli("-C", str(bare), "list", code=1).err)
    assert "is a bare Git repository: it has no files" in err
    assert "git clone" in err


def test_a_folder_that_is_not_there_is_named_as_such(cli: Cli, tmp_path: Path) -> None:
    assert said(cli("-C", str(tmp_path / "nowhere"), "list", code=1).err).startswith(
        "error: there is no folder"
    )


def test_init_does_not_put_a_repository_into_a_repository(acme: Path, cli: Cli) -> None:
    err = said(cli("init", "inner", code=1).err)
    assert "is inside the Git repository" in err
    assert "--no-git" in err
    assert not (acme / "inner").exists()
    assert "created" in cli("init", "inner", "--no-git").out
    assert not (acme / "inner" / ".git").exists()


def test_without_a_rule_book_the_hint_says_where_one_is(acme: Path, cli: Cli) -> None:
    shutil.rmtree(acme / "schemas")
    err = said(cli("list", code=1).err)
    assert "git checkout -- schemas" in err


def test_help_of_groups_says_what_each_command_does_in_whole(cli: Cli) -> None:
    for name in ("site", "import", "export"):
        out = cli(name, "--help").out
        assert "..." not in out.split("\n", 1)[1]
        assert "\n      # " in out


def test_moves_of_a_document_as_json_are_data(acme: Path, cli: Cli) -> None:
    assert json.loads(cli("move", INCIDENT, "--json").out) == []


def test_explain_reads_the_rule_book_of_a_revision(acme: Path, cli: Cli, tmp_path: Path) -> None:
    flow = acme / "schemas/workflows/incident.yaml"
    flow.write_text(flow.read_text().replace("Reported and recorded;", "Written down;"))
    assert "Written down;" in cli("explain", "incident", "new").out
    assert "Reported and recorded;" in cli("explain", "incident", "new", "--at", "HEAD").out
    assert (
        "there is no itsm.yaml" in cli("-C", str(tmp_path), "explain", "incident", "--at", "HEAD", code=1).err
    )


CONTROL = "\x1b[31mred\x1b[0m"


@pytest.mark.parametrize(
    "words",
    [
        [
            "new",
            "incident",
            "--title",
            CONTROL,
            "--service",
            "email",
            "--category",
            "mail",
            "--impact",
            "low",
        ],
        ["note", PROBLEM, CONTROL],
        ["set", PROBLEM, f"workaround={CONTROL}"],
        ["move", PROBLEM, "cancelled", "--note", CONTROL],
    ],
)
def test_control_characters_are_refused_with_a_way_out(words: list[str], acme: Path, cli: Cli) -> None:
    urgency = ["--urgency", "low"] if words[0] == "new" else []
    err = said(cli(*words, *urgency, code=1).err)
    assert "a text with U+001B ESCAPE cannot be written" in err
    assert "hint: leave out colours and other control characters" in err


def test_bytes_that_are_not_utf8_are_called_so(acme: Path, run_itsm: Run) -> None:
    done = run_itsm(["note", PROBLEM, b"caf\xe9"], acme)
    assert done.returncode == 1
    assert "a byte that is not UTF-8 (0xE9)" in said(done.stderr)


def test_typed_text_is_put_into_the_form_that_documents_have(
    acme: Path, cli: Cli, path_of: PathOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    decomposed = "Cafe\u0301 is slow"
    cli("set", PROBLEM, f"title={decomposed}", f"workaround={decomposed}\r\nWait.")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{decomposed}\r\nAgain.\r\n"))
    cli("note", PROBLEM, "-")
    text = path_of(PROBLEM).read_bytes()
    assert text.count("Caf\u00e9 is slow".encode()) == 3
    assert b"\r" not in text
    assert b"x0d" not in cli("show", PROBLEM).out.encode()
    assert "no findings" in cli("check", PROBLEM).out


@pytest.mark.parametrize("title", ["", " ", " \t "])
def test_a_title_of_blanks_is_none(title: str, acme: Path, cli: Cli) -> None:
    words = ["--service", "email", "--category", "mail", "--impact", "low", "--urgency", "low"]
    assert "also needs: title" in cli("new", "incident", "--title", title, *words, code=2).err
    if title:
        assert " S005 /title" in cli("set", PROBLEM, f"title={title}", code=1).err
        assert " S005 /name" in cli("set", "email", f"name={title}", code=1).err
