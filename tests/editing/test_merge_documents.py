"""Two edits of one file become one text: comments and layout of both stay, a conflict is marked at one key."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from itsm_gitops.documents import load
from itsm_gitops.documents.accidents import accident
from itsm_gitops.editing.merge_documents import MergedDocument, Sides, merge_documents
from itsm_gitops.model.kinds import Kind
from itsm_gitops.model.rulebook import RuleBook

BASE = """\
# opened by phone
id: INC-261128-AAAAA
kind: incident
title: Mail is slow  # as reported
impact: low
urgency: low
state: new
assigned_team: desk
cis: [mail-host]
timeline:
- at: 2026-11-28T10:00:00Z
  by: duty
  state: new
"""


def note(minute: int, text: str) -> str:
    return f"- at: 2026-11-28T10:{minute:02}:00Z\n  by: duty\n  note: {text}\n"


@pytest.fixture(scope="module")
def incident(book: RuleBook) -> Kind:
    return book.kind("incident")


def merge(kind: Kind, ours: str, theirs: str, base: str = BASE) -> MergedDocument:
    return merge_documents(Sides(base.encode(), ours.encode(), theirs.encode()), kind, ("mine", "theirs"))


def test_notes_of_both_sides_and_comments_of_both_stay(incident: Kind) -> None:
    ours = BASE.replace("impact: low", "impact: low  # checked") + note(5, "b")
    theirs = (
        BASE.replace("# opened", "# reported at the desk, then\n# opened") + "# from the log\n" + note(3, "a")
    )
    found = merge(incident, ours, theirs)
    assert found.clean
    text = found.content.decode()
    for part in (
        "impact: low  # checked",
        "# reported at the desk, then\n# opened by phone",
        "# as reported",
    ):
        assert part in text
    assert "# from the log\n" + note(3, "a") + note(5, "b") in text
    assert "cis: [mail-host]" in text


def test_a_conflict_is_marked_at_one_key_and_all_else_is_merged(incident: Kind) -> None:
    ours = BASE.replace("title: Mail is slow", "title: Mail is very slow") + note(5, "b")
    theirs = BASE.replace("title: Mail is slow", "title: Mail is down").replace(
        "[mail-host]", "[mail-host, db]"
    )
    found = merge(incident, ours, theirs + note(3, "a"))
    assert [c.pointer for c in found.conflicts] == [("title",)]
    text = found.content.decode()
    marks = (
        "<<<<<<< mine\ntitle: Mail is very slow  # as reported\n=======\n"
        "title: Mail is down  # as reported\n>>>>>>> theirs\n"
    )
    assert marks in text
    assert text.count("<<<<<<<") == 1
    assert "cis: [mail-host, db]" in text
    assert note(3, "a") + note(5, "b") in text
    problem = accident(found.content)
    assert problem is not None
    assert problem.code == "P015"
    for side, wanted in ((1, "Mail is very slow"), (2, "Mail is down")):
        chosen = re.sub(r"<<<<<<< mine\n(.*\n)=======\n(.*\n)>>>>>>> theirs\n", rf"\{side}", text)
        assert load(chosen.encode()).data["title"] == wanted


def test_states_that_both_moved_differently_say_so(incident: Kind) -> None:
    def moved(state: str, minute: int) -> str:
        step = f"- at: 2026-11-28T10:{minute:02}:00Z\n  by: duty\n  state: {state}\n"
        return BASE.replace("state: new\nassigned", f"state: {state}\nassigned") + step

    found = merge(incident, moved("in_progress", 3), moved("cancelled", 5))
    assert [c.pointer for c in found.conflicts] == [("state",)]
    assert b"<<<<<<< mine\nstate: in_progress\n=======\nstate: cancelled\n>>>>>>> theirs\n" in found.content
    same = merge(incident, moved("in_progress", 3), moved("in_progress", 5))
    assert same.clean
    assert same.content.decode() == moved("in_progress", 3)


def test_json_stays_json(incident: Kind) -> None:
    data = load(BASE.encode()).data
    one, two = json.loads(json.dumps(data)), json.loads(json.dumps(data))
    one["timeline"].append({"at": "2026-11-28T10:05:00Z", "by": "duty", "note": "b"})
    two["timeline"].append({"at": "2026-11-28T10:03:00Z", "by": "duty", "note": "a"})
    texts = [json.dumps(d, indent=2) + "\n" for d in (one, two, data)]
    found = merge(incident, texts[0], texts[1], texts[2])
    assert found.clean
    assert [e.get("note") for e in json.loads(found.content)["timeline"]] == [None, "a", "b"]
    assert found.content.decode().startswith('{\n  "id"')
    two["title"], one["title"] = "x", "y"
    marked = merge(incident, *(json.dumps(d, indent=2) + "\n" for d in (one, two, data)))
    assert b'<<<<<<< mine\n  "title": "y",\n=======\n  "title": "x",\n>>>>>>> theirs\n' in marked.content


def test_line_ends_stay(incident: Kind) -> None:
    texts = [(BASE + more).replace("\n", "\r\n") for more in (note(5, "b"), note(3, "a"), "")]
    found = merge(incident, *texts)
    assert found.content.decode() == (BASE + note(3, "a") + note(5, "b")).replace("\n", "\r\n")


def test_a_new_file_on_both_sides(incident: Kind) -> None:
    assert merge(incident, BASE, BASE, "").clean
    found = merge(incident, BASE, BASE.replace("Mail is slow", "Mail is down"), "")
    assert [c.pointer for c in found.conflicts] == [("title",)]


@pytest.mark.parametrize("broken", ["title: [", BASE + "title: twice\n"])
def test_what_cannot_be_read_is_merged_by_lines_and_nothing_is_lost(incident: Kind, broken: str) -> None:
    found = merge(incident, BASE + note(5, "b"), broken + note(3, "a"))
    assert not found.clean
    for part in ("note: b\n", "note: a\n", "10:05", "10:03"):
        assert part in found.content.decode()


def test_a_file_of_no_kind_is_merged_by_lines() -> None:
    found = merge_documents(Sides(b"a\nb\nc\n", b"x\nb\nc\n", b"a\nb\nz\n"), None)
    assert (found.content, found.clean) == (b"x\nb\nz\n", True)


def test_both_directions_say_the_same(incident: Kind) -> None:
    edits = [
        BASE + note(5, "b"),
        BASE + note(3, "a"),
        BASE.replace("impact: low", "impact: high"),
        BASE.replace("[mail-host]", "[mail-host, db]"),
        BASE.replace("assigned_team: desk\n", "assigned_team: desk\nlabels:\n  site: north\n"),
    ]
    for one, two in itertools.combinations(edits, 2):
        there, back = merge(incident, one, two), merge(incident, two, one)
        assert there.clean
        assert load(there.content).data == load(back.content).data


def test_every_pair_of_commands_merges_but_for_true_conflicts(incident: Kind) -> None:
    """What each of a dozen commands writes, each with each: by lines 57 of 105 pairs are conflicts, by meaning the true ones."""
    texts = json.loads((Path(__file__).parent / "pairs_of_commands.json").read_text(encoding="utf-8"))
    base, edits = texts["base"], texts["edits"]
    conflicts = {
        (one, two): [c.pointer[0] for c in merge(incident, edits[one][0], edits[two][1], base).conflicts]
        for one, two in itertools.combinations_with_replacement(edits, 2)
    }
    found = {pair: where for pair, where in conflicts.items() if where}
    assert len(conflicts) == 105
    assert found == {
        ("set impact=high", "set impact=medium"): ["impact"],
        ("move in_progress", "move cancelled"): ["state"],
    }
