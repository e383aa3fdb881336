"""Ways to reach people, as an item's ``contacts`` lists them: mail, telephone, chat, a page."""

from __future__ import annotations

import re
from typing import Any

from itsm_gitops.presentation.markup import Html, esc, external, words

# Ways between those who run services: users are not sent to them.
_ON_CALL = "on-call"
_PHONE = re.compile(r"\+?[\d(][\d ()/.-]{5,30}", re.ASCII)
_AMONG_STAFF = ("chat", _ON_CALL)


def contact_lines(contacts: Any, *, reachable: bool = False, on_call: bool = True) -> list[Html]:
    """Return each way to reach people; what is an address becomes a link.

    ``reachable`` leaves out the ways that are not for users; without ``on_call`` those to whoever is on call are left
    out, for pages that name them.
    """
    lines = []
    for contact in contacts if isinstance(contacts, list) else []:
        if not isinstance(contact, dict) or (reachable and contact.get("type") in _AMONG_STAFF):
            continue
        if not on_call and contact.get("type") == _ON_CALL:
            continue
        name, text = words(str(contact.get("type", ""))), str(contact.get("value", ""))
        address = f"mailto:{text}" if "@" in text and ":" not in text else text
        note = f" ({esc(contact['note'])})" if isinstance(contact.get("note"), str) else ""
        shown = text.removeprefix("https://").removeprefix("http://").rstrip("/")
        if _PHONE.fullmatch(text):
            digits = re.sub(r"[^+\d]", "", text)
            way = Html(f'<a href="tel:{digits}">{esc(text)}</a>')
        else:
            way = external(address, esc(shown))
        lines.append(Html(f"{esc(name)}: {way}{note}"))
    return lines
