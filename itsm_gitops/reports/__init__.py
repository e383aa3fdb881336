"""Reports: figures about one snapshot, each with its definition. Pure functions, no input or output.

How a report is made
--------------------

While documents are read, `reports/life.py` takes the states and times out of each timeline; nothing else of a document is
kept. A `Log` puts them beside the entries, replayed up to the moment of the report and limited to a service or a team. Each
report is a function from that log to tables of plain data (`model/report.py`). A chart has no data of its own: it names
columns of its table, and the terminal, the SVG and the files all read that table. The docstrings of `measures.py` are the
definitions that readers see. `publish/` does not know the room; `commands/` hands it something that makes reports
(`publish/reporter.py`), and the documents are still read once.
"""
