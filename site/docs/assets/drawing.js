// How the map looks: the drawing, the details of one item, the list. Everything that comes from the data
// is put into the page as text, never as HTML.
(() => {
  "use strict";

  const WIDTH = 188;
  const HEIGHT = 62;
  const COLUMN = WIDTH + 76;
  const ROW = HEIGHT + 20;
  const MARGIN = 48;
  const LETTERS = 18;
  const SMALL_LETTERS = 26;
  const ISOLATED = 4; // boxes without a line in one row
  const moreOf = (dir, n) => `${n} more ${dir === "needs" ? "it needs" : n === 1 ? "that needs it" : "that need it"}`;

  function html(name, css, ...children) {
    const made = document.createElement(name);
    if (css) made.className = css;
    made.append(...children);
    return made;
  }

  function svg(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function anchor(href, text) {
    const made = html("a", "", text);
    made.href = href;
    return made;
  }

  // A button that the map's script listens to: what it does stands in its data.
  function button(text, action, row, dir = "") {
    const made = html("button", "", text);
    made.type = "button";
    Object.assign(made.dataset, { action, row, dir });
    return made;
  }

  const shorten = (text, width) => (text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`);

  // At most two lines of a box, as even as can be, between words where that can be.
  function lines(title) {
    if (title.length <= LETTERS) return [title];
    const spaces = [...title].flatMap((letter, i) => (letter === " " && i > 0 && i <= LETTERS ? [i] : []));
    const fitting = spaces.filter((i) => title.length - i - 1 <= LETTERS);
    if (fitting.length) {
      const off = (i) => Math.abs(2 * i - title.length);
      const at = fitting.reduce((best, i) => (off(i) < off(best) ? i : best));
      return [title.slice(0, at), title.slice(at + 1)];
    }
    const at = spaces.length ? spaces.at(-1) : LETTERS;
    return [title.slice(0, at), shorten(title.slice(at).trim(), LETTERS)];
  }

  // What is known of one row, by name.
  function facts(net, row) {
    const { data } = net;
    const [id, title, kind, number, state, owner] = data.items[row];
    const [look, lookName, sign] = data.looks[number];
    const [, className, , folder] = data.classes[kind];
    const [reason, causes] = data.reasons[row] || ["", []];
    return {
      id, title: title || id, className, look, lookName, sign, state: data.states[state], reason,
      url: `${folder}/${id === "index" ? "index_" : id}.html`,
      owner: owner < 0 ? null : data.others[owner],
      causes: causes.map((c) => data.others[c]),
      groups: net.groups.get(row) || [],
    };
  }

  const counted = (about) => {
    const total = (dir) => about.near[dir].length + about.hidden[dir];
    return `needs ${total("needs")}, needed by ${total("users")}`;
  };
  // As impact is reckoned: what is degraded still is up.
  const up = (net, group) => group.members.filter((m) => !["outage", ""].includes(facts(net, m).look)).length;

  // ---- The drawing ------------------------------------------------------------------------
  function drawing(net, part, wanted) {
    const id = (row) => net.data.items[row][0];
    const rows = [...part.shown.keys()];
    const { places, routes } = arranged(rows.map(id), part.edges.map(({ from, to }) => [id(from), id(to)]));
    const corner = (name) => {
      const [column, place] = places.get(name);
      return [MARGIN + column * COLUMN, Math.round(MARGIN / 2 + place * ROW)];
    };
    const most = (i) => Math.max(...[...places.values()].map((place) => place[i]));
    const size = { width: most(0) * COLUMN + WIDTH + 2 * MARGIN, height: Math.round(most(1) * ROW) + HEIGHT + MARGIN };
    const ways = new Map(part.edges.map((e) => [`${id(e.from)} ${id(e.to)}`, e]));
    const paths = routes.map((route) => line(net, route, corner, ways.get(`${route.from} ${route.to}`)));
    const boxes = new Map(rows.map((row) => [row, box(net, part, row, corner(id(row)))]));
    const order = rows.slice().sort((a, b) => {
      const [xa, ya] = corner(id(a));
      const [xb, yb] = corner(id(b));
      return xa - xb || ya - yb;
    });
    const pills = rows.flatMap((row) => marks(net, part, row, corner(id(row)), wanted.dir));
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": "Map", "aria-describedby": "it-net-keys" },
      ...paths, ...order.map((row) => boxes.get(row)), ...pills,
    );
    return { picture, boxes, size, order, paths, place: (row) => places.get(id(row)) };
  }

  // Layers, without the empty stripes between parts that are not connected; what has no line stands below.
  function arranged(names, edges) {
    const joined = new Set(edges.flat());
    const placed = window.itsmLayout(names.filter((name) => joined.has(name)), edges);
    const heights = [...new Set([...placed.position.values()].map(([, place]) => place))].sort((a, b) => a - b);
    const lowered = new Map();
    let lowest = -1;
    heights.forEach((height, i) => {
      lowest += i ? Math.min(1, height - heights[i - 1]) : 1;
      lowered.set(height, lowest);
    });
    const places = new Map([...placed.position].map(([name, [column, place]]) => [name, [column, lowered.get(place)]]));
    const alone = names.filter((name) => !joined.has(name));
    alone.forEach((name, i) => places.set(name, [i % ISOLATED, lowest + 1 + Math.floor(i / ISOLATED)]));
    return { places, routes: placed.routes };
  }

  function line(net, { from, to, path }, corner, edge) {
    const points = path.map(corner);
    if (points[0][0] > points.at(-1)[0]) points.reverse();
    const middle = HEIGHT / 2;
    let [x, y] = [points[0][0] + WIDTH, points[0][1] + middle];
    let d = `M${x} ${y}`;
    points.slice(1).forEach(([left, top], i) => {
      const bend = Math.floor((left - x) / 2);
      d += `C${x + bend} ${y} ${left - bend} ${top + middle} ${left} ${top + middle}`;
      [x, y] = [left, top + middle];
      if (i < points.length - 2) d += `H${(x = left + WIDTH)}`;
    });
    const known = [...edge.ways].map((way) => net.data.ways[way]);
    const weak = known.every(([, , , impact]) => !impact) || net.groups.get(edge.from)?.some((g) => g.members.includes(edge.to));
    const drawn = svg("path", { class: `it-map__line${weak ? " it-net__weak" : ""}`, d });
    drawn.dataset.ends = `${net.rows.get(from)} ${net.rows.get(to)}`;
    return drawn;
  }

  function box(net, part, row, [left, top]) {
    const about = facts(net, row);
    const title = lines(about.title);
    const first = title.length === 1 ? 30 : 21;
    const below = about.className + (about.look === "operational" ? "" : ` · ${about.lookName.toLowerCase()}`);
    const text = (y, words, css = "") => svg("text", { x: 28, y, class: css }, words);
    const redundancy = about.groups.map((g) => `, ${g.name}: ${g.least} of ${g.members.length} must be up, ${up(net, g)} are`);
    const name = `${about.title}, ${about.className}, ${about.lookName}; ${counted(part.shown.get(row))}${redundancy.join("")}`;
    const css = `it-map__box${about.look ? ` it-map__box--${about.look}` : ""}${part.roots.includes(row) ? " it-map__box--focus" : ""}`;
    return svg(
      "g",
      { class: css, transform: `translate(${left} ${top})`, role: "button", tabindex: -1, "aria-label": name, "aria-pressed": false, "data-row": row },
      svg("title", {}, `${about.title} (${below})`),
      svg(
        "svg",
        { x: -3, y: -3, width: WIDTH + 6, height: HEIGHT + 6, viewBox: `-3 -3 ${WIDTH + 6} ${HEIGHT + 6}` },
        svg("rect", { width: WIDTH, height: HEIGHT, rx: 8 }),
        svg("path", { class: "it-map__sign", transform: `translate(17 ${first - 4})`, d: about.sign }),
        ...title.map((words, n) => text(first + 15 * n, words)),
        text(first + 15 * title.length + 1, shorten(below, SMALL_LETTERS), "it-map__below"),
      ),
    );
  }

  // What stands beside a box: how many neighbours are not shown, and how many of a group must be up.
  // Both are for the mouse and the eye; the keyboard has the arrow keys and the details.
  function marks(net, part, row, [left, top], dir) {
    const made = [];
    const { hidden } = part.shown.get(row);
    const { groups } = facts(net, row);
    for (const side of ["users", "needs"]) {
      if (!hidden[side] || (dir !== "both" && dir !== side)) continue;
      const label = `+${hidden[side]}`;
      const half = 8 + 3.5 * label.length;
      const x = side === "users" ? left - half + 4 : left + WIDTH + half - 4;
      const pill = svg(
        "g",
        { class: "it-net__more", transform: `translate(${x} ${top + HEIGHT / 2})`, "aria-hidden": true },
        svg("title", {}, moreOf(side, hidden[side])),
        svg("rect", { x: -half, y: -12, width: 2 * half, height: 24, rx: 12 }),
        svg("text", { y: 4, "text-anchor": "middle" }, label),
      );
      Object.assign(pill.dataset, { action: "more", row, dir: side });
      made.push(pill);
    }
    if (groups.length) {
      const words = `needs ${groups.map((group) => `${group.least} of ${group.members.length}`).join(", ")}`;
      made.push(svg("text", { class: "it-net__group", x: left + WIDTH, y: top - 4, "text-anchor": "end", "aria-hidden": true }, words));
    }
    return made;
  }

  // ---- Details ------------------------------------------------------------------------------
  function chip({ look, lookName }) {
    return html("span", `it-chip${look ? ` it-chip--${look}` : ""}`, lookName);
  }

  function details(net, part, row, root) {
    const about = facts(net, row);
    const node = part.shown.get(row);
    const rows = [["Class", about.className], ["Life cycle", about.state], ["Identifier", about.id]];
    const list = html("dl", "");
    const add = (term, ...what) => list.append(html("div", "", html("dt", "", term), html("dd", "", ...what)));
    for (const [term, words] of rows) if (words) add(term, words);
    const named = ([id, title, url]) => (url ? anchor(root + url, title || id) : title || id);
    if (about.owner) add("Owner", named(about.owner));
    if (about.reason || about.causes.length) {
      const causes = about.causes.flatMap((cause) => [html("br", ""), named(cause)]);
      add("Why", about.reason, ...(about.reason ? causes : causes.slice(1)));
    }
    for (const group of about.groups) {
      const names = group.members.flatMap((m, i) => [i ? ", " : "", button(facts(net, m).title, "select", m)]);
      add("Redundancy", `${group.name}: ${group.least} of ${group.members.length} must be up, ${up(net, group)} are (`, ...names, ")");
    }
    const heading = html("h2", "", about.title);
    heading.tabIndex = -1;
    const close = button("Close", "close", row);
    const doing = html("p", "it-net__do");
    for (const dir of ["needs", "users"]) {
      if (node.hidden[dir]) doing.append(button(`Show ${moreOf(dir, node.hidden[dir])}`, "more", row, dir));
    }
    if (part.roots.length > 1 || part.roots[0] !== row) doing.append(button("Start here", "start", row));
    return [
      heading, html("p", "it-chips", chip(about)), list,
      html("p", "", anchor(root + about.url, "Open its page")), doing, html("p", "", close),
    ];
  }

  // ---- The list -----------------------------------------------------------------------------
  function listing(net, part, root) {
    const item = (row) => {
      const node = part.shown.get(row);
      const about = facts(net, row);
      const way = node.hop && net.data.ways[node.hop.way];
      const relation = way ? html("span", "it-muted", `${way[node.side === "needs" || !way[3] ? 1 : 2]}: `) : "";
      const link = anchor(root + about.url, about.title);
      link.dataset.listed = row;
      const made = html("li", "", relation, link, html("span", "it-muted", ` ${about.className} `), chip(about));
      const inner = node.children.map(item);
      for (const dir of ["users", "needs"]) {
        const more = node.hidden[dir];
        const walked = node.side === dir || !node.side;
        if (more && walked) inner.push(html("li", "", button(moreOf(dir, more), "more", row, dir)));
      }
      if (inner.length) made.append(html("ul", "", ...inner));
      return made;
    };
    return html("ul", "", ...part.roots.map(item));
  }

  window.itsmDrawing = { drawing, details, listing, facts, html };
})();
