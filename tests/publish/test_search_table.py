"""What the search finds first: a table of what people type, over the living example and over texts in other scripts.

The index is made as a site makes it, and the site's own script looks it up.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from index_world import write_index
from sample_site import write_sample

from itsm_gitops.repository import Repository
from tests.complete import need

CHECKOUT = Path(__file__).resolve().parents[2]

need("node")

# What is typed, and how the address of the first hit begins; nothing where nothing is found.
ENGLISH = """
payments | services/payments
payment | services/payments
paymnets | services/payments
payments owner | services/payments
who is the owner of payments? | services/payments
email | services/staff-mail
e-mail | services/staff-mail
mail | services/staff-mail
mails | services/staff-mail
is mail down | services/staff-mail
mail not working | services/staff-mail
sso | services/single-sign-on
SSO | services/single-sign-on
single sign on | services/single-sign-on
login | services/single-sign-on
cannot log in | services/single-sign-on
wlan | services/hub-wireless
WLAN | services/hub-wireless
wifi | services/hub-wireless
wi-fi | services/hub-wireless
wireless | services/hub-wireless
wireles network | services/hub-wireless
vpn | catalogue/remote-access-request
how do I get vpn | catalogue/remote-access-request
remote access | services/remote-access
VPN gatway | cmdb/network-devices/vpn-gateway-1
printer not working | catalogue/hand-scanner
label printing | catalogue/hand-scanner
request a laptop | catalogue/new-laptop
new laptop | catalogue/new-laptop
order a new notebook | catalogue/new-laptop
laptops | services/laptops
admin rights | catalogue/laptop-admin-rights
administrator right | catalogue/laptop-admin-rights
shared mailbox | catalogue/shared-mailbox
new colleague | catalogue/onboarding
onboarding | catalogue/onboarding
software license | catalogue/software-licence
scaning | catalogue/hand-scanner
scanner | catalogue/hand-scanner
database | services/database-hosting
db | services/database-hosting
databases | cmdb/databases/index
warehouse | services/warehouse-operations
backup | services/backup
restore a backup | services/backup
wiki | services/staff-wiki
tracking | services/parcel-tracking
track & trace | services/parcel-tracking
route planing | services/delivery-routing
invoices | services/invoicing
firewall | catalogue/firewall-opening
monitoring | services/monitoring
contact center | services/contact-centre
parcel locker | services/parcel-lockers
online shop | services/online-shop
driver app | cmdb/applications/driver-app
head office | cmdb/facilities/
service desk | cmdb/teams/service-desk
INC-261113-WCS09 | records/incidents/2611/INC-261113-WCS09
inc-261113-wcs09 | records/incidents/2611/INC-261113-WCS09
WCS09 | records/incidents/2611/INC-261113-WCS09
KE-261110-EVGBK | records/known-errors/2611/KE-261110-EVGBK
payments-db | cmdb/databases/payments-db
LT-20714-N | cmdb/
hypervisor restart | records/incidents/2611/INC-261117-06BQB
refund | records/incidents/2611/INC-261119-Y4YSE
camera meeting room | records/incidents/2611/INC-261118-Q2VJ2
radar scanners | records/known-errors/2610/KE-261001-43RXX
"session table" | records/known-errors/2611/KE-261113-4CER2
"query plan" | records/problems/2610/PRB-261030-7097Q
renew certificate | records/changes/2611/CHG-261120-HJYAE
open incidents | records/explore.html?kind=incident
open changes | records/explore.html?kind=change
P2 | records/explore.html?priority=P2
report an incident | report.html
report a fault | report.html
known errors | known-errors/index.html
known error | known-errors/index.html
map | cmdb/map.html
my work | records/mine.html
what is due | records/due.html
all records | records/explore.html
rule book | handbook/52-a-rule-book
glossary | handbook/80-glossary
xylophone payments | services/payments
P2 network team | records/explore.html?priority=P2&team=network-team
open incidents of payments | records/explore.html?kind=incident&service=payments
service levels report | reports/levels.html
who owns payments | services/payments
zzzqqqx |
… — ! |
"""
GERMAN = """
Störung melden | report.html
stoerung melden | report.html
Storung meldne | report.html
Zahlungen | services/payments
Zahlung | services/payments
Rechnungen | services/invoicing
Datenbank | services/database-hosting
Datenbanken | cmdb/databases/index.html
Drucker geht nicht | catalogue/hand-scanner
Postfach | services/staff-mail
E-Mail | services/staff-mail
E-Mail kaputt | services/staff-mail
WLAN langsam | records/incidents/2611/INC-261120-YE6QE
Anmeldung | services/single-sign-on
anmelden | services/single-sign-on
Fernzugriff | services/remote-access
Homeoffice | services/remote-access
Laptop bestellen | catalogue/new-laptop
neuer Laptop | catalogue/new-laptop
ich brauche einen Laptop | catalogue/new-laptop
neuer Mitarbeiter | catalogue/onboarding
Sicherung | services/backup
Lager | services/warehouse-operations
Netzwerk | services/business-network
Karte | cmdb/map.html
Bekannte Fehler | known-errors/index.html
bekannter Fehler | known-errors/index.html
P2 Zahlungen | records/explore.html?priority=P2&service=payments
Meine Arbeit | records/mine.html
offene Störungen | records/explore.html?kind=incident
Berichte | reports/index.html
Zertifikat | records/changes/2611/CHG-261120-HJYAE
Wie melde ich eine Störung? | report.html
"""
FRENCH = """
signaler un incident | report.html
comment signaler un incident | report.html
paiement | services/payments
paiements | services/payments
facture | services/invoicing
base de données | services/database-hosting
bases de donnees | cmdb/databases/index.html
messagerie | services/staff-mail
courriel | services/staff-mail
imprimante en panne | catalogue/hand-scanner
réseau | services/business-network
reseau | services/business-network
sans fil | services/hub-wireless
connexion | services/single-sign-on
accès distant | services/remote-access
télétravail | services/remote-access
sauvegarde | services/backup
entrepôt | services/warehouse-operations
je voudrais un ordinateur portable | catalogue/new-laptop
nouvel ordinateur portable | catalogue/new-laptop
commander un portable | catalogue/new-laptop
nouvel arrivant | catalogue/onboarding
certificat | records/changes/2611/CHG-261120-HJYAE
carte des dépendances | cmdb/map.html
erreurs connues | known-errors/index.html
mon travail | records/mine.html
incidents ouverts | records/explore.html?kind=incident
l'entrepot | services/warehouse-operations
"""
# Documents whose names are written without blanks, with letters that keyboards lack, or from right to left.
NAMES = {
    "mail-cn": "邮件系统",
    "net-cn": "总部网络",
    "office-jp": "東京オフィス",
    "mail-kr": "메일 서비스",
    "sizes": "Größenmaß der Pakete",
    "street": "Lager Hauptstraße",
    "watch": "Überwachung",
    "cafe": "Café Crème",
    "oslo": "Lagersystem Ærø",
    "lodz": "Magazyn Łódź",
    "shop-fa": "فروشگاه آنلاین",
    "site-ru": "Складская система",
}
OTHERS = """
邮件 | services/mail-cn
系统 | services/mail-cn
总部 | services/net-cn
网络 | services/net-cn
邮件系统 | services/mail-cn
東京 | services/office-jp
オフィス | services/office-jp
메일 | services/mail-kr
서비스 | services/mail-kr
Größenmaß | services/sizes
Groessenmass | services/sizes
GRÖSSENMASS | services/sizes
grossenmass | services/sizes
Hauptstrasse | services/street
Hauptstraße | services/street
haupstrasse | services/street
Ueberwachung | services/watch
uberwachung | services/watch
Überwachng | services/watch
cafe creme | services/cafe
CAFÉ | services/cafe
aero | services/oslo
Lodz | services/lodz
فروشگاه | services/shop-fa
складская | services/site-ru
СКЛАДСКАЯ СИСТЕМА | services/site-ru
火车 |
"""


def rows(table: str) -> list[tuple[str, str]]:
    """The queries of a table with what each is to find."""
    parts = (line.partition("|") for line in table.strip().splitlines())
    return [(query.strip(), wanted.strip()) for query, _, wanted in parts]


def found(site: Path, queries: list[str]) -> list[Any]:
    """What the site's script finds for each query."""
    done = subprocess.run(
        ["node", CHECKOUT / "tests/scripts/searching.mjs"],
        input="\n".join(queries),
        env={**os.environ, "SITE": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def wrong(site: Path, table: str) -> list[str]:
    """The queries of a table that find something else first."""
    expected = rows(table)
    answers = found(site, [query for query, _ in expected])
    return [
        f"{query}: {[title for _, title in answer['hits']]}"
        for (query, wanted), answer in zip(expected, answers, strict=True)
        if not (
            answer["hits"][0][0].startswith(wanted)
            if wanted and answer["hits"]
            else answer["hits"] == [] == list(wanted)
        )
    ]


@pytest.fixture(scope="module", params=["en", "de", "fr"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_first_hit_in_the_living_example(language: str, tmp_path: Path) -> None:
    site = write_index(Repository.open(CHECKOUT), CHECKOUT / "site/docs", language, tmp_path)
    assert wrong(site, {"en": ENGLISH, "de": GERMAN, "fr": FRENCH}[language]) == []


def test_the_first_hit_in_other_scripts(tmp_path: Path) -> None:
    repo = write_sample(tmp_path / "repo")
    for name, title in NAMES.items():
        text = f"id: {name}\nclass: service\nname: {title}\nlifecycle: production\n"
        (repo.root / f"cmdb/services/{name}.yaml").write_text(text, encoding="utf-8")
    site = write_index(repo, tmp_path / "docs", "de", tmp_path / "site")
    assert wrong(site, OTHERS) == []


def test_what_has_only_some_of_the_words_is_said_to_be_partial(tmp_path: Path) -> None:
    site = write_index(write_sample(tmp_path / "repo"), tmp_path / "docs", "en", tmp_path / "site")
    some, every = found(site, ["xylophone shop", "online shop"])
    assert (some["partial"], every["partial"]) == (True, False)
    assert some["hits"][0][0] == every["hits"][0][0] == "services/shop.html"


def test_what_is_found_by_a_likely_spelling_is_said_to_be_so(tmp_path: Path) -> None:
    site = write_index(write_sample(tmp_path / "repo"), tmp_path / "docs", "en", tmp_path / "site")
    typed, right = found(site, ["onlnie shop", "online shop"])
    assert (typed["guessed"], right["guessed"]) == (["onlnie"], [])
    assert typed["hits"][0][0] == "services/shop.html"


def test_the_table_is_long_enough() -> None:
    assert len(rows(ENGLISH)) + len(rows(GERMAN)) + len(rows(FRENCH)) + len(rows(OTHERS)) >= 160
    assert min(len(rows(ENGLISH)), 60) == 60
