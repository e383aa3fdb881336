"""The gate: who must approve a pull request, who did, and what it collides with.

How a pull request is judged
----------------------------

1. A pull request is two commits: the tip of the branch it wants to enter (the base) and what wants to enter it (the head). An
   adapter (`forges/`), a file or a signed statement says what reviewers said, in one form: who, what, when, about
   which commit.
2. Policy, roles, people, delegates and owners are read from the base. What the pull request makes of them counts after it is
   merged.
3. `landing.py` makes the merge in memory: what lands is judged, not what a branch that is behind shows. `digest.py` takes
   modes, blobs, status and path of every entry in which it differs from the base. That is what an approval is
   bound to: a rebase, a clean merge or a squash keeps it, anything else changes it, and the difference is named.
   A signed approval is used up by the merge that it allowed (`spent.py`).
4. `requirements.py` spells every rule that applies out for its items, `reviews.py` and `separation.py` decide which
   reviews count, `verdicts.py` compares. `authors.py`, `signers.py` and `separation.py` say who made it, `announced.py`
   and `urgency.py` what its typed times and its emergency are worth, `disclosure.py` what reviewers should look at,
   `freezes.py` and `weakening.py` what it would take away from those who decide. What cannot be decided is an ERROR; no rule at all is one, too.
5. Everybody asks the same function, `assess.assess`: the command line, the workflows, the hook of a plain server, the
   comment, and the audit years later.

`door.py` keeps the files that decide about the gate, in every spelling; `guard.py` names the branches that a plain server
guards; `doctor.py` and its neighbours look whether all of this is closed.

Decisions
---------

Approvals are computed and compared, never typed. A name in a file proves nothing. A generated CODEOWNERS asks the
right people, but the gate does not rely on it: it cannot see risk, windows or affected items.

The gate never waits. It answers at once and is run again when something has changed: a review, a push, an hour.
"""
