"""Family D: organisations as customers, suppliers and bearers of cost, against the roles that they are declared with.

Who is a customer stands on either side: a service names its ``customers``, an organisation the ``services`` that it uses
(ITIL 4 relationship management; FitSM-1 PR3: customers are identified, each with a contact).
"""

from __future__ import annotations

from collections.abc import Iterator

from itsm_gitops.model import facts, meaning
from itsm_gitops.model.findings import WARNING, Pointer
from itsm_gitops.model.roles import names
from itsm_gitops.rules.context import Data, DocumentContext
from itsm_gitops.rules.rule import ITEMS, Hit, Rule

_ROLES = "roles"
_RECEIVING = ("customer", "internal", "partner")  # roles of who receives services
_SUPPLIER = "supplier"  # role and field
_AS_RECEIVER = ("services", "agreements")
_CUSTOMERS = "customers"
_EMPLOYER = "organisation"
_MEMBERSHIPS = (_CUSTOMERS, _EMPLOYER)
_MOST_PARENTS = 2  # further up nobody decides about the cost of one part


def customer_is_one(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the roles of an organisation with what it receives, and those of each customer of a service."""
    if meaning.ORGANISATION in ctx.kind.plays:
        for name in _AS_RECEIVER:
            if ctx.data.get(name) and _ROLES not in ctx.refused and not _receives(ctx.data):
                yield Hit(f"it has '{name}' and is {_said(ctx.data)}", (name,))
        return
    for number, name in enumerate(ctx.data.get(_CUSTOMERS) or ()):
        customer = ctx.item(name)
        if customer is not None and customer.get(_ROLES) and not _receives(customer):
            yield Hit(f"'{name}' is {_said(customer)}", (_CUSTOMERS, number))


def _receives(organisation: Data) -> bool:
    return any(role in organisation.get(_ROLES, ()) for role in _RECEIVING)


def _said(organisation: Data) -> str:
    roles = " and ".join(organisation.get(_ROLES) or ()) or "nothing to us"
    return f"{roles}, neither customer nor internal nor partner"


def supplier_is_one(ctx: DocumentContext) -> Iterator[Hit]:
    """Look for the role beside an entry as a supplier."""
    if _SUPPLIER in ctx.data and _ROLES not in ctx.refused and _SUPPLIER not in ctx.data.get(_ROLES, ()):
        yield Hit(
            f"it is known as the supplier '{ctx.data[_SUPPLIER]}', and its roles do not say so", (_ROLES,)
        )


def organisation_is_there(ctx: DocumentContext) -> Iterator[Hit]:
    """Look at the stage of life of each organisation that a person works for or that a service has as a customer."""
    if facts.is_inactive(ctx.kind, ctx.data):
        return
    for field in _MEMBERSHIPS:
        value = ctx.data.get(field)
        for number, name in enumerate(value if isinstance(value, list) else [value]):
            entry = ctx.store.entries.get(str(name))
            stage = ctx.inactive(name)
            if stage and entry is not None and meaning.ORGANISATION in ctx.book.kinds[entry.kind].plays:
                pointer: Pointer = (field, number) if isinstance(value, list) else (field,)
                yield Hit(f"the organisation '{name}' is {stage}", pointer)


def who_decides_is_on_the_right_side(ctx: DocumentContext) -> Iterator[Hit]:
    """Compare the organisations of who decides about cost, and of who keeps the relationship, with this one."""
    own = str(ctx.data.get("id", ""))
    payer = _employer(ctx, "cost_owner")
    if payer and not {payer, *_above(ctx, payer)} & {own, *_above(ctx, own)}:
        yield Hit(f"'{ctx.data['cost_owner']}' works for '{payer}'", ("cost_owner",))
    keeper = _employer(ctx, "relationship_manager")
    if keeper == own and "internal" not in names(ctx.data.get(_ROLES)):
        message = f"'{ctx.data['relationship_manager']}' works for it, not for us"
        yield Hit(message, ("relationship_manager",))


def _employer(ctx: DocumentContext, field: str) -> str:
    return str((ctx.item(ctx.data.get(field)) or {}).get(_EMPLOYER, ""))


def _above(ctx: DocumentContext, name: str) -> Iterator[str]:
    """Yield the organisations of which one is a part, the nearest first."""
    for _ in range(_MOST_PARENTS):
        parent = (ctx.item(name) or {}).get("parent")
        if not isinstance(parent, str):
            return
        yield parent
        name = parent


RULES = (
    Rule(
        "D027",
        "Customer whose role says otherwise",
        severity=WARNING,
        kinds=(meaning.ORGANISATION, meaning.SERVICE),
        why="Reports by customer, reviews and complaints go by the role: one that nobody set is left out of all of them.",
        hint="add the role to the organisation, or take it from the customers",
        bad="class: organisation\nroles: [supplier]\nservices: [payments]",
        good="class: organisation\nroles: [supplier, customer]\nservices: [payments]",
        reach=(ITEMS,),
        check=customer_is_one,
    ),
    Rule(
        "D028",
        "Supplier whose role does not say so",
        severity=WARNING,
        kinds=(meaning.ORGANISATION,),
        why="A party that sells to us and buys from us is one organisation with two roles; each is dealt with differently.",
        hint="add supplier to its roles",
        bad="class: organisation\nroles: [customer]\nsupplier: meridian-cloud",
        good="class: organisation\nroles: [customer, supplier]\nsupplier: meridian-cloud",
        check=supplier_is_one,
    ),
    Rule(
        "D029",
        "In use for an organisation that is gone",
        severity=WARNING,
        kinds=(meaning.SERVICE, meaning.PERSON),
        why="Who has left is no customer any more: their people leave, and services have other customers.",
        hint="move it to another organisation, or end it, too",
        bad="class: person\nlifecycle: production\norganisation: old-shop   # retired",
        good="class: person\nlifecycle: retired\norganisation: old-shop",
        reach=(ITEMS,),
        check=organisation_is_there,
    ),
    Rule(
        "D030",
        "Decides for an organisation and works elsewhere",
        severity=WARNING,
        kinds=(meaning.ORGANISATION,),
        why="The cost owner answers with the organisation's own money; the relationship manager speaks for us, not for them.",
        hint="name somebody of that organisation (or of one above it) for its cost, and somebody of ours for the relationship",
        bad="# bakery-buyer works for corner-bakeries\nid: harbour-parcel\ncost_owner: bakery-buyer",
        good="# bakery-buyer works for corner-bakeries\nid: corner-bakeries\ncost_owner: bakery-buyer",
        reach=(ITEMS,),
        check=who_decides_is_on_the_right_side,
    ),
)
