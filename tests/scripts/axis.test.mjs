// The hours of the calendar: what overlaps stands side by side.
import assert from "node:assert/strict";
import test from "node:test";
import { plain, world } from "./world.mjs";

const { axis } = world(["axis"]);
const besides = (...spans) => plain(axis.besides(spans));

test("what does not overlap has all the room", () => {
  assert.deepEqual(besides(), []);
  assert.deepEqual(besides([600, 660]), [[0, 1]]);
  assert.deepEqual(besides([600, 660], [660, 720], [60, 120]), [[0, 1], [0, 1], [0, 1]]);
});

test("what overlaps shares the room, in order of its beginning", () => {
  assert.deepEqual(besides([630, 700], [600, 660]), [[1, 2], [0, 2]]);
  // The third begins when the first is over, and takes its column.
  assert.deepEqual(besides([600, 660], [630, 720], [660, 700], [800, 900]), [[0, 2], [1, 2], [0, 2], [0, 1]]);
});

test("no two that touch the same minute are in one column, whatever they are", () => {
  let seed = 7;
  const random = (most) => (seed = (seed * 1103515245 + 12345) % 2147483648) % most;
  for (let round = 0; round < 200; round++) {
    const spans = Array.from({ length: random(12) }, () => {
      const from = random(1400);
      return [from, from + 40 + random(300)];
    });
    const places = besides(...spans);
    spans.forEach(([from, until], i) => {
      assert.ok(places[i][0] < places[i][1]);
      spans.forEach(([other, end], j) => {
        if (i === j || until <= other || end <= from) return;
        assert.notEqual(places[i][0], places[j][0], JSON.stringify([spans, places]));
        assert.equal(places[i][1], places[j][1]); // of one group: as many columns
      });
    });
  }
});

test("the minute of now is that of the site's clocks, in summer and in winter", () => {
  assert.equal(axis.minuteIn("Europe/Amsterdam", Date.UTC(2026, 10, 22, 12, 5)), 13 * 60 + 5);
  assert.equal(axis.minuteIn("Europe/Amsterdam", Date.UTC(2026, 6, 22, 22, 30)), 30);
  assert.equal(axis.minuteIn("America/New_York", Date.UTC(2026, 10, 22, 4, 59)), 23 * 60 + 59);
});
