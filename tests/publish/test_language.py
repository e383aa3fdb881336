"""The words of the site's languages: complete for what scripts say, and with the same places for values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from itsm_gitops.model.errors import ItsmError
from itsm_gitops.publish.language import catalogue, counted, languages, spoken, t

ASSETS = Path(__file__).resolve().parents[2] / "site/docs/assets"
CALL = re.compile(r'\bt\(\s*"((?:[^"\\\n]|\\.)*)"')
OTHERS = [language for language in languages() if language != "en"]


def test_german_and_french_are_there() -> None:
    assert {"en", "de", "fr"} <= set(languages())


@pytest.mark.parametrize("language", OTHERS)
def test_translations_have_the_places_of_the_english_text(language: str) -> None:
    for text, said in catalogue(language).items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", text)), text


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_a_script_is_translated(language: str) -> None:
    texts = {m for path in ASSETS.glob("*.js") for m in CALL.findall(path.read_text(encoding="utf-8"))}
    assert texts
    assert sorted(texts - catalogue(language).keys()) == []


def test_a_language_is_spoken_inside_its_block_only() -> None:
    with spoken("de"):
        assert t("Services") == "Services"
        assert counted(2, "{count} day", "{count} days") == "2 Tage"
    assert counted(1, "{count} day", "{count} days") == "1 day"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(ItsmError, match="no words"), spoken("xx"):
        pass
