// How the map looks. Everything that comes from the data is put into the page as text, never as HTML.
(() => {
  "use strict";

  const { t, facts, packed } = globalThis.itsm;

  // Boxes, the gaps between their columns (room for lines), the edges of the drawing, where words begin in a box, how many
  // lines a title has, and half of a letter and the ends of what opens more.
  const WIDE = { width: 174, gap: 72, margin: 24, indent: 28, lines: 2, letter: 3.4, ends: 8 };
  // On a phone boxes are as wide as lets two columns fill its width, and three be seen as letters of ten pixels.
  const SLIM = { width: 108, gap: 24, margin: 6, indent: 23, lines: 3, letter: 3.1, ends: 5 };
  const SLIM_ROOM = 600;
  let sizes = WIDE;
  const BETWEEN = 36; // from box to box: room for what opens more
  const PADDING = 12; // above and below the words of a box
  const LINE = 15;
  const BESIDE = 6; // between words and the edge of their box
  const [BOLD, PLAIN] = [600, 400];
  const APART = 14; // the ends of lines at a box
  const SNAP = 6; // lines that rise less are straight
  const SAMPLES = 32; // points of a curve that are looked at
  /** @type {Side[]} */
  const SIDES = ["users", "needs"];

  /** @param {string} name @param {Record<string, string | number | boolean>} attributes @param {...(Node | string)} children */
  function svg(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  }

  const pen = document.createElement("canvas").getContext("2d");

  /** Whether words have room on a line of a box, in the fonts of the reader. @param {string} text @param {number} weight */
  function fits(text, weight) {
    const room = sizes.width - sizes.indent - BESIDE;
    if (!pen) return text.length <= room / 8;
    pen.font = `${weight} 12px ${getComputedStyle(document.body).fontFamily}`;
    return pen.measureText(text).width <= room;
  }

  /** How many letters of a text have room, with what follows them. @param {string} text @param {number} weight @param {string} [after] */
  function most(text, weight, after = "") {
    let end = text.length;
    while (end > 1 && !fits(text.slice(0, end).trimEnd() + after, weight)) end--;
    return end;
  }

  /** @param {string} text @param {number} weight */
  const shorten = (text, weight) => (fits(text, weight) ? text : `${text.slice(0, most(text, weight, "…")).trimEnd()}…`);

  /** The lines of a title in a box, two as even as can be, between words where that can be. @param {string} title */
  function lines(title) {
    if (fits(title, BOLD)) return [title];
    const spaces = [...title].flatMap((letter, i) => (letter === " " && i > 0 && fits(title.slice(0, i), BOLD) ? [i] : []));
    const fitting = spaces.filter((i) => fits(title.slice(i + 1), BOLD));
    if (fitting.length) {
      const off = (/** @type {number} */ i) => Math.abs(2 * i - title.length);
      const at = fitting.reduce((best, i) => (off(i) < off(best) ? i : best));
      return [title.slice(0, at), title.slice(at + 1)];
    }
    return wrapped(title, BOLD, sizes.lines);
  }

  /** Words in at most so many lines, each as long as it can be. @param {string} text @param {number} weight @param {number} count */
  function wrapped(text, weight, count) {
    const found = [];
    let rest = text;
    while (found.length < count - 1 && !fits(rest, weight)) {
      const end = most(rest, weight);
      const space = rest[end] === " " ? end : rest.lastIndexOf(" ", end - 1);
      found.push(rest.slice(0, space > 0 ? space : end));
      rest = rest.slice(space > 0 ? space : end).trim();
    }
    return [...found, shorten(rest, weight)];
  }

  /** How many neighbours an item has, in words. @param {Shown} about */
  const neighbours = (about) => {
    const total = (/** @type {Side} */ dir) => about.near[dir].length + about.hidden[dir];
    return t("needs {needs}, needed by {users}", { needs: total("needs"), users: total("users") });
  };

  /** What a map has for a key that is in it. @template K, V @param {Map<K, V>} map @param {K} key */
  const at = (map, key) => /** @type {V} */ (map.get(key));

  // ---- The drawing ------------------------------------------------------------------------
  /** The words of a box: its title, and below it its class with its status, and how many of its groups must work. @param {Network} net @param {number} row */
  function said(net, row) {
    const about = facts.of(net, row);
    const state = about.look === "operational" ? "" : globalThis.itsm.within(about.look ? about.lookName : about.state || about.lookName);
    const full = state ? `${about.className} · ${state}` : about.className;
    const below = fits(full, PLAIN) ? [full] : state ? [`${about.className} ·`, state] : [full];
    const numbers = [...new Set(about.groups.map((group) => t("{least} of {all}", { least: group.least, all: group.members.length })))];
    const demand = (/** @type {string} */ groups) => t("{groups} needed", { groups });
    const together = demand(numbers.join(", "));
    if (numbers.length) below.push(...(fits(together, PLAIN) ? [together] : numbers.map(demand)));
    return { about, full, title: lines(about.title), below: below.flatMap((words) => wrapped(words, PLAIN, sizes.lines - 1)) };
  }

  /** Rows without a line to another one, of several that were asked for: the drawing leaves them out. @param {Part} part */
  function apart(part) {
    const joined = new Set(part.edges.flatMap(({ from, to }) => [from, to]));
    return joined.size && part.roots.length > 1 ? [...part.shown.keys()].filter((row) => !joined.has(row)) : [];
  }

  /** The sizes of a drawing of some columns: on a phone its boxes take the width that there is. @param {number} columns @param {number} room */
  function filling(columns, room) {
    if (sizes === WIDE) return WIDE;
    const width = Math.floor((room - 2 * sizes.margin - (columns - 1) * sizes.gap) / columns);
    return { ...SLIM, width: Math.min(WIDE.width, Math.max(SLIM.width, width)) };
  }

  /** `room` is how many pixels wide the drawing can be without being wider than its window. @param {Network} net @param {Part} part @param {Wanted} wanted @param {number} room @returns {Drawing} */
  function drawing(net, part, wanted, room) {
    const id = (/** @type {number} */ row) => net.data.items[row][0];
    const without = apart(part);
    const rows = [...part.shown.keys()].filter((row) => !without.includes(row));
    sizes = room < SLIM_ROOM ? SLIM : WIDE;
    const columns = Math.floor((room - 2 * sizes.margin + sizes.gap) / (sizes.width + sizes.gap));
    const { places, routes } = packed(rows.map(id), part.edges.map(({ from, to }) => /** @type {Pair} */ ([id(from), id(to)])), columns);
    const last = (/** @type {0 | 1} */ i) => Math.max(...[...places.values()].map((place) => place[i]));
    sizes = filling(last(0) + 1, room);
    const { width, gap, margin } = sizes;
    const words = new Map(rows.map((row) => [row, said(net, row)]));
    const high = PADDING + LINE * Math.max(3, ...[...words.values()].map(({ title, below }) => title.length + below.length));
    /** @type {Corner} */
    const corner = (name) => {
      const [column, place] = at(places, name);
      return [margin + column * (width + gap), Math.round(margin + place * (high + BETWEEN))];
    };
    const size = { width: last(0) * (width + gap) + width + 2 * margin, height: Math.round((last(1) + 1) * (high + BETWEEN)) + margin };
    const ways = new Map(part.edges.map((e) => [`${id(e.from)} ${id(e.to)}`, e]));
    const solid = rows.map((row) => corner(id(row)));
    const ports = portsOf(routes, corner, high);
    const paths = routes.map((route, i) => line(net, route, at(ways, `${route.from} ${route.to}`), curve(route, corner, /** @type {[number, number]} */ (ports[i]), solid, high)));
    const boxes = new Map(rows.map((row) => [row, box(net, part, row, corner(id(row)), at(words, row), high)]));
    const order = rows.slice().sort((a, b) => {
      const [xa, ya] = corner(id(a));
      const [xb, yb] = corner(id(b));
      return xa - xb || ya - yb;
    });
    const pills = rows.flatMap((row) => marks(part, row, corner(id(row)), wanted.dir, high));
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": t("Map"), "aria-describedby": "it-net-keys" },
      ...paths, ...order.map((row) => at(boxes, row)), ...pills,
    );
    return { picture, boxes, size, order, paths, apart: without, place: (row) => at(places, id(row)) };
  }

  /** The names that a line passes, from left to right. @param {Route} route @param {Corner} corner */
  const fromLeft = ({ path }, corner) => (corner(path[0])[0] > corner(path[path.length - 1])[0] ? path.slice().reverse() : path);

  /** At which heights each line leaves one box and comes to the next: apart, in the order of where they lead. @param {Route[]} routes @param {Corner} corner @param {number} high */
  function portsOf(routes, corner, high) {
    /** @type {Map<string, [number, number][]>} */
    const sides = new Map();
    const ends = routes.map((route) => {
      const path = fromLeft(route, corner);
      return [[path[0], path[1]], [path[path.length - 1], path[path.length - 2]]];
    });
    ends.forEach((both, i) => both.forEach(([name, near], end) => {
      const key = `${name}\n${end}`;
      sides.set(key, [...(sides.get(key) ?? []), [corner(near)[1], i]]);
    }));
    const found = routes.map(() => [0, 0]);
    for (const [key, those] of sides) {
      const [name, end] = key.split("\n");
      const step = Math.min(APART, (high - PADDING / 2) / Math.max(1, those.length - 1));
      those.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      those.forEach(([, i], rank) => (found[i][Number(end)] = Math.round(corner(name)[1] + high / 2 + (rank - (those.length - 1) / 2) * step)));
    }
    return found;
  }

  /** @param {number} x @param {number} y @param {number} left @param {number} top */
  const bent = (x, y, left, top) => (y === top ? `H${left}` : `C${(x + left) / 2} ${y} ${(x + left) / 2} ${top} ${left} ${top}`);

  /** The way of a line, with a head at what is needed: one curve, unless it would cross a box. @param {Route} route @param {Corner} corner @param {[number, number]} ports @param {Position[]} boxes @param {number} high */
  function curve(route, corner, [first, last], boxes, high) {
    const path = fromLeft(route, corner);
    const points = path.map(corner);
    const [start, end] = [points[0][0] + sizes.width, points[points.length - 1][0]];
    let y = Math.abs(last - first) <= SNAP ? last : first;
    let d = `M${start} ${y}`;
    let x = start;
    if (points.length > 2 && !isClear([start, y, end, last], boxes, high)) {
      for (const [left, top] of points.slice(1, -1)) {
        d += `${bent(x, y, left, top + high / 2)}H${left + sizes.width}`;
        [x, y] = [left + sizes.width, top + high / 2];
      }
    }
    d += bent(x, y, end, last);
    const [tip, tail, level] = path[0] === route.from ? [end, end - 6, last] : [start, start + 6, Math.abs(last - first) <= SNAP ? last : first];
    return `${d}M${tail} ${level - 4}L${tip} ${level}L${tail} ${level + 4}`;
  }

  /** Whether a curve crosses no box on its way. @param {[number, number, number, number]} way @param {Position[]} boxes @param {number} high */
  function isClear([x, y, left, top], boxes, high) {
    const between = boxes.filter(([a]) => a > x && a + sizes.width < left);
    for (let sample = 1; sample < SAMPLES; sample++) {
      const part = sample / SAMPLES;
      const across = x + (left - x) * (1.5 * part * (1 - part) + part ** 3);
      const down = y + (top - y) * part * part * (3 - 2 * part);
      if (between.some(([a, b]) => a - 6 < across && across < a + sizes.width + 6 && b - 6 < down && down < b + high + 6)) return false;
    }
    return true;
  }

  /** @param {Network} net @param {Route} route @param {Edge} edge @param {string} d */
  function line(net, { from, to }, edge, d) {
    const known = [...edge.ways].map((way) => net.data.ways[way]);
    const weak = known.every(([, , , impact]) => !impact) || net.groups.get(edge.from)?.some((g) => g.members.includes(edge.to));
    const drawn = svg("path", { class: `it-map__line${weak ? " it-net__weak" : ""}`, d });
    drawn.dataset.ends = `${net.rows.get(from)} ${net.rows.get(to)}`;
    return drawn;
  }

  /** @param {Network} net @param {Part} part @param {number} row @param {Position} corner @param {ReturnType<typeof said>} words @param {number} high */
  function box(net, part, row, [left, top], { about, full, title, below }, high) {
    const first = (high - LINE * (title.length + below.length)) / 2 + 12;
    const text = (/** @type {number} */ n, /** @type {string} */ words, css = "") => svg("text", { x: sizes.indent, y: first + LINE * n, class: css }, words);
    const redundancy = about.groups.map((group) => `, ${facts.mustBeUp(net, group)}`);
    const name = `${about.title}, ${about.className}, ${about.lookName}; ${neighbours(at(part.shown, row))}${redundancy.join("")}`;
    const css = `it-map__box${about.look ? ` it-map__box--${about.look}` : ""}${part.roots.length === 1 && part.roots[0] === row ? " it-map__box--focus" : ""}`;
    return svg(
      "g",
      { class: css, transform: `translate(${left} ${top})`, role: "button", tabindex: -1, "aria-label": name, "aria-pressed": false, "data-row": row },
      svg("title", {}, `${about.title} (${full})${about.groups.map((group) => `\n${facts.mustBeUp(net, group)}`).join("")}`),
      svg(
        "svg",
        { x: -3, y: -3, width: sizes.width + 6, height: high + 6, viewBox: `-3 -3 ${sizes.width + 6} ${high + 6}` },
        svg("rect", { width: sizes.width, height: high, rx: 8 }),
        svg("path", { class: "it-map__sign", transform: `translate(${sizes.indent - 11} ${first - 4})`, d: about.sign }),
        ...title.map((words, n) => text(n, words)),
        ...below.map((words, n) => text(title.length + n, words, "it-map__below")),
      ),
    );
  }

  // What stands below a box, at the side that it is about: how many neighbours are not shown. No line and no other box is there.
  // It is for the mouse and the eye; the keyboard has the arrow keys and the details.
  /** @param {Part} part @param {number} row @param {Position} corner @param {Wanted["dir"]} dir @param {number} high */
  function marks(part, row, [left, top], dir, high) {
    const made = [];
    const { hidden } = at(part.shown, row);
    for (const side of SIDES) {
      if (!hidden[side] || (dir !== "both" && dir !== side)) continue;
      const label = t("{count} more", { count: hidden[side] });
      const half = sizes.ends + sizes.letter * label.length;
      const x = side === "users" ? left + half : left + sizes.width - half;
      const y = top + high + 6 + 10;
      const pill = svg(
        "g",
        { class: "it-net__more", transform: `translate(${x} ${y})`, "aria-hidden": true },
        svg("title", {}, facts.moreOf(side, hidden[side])),
        svg("rect", { x: -half, y: -10, width: 2 * half, height: 20, rx: 10 }),
        svg("text", { y: 4, "text-anchor": "middle" }, label),
      );
      Object.assign(pill.dataset, { action: "more", row, dir: side });
      made.push(pill);
    }
    return made;
  }

  globalThis.itsm.drawing = drawing;
})();
