// What is around an item or a class: a bounded part of the network that is never all of it, and how many
// neighbours each of its items has that are not shown. Rows are positions in the table of items.
(() => {
  "use strict";

  const FAN = 8; // neighbours of one item at once
  const MOST = 60; // items before somebody asks for more
  const LIMIT = 240; // items however often somebody asks
  const ROOTS = 24; // items of a class at once
  /** @type {Side[]} */
  const SIDES = ["users", "needs"];
  /** @type {Record<Side, Side>} */
  const OTHER = { needs: "users", users: "needs" };

  /** The network as the script needs it: the items by identifier, and both ends of every edge. @param {MapData} data @returns {Network} */
  function network(data) {
    /** @type {Record<Side, Hop[][]>} */
    const near = { needs: data.items.map(() => []), users: data.items.map(() => []) };
    for (let i = 0; i < data.edges.length; i += 3) {
      const [from, to, way] = data.edges.slice(i, i + 3);
      near.needs[from].push({ row: to, way, from, to });
      near.users[to].push({ row: from, way, from, to });
      // A relation without impact has no direction: both ends see it both ways.
      if (data.ways[way][3]) continue;
      near.needs[to].push({ row: from, way, from, to });
      near.users[from].push({ row: to, way, from, to });
    }
    /** @type {Map<number, Group[]>} */
    const groups = new Map();
    for (const [row, name, least, members] of data.groups) {
      groups.set(row, [...(groups.get(row) ?? []), { name, least, members }]);
    }
    const rows = new Map(data.items.map(([id], row) => /** @type {[string, number]} */ ([id, row])));
    // What is not well comes first, so that "more" never hides it.
    const before = (/** @type {number} */ a, /** @type {number} */ b) => {
      const [, nameA, , lookA] = data.items[a];
      const [, nameB, , lookB] = data.items[b];
      return lookA - lookB || (nameA < nameB ? -1 : Number(nameA > nameB)) || a - b;
    };
    for (const side of Object.values(near)) for (const list of side) list.sort((a, b) => before(a.row, b.row) || a.way - b.way);
    return { data, near, groups, rows, before };
  }

  /** @param {Network} net @param {Wanted} wanted */
  function rootsOf(net, wanted) {
    const row = net.rows.get(wanted.item);
    if (row !== undefined) return { roots: [row], all: 1 };
    const number = net.data.classes.findIndex(([name]) => name === wanted.class);
    const all = net.data.items.flatMap((item, row) => (item[2] === number ? [row] : [])).sort(net.before);
    return { roots: all.slice(0, ROOTS + (wanted.more.get("class") ?? 0)), all: all.length };
  }

  // `wanted` has item or class, dir (both, needs, users), depth, hidden (class numbers), ways (numbers) and
  // more: how many further neighbours somebody asked for, by "row.dir". A breadth-first walk keeps its
  // direction: what an item needs is followed to what that needs.
  /** @param {Network} net @param {Wanted} wanted @returns {Part} */
  function around(net, wanted) {
    const { roots, all } = rootsOf(net, wanted);
    /** @type {Map<number, Shown>} */
    const shown = new Map();
    /** @param {number} row @param {number} level @param {Side | ""} side @param {number} parent @param {Hop} [hop] */
    const add = (row, level, side, parent, hop) =>
      shown.set(row, { row, level, side, parent, hop, children: [], hidden: { needs: 0, users: 0 }, near: { needs: [], users: [] } });
    for (const row of roots) add(row, 0, "", -1);
    const asked = [...wanted.more.values()].reduce((sum, n) => sum + n, 0);
    const open = (/** @type {Hop} */ hop) => wanted.ways.has(hop.way) && !wanted.hidden.has(net.data.items[hop.row][2]);
    const steps = (/** @type {number} */ row, /** @type {Side} */ dir) => {
      const seen = new Set();
      return net.near[dir][row].filter((hop) => open(hop) && !seen.has(hop.row) && seen.add(hop.row));
    };
    for (const node of shown.values()) {
      for (const dir of SIDES) {
        const walks = node.level < wanted.depth && node.side !== OTHER[dir] && wanted.dir !== OTHER[dir];
        const extra = wanted.more.get(`${node.row}.${dir}`) ?? 0;
        let room = Math.min((walks ? FAN : 0) + extra, (extra ? LIMIT : Math.min(LIMIT, MOST + asked)) - shown.size);
        for (const hop of steps(node.row, dir)) {
          if (room <= 0) break;
          if (shown.has(hop.row)) continue;
          room--;
          add(hop.row, node.level + 1, dir, node.row, hop);
          node.children.push(hop.row);
        }
      }
    }
    for (const node of shown.values()) {
      for (const dir of SIDES) {
        const hops = steps(node.row, dir);
        node.near[dir] = hops.filter((hop) => shown.has(hop.row)).map((hop) => hop.row);
        node.hidden[dir] = hops.length - node.near[dir].length;
      }
    }
    return { roots, all, shown, edges: edgesBetween(net, shown, wanted.ways) };
  }

  /** @param {Network} net @param {Map<number, Shown>} shown @param {Set<number>} ways */
  function edgesBetween(net, shown, ways) {
    /** @type {Map<string, Edge>} */
    const found = new Map();
    for (const row of shown.keys()) {
      for (const { from, to, way } of net.near.needs[row].filter((hop) => shown.has(hop.row) && ways.has(hop.way))) {
        const key = `${from} ${to}`;
        const edge = found.get(key) ?? { from, to, ways: new Set() };
        found.set(key, edge);
        edge.ways.add(way);
      }
    }
    return [...found.values()];
  }

  /** How somebody is shown, and types, an item. @param {Network} net @param {number} row */
  const named = (net, row) => `${net.data.items[row][1] || net.data.items[row][0]} (${net.data.items[row][0]})`;

  /** The rows whose name or identifier holds what was typed: the same first, then those that begin with it. @param {Network} net @param {string} text */
  function matches(net, text) {
    const typed = text.trim().toLowerCase();
    if (!typed) return [];
    const rank = (/** @type {MapData["items"][number]} */ [id, title], /** @type {number} */ row) => {
      const names = [id, title.toLowerCase(), named(net, row).toLowerCase()];
      if (names.includes(typed)) return 0;
      if (names.some((name) => name.startsWith(typed))) return 1;
      return names.some((name) => name.includes(typed)) ? 2 : 3;
    };
    const ranked = net.data.items.map((item, row) => [rank(item, row), row]).filter(([r]) => r < 3);
    return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, row]) => row);
  }

  globalThis.itsm.neighbourhood = { network, around, matches, named, FAN, ROOTS };
})();
