"""Family D: whether configuration items make sense together."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.entry import Entry
from itsm_gitops.model.errors import did_you_mean
from itsm_gitops.model.findings import INFO, WARNING
from itsm_gitops.model.windows import is_zone, near_zone
from itsm_gitops.rules.context import DocumentContext, NetworkContext, moment
from itsm_gitops.rules.rule import ITEMS, NETWORK, SOURCES, TARGETS, Hit, Rule

DEPENDENCIES = ("depends_on", "runs_on")
_BOUGHT_AND_USED = (("quantity", "in_use"), ("seats", "seats_used"))


def dependency_is_in_production(ctx: NetworkContext) -> Iterator[Hit]:
    """Compare the life cycles at both ends of dependencies."""
    for kind in ctx.operational:
        for entry in ctx.by_kind.get(kind, ()):
            if not facts.plays(ctx.book, entry, meaning.PRODUCTION):
                continue
            for edge in entry.edges:
                target = ctx.entries.get(edge.target)
                if edge.relation not in DEPENDENCIES or target is None or target.id == entry.id:
                    continue
                if ctx.book.kinds[target.kind].is_record:
                    continue  # the wrong kind of thing, which has its own finding
                stage, used = facts.stage(ctx.book, target), facts.used_states(ctx.book.kinds[target.kind])
                if stage and stage not in used:
                    message = f"'{entry.id}' is in production but '{target.id}' is '{stage}'"
                    yield Hit(message, edge.pointer, "", entry.path)


def member_is_dependency(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the members of each group with the item's own links."""
    groups = ctx.data.get("redundancy")
    if not groups or "links" in ctx.refused:
        return
    targets = {x["target"] for x in ctx.data.get("links", ()) if x["type"] in DEPENDENCIES}
    for number, group in enumerate(groups):
        for index, member in enumerate(group["members"]):
            if member not in targets:
                message = f"'{member}' is not a target of this item's depends_on or runs_on links"
                yield Hit(message, ("redundancy", number, "members", index), did_you_mean(member, targets))


def group_can_be_up(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare ``min_up`` with the number of members."""
    for number, group in enumerate(ctx.data.get("redundancy") or ()):
        if group["min_up"] > len(group["members"]):
            message = f"min_up is {group['min_up']} but the group has {len(group['members'])} members"
            yield Hit(message, ("redundancy", number, "min_up"))


def service_is_promised(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for both fields on services in production."""
    if not facts.state_plays(ctx.kind, facts.stage_of(ctx.kind, ctx.data), meaning.PRODUCTION):
        return
    for name in ("support_hours", "service_level"):
        if name not in ctx.data and name not in ctx.refused:
            yield Hit(f"a service in production should have '{name}'", ("lifecycle",))


def offering_has_live_service(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the life cycles of an offering and its service."""
    service = ctx.data.get("service")
    stage = ctx.inactive(service) if facts.is_in_force(ctx.kind, ctx.data) else ""
    if stage:
        yield Hit(f"the service '{service}' is {stage}", ("service",))


def use_is_paid_for(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare how much of something is used with how much was bought."""
    for bought, used in _BOUGHT_AND_USED:
        have, need = ctx.data.get(bought), ctx.data.get(used)
        if have is None or need is None or need <= have or ctx.data.get("over_allocation_allowed"):
            continue
        yield Hit(f"{need} are in use and {have} were bought", (used,))


def spans_have_length(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the ends of windows and of daily hours (which may run past midnight)."""
    for number, window in enumerate(ctx.data.get("windows") or ()):
        start, end = moment(window["start"]), moment(window["end"])
        if start and end and end <= start:
            yield Hit(f"'{window['name']}' ends at or before its start", ("windows", number, "end"))
    for number, hours in enumerate(ctx.data.get("hours") or ()):
        if hours["from"] == hours["to"]:
            yield Hit(
                "these hours begin and end at the same time", ("hours", number, "to"), "24:00 is midnight"
            )


def zone_is_known(ctx: DocumentContext) -> Iterator[Hit]:
    """Look the zone up in the time zone database."""
    zone = ctx.data.get("time_zone")
    if zone is not None and not is_zone(zone):
        yield Hit(f"there is no time zone '{zone}'", ("time_zone",), near_zone(zone))


def item_is_related(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for operational production items that no item's link touches.

    It stays silent while a document of the CMDB is broken or links to nothing: that may be the one.
    """
    for kind in sorted(ctx.operational):
        for entry in ctx.by_kind.get(kind, ()):
            if not facts.plays(ctx.book, entry, meaning.PRODUCTION) or _is_touched(ctx, entry):
                continue
            if ctx.items_are_whole:
                yield Hit(f"no item depends on '{entry.id}' and it depends on none", ("id",), "", entry.path)


def _is_touched(ctx: NetworkContext, entry: Entry) -> bool:
    """Whether an item's relation joins this one to an operational item, or leads from it to nothing."""
    for edge in entry.edges:
        target = ctx.entries.get(edge.target)
        if target is None and edge.pointer[0] == "links":
            return True
        if target is not None and target.kind in ctx.operational and target.id != entry.id:
            return True
    return any(e.kind in ctx.operational and e.id != entry.id for e, _ in ctx.items_into(entry.id))


def team_has_members(ctx: NetworkContext) -> Iterator[Hit]:
    """Look for teams that no person is a member of, once there are people at all."""
    teams = [e for name in ctx.book.playing(meaning.TEAM) for e in ctx.by_kind.get(name, ())]
    people = ctx.of_role(meaning.PERSON) if teams else []
    named = {e.target for p in people for e in p.edges if e.relation == "member_of"}
    staffed = {ctx.store.aliases.get(name, name) for name in named} | named
    for entry in teams if people else ():
        if entry.id not in staffed and not facts.is_retired(ctx.book, entry):
            yield Hit(f"nobody is a member of '{entry.id}'", ("id",), "", entry.path)


RULES = (
    Rule(
        "D001",
        "Production item leans on one that is not in production",
        scope=NETWORK,
        why="Only production items are watched and protected; what production needs must be production too.",
        hint="correct the life cycle of one of the two, or the link",
        bad="# payments (production)\nlinks:\n  - {type: depends_on, target: payments-db-test}",
        good="# payments (production)\nlinks:\n  - {type: depends_on, target: payments-db}",
        reach=(TARGETS,),
        check=dependency_is_in_production,
    ),
    Rule(
        "D002",
        "Redundant member that is not a dependency",
        why="A group says how many of the item's own dependencies must be up; others do not count.",
        hint="add a depends_on or runs_on link to it, or take it out of the group",
        bad="links:\n  - {type: depends_on, target: node-a}\nredundancy:\n  - {name: nodes, members: [node-a, node-b], min_up: 1}",
        good="links:\n  - {type: depends_on, target: node-a}\n  - {type: depends_on, target: node-b}\n"
        "redundancy:\n  - {name: nodes, members: [node-a, node-b], min_up: 1}",
        about=("redundancy",),
        check=member_is_dependency,
    ),
    Rule(
        "D003",
        "Redundant group that can never be up",
        why="More members must be up than there are: impact analysis would always say it is down.",
        hint="lower min_up or add members",
        bad="redundancy:\n  - {name: nodes, members: [node-a, node-b], min_up: 3}",
        good="redundancy:\n  - {name: nodes, members: [node-a, node-b], min_up: 1}",
        about=("redundancy",),
        check=group_can_be_up,
    ),
    Rule(
        "D004",
        "Production service without service level or support hours",
        severity=WARNING,
        kinds=(meaning.SERVICE,),
        why="Users of a live service want to know when help is there and how soon.",
        hint="name a service level and a calendar, or say why not in its description and ignore this",
        bad="class: service\nlifecycle: production",
        good="class: service\nlifecycle: production\nsupport_hours: office-hours\nservice_level: gold",
        check=service_is_promised,
    ),
    Rule(
        "D005",
        "Offering of a service that is not there",
        kinds=(meaning.OFFERING,),
        why="Requests for a planned or retired service cannot be fulfilled.",
        hint="retire the offering, or point it at the service that took over",
        bad="# an offering\nservice: fax-gateway   # retired",
        good="# an offering\nservice: mail",
        reach=(ITEMS,),
        check=offering_has_live_service,
    ),
    Rule(
        "D007",
        "Licence used more often than bought",
        severity=WARNING,
        why="Over-use is a breach that an audit turns into a bill.",
        hint="buy more, free some, or set over_allocation_allowed where the contract says so",
        bad="class: licence\nquantity: 50\nin_use: 61",
        good="class: licence\nquantity: 75\nin_use: 61",
        about=tuple(used for _, used in _BOUGHT_AND_USED),
        check=use_is_paid_for,
    ),
    Rule(
        "D008",
        "Calendar span that ends before it begins",
        kinds=(meaning.CALENDAR,),
        why="A window without length never applies: a freeze would freeze nothing.",
        hint="correct the start or the end",
        bad="windows:\n  - {name: Year end, start: 2026-12-31T00:00:00Z, end: 2026-12-20T00:00:00Z}",
        good="windows:\n  - {name: Year end, start: 2026-12-20T00:00:00Z, end: 2026-12-31T00:00:00Z}",
        check=spans_have_length,
    ),
    Rule(
        "D009",
        "Unknown time zone",
        kinds=(meaning.CALENDAR, meaning.FACILITY),
        why="Without its zone a calendar's hours cannot be turned into moments.",
        hint="use an IANA name such as Europe/Berlin",
        bad="time_zone: Europe/Berln",
        good="time_zone: Europe/Berlin",
        check=zone_is_known,
    ),
    Rule(
        "D010",
        "Item without any relation",
        scope=NETWORK,
        severity=INFO,
        why="Nothing is known about what needs it or what it needs, so impact analysis is blind here.",
        hint="link it: depends_on, runs_on or part_of (itsm link)",
        bad="# a production server that no document mentions",
        good="# the application\nlinks:\n  - {type: runs_on, target: app-server-1}",
        reach=(TARGETS, SOURCES),
        check=item_is_related,
    ),
    Rule(
        "D011",
        "Team without members",
        scope=NETWORK,
        severity=INFO,
        why="Work assigned to an empty team is seen by nobody.",
        hint="add it to `teams` of its members under cmdb/people",
        bad="# cmdb/teams/team-data.yaml, and no person names it",
        good="# cmdb/people/anna-berg.yaml\nteams: [team-data]",
        reach=(SOURCES,),
        check=team_has_members,
    ),
)
