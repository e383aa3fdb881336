"""Three real repositories: a shop that names a platform and a network team as its roots."""

from __future__ import annotations

from pathlib import Path

from itsm_gitops.commands import rooting
from itsm_gitops.snapshots import packaged_rulebook_root
from tests.support import GitRepo, copy_tree, pack

DAY = "2026-11-20T09:00:00Z"
NTI = "NTI-261120-AAAAA"
SECRET = "NTI-261120-SECRT"
INC = "INC-261120-AAAAA"
ROOTS = """
roots:
  # the platform team has the machines
  - name: platform
    path: ../platform   # beside this one
    prefixes: [plat-, team-]
  - name: net
    path: ../net
    prefixes: [NTI]
"""


def item(name: str, kind: str, *, lifecycle: str = "production", extra: str = "") -> str:
    return (
        f"id: {name}\nclass: {kind}\nname: The {name}\ndescription: It is needed.\nowner: team-platform\n"
        f"lifecycle: {lifecycle}\n{extra}"
    )


def incident(
    identifier: str, *, title: str = "It is slow", extra: str = "", service: str = "plat-mail"
) -> str:
    return (
        f"id: {identifier}\nkind: incident\ntitle: {title}\nreported_by: somebody\nservice: {service}\n"
        f"category: application\nimpact: medium\nurgency: medium\nstate: new\nassigned_team: team-platform\n{extra}"
        f"timeline:\n  - at: {DAY}\n    by: somebody\n    state: new\n"
    )


def link(relation: str, target: str) -> str:
    return f"links:\n  - type: {relation}\n    target: {target}\n"


class World:
    """The three repositories; `front` is the one that people work in."""

    def __init__(self, folder: Path) -> None:
        self.platform, self.net, self.front = (GitRepo(folder / name) for name in ("platform", "net", "shop"))

    def build(self) -> None:
        """Make and commit all three; nothing is pinned yet."""
        for made in (self.platform, self.net, self.front):
            made.root.mkdir(parents=True)
            made.git("init", "-q")
            copy_tree(packaged_rulebook_root() / "schemas", made.root / "schemas")
            made.write("itsm.yaml", "version: 1\norganisation: Example Ltd\ntimezone: Europe/Berlin\n")
        service = "type: business\ncategory: Sales\ncriticality: high\n"
        put = self.platform.write
        put(
            "cmdb/teams/team-platform.yaml",
            "id: team-platform\nclass: team\nname: Platform\nforge_groups:\n  - forge: github\n    group: acme/platform\n",
        )
        put(
            "cmdb/services/plat-mail.yaml",
            item("plat-mail", "service", extra=service + link("depends_on", "plat-db")),
        )
        put(
            "cmdb/databases/plat-db.yaml",
            item("plat-db", "database", extra="engine: postgresql\n" + link("runs_on", "plat-host")),
        )
        put("cmdb/servers/plat-host.yaml", item("plat-host", "server", extra="type: virtual\n"))
        put(
            "cmdb/servers/plat-old.yaml",
            item("plat-old", "server", lifecycle="retired", extra="type: virtual\n"),
        )
        put("cmdb/servers/shop-stolen.yaml", item("shop-stolen", "server", extra="type: virtual\n"))
        self.platform.commit()
        schema = self.net.root / "schemas/records/incident.schema.json"
        schema.write_text(schema.read_text().replace('"INC"', '"NTI"').replace("^INC-", "^NTI-"))
        folder = "records/incidents/2026/11"
        self.net.write(
            f"{folder}/{NTI}.yaml",
            incident(NTI, title="Link to the data centre flaps", extra="cis: [plat-host]\n"),
        )
        self.net.write(
            f"{folder}/{SECRET}.yaml",
            incident(SECRET, title="Break-in at the core router", extra="confidential: true\n"),
        )
        self.net.commit()
        put = self.front.write
        put(
            "cmdb/services/shop.yaml",
            item("shop", "service", extra=service + link("depends_on", "plat-mail")),
        )
        put(
            f"{folder}/{INC}.yaml",
            incident(INC, service="shop", extra="cis: [plat-db]\n" + link("relates_to", NTI)),
        )
        put("itsm.yaml", (self.front.root / "itsm.yaml").read_text() + ROOTS)
        self.front.commit()

    def pin(self) -> None:
        """Pin and fetch both roots, and commit that."""
        rooting.update(self.front.repo, local=True)
        self.front.commit("Pin roots")

    def pack(self) -> None:
        for made in (self.platform, self.net, self.front):
            pack(made.root)

    def settings(self, old: str, new: str) -> None:
        """Edit itsm.yaml of the front repository."""
        path = self.front.root / "itsm.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    @property
    def config(self) -> Path:
        return self.front.root / "itsm.yaml"
