// What all scripts share: the words of the site's language, numbers, how long something lasted.
import assert from "node:assert/strict";
import test from "node:test";
import { world } from "./world.mjs";

const words = { "{count} record": "{count} Vorgang", "{count} records": "{count} Vorgänge", "{count} d": "{count}\u00a0T", "{count} h": "{count}\u00a0h" };
const english = world([]);
const german = world([], { language: "de", words });
const french = world([], { language: "fr" });

test("a text is said in the site's language, in English where there is none", () => {
  assert.equal(german.t("{count} d", { count: 2 }), "2\u00a0T");
  assert.equal(german.t("Not there: {what} {other}", { what: "x" }), "Not there: x {other}");
});

test("one thing and several, as the language counts", () => {
  const say = (itsm, count) => itsm.counted(count, "{count} record", "{count} records");
  assert.deepEqual([0, 1, 2, 1234].map((n) => say(english, n)), ["0 records", "1 record", "2 records", "1,234 records"]);
  assert.deepEqual([1, 1234].map((n) => say(german, n)), ["1 Vorgang", "1.234 Vorgänge"]);
  assert.equal(say(french, 0), "0 record");
});

test("how long something lasted has at most two units", () => {
  const minute = 60000;
  assert.deepEqual([0, 59, 60, 61, 1440, 1500, 1441].map((n) => english.lasting(n * minute)), ["0 min", "59 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h", "1 d"]);
  assert.equal(german.lasting(1500 * minute), "1\u00a0T 1\u00a0h");
});

test("a word of a list within a text", () => {
  assert.deepEqual([english.within("Not in production"), english.within("CAB meeting"), german.within("Nicht in Produktion")], ["not in production", "CAB meeting", "Nicht in Produktion"]);
});

test("how long ago", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  assert.equal(english.ago(now - 3 * 3600000, now), "3 hours ago");
  assert.equal(english.ago(now - 64 * 3600000, now), "2 days ago");
  assert.equal(english.ago(now - 40 * 3600000, now), "1 day ago");
  assert.equal(german.ago(now + 86400000, now), "morgen");
});

test("the words of an address, where the number of a record is one word", () => {
  const said = ["/it/services/hub-wireless.html", "/records/incidents/2611/INC-261109-SSCJP.html", "/404.html", "/it/cmdb/index.html", "/a%20b_c", "/%ff"].map((path) => english.wordsOf(path));
  assert.deepEqual(said, ["hub wireless", "INC-261109-SSCJP", "", "cmdb", "a b c", ""]);
});
