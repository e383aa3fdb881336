"""The pages of a German and a French site have no English words of ours.

Every value of the site's documents is a word found nowhere else. So each other word on a page is ours, and must be one
that the catalogue of the language uses: an English word that is glued to others, or not translated, is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from canary_site import CHOSEN, write_canaries
from page_texts import texts_of
from sample_site import NOW

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.presentation.language import catalogue
from itsm_gitops.publish import build_site
from itsm_gitops.repository import Repository

WORD = re.compile(r"[^\W\d_]{2,}")
# What is no word of ours: values of documents (also cut ones), identifiers, filters and files that are quoted.
NO_WORD = re.compile(
    r"[Cc]anary\d*x?(?: after)?|[A-Z]{2,6}-\w*-[HS]\d*|„.*?“|«.*?»|\S+[/@]\S+|\w+…|(?<!\w)[a-z]+(?:-[a-z]+)+(?!\w)|(?<!\w)[A-Z]{2,}\d*(?!\w)|1er"
)
CHOICES = {str(v) for chosen in CHOSEN.values() for v in chosen.values()} | {
    "internal",
    "added later",
    "gadgets",
    "withheld",
    "UTC",
}
# The engine brings these.
THEIRS = {
    "de": "Kopfzeile Hauptnavigation Navigation Inhaltsverzeichnis Zurück zum Seitenanfang Fußzeile Weiter",
    "fr": "En-tête Onglets Navigation Table des matières Retour en haut de la page Pied Précédent Suivant",
}


class Spoken(NamedTuple):
    """A site in a language."""

    language: str
    folder: Path


# Each for another audience, so that the start pages of users are among them.
@pytest.fixture(scope="module", params=[("de", "internal"), ("fr", "staff")], ids=["de", "fr"])
def spoken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    language, audience = request.param
    root = tmp_path_factory.mktemp(language)
    write_canaries(root)
    (root / "itsm.yaml").write_text(
        f"version: 1\norganisation: canary1x\nsite:\n  name: canary2x\n  language: {language}\n",
        encoding="utf-8",
    )
    made = build_site(Repository.open(root), audience=audience, reporter=SnapshotReporter(), now=NOW)
    return Spoken(language, made.output)


def known_words(language: str) -> set[str]:
    texts = [*catalogue(language).values(), *CHOICES, THEIRS[language]]
    return {word.lower() for text in texts for word in WORD.findall(text)}


def unknown_words(site: Spoken) -> Iterator[tuple[str, str, str]]:
    """The words of pages that are not of the language: the page, the word, its text. Each word once."""
    known = known_words(site.language)
    for path in sorted(site.folder.rglob("*.html")):
        for text in texts_of(path.read_text(encoding="utf-8")):
            for word in WORD.findall(NO_WORD.sub(" ", text)):
                if word.lower() not in known:
                    known.add(word.lower())
                    yield path.relative_to(site.folder).as_posix(), word, text[:120]


def test_every_word_of_a_page_is_of_its_language(spoken: Spoken) -> None:
    assert list(unknown_words(spoken)) == []


def test_an_english_word_would_be_found(spoken: Spoken, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<html lang=de><p>canary3x wherever<p lang="en">hidden</p><p title="canary4x altogether">',
        encoding="utf-8",
    )
    found = [word for _, word, _ in unknown_words(Spoken(spoken.language, tmp_path))]
    assert found == ["wherever", "altogether"]


def test_the_handbook_says_that_it_is_in_english(spoken: Spoken) -> None:
    page = (spoken.folder / "handbook/index.html").read_text(encoding="utf-8")
    note = catalogue(spoken.language)["The handbook is in English."]
    assert f'id="it-main" lang="en"><p class=it-muted lang={spoken.language}>{note}</p>' in page
