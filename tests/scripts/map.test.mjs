// The map without its page: what is around an item, and where everything is drawn.
import assert from "node:assert/strict";
import test from "node:test";
import { plain, world } from "./world.mjs";

const itsm = world(["layout", "packing", "neighbourhood", "facts"]);
const { network, around, matches, named } = itsm.neighbourhood;

const data = {
  items: [["shop", "Online shop", 0, 1, 0, -1], ["web", "Shop front", 1, 0, 0, 0], ["db-1", "", 1, 1, 0, -1], ["db-2", "Database 2", 1, 1, 0, -1]],
  classes: [["service", "Service", "Services", "services"], ["server", "Server", "Servers", "cmdb/servers"]],
  looks: [["outage", "Outage", ""], ["operational", "Operational", ""]],
  states: ["In production"], others: [["ada", "Ada", ""]], reasons: { 1: ["It fails", [0]] },
  ways: [["depends_on", "Depends on", "Needed by", true], ["part_of", "Part of", "Has", false]],
  edges: [0, 1, 0, 1, 2, 0, 1, 3, 0, 2, 3, 1], groups: [[1, "databases", 1, [2, 3]]],
};
const net = network(data);
const asked = (more) => ({ item: "", class: "", dir: "both", depth: 2, hidden: new Set(), ways: new Set([0, 1]), more: new Map(), ...more });

test("a walk keeps its direction and its depth", () => {
  const shown = (more) => [...around(net, asked(more)).shown.keys()].map((row) => data.items[row][0]);
  assert.deepEqual(shown({ item: "shop", depth: 1 }), ["shop", "web"]);
  assert.deepEqual(shown({ item: "db-1", dir: "users" }).sort(), ["db-1", "db-2", "shop", "web"]);
  assert.deepEqual(shown({ item: "shop", ways: new Set([1]) }), ["shop"]);
  assert.deepEqual(shown({ class: "server", depth: 0 }), ["web", "db-2", "db-1"].sort((a, b) => net.before(net.rows.get(a), net.rows.get(b))));
  assert.equal(around(net, asked({ item: "shop", depth: 1 })).shown.get(1).hidden.needs, 2);
});

test("items are found by a part of name or identifier, the same first", () => {
  assert.deepEqual(plain(matches(net, "shop")), [0, 1]);
  assert.deepEqual(plain(matches(net, "DB-2")), [3]);
  assert.deepEqual(plain(matches(net, " ")), []);
  assert.equal(named(net, 2), "db-1 (db-1)");
});

test("what is said of an item", () => {
  const about = itsm.facts.of(net, 1);
  assert.deepEqual([about.url, about.owner[1], about.causes.length], ["cmdb/servers/web.html", "Ada", 1]);
  assert.equal(itsm.facts.mustBeUp(net, about.groups[0]), "databases: 1 of 2 must be up, 2 are");
  assert.deepEqual([itsm.facts.moreOf("needs", 1), itsm.facts.moreOf("users", 1), itsm.facts.moreOf("users", 2)], ["1 more it needs", "1 more that needs it", "2 more that need it"]);
});

test("a layout has sources on the left, no circle, and bends where an edge is long", () => {
  const { position, routes, columns } = itsm.layout(["a", "b", "c", "d"], [["a", "b"], ["b", "c"], ["a", "c"], ["c", "a"], ["d", "d"], ["a", "x"]]);
  assert.deepEqual(["a", "b", "c", "d"].map((n) => position.get(n)[0]), [0, 1, 2, 0]);
  assert.equal(columns.length, 3);
  assert.equal(routes.find((r) => r.from === "a" && r.to === "c").path.length, 3);
  assert.deepEqual(plain(itsm.layout([], []).routes), []);
});

test("parts without a line between them stand beside each other, and nothing stands on anything", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const { places, routes } = itsm.packed(names, [["a", "b"], ["a", "c"], ["d", "e"]], 5);
  const corners = names.map((name) => places.get(name));
  assert.equal(new Set(corners.map(String)).size, names.length);
  assert.ok(corners.every(([column, place]) => column < 5 && place < 2), String(corners));
  assert.equal(routes.length, 3);
  assert.deepEqual([...itsm.packed(["a", "b"], [], 0).places.values()].map(plain), [[0, 0], [0, 1]]);
});

test("a part that is wider than the room keeps its columns", () => {
  const { places } = itsm.packed(["a", "b", "c", "d"], [["a", "b"], ["b", "c"]], 1);
  assert.deepEqual(["a", "b", "c", "d"].map((name) => plain(places.get(name))), [[0, 0], [1, 0], [2, 0], [0, 1]]);
});
