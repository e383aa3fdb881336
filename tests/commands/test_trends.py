"""Patterns in incidents that call for a problem, and categories that want an article."""

from __future__ import annotations

from typing import Any

import pytest

from itsm_gitops.commands.trends import suggest_problems, wanted_articles

NOW = "2026-11-22T12:00:00Z"
POLICY = """\
version: 1
problems:
- {name: thrice, why: Again and again., by: item, count: 3, days: 30}
- {name: category, why: Again., by: category, count: 2, days: 10}
- {name: came-back, why: It came back., by: item, count: 1, days: 90, after_fix: true}
articles: {count: 2, days: 30}
"""
ITEM = "id: {0}\nclass: server\nname: {0}\nowner: ops\nlifecycle: production\n"


@pytest.fixture
def desk(git_repo: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ITSM_NOW", NOW)
    git_repo.write("schemas/policies/trends.yaml", POLICY)
    for name in ("alpha", "beta"):
        git_repo.write(f"cmdb/servers/{name}.yaml", ITEM.format(name))
    return git_repo


def put(
    git_repo: Any, number: int, day: str, item: str = "alpha", extra: str = "", category: str = ""
) -> str:
    identifier = f"INC-26{day.replace('-', '')}-AAA{number:02d}"
    fields = f"category: {category}\n" if category else ""
    git_repo.write(
        f"records/incidents/2026/{day[:2]}/{identifier}.yaml",
        f"id: {identifier}\nkind: incident\ntitle: T\nreported_by: ada\norigin: phone\ncis: [{item}]\n{fields}"
        f"impact: low\nurgency: low\nstate: new\n{extra}timeline:\n- {{at: 2026-{day}T09:00:00Z, by: ada, state: new}}\n",
    )
    return identifier


def problem(git_repo: Any, state: str, resolved: str = "") -> None:
    steps = "- {at: 2026-10-01T09:00:00Z, by: ada, state: new}\n"
    notes = ""
    if resolved:
        steps += f"- {{at: {resolved}T09:00:00Z, by: ada, state: {state}}}\n"
        notes = "fix_notes: A new disk.\n"
    git_repo.write(
        "records/problems/2026/10/PRB-261001-AAAAA.yaml",
        f"id: PRB-261001-AAAAA\nkind: problem\ntitle: P\nreported_by: ada\norigin: incidents\ncis: [alpha]\n"
        f"state: {state}\n{notes}timeline:\n{steps}",
    )


def found(git_repo: Any) -> list[tuple[str, str, int, str]]:
    return [(p.pattern, p.subject, len(p.incidents), p.fixed) for p in suggest_problems(git_repo.repo)]


def test_so_many_of_one_item_call_for_a_problem(desk: Any) -> None:
    for number, day in enumerate(("11-01", "11-08")):
        put(desk, number, day)
    put(desk, 8, "09-01")  # too long ago
    put(desk, 9, "11-09", "beta")
    assert found(desk) == []
    put(desk, 2, "11-20")
    assert found(desk) == [("thrice", "alpha", 3, "")]


def test_an_open_problem_is_enough(desk: Any) -> None:
    for number, day in enumerate(("11-01", "11-08", "11-20")):
        put(desk, number, day)
    problem(desk, "new")
    assert found(desk) == []


def test_incidents_that_name_their_problem_do_not_count(desk: Any) -> None:
    problem(desk, "resolved", "2026-11-21")
    link = "links: [{type: caused_by, target: PRB-261001-AAAAA}]\n"
    put(desk, 0, "11-01", extra=link)
    for number, day in enumerate(("11-08", "11-20"), 1):
        put(desk, number, day)
    assert found(desk) == []


def test_what_comes_again_after_a_fix_is_proposed_at_once(desk: Any) -> None:
    problem(desk, "resolved", "2026-11-05")
    put(desk, 0, "11-04")
    assert found(desk) == []
    put(desk, 1, "11-06")
    assert found(desk) == [("came-back", "alpha", 1, "PRB-261001-AAAAA")]


def test_categories_count_within_their_days(desk: Any) -> None:
    put(desk, 0, "11-01", category="mail/relay")
    put(desk, 1, "11-15", category="mail/relay")
    assert found(desk) == []
    put(desk, 2, "11-16", "beta", category="mail/relay")
    assert ("category", "mail/relay", 2, "") in found(desk)


ARTICLE = """\
id: KB-261101-AAAAA
kind: article
title: How to
owner: ops
audience: staff
summary: Do it.
category: {0}
state: {1}
body: Steps.
review_by: 2027-01-01
timeline:
- {{at: 2026-11-01T09:00:00Z, by: ada, state: draft}}
"""


@pytest.mark.parametrize(
    ("category", "state", "wanted"),
    [
        ("mail", "published", []),
        ("mail/relay", "published", []),
        ("Mail", "published", []),
        ("mailbox", "published", ["mail/relay"]),
        ("mail/relay/disk", "published", ["mail/relay"]),
        ("mail/relay", "draft", ["mail/relay"]),
    ],
)
def test_an_article_of_a_category_covers_the_levels_below(
    desk: Any, category: str, state: str, wanted: list[str]
) -> None:
    put(desk, 0, "11-01", category="mail/relay")
    put(
        desk,
        1,
        "11-15",
        category="mail/relay",
        extra="links: [{type: answered_by, target: KB-261101-AAAAA}]\n",
    )
    desk.write("records/articles/2026/11/KB-261101-AAAAA.yaml", ARTICLE.format(category, state))
    missing, used = wanted_articles(desk.repo)
    assert [w.category for w in missing] == wanted
    assert [(u.id, u.count) for u in used] == ([("KB-261101-AAAAA", 1)] if state == "published" else [])
