"""Answers to editors about a text that is being typed: what may stand here, what this is, what is wrong, what comes next.

How it works
------------

`place.py` reads the lines above the cursor, not the YAML: a text that is half typed rarely is YAML. `completion.py`, `hover.py`
and `actions.py` answer from the schema of the place and from the entries of the store. `diagnosis.py` says what `itsm check`
would say if the text were saved. `session.py` holds what is read once for all of them; `server.py` speaks the protocol and is
the only module that knows pygls.

Questions have one thread and findings another, each with a session of its own: an index belongs to the thread that opened
it, and the first check of a large repository takes a while.
"""
