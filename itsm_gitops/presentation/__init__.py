"""What pages and data files say: a snapshot as HTML, JSON, feeds and calendars; it knows nothing of builds.

Everything is a function of a view (`view.py`): one snapshot at one moment, reduced to what its audience may see. `pages/` has
a module for each type of page, `data/` the files for programs, `language.py` the words of the site in other languages. The
room above, `publish/`, decides which pages are made again and writes the files; its view records what a page reads, so a
page must ask the view and nothing else. `markup.py` makes HTML and escapes all other text; `prose.py` renders Markdown of
records and cleans the result.

A form (`presentation/questions.py`, `pages/forms.py`) is plain HTML with what a script needs to judge each answer beside it as
JSON. `site/docs/assets/forms.js` and its parts (`publish/scripts.py` joins them) make the record from the answers in the
browser: there is no server that could. It quotes everything but plain words and dates as JSON does, so its writer of YAML is a few lines; a test in a browser types hostile
texts and compares what the loader reads.

The map of dependencies starts anywhere, so its drawing cannot be made at build time. `presentation/topology.py` writes the
network as one compact file (5,000 items and 12,000 relations: 390 kB, 75 kB compressed), and scripts make pages of
it: `neighbourhood.js` walks a bounded part, `layout.js` places it as `layout.py` does (a test compares them on random
graphs), `packing.js` puts parts beside each other, `drawing.js` makes SVG and `details.js` a list of it, `address.js` keeps what was asked for, `map.js` listens.

Why there is no graph library on the map
----------------------------------------

No graph library on the map. It should have come from a package of PyPI, since users have no npm, and none is both
kept and light: d3 is there as version 3 of 2016 (xstatic-d3) or inside a Django plugin, cytoscape.js only inside Dash or
Jupyter widgets with their dependencies, vis-network inside pyvis with IPython. What is left for a library is placing
boxes in layers, which the diagrams drawn at build time need in Python anyhow, and panning, which a scroll box does with
any input. Our scripts have no other layouts, but boxes that are focusable, named and walked along relations, under a
policy without inline style, for 40 kB. A kept package that ships a layered layout could replace `layout.js` alone.
"""
