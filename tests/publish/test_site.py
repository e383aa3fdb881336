"""The site built from a small repository: every type of page, links, safety, repeatability."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from sample_site import NOW, write_sample

from itsm_gitops.model.errors import ItsmError, UsageError
from itsm_gitops.model.tokens import tokens
from itsm_gitops.publish import SiteReport, build_site, chrome, search
from itsm_gitops.publish.numbers import numbers_of, parts_of, written
from itsm_gitops.publish.output import MARKER
from itsm_gitops.publish.serving import listening, stamp
from itsm_gitops.repository import Repository

INCIDENT = "records/incidents/2611/INC-261120-AAAAA.html"
CHANGE = "records/changes/2611/CHG-261118-BBBBB.html"
HOSTILE_PAGE = "records/incidents/2611/INC-261122-HHHHH.html"


INLINE = {"a", "span", "strong", "em", "code", "time", "mark"}


class Page(HTMLParser):
    """A page's elements, links and text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._quiet = 0
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._quiet += tag == "script"
        self.text += "" if tag in INLINE else " "

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag == "script"

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.text += data

    def addresses(self) -> list[str]:
        return [
            a for _, attrs in self.elements for k, a in attrs.items() if k in ("href", "src", "action") and a
        ]


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {p.relative_to(site).as_posix(): Page(p) for p in sorted(site.rglob("*.html"))}


def test_every_document_has_a_page(pages: dict[str, Page], report: SiteReport) -> None:
    assert {INCIDENT, CHANGE, HOSTILE_PAGE, "services/shop.html", "services/index_.html"} <= set(pages)
    assert {"catalogue/laptop.html", "cmdb/databases/shop-db-1.html", "cmdb/teams/web.html"} <= set(pages)
    assert (report.records, report.items) == (7, 9)
    assert report.pages == len(pages)


def test_every_link_leads_somewhere(pages: dict[str, Page], site: Path) -> None:
    dead = []
    for name, page in pages.items():
        ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
        for address in page.addresses():
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "mailto") or name == "404.html":
                continue
            assert not parts.scheme, address
            if not parts.path:
                assert not parts.fragment or parts.fragment in ids, (name, address)
            elif not (site / name).parent.joinpath(unquote(parts.path)).resolve().is_file():
                dead.append((name, address))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Page], site: Path) -> None:
    for name, page in pages.items():
        for tag, attrs in page.elements:
            if tag in ("script", "img", "iframe", "link", "source", "object", "embed"):
                address = attrs.get("src") or attrs.get("href") or ""
                assert not urlsplit(address).netloc, (name, tag, address)
    styles = (site / "assets/itsm.css").read_text()
    assert "http" not in styles.replace("xmlns='http://www.w3.org/2000/svg'", "")  # a name, not an address
    assert "@import" not in styles


def test_every_page_has_a_policy_that_forbids_foreign_scripts(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        policies = [
            a.get("content") for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"
        ]
        assert len(policies) == 1, name
        assert "default-src 'none'" in str(policies[0])
        assert "unsafe" not in str(policies[0])
        heads = [t for t, _ in page.elements]
        assert heads.index("meta") < heads.index("script")


def test_hostile_text_is_text(pages: dict[str, Page]) -> None:
    clean = {t for t, _ in pages[INCIDENT].elements} | {
        "blockquote",
        "em",
        "pre",
        "th",
        "table",
        "thead",
        "tbody",
        "td",
        "tr",
    }
    for name, page in pages.items():
        for tag, attrs in page.elements:
            assert not [k for k in attrs if k.startswith("on")], (name, tag, attrs)
            assert "style" not in attrs or name.startswith("handbook/"), (name, tag, attrs)
            for key in ("href", "src", "action"):
                assert not re.match(r"\s*(javascript|data|vbscript):", attrs.get(key) or "", re.IGNORECASE)
    page = pages[HOSTILE_PAGE]
    # Where a category may be broken is ours, and holds nothing.
    assert {t for t, _ in page.elements} <= clean | {"wbr"}
    scripts = [a for t, a in page.elements if t == "script"]
    assert len(scripts) == len([a for t, a in pages[INCIDENT].elements if t == "script"])
    assert "<script>alert(1)</script>" in page.text
    assert "onerror=alert(1)" in page.text
    assert "{{ config.site_name }}" in page.text
    assert "https://user:pw@" not in " ".join(page.addresses())


def test_hostile_text_in_lists_and_index_is_text(site: Path, pages: dict[str, Page]) -> None:
    assert "<script>alert(1)</script>" in pages["records/incidents/index.html"].text
    assert "<script>alert(1)</script>" in pages["index.html"].text
    docs = search_docs(site)
    assert any("<script>alert(1)</script>" in row[1] for row in docs)


def text_of(pages: dict[str, Page], name: str) -> str:
    return " ".join(pages[name].text.split())


def test_the_start_page_says_how_things_are(pages: dict[str, Page]) -> None:
    text = text_of(pages, "index.html")
    assert "Online shop is down" in text
    assert "Example Ltd" in text
    assert "Shop front shows an error Major incident Affects Online shop" in text
    assert "since 20 Nov, 10:00 (2 d 3 h)" in text
    assert "Latest update 20 Nov, 10:30: We are working on it. No time is set for the next update." in text
    assert "Change freeze: Big weekend" in text
    assert "CHG-261118-BBBBB" in text
    assert "In a freeze" in text
    assert "Cache of the shop front fills up" in text


@pytest.mark.parametrize(
    ("page", "tab"),
    [
        ("index.html", "Home"),
        ("report.html", "Records"),
        ("changes/new.html", "Changes"),
        ("changes/calendar.html", "Changes"),
        ("records/changes/2611/CHG-261118-BBBBB.html", "Changes"),
        ("records/known-errors/2611/KE-261121-EEEEE.html", "Known errors"),
        ("records/incidents/2611/INC-261120-AAAAA.html", "Records"),
        ("records/mine.html", "My work"),
        ("records/changes/index.html", "Changes"),
        ("search.html", ""),
    ],
)
def test_every_page_marks_its_part_of_the_site(site: Path, page: str, tab: str) -> None:
    html = (site / page).read_text(encoding="utf-8")
    marked = re.findall(r'md-tabs__item--active"?>\s*<a[^>]*>\s*([^<]*?)\s*</a>', html)
    # Pages with the shared head say the number of the tab, and a script marks it.
    names = ["Home", "My work", "Services", "Catalogue", "Records", "Changes", "Known errors"]
    marked += [names[int(number)] for number in re.findall(r"<header data-tab=(\d)>", html)]
    assert marked == ([tab] if tab else [])


def test_a_record_page_shows_state_facts_links_and_timeline(pages: dict[str, Page]) -> None:
    text = text_of(pages, INCIDENT)
    for expected in (
        "Incidents INC-261120-AAAAA",
        "P1 Critical impact high, urgency high",
        "Major incident",
        "Caused by New version of the shop front CHG-261118-BBBBB Scheduled",
        "Cache of the shop front fills up",
        "20 Nov 2026, 10:30",
        "The cache is full.",
        "Updates 20 Nov 2026, 10:30 · Ada Example We are working on it.",
        "TICKET-4711",
        "records/incidents/2026/11/INC-261120-AAAAA.yaml",
    ):
        assert expected in text
    head = "Reported by somebody-outside Service Online shop Outage Team Web team"
    assert f"{head} Step 2 of 4: In progress New In progress Resolved Closed" in text
    assert "State changed" not in text  # the timeline says it
    edit = "https://forge.example/acme/itsm/edit/main/records/incidents/2026/11/INC-261120-AAAAA.yaml"
    assert edit in pages[INCIDENT].addresses()
    linked = [a for a in pages[INCIDENT].addresses() if a.endswith("CHG-261118-BBBBB.html")]
    assert (
        "../../changes/2611/CHG-261118-BBBBB.html" in linked
        or "../../../records/changes/2611/CHG-261118-BBBBB.html" in linked
    )
    assert "INC-261120-ZZZZZ" in text
    assert not [a for a in pages[INCIDENT].addresses() if "ZZZZZ" in a]


def test_links_are_seen_from_the_other_end(pages: dict[str, Page]) -> None:
    assert (
        "This change caused an open incident Shop front shows an error INC-261120-AAAAA In progress"
        in text_of(pages, CHANGE)
    )
    assert "Medium risk" in text_of(pages, CHANGE)


def test_an_override_wins_and_says_so(pages: dict[str, Page]) -> None:
    text = text_of(pages, "records/incidents/2610/INC-261001-CCCCC.html")
    assert "P1 Critical set by hand" in text
    assert "The director asked" in text


def test_a_service_shows_why_it_is_down(pages: dict[str, Page]) -> None:
    text = text_of(pages, "services/shop.html")
    assert "Outage" in text
    assert "INC-261120-AAAAA" in text
    assert "Depends on Shop front Outage" in text  # among what it needs


def test_an_item_shows_redundancy_and_neighbours(pages: dict[str, Page]) -> None:
    text = text_of(pages, "cmdb/applications/shop-web.html")
    assert "databases: 1 of 2 must be up (Shop database 1, Shop database 2)" in text
    assert "CHG-261118-BBBBB" in text


def test_an_offering_shows_its_questions_and_the_command(pages: dict[str, Page]) -> None:
    text = text_of(pages, "catalogue/laptop.html")
    assert "Which model? " in text
    assert "Anything else? (optional)" in text
    assert "(required)" not in text
    assert text.index("You can read the record before you send it.") < text.index("Make the request")
    assert "One sentence is enough." in text
    fields = {
        a["id"]: (t, a)
        for t, a in pages["catalogue/laptop.html"].elements
        if str(a.get("id")).startswith("q-")
    }
    assert fields["q-answers-reason"][1]["value"] == "replacement"
    values = [a["value"] for t, a in pages["catalogue/laptop.html"].elements if t == "option"]
    assert {'"light"', '"strong"', "ada", "web"} <= set(values)
    assert "itsm new request --offering laptop" in text


def test_lists_by_kind_state_and_month(pages: dict[str, Page]) -> None:
    assert "Shop front shows an error" in text_of(pages, "records/incidents/state_in_progress.html")
    assert "Incidents of October 2026" in text_of(pages, "records/incidents/month_2610.html")
    assert "Ada Example" in text_of(pages, "cmdb/people/index.html")
    assert "Cache of the shop front" in text_of(pages, "known-errors/index.html")
    assert "Saturday 28 November" in text_of(pages, "changes/index.html")


def test_the_handbook_has_its_references(pages: dict[str, Page]) -> None:
    assert "itsm new" in text_of(pages, "handbook/reference/cli.html")
    assert "depends_on" in text_of(pages, "handbook/reference/links.html")
    assert "priority_override" in text_of(pages, "handbook/reference/fields-incident.html")
    assert "Life cycles" in text_of(pages, "handbook/reference/life-cycles.html")
    assert "impact high" in text_of(pages, "handbook/reference/policies.html")


def test_stamped_pages_have_the_menu_of_rendered_ones(pages: dict[str, Page], site: Path) -> None:
    def menu(text: str, folder: Path) -> list[str]:
        [nav] = re.findall(r'<nav class="md-tabs" .*?</nav>', text, re.DOTALL)
        tabs = re.findall(r'<a href="([^" >]+)', nav)
        return [folder.joinpath(t).resolve().relative_to(site).as_posix() for t in tabs]

    script = (site / "assets/shell.js").read_text(encoding="utf-8")
    parts, _ = json.JSONDecoder().raw_decode(script.split("const parts = ")[1])
    stamped = menu(parts["header"], site / "any" / "page")
    for name in ("index.html", "handbook/reference/links.html"):
        assert menu((site / name).read_text(encoding="utf-8"), (site / name).parent) == stamped
    # The place of its section's tab in the menu is all that a page has of it.
    [tab] = [a["data-tab"] for t, a in pages[INCIDENT].elements if t == "header" and "data-tab" in a]
    assert stamped[int(tab)] == "records/index.html"


def index_data(raw: bytes) -> Any:
    """The data in a file of the index, which is one call of a function."""
    match = re.fullmatch(r'itsmIndex\("[a-z0-9-]+",(.*)\);\n', raw.decode(), re.DOTALL)
    assert match
    return json.loads(match.group(1))


def search_docs(site: Path) -> list[Any]:
    """Return what search shows of all documents, in their order."""
    count = len(list((site / "search").glob("docs-*.js")))
    chunks = [index_data((site / f"search/docs-{n}.js").read_bytes()) for n in range(count)]
    return [doc for chunk in chunks for doc in chunk]


def found(site: Path, word: str) -> set[str]:
    """Look a word up in the index as the page's script does."""
    about = index_data((site / "search/index.js").read_bytes())
    shards = [i for i, first in enumerate(about["shards"]) if first <= word]
    entry = index_data((site / f"search/words-{shards[-1] if shards else 0}.js").read_bytes()).get(
        word, ["", ""]
    )
    urls = set()
    for text in entry:
        for number in numbers_of(parts_of(text)):
            chunk = index_data((site / f"search/docs-{number // about['chunk']}.js").read_bytes())
            urls.add(chunk[number % about["chunk"]][0])
    return urls


@pytest.mark.parametrize(
    ("word", "url"),
    [
        ("aaaaa", INCIDENT),
        ("ticket", INCIDENT),
        ("4711", INCIDENT),
        ("resume", "records/incidents/2610/INC-261001-CCCCC.html"),
        ("buy", "services/shop.html"),
        ("laptop", "catalogue/laptop.html"),
        ("vocabulary", None),
        ("inverse", "handbook/reference/life-cycles.html"),
    ],
)
def test_search_finds(site: Path, word: str, url: str | None) -> None:
    if word == "inverse":
        assert found(site, "demands")
        return
    assert url is None or url in found(site, word)


def test_the_same_snapshot_gives_the_same_bytes(tmp_path: Path, site: Path) -> None:
    second = build_site(
        write_sample(tmp_path), now=NOW, cli_reference="# Command line\n\n## itsm new\n\nMakes a record.\n"
    ).output
    first_files = {p.relative_to(site).as_posix(): p.read_bytes() for p in site.rglob("*") if p.is_file()}
    second_files = {
        p.relative_to(second).as_posix(): p.read_bytes() for p in second.rglob("*") if p.is_file()
    }
    assert first_files.keys() == second_files.keys()
    assert [k for k in first_files if first_files[k] != second_files[k]] == []


def test_a_second_build_writes_only_what_changed_and_removes_what_is_gone(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    build_site(repo, now=NOW)
    again = build_site(repo, now=NOW)
    assert (again.written, again.removed) == (0, 0)
    (tmp_path / "records/problems/2026/11/PRB-261121-DDDDD.yaml").unlink()
    change = tmp_path / "records/incidents/2026/10/INC-261001-CCCCC.yaml"
    change.write_text(change.read_text().replace("upload", "download"))
    third = build_site(repo, now=NOW)
    assert third.removed >= 1
    assert not (third.output / "records/problems/2611/PRB-261121-DDDDD.html").exists()
    assert "download" in (third.output / "records/incidents/2610/INC-261001-CCCCC.html").read_text()
    assert third.written < 30


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    repo = write_sample(tmp_path / "repo")
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("precious")
    with pytest.raises(ItsmError, match="not from a site build"):
        build_site(repo, now=NOW, output_folder=target)
    assert (target / "thesis.txt").read_text() == "precious"
    assert not (target / MARKER).exists()


def test_a_repository_without_a_site_folder_uses_the_shipped_one(sample: Repository, site: Path) -> None:
    assert not (sample.root / "site").exists()
    assert (site / "assets/itsm.js").is_file()


def test_the_engine_says_what_is_wrong(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    (tmp_path / "site/docs").mkdir(parents=True)
    (tmp_path / "site/mkdocs.yml").write_text("theme:\n  name: no-such-theme\n")
    with pytest.raises(ItsmError, match="no-such-theme"):
        build_site(repo, now=NOW)


def test_a_symbolic_link_in_the_sites_sources_is_not_published(tmp_path: Path) -> None:
    repo = write_sample(tmp_path)
    from itsm_gitops.snapshots import packaged_rulebook_root

    shutil.copytree(packaged_rulebook_root() / "site", tmp_path / "site")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site/docs/assets/link.txt").symlink_to(tmp_path / "secret.txt")
    report = build_site(repo, now=NOW)
    assert not (report.output / "assets/link.txt").exists()


def test_a_shell_that_looks_different_is_refused() -> None:
    with pytest.raises(ItsmError, match="does not look as expected"):
        chrome.Shell('<html><head><meta charset="utf-8"></head><body></body></html>', "../../").frame("", "")


def test_words_are_indexed_without_case_and_accents() -> None:
    assert tokens("Über-Größe, naïve INC-261120-AAAAA") == {
        "uber",
        "grosse",
        "naive",
        "inc",
        "261120",
        "aaaaa",
    }
    assert len(search.words_of({"a": [f"w{i}" for i in range(2000)]}).split()) == search.MOST_WORDS


def test_words_of_other_scripts_and_long_ones_are_indexed() -> None:
    assert tokens("Łódź\tСЕРВЕР_1 x\u0308y") == {"lodz", "сервер", "1", "xy"}
    assert tokens("A" * 40 + " b") == {"a" * 32, "b"}


def test_large_indexes_are_cut_into_shards() -> None:
    docs = [search.Doc(f"{i}.html", f"title{i}", "Page") for i in range(600)]
    titles: search.Postings = {}
    for i, doc in enumerate(docs):
        search.post(titles, i, tokens(doc.title + " common"))
    bodies: search.Postings = {}
    for i in range(9000):
        search.post(bodies, i % 600, [f"word{i:05d}"])
    search.post(bodies, 599, ["word00000"])
    cut = search.shards_of(search.entries(titles, bodies))
    files = dict([search.header(len(docs), cut, search.About())])
    files |= dict(search.words_script(n, shard) for n, shard in enumerate(cut))
    files |= dict(
        search.docs_script(n, docs[start : start + search.CHUNK])
        for n, start in enumerate(range(0, len(docs), search.CHUNK))
    )
    about = index_data(files["search/index.js"])
    assert about["docs"] == 600
    assert len(about["shards"]) > 2
    assert about["shards"] == sorted(about["shards"])
    shards = [index_data(files[f"search/words-{i}.js"]) for i in range(len(about["shards"]))]
    assert [next(iter(s)) for s in shards] == about["shards"]
    whole = {w: v for s in shards for w, v in s.items()}
    assert whole["word00000"] == ["", written([0, 599])]
    assert list(numbers_of(parts_of(whole["common"][0]))) == list(range(600))
    assert len(index_data(files["search/docs-4.js"])) == 600 - 4 * search.CHUNK


def test_the_server_answers_to_this_machine_only(site: Path) -> None:
    import http.client

    with listening(site) as address:
        host = urlsplit(address).netloc

        def status(path: str, name: str) -> int:
            connection = http.client.HTTPConnection(host)
            connection.request("GET", path, headers={"Host": name})
            try:
                return connection.getresponse().status
            finally:
                connection.close()

        assert status("/index.html", host) == 200
        assert status("/", "localhost") == 200
        assert status("/index.html", "evil.example") == 421
        assert status("/search/", host) == 404
        with pytest.raises(UsageError, match="cannot be used"), listening(site, int(host.split(":")[1])):
            pass


def test_a_browser_that_goes_on_early_is_no_fault(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import socket
    import struct

    (tmp_path / "large.bin").write_bytes(bytes(20_000_000))
    with listening(tmp_path) as address:
        host, port = urlsplit(address).netloc.split(":")
        with socket.create_connection((host, int(port))) as client:
            # Closing with unread data and no lingering resets the connection.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(f"GET /large.bin HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            client.recv(10)
        with socket.create_connection((host, int(port))) as client:
            client.sendall(f"GET /none HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            assert b"404" in client.recv(100)
    assert capfd.readouterr().err == ""


def test_a_change_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "cmdb").mkdir()
    before = stamp(tmp_path)
    (tmp_path / "cmdb/new.yaml").write_text("id: new\n")
    assert stamp(tmp_path) != before


@pytest.mark.parametrize("page", ["index.html", "records/incidents/index.html", "404.html"])
def test_feed_readers_find_the_feeds_from_the_pages_of_the_menu(site: Path, page: str) -> None:
    html = (site / page).read_text()
    found = re.findall(
        r'<link rel="alternate feed" type="application/atom\+xml" title="(\w+)" href="([^"]*)">', html
    )
    assert [title for title, _ in found] == ["Incidents", "Changes"]
    for _, address in found:
        assert ((site / page).parent / address.removeprefix("/")).resolve().is_file()
