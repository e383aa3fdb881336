"""A small sound repository whose one offering asks every kind of question, with its site."""

from __future__ import annotations

import shutil
from pathlib import Path

from sample_site import NOW

from itsm_gitops.publish import build_site
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo

DOCUMENTS = {
    "itsm.yaml": """\
version: 1
organisation: Example Ltd
timezone: Europe/Berlin
directory: closed
site:
  name: Example IT
  repository:
    url: https://forge.example/acme/itsm
    forge: github
""",
    "cmdb/teams/web.yaml": "id: web\nclass: team\nname: Web team\nlead: ada\n",
    "cmdb/people/ada.yaml": "id: ada\nclass: person\nname: Ada Example\nteams:\n- web\n",
    "cmdb/services/shop.yaml": """\
id: shop
class: service
name: Online shop
description: Where customers buy.
owner: web
lifecycle: production
type: business
criticality: high
category: Customers
links:
- type: depends_on
  target: shop-web
""",
    "cmdb/applications/shop-web.yaml": "id: shop-web\nclass: application\nname: Shop front\nowner: web\n"
    "environment: production\ncriticality: high\nlifecycle: production\n",
    "cmdb/offerings/everything.yaml": """\
id: everything
class: offering
name: Everything there is
owner: web
lifecycle: production
category: Workplace
service: shop
form:
  type: object
  required: [model, number, reason, systems, when]
  additionalProperties: false
  properties:
    model:
      title: Which model?
      type: string
      enum: [light, '1', "it's \\"strong\\"", "  odd\\n one"]
    size:
      title: Which size?
      type: integer
      enum: [13, 15]
    number:
      title: Number on its label
      description: For example HP-3207.
      type: string
      pattern: ^HP-[0-9]{4}$
      maxLength: 7
    reason:
      title: Why do you need it?
      type: string
      format: multi-line
      minLength: 10
      maxLength: 200
    count:
      title: How many?
      type: integer
      minimum: 1
      maximum: 9
      default: 1
    share:
      title: Which share?
      type: number
    systems:
      title: Which systems?
      type: array
      minItems: 1
      maxItems: 2
      uniqueItems: true
      items:
        type: string
        enum: [Wiki, Files, Mail]
    owners:
      title: Who owns it?
      type: array
      maxItems: 3
      uniqueItems: true
      items:
        type: string
        maxLength: 20
    when:
      title: From which day?
      type: string
      format: date
    moment:
      title: At which moment?
      type: string
      format: date-time
    page:
      title: Which page?
      type: string
      format: uri
    mail:
      title: Which address?
      type: string
      format: email
    outside:
      title: For somebody outside?
      type: boolean
    yes:
      title: Is this a key that misleads?
      type: string
""",
}


def write_form_site(root: Path) -> tuple[GitRepo, Path]:
    """Write the repository, commit it and build its site; return both."""
    root.mkdir()
    made = GitRepo(root)
    made.git("init", "-q")
    shutil.copytree(packaged_rulebook_root() / "schemas", root / "schemas")
    for path, text in DOCUMENTS.items():
        made.write(path, text)
    made.write(".gitignore", "build/\n")
    made.commit("Start")
    return made, build_site(made.repo, now=NOW).output
