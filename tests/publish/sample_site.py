"""A small repository with something on every type of page, hostile text included."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from itsm_gitops.commands.reporting import SnapshotReporter
from itsm_gitops.model.audience import AUDIENCES, audience_of
from itsm_gitops.model.meaning import PERSON
from itsm_gitops.presentation.view import View
from itsm_gitops.publish.audience import load
from itsm_gitops.repository import Repository
from itsm_gitops.snapshots import packaged_rulebook_root, read_rulebook
from tests.support import GitRepo

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# Everything that was live HTML in some tool of this kind once.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)></svg>",
    "</title></script><script>alert(2)</script>",
    "[click](javascript:alert(1)) [x](data:text/html,<script>alert(1)</script>) [y](vbscript:x)",
    "[z](JaVaScRiPt:alert(1)) <javascript:alert(1)> ![i](https://tracker.example/p.png)",
    '{: onclick="alert(1)" style="background:url(https://evil.example)" }',
    "| a |\n|---|\n| <svg onload=alert(1)> |",
    "{{ config.site_name }} {% raw %} ${7*7} {{7*7}}",
    '```mermaid\ngraph TD; A[<img src=x onerror=alert(1)>]-->B; click A "javascript:alert(1)"\n```',
    "[ref]: javascript:alert(1)\n\n[ref]",
    "&lt;script&gt;alert(3)&lt;/script&gt; &#106;avascript:alert(1)",
    "<a href='INC-261120-AAAAA' title='INC-261120-AAAAA>'>INC-261120-AAAAA</a>",
    'ITSMTITLEPLACEHOLDER <article class="md-content__inner md-typeset"></article>',
)  # fmt: skip

DOCUMENTS = {
    "itsm.yaml": """\
version: 1
organisation: Example Ltd
timezone: Europe/Berlin
site:
  name: Example IT
  edit_url: https://forge.example/acme/itsm/edit/main
""",
    "cmdb/teams/web.yaml": "id: web\nclass: team\nname: Web team\nlead: ada\n",
    "cmdb/people/ada.yaml": "id: ada\nclass: person\nname: Ada Example\nteams: [web]\n",
    "cmdb/services/shop.yaml": """\
id: shop
class: service
name: Online shop
description: Where customers buy.
owner: web
lifecycle: production
type: business
category: Customers
criticality: critical
contacts:
- type: phone
  value: extension 4000
links:
- type: depends_on
  target: shop-web
""",
    "cmdb/services/index.yaml": "id: index\nclass: service\nname: Index of prices\nlifecycle: production\n",
    "cmdb/applications/shop-web.yaml": """\
id: shop-web
class: application
name: Shop front
lifecycle: production
links:
- type: depends_on
  target: shop-db-1
- type: depends_on
  target: shop-db-2
redundancy:
- name: databases
  members: [shop-db-1, shop-db-2]
  min_up: 1
""",
    "cmdb/databases/shop-db-1.yaml": "id: shop-db-1\nclass: database\nname: Shop database 1\nlifecycle: production\n",
    "cmdb/databases/shop-db-2.yaml": "id: shop-db-2\nclass: database\nname: Shop database 2\nlifecycle: production\n",
    "cmdb/offerings/laptop.yaml": """\
id: laptop
class: offering
name: New laptop
description: A laptop with everything on it.
owner: web
category: Workplace
service: shop
form:
  type: object
  required: [model]
  additionalProperties: false
  properties:
    model:
      title: Which model?
      type: string
      enum: [light, strong]
    reason:
      title: Why?
      description: One sentence is enough.
      type: string
      default: replacement
expected_hours: 16
""",
    "cmdb/calendars/winter.yaml": """\
id: winter
class: calendar
name: Winter freeze
type: freeze
windows:
- start: 2026-11-27T00:00:00Z
  end: 2026-11-30T00:00:00Z
  name: Big weekend
""",
    "records/incidents/2026/11/INC-261120-AAAAA.yaml": """\
id: INC-261120-AAAAA
kind: incident
title: Shop front shows an error
reported_by: somebody-outside
service: shop
cis: [shop-web]
description: |
  Nobody can buy. See also CHG-261118-BBBBB and INC-261120-ZZZZZ.

  It began at nine.
impact: high
urgency: high
state: in_progress
major:
  state: accepted
  reason: No sales at all
assigned_team: web
links:
- type: caused_by
  target: CHG-261118-BBBBB
aliases: [TICKET-4711]
timeline:
- at: 2026-11-20T09:00:00Z
  by: ada
  state: new
- at: 2026-11-20T09:10:00Z
  by: ada
  state: in_progress
- at: 2026-11-20T09:20:00Z
  by: ada
  note: The **cache** is full.
- at: 2026-11-20T09:30:00Z
  by: ada
  comment: We are working on it.
""",
    "records/incidents/2026/10/INC-261001-CCCCC.yaml": """\
id: INC-261001-CCCCC
kind: incident
title: Résumé upload fails
impact: low
urgency: medium
priority_override: {priority: P1, by: ada, reason: The director asked}
state: closed
timeline:
- at: 2026-10-01T09:00:00Z
  by: ada
  state: new
- at: 2026-10-02T09:00:00Z
  by: ada
  state: closed
""",
    "records/changes/2026/11/CHG-261118-BBBBB.yaml": """\
id: CHG-261118-BBBBB
kind: change
title: New version of the shop front
type: normal
cis: [shop-web]
risk: {level: medium, reason: It is new}
implementation_plan: |
  1. Stop
  2. Start
state: scheduled
planned_start: 2026-11-28T20:00:00Z
planned_end: 2026-11-28T22:00:00Z
timeline:
- at: 2026-11-18T09:00:00Z
  by: ada
  state: draft
- at: 2026-11-19T09:00:00Z
  by: ada
  state: scheduled
""",
    "records/problems/2026/11/PRB-261121-DDDDD.yaml": """\
id: PRB-261121-DDDDD
kind: problem
title: The cache fills up
service: shop
state: new
timeline:
- at: 2026-11-21T09:00:00Z
  by: ada
  state: new
""",
    "records/known-errors/2026/11/KE-261121-EEEEE.yaml": """\
id: KE-261121-EEEEE
kind: known-error
title: Cache of the shop front fills up
cis: [shop-web]
workaround: Empty the cache.
state: published
timeline:
- at: 2026-11-21T10:00:00Z
  by: ada
  state: draft
- at: 2026-11-21T11:00:00Z
  by: ada
  state: published
""",
    "records/requests/2026/11/REQ-261121-FFFFF.yaml": """\
id: REQ-261121-FFFFF
kind: request
title: A laptop for Ada
offering: laptop
requested_by: ada
answers: {model: strong}
state: submitted
timeline:
- at: 2026-11-21T10:00:00Z
  by: ada
  state: submitted
""",
}


def hostile_incident(texts: tuple[str, ...] = HOSTILE) -> str:
    """An incident with the given texts in every place where text can be."""
    import json

    lines = ["id: INC-261122-HHHHH", "kind: incident", f"title: {json.dumps(texts[0] + ' ' + texts[3])}"]
    lines += [f"category: {json.dumps(texts[1])}", f"subcategory: {json.dumps(texts[2])}", "impact: high"]
    lines += [f"reported_by: {json.dumps(texts[1])}", f"service: {json.dumps(texts[1])}", "urgency: high"]
    lines += [f"description: {json.dumps(chr(10).join(f'{t}{chr(10)}' for t in texts))}", "state: new"]
    lines += [f"aliases: [{json.dumps(texts[1])}]", f"labels: {{a: {json.dumps(texts[1])}}}"]
    lines += [f"x: {{deep: [{json.dumps(texts[0])}]}}", f"documents: [{{title: {json.dumps(texts[1])},"]
    lines += ["  url: 'javascript:alert(1)'}, {title: t, url: 'https://user:pw@host.example/'}]"]
    lines += [f"links: [{{type: relates_to, target: {json.dumps(texts[1])}}}]", "timeline:"]
    for text in texts:
        lines += [
            "- at: 2026-11-22T09:00:00Z",
            f"  by: {json.dumps(texts[1])}",
            f"  note: {json.dumps(text)}",
        ]
    lines += [f"- at: {json.dumps(texts[1])}", f"  by: ada\n  state: {json.dumps(texts[1])}"]
    return "\n".join(lines) + "\n"


def write_sample(root: Path) -> Repository:
    """Write the sample into a folder and open it."""
    shutil.copytree(packaged_rulebook_root() / "schemas", root / "schemas")
    hostile = {"records/incidents/2026/11/INC-261122-HHHHH.yaml": hostile_incident()}
    for path, text in {**DOCUMENTS, **hostile}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return Repository.open(root)


def view_for(made: GitRepo, audience: str) -> View:
    """Load what an audience sees of a repository."""
    snapshot = made.repo.snapshot()
    book = read_rulebook(snapshot)
    whom = audience_of(book.policy(AUDIENCES), audience, book.playing(PERSON))
    return load(snapshot, book, whom, SnapshotReporter(), NOW)[0]
