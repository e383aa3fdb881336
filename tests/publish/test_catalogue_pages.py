"""Pages of what can be asked for and used: an offering says its terms first, a list of services only what tells something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sample_site import DOCUMENTS, view_for, write_sample
from test_agenda_pages import text_of
from test_pages import view_of

from itsm_gitops.presentation import navigation, urls
from itsm_gitops.presentation.fields import fields
from itsm_gitops.presentation.pages import catalogue, forms, known_errors, offering, services
from tests.support import GitRepo


def test_what_an_offering_costs_and_takes_is_said_before_its_questions(tmp_path: Path) -> None:
    path = "cmdb/offerings/laptop.yaml"
    terms = "cost:\n  amount: 1350\n  currency: EUR\napproval:\n  required: true\n  by: web\n  reason: It is dear.\n"
    view = view_of(
        tmp_path, {path: f"{(write_sample(tmp_path / 'as-it-is').root / path).read_text()}{terms}"}
    )
    entry = view.entries["laptop"]
    html = offering.offering_page(view, entry, view.store.data("laptop"), fields(view.kind(entry)))
    said = text_of(html)
    assert "Cost 1,350 EUR Ready in About 2 working days Approval Web team It is dear." in said
    assert said.index("1,350 EUR") < said.index("Request it") < said.index("About this offering")
    # What few come for is below the form, folded.
    assert "Owner Web team" in said[said.index("About this offering") :]
    assert html.index("id=request") < html.index("<details class=it-fold id=details>")
    # Who asks is asked first; what stands there already is asked last.
    assert html.index("Who asks for it?") < html.index("Which model?") < html.index("Anything else?")
    assert html.index("Anything else?") < html.index("Title of the request")
    # And not once more below.
    assert [said.count(word) for word in ("Approval", "EUR", "Expected hours", "It is dear.")] == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (
            "cost:\n  amount: 0\n  currency: EUR\napproval:\n  required: false\n  reason: Cheap.\n",
            "Cost No cost",
        ),
        ("cost:\n  amount: 1350\n  currency: EUR\nprice: From 1,350 EUR\n", "Cost From 1,350 EUR"),
        ("price: Free, or 15 EUR per month\n", "Cost Free, or 15 EUR per month"),
    ],
)
def test_a_price_in_words_goes_before_the_amount(tmp_path: Path, terms: str, said: str) -> None:
    path = "cmdb/offerings/laptop.yaml"
    view = view_of(
        tmp_path, {path: f"{(write_sample(tmp_path / 'as-it-is').root / path).read_text()}{terms}"}
    )
    entry = view.entries["laptop"]
    shown = text_of(offering.offering_page(view, entry, view.store.data("laptop"), fields(view.kind(entry))))
    assert f"{said} Ready in About 2 working days" in shown
    # A reason why nobody approves is not one to wait for.
    assert ("Approval Not needed" in shown) is ("required: false" in terms)
    assert "Cheap." not in shown


def test_a_card_of_the_catalogue_is_one_link_with_the_terms_in_a_line_of_text(git_repo: GitRepo) -> None:
    for path, text in DOCUMENTS.items():
        git_repo.write(path, text)
    html = catalogue.catalogue_page(view_for(git_repo, "internal")).body
    card = html[html.index('<li class="it-card') :].partition("</ul>")[0]
    assert card.count("<a ") == 1
    assert "about 2 working days" in text_of(card)
    assert "it-cards--uses" not in html  # the services have a page of their own
    assert re.search(r"<a href=\x01services/index.html>Services</a>", html)


def test_a_list_of_services_says_the_life_cycle_only_of_those_without_a_status(tmp_path: Path) -> None:
    planned = "id: lockers\nclass: service\nname: Lockers\nlifecycle: planned\n"
    view = view_of(tmp_path, {"cmdb/services/lockers.yaml": planned})
    said = text_of(services.services_page(view).body)
    assert "Lockers Planned" in said
    assert "In production" not in said


def test_a_list_of_services_begins_with_the_worst_and_counts_all(tmp_path: Path) -> None:
    files = {
        f"cmdb/services/{name}.yaml": f"id: {name}\nclass: service\nname: {name.title()}\nlifecycle: {stage}\ncategory: Customers\n"
        for name, stage in (("atlas", "production"), ("beacon", "planned"), ("zenith", "production"))
    }
    down = """\
id: INC-261122-ZZZZZ
kind: incident
title: Zenith is down
impact: high
urgency: high
service: zenith
state: new
timeline:
- at: 2026-11-22T09:00:00Z
  by: ada
  state: new
"""
    view = view_of(tmp_path, {**files, "records/incidents/2026/11/INC-261122-ZZZZZ.yaml": down})
    said = text_of(services.services_page(view).body)
    assert "2 down 2 operational 1 not in production" in said
    assert "Find a service" not in said  # so few need no search
    customers = said[said.index("Owner Customers") :]
    assert (
        customers.index("Zenith Zenith is down Outage since 22 Nov, 10:00")
        < customers.index("Atlas Operational")
        < customers.index("Beacon Planned")
    )


def test_those_who_can_request_nothing_have_one_page_of_services(git_repo: GitRepo) -> None:
    """What each is for, whether it works, and what is on offer: no second entry of the menu leads to about the same."""
    for path, text in DOCUMENTS.items():
        git_repo.write(path, text)
    pages = {name: catalogue.catalogue_page(view_for(git_repo, name)) for name in ("staff", "public")}
    assert (pages["staff"].url, pages["public"].url) == (urls.CATALOGUE, urls.SERVICES)
    said = text_of(pages["public"].body)
    assert said.startswith("Services What each service is for and whether it works.")
    assert "Online shop Outage" in said
    assert "Catalogue" not in said
    assert "Request" not in said
    assert "Request what you need" in text_of(pages["staff"].body)


@pytest.mark.parametrize(
    ("audience", "services", "errors"),
    [
        ("internal", "Catalogue", "Known errors"),
        ("staff", "Catalogue", "Known problems"),
        ("public", "", "Known problems"),
    ],
)
def test_the_menu_has_one_name_for_each_page(
    git_repo: GitRepo, audience: str, services: str, errors: str
) -> None:
    for path, text in DOCUMENTS.items():
        git_repo.write(path, text)
    view = view_for(git_repo, audience)
    whom = view.audience
    title = navigation.known_errors_title(whom)
    tabs, pages = navigation.navigation(view.book, [], [], forms=whom.forms, known_errors=title)
    names = [name for tab in tabs for name in tab]
    assert ("Catalogue" in names) is bool(services)
    assert (navigation.source_of(urls.CATALOGUE) in pages) is bool(services)
    assert errors in names
    assert known_errors.known_errors_page(view).title == errors


@pytest.mark.parametrize("state", ["in_progress", "closed"])
def test_the_form_for_incidents_asks_in_order_and_names_what_is_not_working(
    git_repo: GitRepo, state: str
) -> None:
    incident = "records/incidents/2026/11/INC-261120-AAAAA.yaml"
    closed = DOCUMENTS[incident].replace("state: in_progress", f"state: {state}")
    for path, text in {**DOCUMENTS, incident: closed}.items():
        git_repo.write(path, text)
    (report,) = (p for p in forms.pages(view_for(git_repo, "staff")) if p.url == urls.REPORT)
    order = ("title", "description", "service", "impact", "urgency", "location", "reported_by")
    places = [report.body.index(f'id="q-{name}-box"') for name in order]
    assert places == sorted(places)
    assert ("Is it one of these? Outage: Online shop" in text_of(report.body)) is (state != "closed")
    assert "Many people, or a critical service" in report.body
    # Who reports cannot judge it: the record begins with the category of what is not clear yet.
    assert "q-category" not in report.body
    assert "&quot;category&quot;:&quot;other&quot;" in report.body
