// Where the parts of the map stand: each part is laid out by itself, and parts without a line between them stand
// beside each other as long as there is room, so that a first look sees all of them.
(() => {
  "use strict";

  const { layout } = globalThis.itsm;

  /** What a map has for a key that is in it. @template K, V @param {Map<K, V>} map @param {K} key */
  const at = (map, key) => /** @type {V} */ (map.get(key));

  /** Names that are joined by lines, in the order of the names. @param {string[]} names @param {Pair[]} edges */
  function partsOf(names, edges) {
    const part = new Map(names.map((name) => [name, [name]]));
    for (const [a, b] of edges) {
      const [one, other] = [at(part, a), at(part, b)];
      if (one === other) continue;
      one.push(...other);
      for (const name of other) part.set(name, one);
    }
    const rank = new Map(names.map((name, i) => [name, i]));
    return [...new Set(part.values())].map((some) => some.sort((a, b) => at(rank, a) - at(rank, b)));
  }

  /** One part without empty stripes: where its names and bends are, and how many columns and rows it takes. @param {string[]} names @param {Pair[]} edges */
  function block(names, edges) {
    const { position, routes, columns } = layout(names, edges);
    const heights = [...new Set([...position.values()].map(([, place]) => place))].sort((a, b) => a - b);
    /** @type {Map<number, number>} */
    const lowered = new Map();
    let lowest = 0;
    heights.forEach((height, i) => {
      lowest += i ? Math.min(1, height - heights[i - 1]) : 0;
      lowered.set(height, lowest);
    });
    const places = [...position].map(([name, [column, place]]) => /** @type {[string, Position]} */ ([name, [column, at(lowered, place)]]));
    return { places, routes, wide: columns.length, high: lowest + 1 };
  }

  /** Places and routes of everything, in `room` columns where no part needs more: the highest part first, then each where it ends highest. @param {string[]} names @param {Pair[]} edges @param {number} room */
  function packed(names, edges, room) {
    const blocks = partsOf(names, edges).map((some) => {
      const inside = new Set(some);
      return block(some, edges.filter(([a]) => inside.has(a)));
    });
    const bottoms = Array.from({ length: Math.max(1, room, ...blocks.map(({ wide }) => wide)) }, () => 0);
    /** @type {Map<string, Position>} */
    const places = new Map();
    for (const one of blocks.slice().sort((a, b) => b.high * b.wide - a.high * a.wide)) {
      const tops = bottoms.slice(0, bottoms.length - one.wide + 1).map((_, i) => Math.max(...bottoms.slice(i, i + one.wide)));
      const top = Math.min(...tops);
      const left = tops.indexOf(top);
      for (const [name, [column, place]] of one.places) places.set(name, [left + column, top + place]);
      bottoms.fill(top + one.high, left, left + one.wide);
    }
    return { places, routes: blocks.flatMap(({ routes }) => routes) };
  }

  globalThis.itsm.packed = packed;
})();
