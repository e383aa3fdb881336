// "My work" without its page: who somebody is, and what is theirs.
import assert from "node:assert/strict";
import test from "node:test";
import { plain, world } from "./world.mjs";

const { picking } = world(["words", "search", "picking"]);
const work = {
  people: { ada: ["Ada Example", ["web"]], ben: ["Ben Example", ["web", "ops"]], cy: ["Cÿ Müller", []] },
  teams: { web: "Web team", ops: "Operations" },
  assigned: { A: ["ada"], B: ["ben"], C: ["web"] },
  approve: { C: ["ada", "cy"] },
  watched: { A: ["cy"], D: ["web"] },
  when: { E: ["4 h left", "none", 1764000000, 0] },
  due: [["2026-11-30", "ends", "Contract", "x.html", "ada", ""], ["2026-12-01", "review", "Plan", "y.html", "", "web"], ["2026-12-02", "audit", "Z", "z.html", "ops", ""]],
};
// Six records, the oldest first; D is finished, F is published, B is the most urgent.
const ids = ["A", "B", "C", "D", "E", "F"];
const priority = { cells: [1, 0, 1, 0, -1, -1] };
const teams = [["web"], ["ops"], ["web"], ["web"], ["web"], ["web"]];
const records = {
  id: ids, open: [1, 1, 1, 0, 1, 0],
  coded: { priority, team: { of: (row) => teams[row] } },
  order: () => [0, 1, 2, 3, 4, 5],
  places: () => [0, 1],
};
const of = (who) => {
  const found = plain(picking.theirs(work, picking.somebody(work, who), records));
  return Object.fromEntries(Object.entries(found).map(([name, part]) => [name, part.map((one) => (typeof one === "number" ? ids[one] : one[1])).join("")]));
};

test("somebody is found by handle, by name, by a part that only one has", () => {
  const who = (text) => picking.somebody(work, text)?.id ?? null;
  assert.deepEqual(["ada", "Ada Example", "cy muller", "mull", "Web team", "ops", "Example", "", "zoe"].map(who), ["ada", "ada", "cy", "cy", "web", "ops", null, null, null]);
});

test("what is a person's, the most urgent first", () => {
  assert.deepEqual(of("ada"), { approve: "C", assigned: "A", queue: "CE", watched: "", due: "endsreview" });
  assert.deepEqual(of("ben"), { approve: "", assigned: "B", queue: "CE", watched: "", due: "reviewaudit" });
  assert.deepEqual(of("cy"), { approve: "C", assigned: "", queue: "", watched: "A", due: "" });
});

test("what is a team's: its records, and what its people are asked and owe", () => {
  assert.deepEqual(of("web"), { approve: "C", assigned: "ACE", queue: "", watched: "", due: "endsreview" });
});

test("of equal priority the clock that ends first comes first, and what is late before it", () => {
  const with_ = (when) => picking.theirs({ ...work, when }, picking.somebody(work, "web"), records).assigned.map((row) => ids[row]).join("");
  assert.equal(with_({ C: ["2 h left", "none", 1764000000, 0], A: ["3 h left", "none", 1764003600, 0] }), "CAE");
  assert.equal(with_({ C: ["2 h left", "none", 1764000000, 0], A: ["Missed by 1 h", "bad", 0, 0] }), "ACE");
});
