"""Forms of the site in a real browser: what they make is a record that the checker accepts."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import PHONE, Guard, axe_source, serious_faults, switch_to_dark
from form_site import write_form_site
from sample_site import HOSTILE, NOW

from itsm_gitops import documents
from itsm_gitops.documents import chars
from itsm_gitops.model import joiners
from itsm_gitops.publish import build_site
from itsm_gitops.publish.serving import listening
from tests.support import GitRepo, run_here

pytestmark = pytest.mark.browser

OFFERING = "catalogue/everything.html"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitRepo, Path]:
    return write_form_site(tmp_path_factory.mktemp("forms") / "repo")


@pytest.fixture(scope="module")
def address(built: tuple[GitRepo, Path]) -> Iterator[str]:
    with listening(built[1]) as found:
        yield found


@pytest.fixture
def repo(built: tuple[GitRepo, Path]) -> Iterator[GitRepo]:
    """The repository, without the records that a test filed in it."""
    yield built[0]
    built[0].git("clean", "-fdq", "--", ".")


@pytest.fixture
def open_form(guard: Guard, address: str) -> Callable[..., Any]:
    """Open a page with a form and wait until its script is there."""

    def opened(url: str, **options: Any) -> Any:
        page = guard.open(address, url, **options)
        page.wait_for_selector(".it-form [type=submit]:not([disabled])")
        return page

    return opened


def part(page: Any, name: str) -> str:
    return str(page.locator(f"[data-part={name}]").text_content())


def fill_required(page: Any) -> None:
    page.get_by_label("Which model?").select_option("light")
    page.get_by_label("Number on its label").fill("HP-3207")
    page.get_by_label("Why do you need it?").fill("The old one is broken.")
    page.get_by_label("Files").check()
    page.get_by_label("From which day?").fill("2026-12-01")
    page.get_by_label("Who asks for it?").fill("ada")


def make(page: Any) -> dict[str, Any]:
    """Press the button and return the record as the project's own loader reads it."""
    page.locator(".it-form [type=submit]").click()
    page.locator(".it-made").wait_for()
    loaded = documents.load(part(page, "text").encode())
    assert not loaded.problems
    assert isinstance(loaded.data, dict)
    return loaded.data


def file_and_check(page: Any, repo: GitRepo) -> None:
    """Put the record where the page says; the checker must have nothing to say of it."""
    repo.write(part(page, "path"), part(page, "text"))
    checked = run_here(["check"], repo.root)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert part(page, "id") not in checked.stdout


def test_every_kind_of_answer_arrives_and_the_record_is_valid(
    open_form: Callable[..., Any], repo: GitRepo
) -> None:
    page = open_form(OFFERING)
    fill_required(page)
    page.get_by_label("Which model?").select_option('it\'s "strong"')
    page.get_by_label("Which size?").select_option("15")
    page.get_by_label("Why do you need it?").fill('First: "a"\n\n  - it\'s\n# no: comment')
    page.get_by_label("How many?").fill("3")
    page.get_by_label("Which share?").fill("0,5")
    page.get_by_label("Mail").check()
    page.get_by_label("Who owns it?").fill("ada\n\n  no \nweb: x")
    page.get_by_label("At which moment?").fill("2026-12-01T09:30")
    page.get_by_label("Which page?").fill("https://example.org/?a=b#c")
    page.get_by_label("Which address?").fill("ada@example.org")
    page.get_by_label("No", exact=True).check()
    page.get_by_label("misleads").fill("yes")
    page.get_by_label("Anything else?").fill("One line")
    found = make(page)
    assert found["answers"] == {
        "model": 'it\'s "strong"',
        "size": 15,
        "number": "HP-3207",
        "reason": 'First: "a"\n\n  - it\'s\n# no: comment',
        "count": 3,
        "share": 0.5,
        "systems": ["Files", "Mail"],
        "owners": ["ada", "no", "web: x"],
        "when": "2026-12-01",
        "moment": "2026-12-01T08:30:00Z",  # 9:30 in Berlin, wherever its reader is
        "page": "https://example.org/?a=b#c",
        "mail": "ada@example.org",
        "outside": False,
        "yes": "yes",
    }
    assert (found["title"], found["offering"], found["origin"]) == (
        "Everything there is",
        "everything",
        "portal",
    )
    assert re.fullmatch(r"REQ-\d{6}-[0-9A-HJKMNP-TV-Z]{5}", found["id"])
    assert found["timeline"] == [{"at": found["timeline"][0]["at"], "by": "ada", "state": "submitted"}]
    assert part(page, "path") == repo.repo.book.path_for(repo.repo.book.kind("request"), found["id"])

    file_and_check(page, repo)

    words = shlex.split(part(page, "command").replace("\\\n", ""))
    assert words[:3] == ["itsm", "new", "request"]
    done = run_here(words[1:], repo.root)
    assert done.returncode == 0, done.stderr
    identifier = done.stdout.split()[0]
    other = documents.load(next(repo.root.rglob(f"{identifier}.yaml")).read_bytes()).data
    own = ("id", "timeline")
    assert {k: v for k, v in other.items() if k not in own} == {
        k: v for k, v in found.items() if k not in own
    }


def test_what_is_wrong_is_said_beside_the_answer(open_form: Callable[..., Any]) -> None:
    page = open_form(OFFERING)

    def faults() -> dict[str, str]:
        page.locator(".it-form [type=submit]").click()
        pairs = page.eval_on_selector_all(
            ".it-q", "boxes => boxes.map(b => [b.dataset.path, b.querySelector('.it-q__fault').textContent])"
        )
        return {path.removeprefix("answers."): text for path, text in pairs if text}

    need = "Answer this question."
    asked = ("model", "number", "reason", "systems", "when", "requested_by")
    assert faults() == dict.fromkeys(asked, need)
    assert page.evaluate("document.activeElement.id") == "q-requested_by"
    assert page.get_by_text("6 answers need correcting.").get_attribute("role") == "status"
    assert page.locator(".it-made").is_hidden()

    number = page.get_by_label("Number on its label")
    assert number.get_attribute("aria-invalid") == "true"
    told = number.get_attribute("aria-describedby").split()
    assert [page.locator(f"#{i}").inner_text() for i in told] == ["For example HP-3207.", need]

    fill_required(page)
    assert page.locator("[aria-invalid]").count() == 0
    number.fill("HP-1")
    page.get_by_label("Why do you need it?").fill("💥 short")
    page.get_by_label("How many?").fill("2.5")
    page.get_by_label("Which share?").fill("much")
    page.get_by_label("Wiki").check()
    page.get_by_label("Mail").check()
    page.get_by_label("Who owns it?").fill("ada\nada")
    page.get_by_label("Which page?").fill("example.org")
    page.get_by_label("Which address?").fill("ada")
    page.get_by_label("Who asks for it?").fill("eve")
    page.get_by_label("Title of the request").fill("   ")
    assert faults() == {
        "number": "This is not in the expected format. For example HP-3207.",
        "reason": "Write at least 10 characters; there are 7.",
        "count": "Enter a whole number.",
        "share": "Enter a number.",
        "systems": "Give at most 2.",
        "owners": "The same answer is given twice.",
        "page": "Enter a web address that begins with https://",
        "mail": "Enter an e-mail address, like name@example.org.",
        "requested_by": "“eve” is not in the list. Type a part of the name and choose one.",
        "title": need,
    }
    page.get_by_label("How many?").fill("10")
    page.get_by_label("Who owns it?").fill("a" * 21)
    page.get_by_label("Why do you need it?").fill("x" * 201)
    said = faults()
    assert (said["count"], said["owners"]) == (
        "Enter 9 or less.",
        "Write at most 20 characters; there are 21.",
    )
    assert said["reason"] == "Write at most 200 characters; there are 201."
    page.get_by_label("How many?").fill("0")
    assert faults()["count"] == "Enter 1 or more."


TRAPS = (
    "no", "null", "~", "True", "- x", "a: b", "a:", "# c", "x # c", "---", "...", "'", '"', "\\", "\\n", "%TAG",
    "&a", "*a", "!tag", "2026-11-22", "1e3", "012", "0x1f", "1_000", "12:30:45", "@x", "`x`", "{a: b}", "[a]", "<<",
    "a\n b\n  c", "a\n\n\nb", "a\n---\nb", "a\n...\nb", "a  \nb", "a\tb", "a\n\tb", "a\n# b", "a\nb: c\n- d", "a\r\nb\rc",
    "e\u0301le\u0300ve", "👨\u200d👩\u200d👧", "abc\u202edef", "x\ufeffy\u00ady\u2028z", "nul\u0000bel\u0007", "\U0001f4a5",
    "last\U000e0041", "W" * 3000, "\u00a0x\u00a0", "a\u0085b",
)  # fmt: skip


def cleaned(text: str) -> str:
    """What a document may hold of a text, by the project's own list of what it may not."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = chars.forbidden()
    kept = (c for n, c in enumerate(normal) if not bad.match(c) or joiners.is_needed(normal, n))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def test_any_text_arrives_as_it_was_typed(open_form: Callable[..., Any], repo: GitRepo) -> None:
    page = open_form(OFFERING)
    fill_required(page)
    field = page.get_by_label("Anything else?")
    wrong = {}
    for text in (*HOSTILE, *TRAPS):
        field.fill(text)
        found = make(page)
        if found["description"] != cleaned(text):
            wrong[text] = found["description"]
    assert wrong == {}
    page.get_by_label("Which model?").select_option('"  odd\\n one"')
    assert make(page)["answers"]["model"] == "  odd\n one"
    assert page.locator(".it-form script, .it-form img, .it-form svg, .it-form iframe").count() == 0

    field.fill("\n\n".join((*HOSTILE, *TRAPS)))
    page.get_by_label("Title of the request").fill(HOSTILE[0] + HOSTILE[1])
    make(page)
    file_and_check(page, repo)


def test_the_forge_opens_with_the_record_where_it_fits(open_form: Callable[..., Any]) -> None:
    page = open_form(OFFERING)
    fill_required(page)
    make(page)
    link = page.get_by_role("link", name="Open it as a new file on the forge")
    parts = urlsplit(link.get_attribute("href"))
    assert (parts.netloc, parts.path) == ("forge.example", "/acme/itsm/new/main")
    assert parse_qs(parts.query) == {"filename": [part(page, "path")], "value": [part(page, "text")]}
    assert "noopener" in link.get_attribute("rel")

    issue = page.get_by_role("link", name="Send it as an issue")
    parts = urlsplit(issue.get_attribute("href"))
    asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path) == ("forge.example", "/acme/itsm/issues/new")
    assert asked["title"].startswith(part(page, "id"))
    assert asked["body"] == f"{part(page, 'path')}\n\n```yaml\n{part(page, 'text')}```\n"
    assert "noopener" in issue.get_attribute("rel")

    page.get_by_label("Anything else?").fill("``` ends here\n````\n# Not a heading")
    make(page)
    body = parse_qs(urlsplit(issue.get_attribute("href")).query)["body"][0]
    assert body.split("\n\n", 1)[1].startswith("`````yaml\n")
    assert body.endswith("\n`````\n")

    page.get_by_label("Anything else?").fill("ö" * 1400)
    make(page)
    empty = page.get_by_role("link", name="Open an empty issue")
    assert set(parse_qs(urlsplit(empty.get_attribute("href")).query)) == {"title"}
    link = page.get_by_role("link", name="Open an empty new file on the forge")
    assert parse_qs(urlsplit(link.get_attribute("href")).query) == {"filename": [part(page, "path")]}
    page.get_by_text("Copy the record first and paste it there: it does not fit into a link.").wait_for()


@pytest.mark.parametrize(
    ("forge", "path", "query", "issue"),
    [
        (
            "gitea",
            "/acme/itsm/_new/main",
            {"filename", "value"},
            ("/acme/itsm/issues/new", {"title", "body"}),
        ),
        (
            "gitlab",
            "/acme/itsm/-/new/main",
            {"file_name"},
            ("/acme/itsm/-/issues/new", {"issue[title]", "issue[description]"}),
        ),
    ],
)
def test_each_forge_has_its_own_address(
    open_form: Callable[..., Any],
    built: tuple[GitRepo, Path],
    forge: str,
    path: str,
    query: set[str],
    issue: tuple[str, set[str]],
) -> None:
    html = (built[1] / OFFERING).read_text(encoding="utf-8")
    other = html.replace("&quot;forge&quot;:&quot;github&quot;", f"&quot;forge&quot;:&quot;{forge}&quot;")
    assert other != html
    (built[1] / f"catalogue/on_{forge}.html").write_text(other, encoding="utf-8")
    page = open_form(f"catalogue/on_{forge}.html")
    fill_required(page)
    make(page)
    parts = urlsplit(page.locator("[data-part=open]").get_attribute("href"))
    assert (parts.path, set(parse_qs(parts.query))) == (path, query)
    parts = urlsplit(page.locator("[data-part=issue]").get_attribute("href"))
    assert (parts.path, set(parse_qs(parts.query))) == issue
    assert page.locator("[data-part=advice]").is_visible() == (forge == "gitlab")


def test_copy_and_download(open_form: Callable[..., Any]) -> None:
    page = open_form(OFFERING)
    fill_required(page)
    found = make(page)
    page.get_by_role("button", name="Copy the record").click()
    page.get_by_text("The record is copied.").wait_for()
    page.get_by_label("Anything else?").focus()
    page.keyboard.press("Control+V")
    assert page.get_by_label("Anything else?").input_value().startswith(f"id: {found['id']}\nkind: request\n")
    assert page.locator(".it-made").is_hidden()  # the answers are others now
    page.get_by_label("Anything else?").fill("")
    again = make(page)
    assert again["id"] != found["id"]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the file").click()
    assert waiting.value.suggested_filename == f"{again['id']}.yaml"
    assert Path(waiting.value.path()).read_text(encoding="utf-8") == part(page, "text")
    page.get_by_role("button", name="Copy the command").click()
    page.get_by_text("The command is copied.").wait_for()


def test_an_incident_is_reported_from_the_start_page_by_keyboard_alone(
    open_form: Callable[..., Any], guard: Guard, address: str, repo: GitRepo
) -> None:
    page = guard.open(address)
    page.locator("#it-main").get_by_role("link", name="Report an incident").press("Enter")
    page.wait_for_selector(".it-form [type=submit]:not([disabled])")
    page.get_by_label("What happened, in one line?").focus()
    for answer in ("Nobody can pay", "Since nine", "Online", " ", " ", "", "ada"):
        page.keyboard.type(answer)
        if page.evaluate("document.activeElement.name") == "q-urgency":
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".it-made").wait_for()
    assert page.evaluate("document.activeElement.matches('.it-made')")
    file_and_check(page, repo)
    shown = run_here(["show", part(page, "id"), "--json"], repo.root).stdout
    assert '"Nobody can pay"' in shown
    assert '"P1"' in shown or '"P2"' in shown
    data = documents.load(part(page, "text").encode()).data
    assert (data["service"], data["impact"], data["urgency"]) == ("shop", "high", "medium")
    assert data["category"] == "other"  # whoever reports does not judge it


def test_a_service_leads_to_a_report_about_it(
    open_form: Callable[..., Any], guard: Guard, address: str
) -> None:
    page = guard.open(address, "services/shop.html")
    page.locator("#it-main").get_by_role("link", name="Report an incident").click()
    page.wait_for_selector(".it-form [type=submit]:not([disabled])")
    assert page.get_by_label("Which service?").locator("option:checked").inner_text() == "Online shop"


def test_a_change_is_filed(open_form: Callable[..., Any], repo: GitRepo) -> None:
    page = open_form("changes/new.html")
    page.get_by_label("What will change?").fill("New version")
    items = page.get_by_label("Which configuration items?", exact=True)
    items.fill("shop front")  # by its name
    chips = page.locator(".it-q__chips li")
    assert chips.all_inner_texts() == ["Shop front\n×"]
    page.get_by_role("button", name="Take back Shop front").click()
    assert chips.count() == 0
    items.fill("shop-web")
    assert chips.count() == 1
    items.fill("shop-wev")
    page.get_by_label("Why is it needed?").fill("It is faster.")
    page.get_by_label("Who asks for it?").fill("ada")
    page.locator(".it-form [type=submit]").click()
    page.locator(".it-q__fault").get_by_text(
        "“shop-wev” is not in the list. Type a part of the name and choose one."
    ).wait_for()
    assert page.evaluate("document.activeElement.id") == "q-cis-find"
    items.fill("")
    found = make(page)
    assert (found["type"], found["cis"], found["state"]) == ("normal", ["shop-web"], "draft")
    file_and_check(page, repo)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_the_window_of_a_change_is_asked_for_in_the_zone_of_the_site(
    open_form: Callable[..., Any], zone: str
) -> None:
    page = open_form("changes/new.html")
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    page.reload()
    page.wait_for_selector(".it-form [type=submit]:not([disabled])")
    start, end = page.get_by_label("When does it start?"), page.get_by_label("When does it end?")
    assert page.locator("[data-path=planned_start] .it-q__zone").inner_text() == "Europe/Berlin"
    page.get_by_label("What will change?").fill("New version")
    page.get_by_label("Why is it needed?").fill("It is faster.")
    page.get_by_label("Who asks for it?").fill("ada")
    start.fill("2027-03-28T02:30")  # clocks go from 2:00 to 3:00
    end.fill("2027-03-28T01:30")
    said = page.locator("[data-path=planned_end] .it-q__zone").inner_text()
    assert said.endswith("on your device") is (zone != "Europe/Berlin")
    page.locator(".it-form [type=submit]").click()
    page.locator(".it-q__fault").get_by_text("On that day the clocks skip this time.").wait_for()
    start.fill("2027-03-28T03:30")
    page.locator(".it-form [type=submit]").click()
    page.locator(".it-q__fault").get_by_text("The end must be after the start.").wait_for()
    end.fill("2027-03-28T04:00")
    found = make(page)
    assert (found["planned_start"], found["planned_end"]) == ("2027-03-28T01:30:00Z", "2027-03-28T02:00:00Z")


def test_who_asks_is_shown_by_name(open_form: Callable[..., Any]) -> None:
    page = open_form(OFFERING)
    fill_required(page)
    page.get_by_label("Who asks for it?").blur()
    assert page.get_by_label("Who asks for it?").input_value() == "Ada Example"
    assert make(page)["requested_by"] == "ada"


def test_a_folded_question_is_seen_where_it_has_an_answer_or_a_fault(open_form: Callable[..., Any]) -> None:
    page = open_form("changes/new.html")
    plan = page.get_by_label("Back-out plan")
    assert plan.is_hidden()
    page.get_by_text("How it is done, checked and undone").click()
    plan.fill("W" * 20_001)
    page.get_by_text("How it is done, checked and undone").click()
    page.locator(".it-form [type=submit]").click()
    assert plan.is_visible()
    page.reload()
    page.wait_for_selector(".it-form [type=submit]:not([disabled])")
    assert plan.is_visible()


def test_without_a_script_the_questions_and_the_command_are_there(guard: Guard, address: str) -> None:
    page = guard.open(address, OFFERING, javascript=False)
    assert page.get_by_label("Which model?").is_visible()
    assert page.locator(".it-form [type=submit]").is_disabled()
    assert page.locator("noscript pre").inner_text() == "itsm new request --offering everything"


def test_a_form_works_from_a_disk(browser: Any, built: tuple[GitRepo, Path]) -> None:
    page = browser.new_page()
    page.goto((built[1] / OFFERING).as_uri())
    page.wait_for_selector(".it-form [type=submit]:not([disabled])")
    fill_required(page)
    assert make(page)["answers"]["model"] == "light"
    page.get_by_role("button", name="Copy the record").click()
    page.get_by_text("The record is copied.").wait_for()
    page.close()


@pytest.mark.parametrize("url", [OFFERING, "report.html", "changes/new.html"])
def test_no_accessibility_fault_empty_wrong_and_made(open_form: Callable[..., Any], url: str) -> None:
    source = axe_source()
    page = open_form(url)
    page.evaluate(source)
    assert serious_faults(page) == []
    page.locator(".it-form [type=submit]").click()
    page.locator("[aria-invalid]").first.wait_for()
    page.evaluate("scrollTo(0, 0)")  # a link that is half below the header is none of that size
    assert serious_faults(page) == []
    if url == OFFERING:
        fill_required(page)
        make(page)
        assert serious_faults(page) == []
    switch_to_dark(page)
    page.set_viewport_size(PHONE)
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


KNOWN = """\
id: INC-261121-KNWN1
kind: incident
title: Basket empties itself
reported_by: ada
service: shop
category: software/fault
impact: low
urgency: low
state: new
timeline:
- at: 2026-11-21T09:00:00Z
  by: ada
  state: new
"""


@pytest.mark.parametrize(("width", "beside"), [(1440, True), (1024, False), (360, False)])
def test_what_is_known_already_is_seen_while_it_is_typed(
    guard: Guard, tmp_path: Path, width: int, beside: bool
) -> None:
    repo, _ = write_form_site(tmp_path / "repo")
    repo.write("records/incidents/2026/11/INC-261121-KNWN1.yaml", KNOWN)
    # Neither a part of a word nor a word that is typed twice makes it alike.
    other = KNOWN.replace("KNWN1", "KNWN2").replace("Basket empties itself", "Routes come late")
    repo.write("records/incidents/2026/11/INC-261121-KNWN2.yaml", other)
    built = build_site(repo.repo, now=NOW).output
    with listening(built) as address:
        page = guard.open(address, "report.html", viewport={"width": width, "height": 900})
        page.wait_for_selector(".it-form [type=submit]:not([disabled])")
        before = page.locator("[data-path=description]").bounding_box()
        page.locator("[data-path=title] input").fill(
            "What are baskets worth?"
        )  # one word that tells something
        page.locator(".it-known").wait_for()
        page.locator("[data-path=title] input").fill("Basket empties out")
        page.locator("[data-path=description] textarea").fill("It drops out")
        known, form = page.locator(".it-known").bounding_box(), page.locator(".it-form").bounding_box()
        assert page.locator(".it-known").inner_text().endswith("Basket empties itself\nIncident")
        assert page.locator("[data-path=description]").bounding_box() == before
    assert (known["x"] >= form["x"] + form["width"]) == beside
    assert known["x"] + known["width"] <= width
    # In the first screen, and under what was typed where it is not beside it.
    assert known["y"] + known["height"] <= 900
    assert beside or known["y"] >= before["y"] + before["height"]
