// How the map looks. Everything that comes from the data is put into the page as text, never as HTML.
(() => {
  "use strict";

  const { t, facts, packed } = globalThis.itsm;

  const WIDTH = 188;
  const HEIGHT = 62;
  const COLUMN = WIDTH + 76;
  const ROW = HEIGHT + 20;
  const MARGIN = 48;
  const LETTERS = 18;
  const SMALL_LETTERS = 25;
  /** @type {Side[]} */
  const SIDES = ["users", "needs"];

  /** @param {string} name @param {Record<string, string | number | boolean>} attributes @param {...(Node | string)} children */
  function svg(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  }

  /** @param {string} text @param {number} width */
  const shorten = (text, width) => (text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`);

  /** At most two lines of a box, as even as can be, between words where that can be. @param {string} title */
  function lines(title) {
    if (title.length <= LETTERS) return [title];
    const spaces = [...title].flatMap((letter, i) => (letter === " " && i > 0 && i <= LETTERS ? [i] : []));
    const fitting = spaces.filter((i) => title.length - i - 1 <= LETTERS);
    if (fitting.length) {
      const off = (/** @type {number} */ i) => Math.abs(2 * i - title.length);
      const at = fitting.reduce((best, i) => (off(i) < off(best) ? i : best));
      return [title.slice(0, at), title.slice(at + 1)];
    }
    const at = spaces.at(-1) ?? LETTERS;
    return [title.slice(0, at), shorten(title.slice(at).trim(), LETTERS)];
  }

  /** How many neighbours an item has, in words. @param {Shown} about */
  const neighbours = (about) => {
    const total = (/** @type {Side} */ dir) => about.near[dir].length + about.hidden[dir];
    return t("needs {needs}, needed by {users}", { needs: total("needs"), users: total("users") });
  };

  /** What a map has for a key that is in it. @template K, V @param {Map<K, V>} map @param {K} key */
  const at = (map, key) => /** @type {V} */ (map.get(key));

  // ---- The drawing ------------------------------------------------------------------------
  /** `room` is how many pixels wide the drawing can be without being wider than its window. @param {Network} net @param {Part} part @param {Wanted} wanted @param {number} room @returns {Drawing} */
  function drawing(net, part, wanted, room) {
    const id = (/** @type {number} */ row) => net.data.items[row][0];
    const rows = [...part.shown.keys()];
    const columns = Math.floor((room - 2 * MARGIN + COLUMN - WIDTH) / COLUMN);
    const { places, routes } = packed(rows.map(id), part.edges.map(({ from, to }) => /** @type {Pair} */ ([id(from), id(to)])), columns);
    /** @type {Corner} */
    const corner = (name) => {
      const [column, place] = at(places, name);
      return [MARGIN + column * COLUMN, Math.round(MARGIN / 2 + place * ROW)];
    };
    const most = (/** @type {0 | 1} */ i) => Math.max(...[...places.values()].map((place) => place[i]));
    const size = { width: most(0) * COLUMN + WIDTH + 2 * MARGIN, height: Math.round(most(1) * ROW) + HEIGHT + MARGIN };
    const ways = new Map(part.edges.map((e) => [`${id(e.from)} ${id(e.to)}`, e]));
    const paths = routes.map((route) => line(net, route, corner, at(ways, `${route.from} ${route.to}`)));
    const boxes = new Map(rows.map((row) => [row, box(net, part, row, corner(id(row)))]));
    const order = rows.slice().sort((a, b) => {
      const [xa, ya] = corner(id(a));
      const [xb, yb] = corner(id(b));
      return xa - xb || ya - yb;
    });
    const pills = rows.flatMap((row) => marks(net, part, row, corner(id(row)), wanted.dir));
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": t("Map"), "aria-describedby": "it-net-keys" },
      ...paths, ...order.map((row) => at(boxes, row)), ...pills,
    );
    return { picture, boxes, size, order, paths, place: (row) => at(places, id(row)) };
  }

  /** @param {Network} net @param {Route} route @param {Corner} corner @param {Edge} edge */
  function line(net, { from, to, path }, corner, edge) {
    const points = path.map(corner);
    if (points[0][0] > points[points.length - 1][0]) points.reverse();
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

  /** @param {Network} net @param {Part} part @param {number} row @param {Position} corner */
  function box(net, part, row, [left, top]) {
    const about = facts.of(net, row);
    const title = lines(about.title);
    const first = title.length === 1 ? 30 : 21;
    const full = about.className + (about.look === "operational" ? "" : ` · ${globalThis.itsm.within(about.lookName)}`);
    const below = full.length > SMALL_LETTERS && about.look !== "operational" ? about.lookName : full; // the status before the class
    const text = (/** @type {number} */ y, /** @type {string} */ words, css = "") => svg("text", { x: 28, y, class: css }, words);
    const redundancy = about.groups.map((group) => `, ${facts.mustBeUp(net, group)}`);
    const name = `${about.title}, ${about.className}, ${about.lookName}; ${neighbours(at(part.shown, row))}${redundancy.join("")}`;
    const css = `it-map__box${about.look ? ` it-map__box--${about.look}` : ""}${part.roots.length === 1 && part.roots[0] === row ? " it-map__box--focus" : ""}`;
    return svg(
      "g",
      { class: css, transform: `translate(${left} ${top})`, role: "button", tabindex: -1, "aria-label": name, "aria-pressed": false, "data-row": row },
      svg("title", {}, `${about.title} (${full})`),
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
  /** @param {Network} net @param {Part} part @param {number} row @param {Position} corner @param {Wanted["dir"]} dir */
  function marks(net, part, row, [left, top], dir) {
    const made = [];
    const { hidden } = at(part.shown, row);
    const { groups } = facts.of(net, row);
    for (const side of SIDES) {
      if (!hidden[side] || (dir !== "both" && dir !== side)) continue;
      const label = `+${hidden[side]}`;
      const half = 8 + 3.5 * label.length;
      const x = side === "users" ? left - half + 4 : left + WIDTH + half - 4;
      const pill = svg(
        "g",
        { class: "it-net__more", transform: `translate(${x} ${top + HEIGHT / 2})`, "aria-hidden": true },
        svg("title", {}, facts.moreOf(side, hidden[side])),
        svg("rect", { x: -half, y: -12, width: 2 * half, height: 24, rx: 12 }),
        svg("text", { y: 4, "text-anchor": "middle" }, label),
      );
      Object.assign(pill.dataset, { action: "more", row, dir: side });
      made.push(pill);
    }
    if (groups.length) {
      const numbers = groups.map((group) => t("{least} of {all}", { least: group.least, all: group.members.length }));
      const words = t("needs {groups}", { groups: [...new Set(numbers)].join(", ") });
      made.push(svg("text", { class: "it-net__group", x: left + WIDTH, y: top - 4, "text-anchor": "end", "aria-hidden": true }, words));
    }
    return made;
  }

  globalThis.itsm.drawing = drawing;
})();
