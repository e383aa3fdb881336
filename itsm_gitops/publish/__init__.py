"""A snapshot becomes a site: static pages, drawn diagrams and a search index.

How the site is built
---------------------

MkDocs renders the bounded part: the handbook and one empty page for each entry of the navigation. The frame of one such
page is cut out of the finished HTML, and every page of the site is stamped into that frame. So MkDocs takes the same
time for ten records and for a hundred thousand, all pages look alike, and the engine sits behind one function
(`publish/engine.py`). Text of records never passes through MkDocs or a template language, so what it renders
(`publish/frame.py`) is known before any record is read, and it runs beside the reading. Pages are stamped by several
processes that take the next hundredth when they are free; the first one writes the bounded part before it joins them.
Documents are parsed once: what the reading made of them waits in files without a name (`snapshots/spool.py`) until their
pages are stamped, because all of them do not fit into memory.

What all pages share is in no page. A stamped page is its head, its article, the way home and the footer's words: 0.8 kB
around the article. `assets/shell.js` puts the engine's header in before anything is painted, and what surrounds the article
once the page is read and before any other script runs; icons are in the style sheet; style sheets are joined to one file,
scripts to another (`publish/slim.py`). Markup that is repeated thousands of times is styled by its place rather than by
classes, has no end tags and quotes that HTML does not need, and links lead no higher than they must.

Builds are incremental. In Git's own folder, beside the index, lies one file of rows for each site
(`repository/index/site_rows.py`): the summary of each document with the times and digest of its file
(`snapshots/memory.py`, `publish/readings.py`), and for each page the keys of the data that it was made from
(`publish/tracing.py`) and the stamps of its files (`publish/build_cache.py`). A build reads all
summaries, but the data for search and reports only of changed documents; it writes the changed rows only. A page is made
again when the data behind one of its keys has changed, or when its file is not the one that was written; data that tracing does not know counts as a dependency on everything. The same holds for
files over many documents, lists, feeds, index pages and chunks of the explorer (`publish/batches.py`), and for everything
else that a site has, in units of what is made together (`publish/units.py`). Pages of items depend on the place of the
records that they do not show (`presentation/traits.py`), not on the records. `--explain` tells the reasons
(`publish/reasons.py`). The search index is updated
where words of documents have come or gone (`publish/indexing.py`, `publish/reindex.py`): where the numbers of documents
shift, one difference in the text of each word shifts all numbers behind it. When the sources, the moment and all files of
the site are unchanged, the build ends at once (`publish/last_build.py`): Git says whether the sources are, the times of the
output's files are added up (`publish/footprint.py`), and nothing that makes pages is imported (`publish/making.py`). Reports are
made again when something that they count has changed (`publish/site_reports.py`). What the engine rendered is used again only with a seal whose key lies in `.git`
(`snapshots/seal.py`), because a repository can bring any file, but no key. Sites of
audiences that see less are made in full each time: each page depends on all documents.

The explorer (`publish/explorer.py`, `pages/explore.py`) has its own copy of what lists show: columns in chunks, scripts that
hand their data over as those of the search index do, so that it works from a disk and under the same policy. Open records lie
apart from finished ones, and a chunk has tables of its own, so a new record rewrites one chunk and the index. `columns.js` keeps
the columns in typed arrays, filters and counts them, `ordering.js` sorts them; `explorer.js` shows fifty rows at a time. A record's place
counted from the oldest joins both to the numbers of the search index.

"My work" (`pages/mine.py`, `mine.js`) takes titles and states from the explorer's data; one small file more says whose each
open record is (`publish/own_work.py`). Who the reader is stays in the browser.

What programs read (`presentation/data/`) is written beside the pages from the same snapshot: the JSON of a document by the
worker that stamps its page, everything else once. Finished records share files (`presentation/finished.py`): a file each was half
of all files of a site, and a record that is done is rarely asked for alone. Whoever makes the pages of one such file's records
writes the file (`publish/stamping.py`); it has one line for each record, so a later build takes over the lines of all
records that did not change. None of it holds the moment of the build, so a file changes only when
what it says does; windows in calendar files are dated from the first of the months they cover.

What a record's page says beyond its document comes from what is known of that record before any page is stamped, so that
pages can be made in any order and process. `publish/background.py` gathers what reads Git: one log for the edits of all
documents (`repository/versions.py`; blobs are read for the share of pages that a worker stamps, in one go), one reading of
the evidence. `graph/similar.py` looks up at most 30 titles for each of six rare words. The policy's answer
(`gate/asking.py`: the gate's own rules with the snapshot as both sides) and the course of a record
(`reports/course.py`) are functions that `commands/` hands over (`publish/reporter.py`), asked for one record at a time.

How something is withheld
-------------------------

A site is built for an audience (`schemas/policies/audiences.yaml`). Between the loaded snapshot and everything else stands
one choke point, `publish/audience.py`: a store that holds what the audience may see, with entries, documents, rule book and
settings cut down to that. Pages, search, feeds, calendars, reports and the JSON API read that store and know of nothing
else, so none of them decides what is secret, and a new page cannot forget to. What is gathered while documents are read is
gathered from screened documents. What may pass is a tree (`model/screen.py`) made from a kind's schema and the audience's
list, so what neither of them names does not pass: an unclassified field, a key without a schema, a value of the wrong shape.

- Identifiers pass only where what they name is shown; a field is an identifier by `x-ref` or by its pattern. In prose,
  identifiers of records that are not shown are replaced; nothing tells names of items and people in prose from words.
- The health of services, now and in the last days, is the one thing computed from everything, since a status page that says
  "operational" during an outage would be a lie. Only the status passes; causes and reasons pass where they are shown
  themselves.
- The folder of a site names its audience, and a build for another one refuses it. Nothing is cached between audiences.
- `internal` is the loaded store itself and costs nothing.

What a public site reveals anyway: that a service is down, and since when, though the incident is not shown; how available it
was; how often and when what is shown
was updated, names of fields and states of the rule book, and whatever people write into a field that is published. A
repository on a public forge reveals everything. What reads Git (history, evidence) is for audiences with `sources` only.
`tests/publish/test_audience.py` puts a word of its own into every field of every kind and looks for it in every byte and
name of the output.

"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsm_gitops.model.lazy_names import lazy_names

if TYPE_CHECKING:
    from itsm_gitops.publish.build import OUTPUT, SiteReport, build_site
    from itsm_gitops.publish.serving import serve
    from itsm_gitops.publish.stamping import Progress

__all__ = ["OUTPUT", "Progress", "SiteReport", "build_site", "serve"]
_LATER = {
    "OUTPUT": "build",
    "Progress": "stamping",
    "SiteReport": "build",
    "build_site": "build",
    "serve": "serving",
}
__getattr__ = lazy_names(__name__, _LATER)
