"""Keys of the data that pages are made from: each stands for a piece of it, one with a colon for the piece that follows."""

from __future__ import annotations

ALL = "*"  # any document
NOW = "now"
BACK = "back"  # that the moment is not before that of the last build
GRAPH = "graph"  # how failures travel
HEALTH = "health:"
KNOWN = "known:"  # the known errors and articles that are offered for an item
PAST = "past:"  # the last days of a service
EVENTS = "events:"  # what incidents did to a service
HIT = "hit:"  # what a record makes unwell
HISTORY = "history"  # whether Git has anything to tell
EDITED = "edited:"  # the last edits of a file, by its path
PROOF = "proof:"  # the evidence about a change
CONFLICT = "conflict:"  # what is in the way of a change
WORD = "word:"  # the records whose titles have a word
SIMILAR = "similar"  # how many records there are to be like
ITEMS = "items"  # any item of the CMDB
FAILURES = "failures"  # how past changes ended, and what they caused
TODAY = "today"
KEPT = "kept:"  # how the service level of a service was kept
KIND = "kind:"  # the documents of a kind
DATA = "data:"  # the JSON file of finished records, by its address
LINKS = "links:"  # what is linked to a document and from it
UPDATED = "updated"  # when the last record was updated
TRAITS = "traits:"  # what tells the place of a document among others
MAJORS = "majors"  # which open incidents are major ones
DUES = "dues"  # what is due, of any document
AWAITED = "awaited:"  # the changes that wait for somebody's approval

# What the view answers by identifier, each with the beginning of its keys.
ANSWERS = {
    "health": HEALTH,
    "offers": KNOWN,
    "past": PAST,
    "histories": EVENTS,
    "kept": KEPT,
    "hit_by": HIT,
    "proofs": PROOF,
    "awaited": AWAITED,
}
LONGEST_ID = 63  # nothing longer names a document
