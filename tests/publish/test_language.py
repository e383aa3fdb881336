"""The words of the site's languages: complete for what scripts say, and with the same places for values."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from itsm_gitops import reports, service_levels
from itsm_gitops.model.errors import ItsmError
from itsm_gitops.presentation import language as language_module
from itsm_gitops.presentation.groups import by_title
from itsm_gitops.presentation.language import catalogue, counted, digits, languages, spoken, t, within
from itsm_gitops.presentation.markup import words
from itsm_gitops.presentation.moments import day_and_month, day_title
from itsm_gitops.presentation.rulebook_words import in_language
from itsm_gitops.reports.measures import measure
from itsm_gitops.snapshots import WorkingTree, packaged_rulebook_root, read_rulebook

ASSETS = Path(__file__).resolve().parents[2] / "site/docs/assets"
COMMENT = re.compile(
    r"^[ \t]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n|/\*\*[^\n]*?\*/ ?| // .*$", re.MULTILINE
)
TEXT = r'"((?:[^"\\\n]|\\.)*)"'
SAID = (
    re.compile(rf"\bt\(\s*{TEXT}"),
    re.compile(rf"\bcounted\(\s*[^\"]+?,\s*{TEXT}"),
    re.compile(rf"\bcounted\(\s*[^\"]+?,\s*{TEXT},\s*{TEXT}"),
)
# What has the look of a word for people: it begins like a sentence, or has a place for a value.
PROSE = re.compile(r"[A-Z“„«][^A-Z]*[a-z]|[^$\\]*(?<!\$)\{\w+\}")
# Names of keys and such, which programs understand.
NAMES = {"Escape", "Enter", "Tab", "Home", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"}
# Words that reach the page without going through the catalogue.
UNSAID = re.compile(
    r"""(?:textContent = |append\(|aria-label", |placeholder = )[`"][^`"$]*[A-Za-z]{3}|element\("\w+", "[^"]*", (?:`|"[A-Z])[^`"$]*[a-z]{2}"""
)
SCRIPTS = sorted(ASSETS.glob("*.js"))
OTHERS = [language for language in languages() if language != "en"]


def test_german_and_french_are_there() -> None:
    assert {"en", "de", "fr"} <= set(languages())


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_places_of_the_english_text(language: str) -> None:
    for text, said in catalogue(language).items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", text)), text


def texts_of(script: str) -> set[str]:
    """What a script says to people: what it asks the catalogue for, and whatever looks like it."""
    code = COMMENT.sub("", script)
    said = {
        text
        for pattern in SAID
        for found in pattern.findall(code)
        for text in ([found] if isinstance(found, str) else found)
    }
    return said | {text for text in re.findall(TEXT, code) if PROSE.match(text)} - NAMES


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_text_of_a_script_is_translated(script: Path, language: str) -> None:
    assert sorted(texts_of(script.read_text(encoding="utf-8")) - catalogue(language).keys()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_no_script_shows_words_that_are_in_no_catalogue(script: Path) -> None:
    assert UNSAID.findall(COMMENT.sub("", script.read_text(encoding="utf-8"))) == []


def test_words_of_scripts_are_seen() -> None:
    code = """
      // t("In a comment")
      status.textContent = t("Said {what}", { what });
      const KEYS = [["/", "Search"]];
      counted(rows.length, "{count} day", "{count} days");
      at.append("Unsaid words", element("p", "it-x", "Plain"), `${n} more`);
    """
    assert texts_of(code) == {"Said {what}", "Search", "{count} day", "{count} days", "Unsaid words", "Plain"}
    assert len(UNSAID.findall(code)) == 2


def test_a_language_is_spoken_inside_its_block_only() -> None:
    with spoken("de"):
        assert t("Services") == "Services"
        assert counted(2, "{count} day", "{count} days") == "2 Tage"
    assert counted(1, "{count} day", "{count} days") == "1 day"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ItsmError, match="no words"), spoken("xx"):
        pass


def shown_words(node: Any, said: set[str]) -> set[str]:
    """The words of a schema or a life cycle that pages show: titles, names of fields, values, what is due."""
    if isinstance(node, list):
        for item in node:
            shown_words(item, said)
    if not isinstance(node, dict):
        return said
    said |= {
        node[key] for key in ("title", "plural_title", "inverse_title") if isinstance(node.get(key), str)
    }
    said |= {words(value) for value in node.get("enum", ()) if isinstance(value, str)}
    for duty in [node["x-due"]] if isinstance(node.get("x-due"), dict) else node.get("x-due", ()):
        said |= {d["message"] for d in (duty, duty.get("missing", {})) if "message" in d}
    properties = node.get("properties")
    if isinstance(properties, dict):
        said |= {words(name) for name in properties if not name.startswith("x-")}
    for key, value in node.items():
        if key != "form":  # its schema is about schemas, and no page shows it
            shown_words(value, said)
    return said


POLICY_WORDS = {"title", "lead", "note", "asks", "about", "gap", "source"}


def values_of(node: Any, names: set[str]) -> set[str]:
    """The texts of some keys of a policy."""
    if isinstance(node, list):
        return set().union(*(values_of(item, names) for item in node))
    if not isinstance(node, dict):
        return set()
    own = {v for k, v in node.items() if k in names and isinstance(v, str)}
    return own.union(*(values_of(v, names) for v in node.values()))


def rule_book_words() -> set[str]:
    """Everything of the rule book that the tool brings that pages show."""
    said: set[str] = set()
    folder = packaged_rulebook_root() / "schemas"
    for path in [*folder.glob("records/*.json"), *folder.glob("cmdb/*.json"), *folder.glob("*.json")]:
        schema = json.loads(path.read_text(encoding="utf-8"))
        if "x-itsm" in schema:
            said.add(schema["description"])
        schema.get("properties", {}).pop("form", None)
        shown_words(schema, said)
    for path in [*folder.glob("reports/*.yaml"), *folder.glob("policies/standards/*.yaml")]:
        said |= values_of(yaml.safe_load(path.read_text(encoding="utf-8")), POLICY_WORDS)
    for name in ("approvals", "risk"):
        policy = yaml.safe_load((folder / f"policies/{name}.yaml").read_text(encoding="utf-8"))
        said |= values_of(policy, {"why", "title", "question"})
    for path in [
        *folder.glob("workflows/*.yaml"),
        folder / "policies/links.yaml",
        folder / "policies/priority.yaml",
    ]:
        shown_words(yaml.safe_load(path.read_text(encoding="utf-8")), said)
    return {text for text in said if re.search(r"[A-Za-z]{2}", text)}


@pytest.mark.parametrize("language", OTHERS)
def test_the_rule_book_that_the_tool_brings_is_translated(language: str) -> None:
    assert sorted(rule_book_words() - catalogue(language).keys()) == []


# Where code names what it says: the place of the text among what is handed over.
SENTENCES = {"Phrase": (0,), "plural": (1, 2)}
REPORTED = {**SENTENCES, "Column": (1,), "Key": (1,), "Table": (1,), "ReportKind": (0, 1)}
SAYS = {
    **REPORTED,
    "t": (0,),
    "told": (0,),
    "counted": (1, 2),
    "chip": (0,),
    "section": (0,),
    "paragraph": (0,),
    "Crumb": (1,),
}
PAGES = Path(language_module.__file__).parent
PACKAGE = PAGES.parent


def texts_in(node: ast.expr, constants: Mapping[str, set[str]]) -> set[str]:
    """The texts that an expression can be: constants of the module are looked up, of two branches both count."""
    if isinstance(node, ast.IfExp):
        return texts_in(node.body, constants) | texts_in(node.orelse, constants)
    if isinstance(node, ast.Subscript):
        return texts_in(node.value, constants)
    if isinstance(node, ast.Name):
        return constants.get(node.id, set())
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def values_of_constant(node: ast.expr) -> Iterator[str]:
    """The texts of a constant: it is one, or a table with texts as its values."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from values_of_constant(value)
    elif isinstance(node, ast.IfExp):
        yield from values_of_constant(node.body)
        yield from values_of_constant(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def said_by(code: str, says: Mapping[str, Sequence[int]] = SAYS) -> set[str]:
    """The texts that a module hands over to be said, and the notes of its tables."""
    tree = ast.parse(code)
    constants = {
        target.id: set(values_of_constant(made.value))
        for made in ast.walk(tree)
        if isinstance(made, ast.Assign)
        for target in made.targets
        if isinstance(target, ast.Name) and (target.id.isupper() or target.id == "note")
    }
    texts: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in says:
            for place in (p for p in says[node.func.id] if p < len(node.args)):
                texts |= texts_in(node.args[place], constants)
            texts |= {x for k in node.keywords if k.arg == "note" for x in texts_in(k.value, constants)}
    return {text for text in texts if has_words(text)}


def has_words(text: str) -> bool:
    """Whether there is something to translate beside the places for values."""
    return bool(re.search(r"[A-Za-z]", re.sub(r"\{\w*\}", "", text)))


@pytest.mark.parametrize("language", OTHERS)
def test_what_pages_say_is_translated(language: str) -> None:
    modules = [p for p in sorted(PAGES.rglob("*.py")) if "handbook" not in p.name]
    said = set().union(*(said_by(p.read_text(encoding="utf-8")) for p in modules))
    assert len(said) > 300
    assert sorted(said - catalogue(language).keys()) == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_other_rooms_say_on_pages_is_translated(language: str) -> None:
    said = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        if "itsm_gitops.model.wording import" in code or path.parent.name == "reports":
            said |= said_by(code, REPORTED if path.parent.name == "reports" else SENTENCES)
    assert len(said) > 200
    assert sorted(said - catalogue(language).keys()) == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_figures_mean_is_translated(language: str) -> None:
    meant = [measure(f) for f in measured()]
    assert len(meant) > 40
    said = {text for one in meant for text in one}
    assert sorted(said - catalogue(language).keys()) == []


def measured() -> Iterator[Callable[..., Any]]:
    """The functions whose docstrings say what a figure means, and after whom."""
    for package in (reports, service_levels):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            for _, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and "\n    Source: " in (function.__doc__ or ""):
                    yield function


def test_what_pages_say_is_seen() -> None:
    code = """
FOUR = {"a": "Four"}
section("One", t("Two" if wide else "Three", count=1)) + counted(n, "{count} day", "{count} days") + f("no")
Phrase(FOUR[x]) + Phrase("{a}: {b}") + Table("no", "Five", note="Six" if rows else "")
"""
    said = {"One", "Two", "Three", "Four", "Five", "Six", "{count} day", "{count} days"}
    assert said_by(code) == said


def test_kinds_are_called_by_many_in_the_language_of_the_site() -> None:
    book = read_rulebook(WorkingTree(packaged_rulebook_root()))
    with spoken("de"):
        titles = [kind.plural_title for kind in by_title(in_language(book))]
    assert {"Server", "Ankündigungen", "Störungen", "Verträge"} <= set(titles)
    assert titles == sorted(titles, key=str.casefold)


@pytest.mark.parametrize(
    ("language", "day", "number", "within_a_sentence"),
    [
        ("en", "Sunday 1 November, 2 Nov", "1,234.5", "workaround"),
        ("de", "Sonntag, 1. November, 2. Nov.", "1.234,5", "Umgehungslösung"),
        ("fr", "dimanche 1er novembre, 2 nov.", "1\u202f234,5", "contournement"),
    ],
)
def test_days_numbers_and_nouns_are_written_as_in_the_language(
    language: str, day: str, number: str, within_a_sentence: str
) -> None:
    with spoken(language):
        assert f"{day_title(date(2026, 11, 1))}, {day_and_month(date(2026, 11, 2))}" == day
        assert digits(1234.5) == number
        assert within(words("workaround")) == within_a_sentence
        assert within("CAB") == "CAB"
