"""The index: what the documents of a working tree say in brief, kept between commands in one SQLite file.

The file lies in Git's own folder of the working tree (``.git/itsm/``), so no clone brings one along. It is made
from the documents alone and can be deleted at any time. It holds entries, edges, aliases, timelines and what other
rooms derive from single documents; never whole documents.

- ``database``: the tables, and which file may be believed.
- ``freshness``: which documents moved since the index was brought up to date, with one question to Git.
- ``rows``: an entry as a row, and back.
- ``making``: makes the index while everything is read.
- ``filling``: brings it up to date in one transaction.
- ``indexed_store``: a loaded snapshot on top of it, with the surface of ``Store``.
- ``finding``, ``names``: which document a fragment means; which names there are, without asking Git.
- ``lives``: records by when they were opened and ended.
- ``derived``: what other rooms derive of single documents, made when first asked for.
- ``query_tables``, ``query_guard``: what a query in SQL reads, and what it may do.
- ``condition``: how an index stands, or why there is none.
- ``service``: which store a command gets. Where there is no index, or it cannot be used, every document is read,
  with the same answers.
"""

FOLDER = "itsm"  # within Git's own folder of the working tree
