"""Evidence: one statement about each merge, all of them in the ledger, and the audit that recomputes them.

How evidence is kept
--------------------

Each move of a branch gets one in-toto statement (`statement.py`) with everything the judgement was made from, on the branch
`itsm/evidence`. `git/ledger.py` writes it without a work tree, on top of the newest commit and only if that still is
the newest, so writers who come at the same time lose nothing. `audit.py` computes every statement again from the
repository alone and compares: the branch with the statements, the statements with the chain, the chain with its branch.

`approval_refs.py` is the door for signed statements on a plain server, `pushers.py` tells who pushed, `facts.py` holds what
must come out again in a bounded form, `together.py` finds commits that were signed as one request.

The auditor's questions stand on `population.py`: a row for each merge and each change of a period (`period.py`), with
`exceptions.py`, `sample.py`, `access.py` and `figures.py` over it. `vouching.py` says who answers for a page, `beginning.py`
where evidence has to begin.

Decisions
---------

OpenSSH signs. It is on every machine, works offline, and its signatures name their purpose. Dates prove nothing, so
keys and roles are read from the commit that is judged. An approval names its repository by the identity in `itsm.yaml`
and by the tip on which it was signed: clones and forks share them, a copy that was begun anew does not.

A plain Git server is a forge, too. The same function behind `pre-receive` judges pushes, the same statements
approve, `post-receive` keeps evidence. So the strictest way needs nobody else's program.
"""
