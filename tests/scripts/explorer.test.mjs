// The explorer without its page: columns, order, what an address means, what is taken away.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { plain, world } from "./world.mjs";

const PARTS = ["words", "search", "zone", "ordering", "columns", "asking", "taking"];
const site = mkdtempSync(join(tmpdir(), "explorer-"));
after(() => rmSync(site, { recursive: true }));
mkdirSync(join(site, "explore"));
const file = (name, data) => writeFileSync(join(site, `explore/${name}.js`), `itsmIndex("explore/${name}",${JSON.stringify(data)});`);

const AT = Date.parse("2026-11-20T09:00:00Z") / 1000;
const KINDS = {
  incident: { title: "Incident", plural: "incidents", titles: "Incidents", folder: "records/incidents", published: [], states: { new: ["New", "open"], closed: ["Closed", "done"] } },
  change: { title: "Change", plural: "changes", titles: "Changes", folder: "records/changes", published: [], states: { draft: ["Draft", "open"] } },
};
file("index", {
  version: 1, zone: "Europe/Berlin", kinds: KINDS, priorities: { P1: "Critical", P2: "High" },
  chunks: [
    { name: "open", status: "open", kind: "", rows: 3, opened: [AT, AT + 172800], updated: [AT, AT + 172800], rank: [1, 3] },
    { name: "done", status: "finished", kind: "incident", rows: 1, opened: [AT - 86400, AT - 86400], updated: [], rank: [0, 0] },
  ],
});
file("names", { service: { shop: "Online shop", mail: "E-mail" }, ci: {}, team: { web: "Web team" } });
file("open", {
  id: ["INC-261120-AAAAA", "CHG-261121-BBBBB", "INC-261122-CCCCC"], title: ["Shop fails", "=1+1", "mail fails"],
  kind: [["incident", "change"], [0, 1, 0]], state: [["new", "draft"], [0, 1, 0]], priority: [["P2", "P1"], [0, -1, 1]],
  service: [["shop", "mail"], [0, [0, 1], 1]], ci: [[], [-1, -1, -1]], team: [["web"], [0, -1, -1]],
  opened: [AT, 86400, 86400], updated: [0, 60, null], rank: [1, 1, 1],
});
file("done", {
  id: ["INC-261119-DDDDD"], title: ["Old"], kind: [["incident"], [0]], state: [["closed"], [0]], priority: [["P1"], [0]],
  service: [[], [-1]], ci: [[], [-1]], team: [[], [-1]], opened: [AT - 86400], updated: [null], rank: [0],
});

const itsm = world(PARTS, { site });
const records = await itsm.records.open();
const choice = (more = {}) => ({ status: "all", facets: {}, opened: [null, null], updated: [null, null], hits: null, ...more });
await records.read(choice(), () => {});
const ids = (rows) => [...rows].map((row) => records.id[row].slice(-5));
const found = (more, sort = "-opened") => ids(records.filter(choice(more), records.order(sort)).rows);

test("rows fit every facet, the status, the spans and the words", () => {
  assert.deepEqual(found(), ["CCCCC", "BBBBB", "AAAAA", "DDDDD"]);
  assert.deepEqual(found({ status: "open" }), ["CCCCC", "BBBBB", "AAAAA"]);
  assert.deepEqual(found({ facets: { kind: new Set(["incident"]), priority: new Set(["P1"]) } }), ["CCCCC", "DDDDD"]);
  assert.deepEqual(found({ facets: { service: new Set(["mail"]) } }), ["CCCCC", "BBBBB"]);
  assert.deepEqual(found({ facets: { team: new Set(["none"]) } }), ["CCCCC", "BBBBB", "DDDDD"]);
  assert.deepEqual(found({ updated: [AT, null] }), ["BBBBB", "AAAAA"]);
  assert.deepEqual(found({ opened: [null, AT] }), ["DDDDD"]);
  assert.deepEqual(found({ hits: new Uint8Array([0, 1, 0, 0]) }), ["AAAAA"]);
});

test("each word of a facet says how many it would leave", () => {
  const { counts } = records.filter(choice({ facets: { kind: new Set(["change"]) } }), records.order("id"));
  assert.deepEqual(Object.fromEntries(records.coded.kind.words.map((w, i) => [w, counts.kind[i]])), { incident: 3, change: 1 });
  assert.deepEqual([...counts.priority], [0, 0, 1]);
});

test("columns sort both ways, what has nothing comes last, the newest first among equals", () => {
  assert.deepEqual(ids(records.order("priority")), ["CCCCC", "DDDDD", "AAAAA", "BBBBB"]);
  assert.deepEqual(ids(records.order("-priority")), ["AAAAA", "CCCCC", "DDDDD", "BBBBB"]);
  assert.deepEqual(ids(records.order("title")), ["BBBBB", "CCCCC", "DDDDD", "AAAAA"]);
  assert.deepEqual(ids(records.order("updated")), ["AAAAA", "BBBBB", "CCCCC", "DDDDD"]);
  assert.deepEqual(ids(records.order("service")), ["CCCCC", "BBBBB", "AAAAA", "DDDDD"]);
});

test("only the chunks that a choice needs are read", () => {
  const names = (more) => plain(records.needed(choice(more)).map((c) => c.name));
  assert.deepEqual(names({ status: "open" }), ["open"]);
  assert.deepEqual(names({ facets: { kind: new Set(["change"]) } }), ["open"]);
  assert.deepEqual(names({ opened: [AT, null] }), ["open"]);
  assert.deepEqual(names({ updated: [null, AT] }), []);
  assert.deepEqual(names({ hits: new Uint8Array([1, 0, 0, 0]) }), ["done"]);
});

test("pages, states and names of a row", () => {
  const row = records.id.indexOf("CHG-261121-BBBBB");
  assert.equal(records.url(row), "records/changes/2611/CHG-261121-BBBBB.html");
  assert.deepEqual(plain(records.state(row)), ["Draft", "open"]);
  assert.deepEqual(["P1", "P9"].map((word) => records.called("priority", word)), ["P1 Critical", "P9"]);
  assert.equal(records.called("team", "web"), "Web team");
});

const COLUMNS = ["id", "state", "team"];
const read = (search) => itsm.asking.read(search, records, COLUMNS, ["id"]);

test("an address comes back as it was", () => {
  for (const search of ["", "?q=shop%20fails", "?status=all&kind=incident,change&priority=P1", "?opened=2026-11-20..&sort=-updated", "?team=none", "?cols=id,team", "?q=x&status=open"]) {
    const { wanted, wrong } = read(search);
    assert.equal(itsm.asking.written(wanted, ["id"]), search);
    assert.equal(wrong.length, 0);
  }
});

test("what means nothing is named, and the rest counts", () => {
  const { wanted, wrong } = read("?kind=incident,nonsense&opened=yesterday&sort=x&status=maybe&cols=id,x&%E0%A4%A&a=1");
  assert.deepEqual([...wanted.facets.kind], ["incident"]);
  assert.deepEqual(plain(wrong), ["kind=nonsense", "opened=yesterday", "sort=x", "status=maybe", "cols=x", "%E0%A4%A", "a"]);
});

test("who names words or states looks through everything", () => {
  assert.equal(read("?q=x").wanted.status, "all");
  assert.equal(read("?state=new").wanted.status, "all");
  assert.equal(read("?kind=incident").wanted.status, "open");
});

test("days begin where the site is, also when clocks change", () => {
  const clock = itsm.zoned("Europe/Berlin");
  assert.equal(clock.midnight("2026-11-22"), Date.parse("2026-11-21T23:00:00Z") / 1000);
  assert.equal(clock.midnight("2026-03-29", 1), Date.parse("2026-03-29T22:00:00Z") / 1000);
  assert.equal(clock.shown(AT), "20 Nov 2026, 10:00");
  const moment = (text) => clock.at(text) * 1000;
  assert.equal(moment("2026-11-22T09:30"), Date.parse("2026-11-22T08:30:00Z"));
  assert.equal(moment("2026-03-29T01:59"), Date.parse("2026-03-29T00:59:00Z"));
  assert.equal(moment("2026-03-29T02:30"), NaN, "clocks skip it");
  assert.equal(moment("2026-03-29T03:00"), Date.parse("2026-03-29T01:00:00Z"));
  assert.equal(moment("2026-10-25T01:30"), Date.parse("2026-10-24T23:30:00Z"));
  assert.equal(itsm.zoned("America/New_York").at("2026-03-08T02:30"), NaN);
  assert.equal(itsm.zoned("America/New_York").at("2026-03-08T03:30"), Date.parse("2026-03-08T07:30:00Z") / 1000);
  assert.equal(itsm.zoned("No/Where").midnight("2026-11-22"), Date.parse("2026-11-22T00:00:00Z") / 1000);
});

test("what a spreadsheet would calculate gets an apostrophe, and cells are quoted", () => {
  const rows = plain(ids([]).concat(["CHG-261121-BBBBB"]).map((id) => itsm.taking.plain(records, records.id.indexOf(id), ["id", "service", "updated"])));
  assert.equal(itsm.taking.csv(rows), "id,title,service,updated,page\nCHG-261121-BBBBB,'=1+1,\"shop\nmail\",2026-11-21T09:01:00Z,records/changes/2611/CHG-261121-BBBBB.html\n");
  assert.equal(itsm.taking.csv([]), "");
});

test("the command lists the same", () => {
  const command = (search) => itsm.taking.command(read(search).wanted, records.about);
  assert.equal(command(""), "itsm list status:open --sort opened");
  assert.equal(command("?kind=incident&priority=P1&team=none&status=all"), "itsm list incidents 'priority:P1 team:none' --sort opened");
  assert.equal(command("?q=not+it%27s&sort=opened"), "itsm list '\"not\" it s' --sort -opened");
});
