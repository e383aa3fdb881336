// What is around an item or a class: a bounded part of the network that is never all of it, and how many
// neighbours each of its items has that are not shown. Rows are positions in the table of items.
(() => {
  "use strict";

  const FAN = 8; // neighbours of one item at once
  const MOST = 60; // items before somebody asks for more
  const LIMIT = 240; // items however often somebody asks
  const ROOTS = 24; // items of a class at once
  const OTHER = { needs: "users", users: "needs" };

  // The network as the script needs it: the items by identifier, and both ends of every edge.
  function network(data) {
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
    const groups = new Map();
    for (const [row, name, least, members] of data.groups) {
      groups.set(row, [...(groups.get(row) || []), { name, least, members }]);
    }
    const rows = new Map(data.items.map(([id], row) => [id, row]));
    // What is not well comes first, so that "more" never hides it.
    const before = (a, b) => {
      const [, nameA, , lookA] = data.items[a];
      const [, nameB, , lookB] = data.items[b];
      return lookA - lookB || (nameA < nameB ? -1 : Number(nameA > nameB)) || a - b;
    };
    for (const side of Object.values(near)) for (const list of side) list.sort((a, b) => before(a.row, b.row) || a.way - b.way);
    return { data, near, groups, rows, before };
  }

  function rootsOf(net, wanted) {
    if (net.rows.has(wanted.item)) return { roots: [net.rows.get(wanted.item)], all: 1 };
    const number = net.data.classes.findIndex(([name]) => name === wanted.class);
    const all = net.data.items.flatMap((item, row) => (item[2] === number ? [row] : [])).sort(net.before);
    return { roots: all.slice(0, ROOTS + (wanted.more.get("class") || 0)), all: all.length };
  }

  // `wanted` has item or class, dir (both, needs, users), depth, hidden (class numbers), ways (numbers) and
  // more: how many further neighbours somebody asked for, by "row.dir". A breadth-first walk keeps its
  // direction: what an item needs is followed to what that needs.
  function around(net, wanted) {
    const { roots, all } = rootsOf(net, wanted);
    const shown = new Map(roots.map((row) => [row, { row, level: 0, side: "", parent: -1, children: [] }]));
    const asked = [...wanted.more.values()].reduce((sum, n) => sum + n, 0);
    const open = (hop) => wanted.ways.has(hop.way) && !wanted.hidden.has(net.data.items[hop.row][2]);
    const steps = (row, dir) => {
      const seen = new Set();
      return net.near[dir][row].filter((hop) => open(hop) && !seen.has(hop.row) && seen.add(hop.row));
    };
    for (const node of shown.values()) {
      for (const dir of ["users", "needs"]) {
        const walks = node.level < wanted.depth && node.side !== OTHER[dir] && wanted.dir !== OTHER[dir];
        const extra = wanted.more.get(`${node.row}.${dir}`) || 0;
        let room = Math.min((walks ? FAN : 0) + extra, (extra ? LIMIT : Math.min(LIMIT, MOST + asked)) - shown.size);
        for (const hop of steps(node.row, dir)) {
          if (room <= 0) break;
          if (shown.has(hop.row)) continue;
          room--;
          shown.set(hop.row, { row: hop.row, level: node.level + 1, side: dir, parent: node.row, hop, children: [] });
          node.children.push(hop.row);
        }
      }
    }
    for (const node of shown.values()) {
      node.hidden = {};
      node.near = {};
      for (const dir of ["users", "needs"]) {
        const hops = steps(node.row, dir);
        node.near[dir] = hops.filter((hop) => shown.has(hop.row)).map((hop) => hop.row);
        node.hidden[dir] = hops.length - node.near[dir].length;
      }
    }
    return { roots, all, shown, edges: edgesBetween(net, shown, wanted.ways) };
  }

  function edgesBetween(net, shown, ways) {
    const found = new Map();
    for (const row of shown.keys()) {
      for (const { from, to, way } of net.near.needs[row].filter((hop) => shown.has(hop.row) && ways.has(hop.way))) {
        const key = `${from} ${to}`;
        if (!found.has(key)) found.set(key, { from, to, ways: new Set() });
        found.get(key).ways.add(way);
      }
    }
    return [...found.values()];
  }

  // How somebody is shown, and types, an item.
  const named = (net, row) => `${net.data.items[row][1] || net.data.items[row][0]} (${net.data.items[row][0]})`;

  // The rows whose name or identifier holds what was typed: the same first, then those that begin with it.
  function matches(net, text) {
    const typed = text.trim().toLowerCase();
    if (!typed) return [];
    const rank = ([id, title], row) => {
      const names = [id, title.toLowerCase(), named(net, row).toLowerCase()];
      if (names.includes(typed)) return 0;
      if (names.some((name) => name.startsWith(typed))) return 1;
      return names.some((name) => name.includes(typed)) ? 2 : 3;
    };
    const ranked = net.data.items.map((item, row) => [rank(item, row), row]).filter(([r]) => r < 3);
    return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, row]) => row);
  }

  window.itsmNeighbourhood = { network, around, matches, named, FAN, ROOTS };
})();
