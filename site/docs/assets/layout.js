// Layered layout of a small directed graph, as the diagrams drawn at build time have it
// (itsm_gitops/presentation/layout.py says how; a test compares the two). Sources come first (left).
(() => {
  "use strict";

  const SWEEPS = 6;

  // Where everything is: `position` gives each node its layer and its place in units of one node,
  // `routes` has for each edge [from, to] the names it passes; bends have names of their own.
  /** @param {string[]} nodes @param {Pair[]} edges @returns {Layout} */
  function layout(nodes, edges) {
    const known = new Set(nodes);
    /** @type {Map<string, Pair>} */
    const named = new Map();
    for (const [a, b] of edges) if (known.has(a) && known.has(b) && a !== b) named.set(`${a}\0${b}`, [a, b]);
    const wanted = [...named.values()].sort(([a, b], [c, d]) => (a < c ? -1 : a > c ? 1 : b < d ? -1 : Number(b > d)));
    const layer = layers(nodes, withoutCircles(nodes, wanted));
    const of = valueOf(layer);
    const columns = Array.from({ length: Math.max(0, ...layer.values()) + 1 }, () => /** @type {string[]} */ ([]));
    for (const node of nodes) columns[of(node)].push(node);
    /** @type {Pair[]} */
    const segments = [];
    const routes = wanted.map(([a, b]) => {
      const [start, end] = of(a) < of(b) ? [a, b] : [b, a];
      const path = [start];
      for (let i = of(start) + 1; i < of(end); i++) {
        const bend = `${start}\0${end}\0${i}`;
        path.push(bend);
        columns[i].push(bend);
      }
      path.push(end);
      for (let i = 1; i < path.length; i++) segments.push([path[i - 1], path[i]]);
      return { from: a, to: b, path };
    });
    order(columns, segments);
    return { columns, position: positions(columns, segments), routes };
  }

  /** The values of a map in which every node is. @param {Map<string, number>} map */
  const valueOf = (map) => (/** @type {string} */ node) => /** @type {number} */ (map.get(node));

  /** All values of each key. @template T @param {[string, T][]} pairs */
  const collect = (pairs) => {
    /** @type {Map<string, T[]>} */
    const found = new Map();
    for (const [key, value] of pairs) {
      const list = found.get(key);
      if (list) list.push(value);
      else found.set(key, [value]);
    }
    return found;
  };

  /** Turn round the edges that close a circle in a depth-first walk. @param {string[]} nodes @param {Pair[]} edges */
  function withoutCircles(nodes, edges) {
    const after = collect(edges);
    const done = new Set();
    /** @type {Pair[]} */
    const forward = [];
    for (const start of nodes) {
      if (done.has(start)) continue;
      const path = new Map([[start, (after.get(start) ?? []).values()]]);
      const stack = [start];
      while (stack.length) {
        const node = stack[stack.length - 1];
        const child = path.get(node)?.next().value;
        if (child === undefined) {
          done.add(node);
          path.delete(node);
          stack.pop();
          continue;
        }
        forward.push(path.has(child) ? [child, node] : [node, child]);
        if (!done.has(child) && !path.has(child)) {
          path.set(child, (after.get(child) ?? []).values());
          stack.push(child);
        }
      }
    }
    return forward;
  }

  /** Longest path from any source, then sources pulled next to what they point to. @param {string[]} nodes @param {Pair[]} edges */
  function layers(nodes, edges) {
    const layer = new Map(nodes.map((n) => [n, 0]));
    const of = valueOf(layer);
    for (let round = 0, changed = true; changed && round < nodes.length; round++) {
      changed = false;
      for (const [a, b] of edges) {
        if (of(b) > of(a)) continue;
        layer.set(b, of(a) + 1);
        changed = true;
      }
    }
    const targets = collect(edges.map(([a, b]) => [a, of(b)]));
    const pointed = new Set(edges.map(([, b]) => b));
    for (const node of nodes) {
      const below = targets.get(node);
      if (below && !pointed.has(node)) layer.set(node, Math.min(...below) - 1);
    }
    return layer;
  }

  /** @param {string[]} column */
  const ranks = (column) => new Map(column.map((n, k) => [n, k]));
  /** @param {number[]} numbers */
  const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

  /** Sort each column by where its neighbours in the column before (then after) stand. @param {string[][]} columns @param {Pair[]} segments */
  function order(columns, segments) {
    const before = collect(segments.map(([a, b]) => /** @type {Pair} */ ([b, a])));
    const after = collect(segments);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const forward = sweep % 2 === 0;
      const near = forward ? before : after;
      for (let k = 1; k < columns.length; k++) {
        const i = forward ? k : columns.length - 1 - k;
        const rank = ranks(columns[forward ? i - 1 : i + 1]);
        const wish = valueOf(
          new Map(
            columns[i].map((n, own) => {
              const places = (near.get(n) ?? []).flatMap((m) => rank.get(m) ?? []);
              return [n, places.length ? mean(places) : own];
            }),
          ),
        );
        columns[i].sort((a, b) => wish(a) - wish(b));
      }
    }
  }

  /** Give each node a vertical place near its neighbours', at least one unit (bend: half) apart. @param {string[][]} columns @param {Pair[]} segments */
  function positions(columns, segments) {
    const height = Math.max(0, ...columns.map((c) => c.length));
    /** @type {Map<string, number>} */
    const at = new Map();
    const of = valueOf(at);
    for (const column of columns) column.forEach((n, k) => at.set(n, k + (height - column.length) / 2));
    const near = collect(segments.flatMap(([a, b]) => /** @type {Pair[]} */ ([[a, b], [b, a]])));
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const column of columns) {
        const wish = column.map((n) => mean((near.get(n) ?? [n]).map(of)));
        spread(wish, column).forEach((value, k) => at.set(column[k], value));
      }
    }
    const lowest = Math.min(...at.values());
    /** @type {Map<string, Position>} */
    const found = new Map();
    columns.forEach((column, i) => column.forEach((n) => found.set(n, [i, of(n) - lowest])));
    return found;
  }

  /** Move wished places apart, keeping their order and their common centre. @param {number[]} wish @param {string[]} column */
  function spread(wish, column) {
    if (!wish.length) return [];
    const placed = [wish[0]];
    for (let k = 1; k < wish.length; k++) {
      const bend = column[k - 1].includes("\0") || column[k].includes("\0");
      placed.push(Math.max(wish[k], placed[k - 1] + (bend ? 0.5 : 1)));
    }
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, n) => total + n, 0);
    const drift = (sum(wish) - sum(placed)) / wish.length;
    return placed.map((p) => p + drift);
  }

  globalThis.itsm.layout = layout;
})();
