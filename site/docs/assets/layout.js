// Layered layout of a small directed graph, as the diagrams drawn at build time have it
// (itsm_gitops/publish/layout.py says how; a test compares the two). Sources come first (left).
(() => {
  "use strict";

  const SWEEPS = 6;

  // Where everything is: `position` gives each node its layer and its place in units of one node,
  // `routes` has for each edge [from, to] the names it passes; bends have names of their own.
  function place(nodes, edges) {
    const known = new Set(nodes);
    const named = new Map();
    for (const [a, b] of edges) if (known.has(a) && known.has(b) && a !== b) named.set(`${a}\0${b}`, [a, b]);
    const wanted = [...named.values()].sort(([a, b], [c, d]) => (a < c ? -1 : a > c ? 1 : b < d ? -1 : Number(b > d)));
    const layer = layers(nodes, withoutCircles(nodes, wanted));
    const columns = Array.from({ length: Math.max(0, ...layer.values()) + 1 }, () => []);
    for (const node of nodes) columns[layer.get(node)].push(node);
    const segments = [];
    const routes = wanted.map(([a, b]) => {
      const [start, end] = layer.get(a) < layer.get(b) ? [a, b] : [b, a];
      const path = [start];
      for (let i = layer.get(start) + 1; i < layer.get(end); i++) {
        path.push(`${start}\0${end}\0${i}`);
        columns[i].push(path.at(-1));
      }
      path.push(end);
      for (let i = 1; i < path.length; i++) segments.push([path[i - 1], path[i]]);
      return { from: a, to: b, path };
    });
    order(columns, segments);
    return { columns, position: positions(columns, segments), routes };
  }

  const collect = (pairs) => {
    const found = new Map();
    for (const [key, value] of pairs) {
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(value);
    }
    return found;
  };

  // Turn round the edges that close a circle in a depth-first walk.
  function withoutCircles(nodes, edges) {
    const after = collect(edges);
    const done = new Set();
    const forward = [];
    for (const start of nodes) {
      if (done.has(start)) continue;
      const path = new Map([[start, (after.get(start) || []).values()]]);
      const stack = [start];
      while (stack.length) {
        const node = stack.at(-1);
        const { value: child, done: over } = path.get(node).next();
        if (over) {
          done.add(node);
          path.delete(node);
          stack.pop();
          continue;
        }
        forward.push(path.has(child) ? [child, node] : [node, child]);
        if (!done.has(child) && !path.has(child)) {
          path.set(child, (after.get(child) || []).values());
          stack.push(child);
        }
      }
    }
    return forward;
  }

  // Longest path from any source, then sources pulled next to what they point to.
  function layers(nodes, edges) {
    const layer = new Map(nodes.map((n) => [n, 0]));
    for (let round = 0, changed = true; changed && round < nodes.length; round++) {
      changed = false;
      for (const [a, b] of edges) {
        if (layer.get(b) > layer.get(a)) continue;
        layer.set(b, layer.get(a) + 1);
        changed = true;
      }
    }
    const targets = collect(edges.map(([a, b]) => [a, layer.get(b)]));
    const pointed = new Set(edges.map(([, b]) => b));
    for (const node of nodes) {
      if (!pointed.has(node) && targets.has(node)) layer.set(node, Math.min(...targets.get(node)) - 1);
    }
    return layer;
  }

  const ranks = (column) => new Map(column.map((n, k) => [n, k]));
  const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

  // Sort each column by where its neighbours in the column before (then after) stand.
  function order(columns, segments) {
    const before = collect(segments.map(([a, b]) => [b, a]));
    const after = collect(segments);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const forward = sweep % 2 === 0;
      const near = forward ? before : after;
      for (let k = 1; k < columns.length; k++) {
        const i = forward ? k : columns.length - 1 - k;
        const rank = ranks(columns[forward ? i - 1 : i + 1]);
        const own = ranks(columns[i]);
        const wish = new Map(
          columns[i].map((n) => {
            const places = (near.get(n) || []).filter((m) => rank.has(m)).map((m) => rank.get(m));
            return [n, places.length ? mean(places) : own.get(n)];
          }),
        );
        columns[i].sort((a, b) => wish.get(a) - wish.get(b));
      }
    }
  }

  // Give each node a vertical place near its neighbours', at least one unit (bend: half) apart.
  function positions(columns, segments) {
    const height = Math.max(0, ...columns.map((c) => c.length));
    const at = new Map();
    for (const column of columns) column.forEach((n, k) => at.set(n, k + (height - column.length) / 2));
    const near = collect(segments.flatMap(([a, b]) => [[a, b], [b, a]]));
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const column of columns) {
        const wish = column.map((n) => (near.has(n) ? mean(near.get(n).map((m) => at.get(m))) : at.get(n)));
        spread(wish, column).forEach((value, k) => at.set(column[k], value));
      }
    }
    const lowest = Math.min(...at.values());
    const found = new Map();
    columns.forEach((column, i) => column.forEach((n) => found.set(n, [i, at.get(n) - lowest])));
    return found;
  }

  // Move wished places apart, keeping their order and their common centre.
  function spread(wish, column) {
    if (!wish.length) return [];
    const placed = [wish[0]];
    for (let k = 1; k < wish.length; k++) {
      const bend = column[k - 1].includes("\0") || column[k].includes("\0");
      placed.push(Math.max(wish[k], placed[k - 1] + (bend ? 0.5 : 1)));
    }
    const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
    const drift = (sum(wish) - sum(placed)) / wish.length;
    return placed.map((p) => p + drift);
  }

  window.itsmLayout = place;
})();
