"""Escaping, prose and addresses: text from records never becomes anything but text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itsm_gitops.presentation import handbook, prose
from itsm_gitops.presentation.markup import Html, esc, external, link, safe_url, shorten, visible, words
from itsm_gitops.snapshots import packaged_rulebook_root

ELEMENTS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

# What the site itself puts around a table.
OWN = {"div": "it-scroll", "table": "it-plain"}


class Reader(HTMLParser):
    """Collects elements, attributes and text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def resolve(identifier: str) -> Html | None:
    return link("x.html", esc(identifier)) if identifier == "INC-261120-AAAAA" else None


def assert_harmless(html: str) -> None:
    for tag, attributes in Reader(html).elements:
        if attributes == {"class": OWN.get(tag)}:
            continue
        assert tag in ELEMENTS
        assert set(attributes) <= ({"href", "rel", "class"} if tag == "a" else {"start", "class"})
        address = attributes.get("href") or ""
        assert not address.lower().startswith(("javascript", "data", "vbscript"))


@given(st.text())
def test_escaped_text_has_no_markup_and_reads_the_same(text: str) -> None:
    shown = esc(text)
    assert not set(shown) & set("<>\"'\x01")
    assert Reader(shown).text.replace("\r", "\n") == visible(text).replace("\r", "\n")


@pytest.mark.parametrize(
    "character", ["\x01", "\x1b", "\u202e", "\u200b", "\ufeff", "\u2028", "\x85", "\xad"]
)
def test_invisible_characters_are_made_visible(character: str) -> None:
    assert esc(f"a{character}b") == "a\ufffdb"


def test_hostile_prose_is_harmless() -> None:
    from sample_site import HOSTILE

    for text in HOSTILE:
        html = prose.render(text, resolve)
        assert_harmless(html)


@given(
    st.text(
        alphabet=st.sampled_from(list("<>[]()!*_`~|#-+.:/\\\"'&;{}%\n \tajscriptINC-261120A")), max_size=120
    )
)
def test_any_prose_is_harmless(text: str) -> None:
    assert_harmless(prose.render(text, resolve))


def test_plain_prose_is_cut_into_paragraphs_with_identifiers_linked() -> None:
    html = prose.render("See INC-261120-AAAAA.\nAnd INC-261120-ZZZZZ\n\nNext & last", resolve)
    assert html == (
        "<p>See <a href=\x01x.html>INC-261120-AAAAA</a>.\nAnd INC-261120-ZZZZZ</p>\n<p>Next &amp; last</p>"
    )


def test_a_table_scrolls_by_itself() -> None:
    html = prose.render("| a |\n|---|\n| b |\n\n`<table>`", resolve)
    assert html.startswith('<div class="it-scroll"><table class="it-plain">')
    assert html.count("</table></div>") == html.count("<div") == 1
    assert "&lt;table&gt;" in html


def test_markdown_is_rendered_and_identifiers_in_code_and_links_stay() -> None:
    html = prose.render(
        "# Big\n\n- **one** INC-261120-AAAAA\n- `INC-261120-AAAAA`\n\n[INC-261120-AAAAA](https://a.example/)",
        resolve,
    )
    assert "<h3>Big</h3>" in html
    assert "<strong>one</strong>" in html
    assert html.count("\x01x.html") == 1
    assert '<a href="https://a.example/" rel="noopener noreferrer nofollow">INC-261120-AAAAA</a>' in html


def test_fast_and_slow_way_agree_on_plain_text() -> None:
    text = "One line.\nAnother; with 'quotes', \"more\" and 3.5 %.\n\nLast."
    fast, slow = prose._plain(text, resolve), prose._marked(text, resolve)
    assert Reader(fast).text.split() == Reader(slow).text.split()
    assert [t for t, _ in Reader(fast).elements] == [t for t, _ in Reader(slow).elements]


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("Do:\n\n- this", "ul"),
        ("  + this", "ul"),
        ("Then:\n1. this", "ol"),
        ("Title\n=====", "h3"),
        ("    code", "pre"),
        ("Log:\n\n\tcode", "pre"),
        ("one  \ntwo", "br"),
        ("a *word*", "em"),
        ("<https://example.org>", "a"),
    ],
)
def test_every_kind_of_markup_is_seen(text: str, element: str) -> None:
    assert element in {tag for tag, _ in Reader(prose.render(text, resolve)).elements}


@pytest.mark.parametrize("text", ["It was 5.", 'a - b\n at 10:14, it\'s "up"', "one \ntwo", "s3://bucket\n"])
def test_what_only_looks_like_markup_is_a_paragraph(text: str) -> None:
    read = Reader(prose.render(text, resolve))
    assert [tag for tag, _ in read.elements] == ["p"]
    assert read.text == text.strip()


def test_long_prose_is_cut() -> None:
    html = prose.render("word " * 10_000, resolve)
    assert len(html) < prose.LONGEST + 200
    assert "the file has the rest" in html


@pytest.mark.parametrize(
    "address", ["https://a.example/x?y=1#z", "http://a.example", "mailto:desk@a.example"]
)
def test_safe_addresses_become_links(address: str) -> None:
    assert safe_url(address) == address
    assert external(address, Html("x")).startswith('<a href="')


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "//a.example", "https://u:p@a.example/", "x",
     'https://a.example/" onclick=', "https://a.example/\x01", "java\nscript:x", "file:///etc/passwd", 3, None],
)  # fmt: skip
def test_other_addresses_stay_text(address: object) -> None:
    assert safe_url(address) == ""
    assert external(address, Html("x")) == "x"  # type: ignore[arg-type]


def test_links_inside_the_site_are_quoted() -> None:
    assert link('a"b<c>.html', Html("x")) == '<a href="\x01a%22b%3Cc%3E.html">x</a>'


def test_words_and_shorten() -> None:
    assert words("in_progress") == "In progress"
    assert words("cause_ci") == "Cause CI"
    assert words("") == ""
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 4) == "abc"


@given(st.text(max_size=60))
def test_text_in_the_handbook_is_shown_as_it_is(text: str) -> None:
    import markdown

    shown = markdown.markdown(f"x {handbook.md(text)} y", extensions=["tables", "attr_list"])
    reader = Reader(shown)
    assert [t for t, _ in reader.elements] == ["p"]
    assert reader.text.split() == ["x", *visible(text).split(), "y"]


def test_code_in_the_handbook_cannot_leave_its_fence() -> None:
    text = "a\n```\n<script>\n````\nb"
    assert handbook.code(text).startswith("`````\n")


def test_every_rule_of_the_style_sheet_ends() -> None:
    """A brace that is lost in a merge silently swallows everything below it."""
    text = re.sub(
        r"/\*.*?\*/",
        "",
        (packaged_rulebook_root() / "site/docs/assets/itsm.css").read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    opened: list[bool] = []  # whether each open block is that of an at-rule, which may hold others
    for number, line in enumerate(text.splitlines(), 1):
        at_rule = line.lstrip().startswith("@")
        assert all(opened) or not at_rule, f"line {number}: an at-rule inside a rule"
        for place, brace in enumerate(c for c in line if c in "{}"):
            if brace == "{":
                opened.append(at_rule and place == 0)
            else:
                assert opened, f"line {number}: a brace too many"
                opened.pop()
    assert not opened
