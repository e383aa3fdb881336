// The map of dependencies: what is shown of what was asked for, and what mouse and keyboard do. The data
// comes last, as a script that calls itsmMap.
(() => {
  "use strict";

  /** @type {HTMLElement | null} */
  const net = document.querySelector(".it-net");
  if (!net) return;
  const { t, counted, digits, element, one, drawing, details, listing, without, facts, mapAddress, viewing, script } = globalThis.itsm;
  const { network, around, matches, named, FAN, ROOTS } = globalThis.itsm.neighbourhood;
  const root = net.dataset.root ?? "";
  /** @type {HTMLFormElement} */
  const tools = one(net, ".it-net__tools");
  /** @type {HTMLFormElement} */
  const filters = one(net, ".it-net__filters form");
  const view = one(net, ".it-net__view");
  const panel = one(net, ".it-net__panel");
  const status = one(net, ".it-net__status");
  const list = one(net, ".it-net__list");
  const alone = one(net, ".it-net__apart");
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (tools.elements.namedItem(name));
  const address = mapAddress(filters);
  const frame = viewing(view);

  /** Everything. @type {Network} */
  let graph;
  /** What was asked for. @type {Wanted} */
  let wanted;
  /** What is shown of everything. @type {Part} */
  let part;
  /** The drawing of it. @type {Drawing | null} */
  let drawn = null;
  let at = -1; // the row that the keyboard is on
  let opened = -1; // the row whose details are open

  /** @param {boolean} step whether the way back leads here */
  function remember(step) {
    const url = address.write(graph, wanted, opened);
    if (step) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  }

  // ---- Showing it -----------------------------------------------------------------------------
  function show() {
    address.withFilters(graph, wanted);
    part = around(graph, wanted);
    const start = graph.rows.get(wanted.item);
    field("start").value = start === undefined ? wanted.item : named(graph, start);
    field("class").value = wanted.item ? "" : wanted.class;
    field("dir").value = wanted.dir;
    field("depth").value = String(wanted.depth);
    drawn = part.roots.length ? drawing(graph, part, wanted, frame.room()) : null;
    frame.show(drawn);
    list.replaceChildren(...(drawn ? [listing(graph, part, root)] : []));
    alone.hidden = !drawn?.apart.length;
    alone.replaceChildren(...(drawn?.apart.length ? without(graph, drawn.apart) : []));
    explain();
    say();
    if (!drawn?.boxes.has(at)) at = part.roots.find((row) => drawn?.boxes.has(row)) ?? drawn?.order[0] ?? -1;
    if (!part.shown.has(opened)) opened = -1;
    mark();
    open(opened);
  }

  // The signs are explained that there are, and the dashed line.
  function explain() {
    const looks = new Set((drawn?.order ?? []).map((row) => facts.of(graph, row).look));
    if (drawn?.paths.some((path) => path.matches(".it-net__weak"))) looks.add("weak");
    for (const sign of net?.querySelectorAll(".it-net__legend li") ?? []) {
      const { look } = /** @type {HTMLElement} */ (sign).dataset;
      /** @type {HTMLElement} */ (sign).hidden = !looks.has(look ?? "");
    }
  }

  function say() {
    if (!part.roots.length) {
      status.textContent = wanted.item ? t("No item on the map is called “{name}”.", { name: wanted.item }) : t("There is nothing of this class.");
      return;
    }
    const [, , plural] = graph.data.classes.find(([name]) => name === wanted.class) ?? [];
    const rest = part.all - part.roots.length;
    const values = {
      start: wanted.item ? facts.of(graph, part.roots[0]).title : plural ?? "",
      items: counted(part.shown.size, "{count} item", "{count} items"),
      relations: counted(part.edges.length, "{count} relation", "{count} relations"),
    };
    status.replaceChildren(t("{start}: {items} and {relations} shown.", values));
    if (rest > 0) {
      const some = t("Show {some} more of {all}", { some: Math.min(ROOTS, rest), all: digits(rest) });
      const more = element("button", "", rest > ROOTS ? some : t("Show {what}", { what: t("{count} more", { count: rest }) }));
      more.type = "button";
      more.dataset.action = "all";
      status.append(" ", more);
    }
  }

  // Exactly one box can be reached with Tab; the lines at it stand out.
  function mark() {
    for (const [row, box] of drawn?.boxes ?? []) {
      box.setAttribute("tabindex", row === at ? "0" : "-1");
      box.setAttribute("aria-pressed", String(row === opened));
    }
    for (const path of drawn?.paths ?? []) {
      path.classList.toggle("it-net__near", path.dataset.ends?.split(" ").includes(String(at)));
    }
  }

  /** @param {number} row @param {boolean} [focus] */
  function go(row, focus = true) {
    const box = drawn?.boxes.get(row);
    if (!box) return;
    at = row;
    mark();
    if (focus) box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {number} row */
  function open(row) {
    opened = row;
    panel.hidden = row < 0;
    panel.replaceChildren(...(row < 0 ? [] : details(graph, part, row, root)));
    mark();
  }

  // ---- Doing ------------------------------------------------------------------------------------
  /** @param {string} item @param {string} [kind] */
  function start(item, kind = "") {
    wanted = address.fresh(item, kind, wanted.dir);
    at = opened = -1;
    show();
    remember(true);
    frame.begin(at, part.roots.length > 1);
  }

  /** Shows more neighbours of a row; returns the new ones. @param {number} row @param {Side} dir */
  function more(row, dir) {
    const before = new Set(part.shown.keys());
    const was = drawn?.boxes.get(row)?.getBoundingClientRect();
    const key = `${row}.${dir}`;
    wanted.more.set(key, (wanted.more.get(key) ?? 0) + FAN);
    at = row;
    show();
    frame.step("same");
    remember(false);
    // What was asked stays where it is; the rest makes room.
    const now = drawn?.boxes.get(row)?.getBoundingClientRect();
    if (was && now) view.scrollBy(now.left - was.left, now.top - was.top);
    return [...part.shown.keys()].filter((other) => !before.has(other));
  }

  /** @type {Record<string, Side>} */
  const SIDEWAYS = { ArrowRight: "needs", ArrowLeft: "users" };

  /** The row that a key leads to from `row`. @param {Drawing} drawn @param {number} row @param {string} key */
  function next({ place, order }, row, key) {
    const dir = SIDEWAYS[key];
    const [column, height] = place(row);
    if (dir) {
      const { near, hidden } = /** @type {Shown} */ (part.shown.get(row));
      const reached = !near[dir].length && hidden[dir] ? more(row, dir) : near[dir];
      const now = drawn ?? { place };
      const far = (/** @type {number} */ other) => Math.abs(now.place(other)[1] - height);
      return reached.slice().sort((a, b) => far(a) - far(b))[0] ?? row;
    }
    if (key === "Home") return part.roots[0];
    const same = order.filter((other) => place(other)[0] === column);
    return same[same.indexOf(row) + (key === "ArrowDown" ? 1 : -1)] ?? row;
  }

  /** @type {Record<string, (row: number, dir: Side) => void>} */
  const ACTIONS = {
    more(row, dir) {
      // The button that was pressed is gone: who used it goes on where its answer is.
      const [fromPanel, fromList] = [panel, list].map((place) => place.contains(document.activeElement));
      const [first] = more(row, dir);
      if (fromPanel) one(panel, "h2").focus();
      if (fromList) one(list, `[data-listed="${first ?? row}"]`).focus();
    },
    all() {
      wanted.more.set("class", (wanted.more.get("class") ?? 0) + ROOTS);
      again();
      (status.querySelector("button") ?? field("start")).focus();
    },
    start(row) {
      start(graph.data.items[row][0]);
      go(at);
    },
    select(row, dir) {
      if (part.shown.has(row)) choose(row);
      else ACTIONS.start(row, dir);
    },
    close(row) {
      open(-1);
      remember(false);
      if (drawn?.boxes.has(row)) go(row);
      else if (drawn?.apart.includes(row)) one(alone, `[data-row="${row}"]`).focus();
    },
  };

  function again() {
    show();
    remember(false);
    frame.begin(at, part.roots.length > 1);
  }

  /** @param {number} row */
  function choose(row) {
    open(row);
    go(row);
    remember(false);
  }

  // ---- Mouse and keyboard ---------------------------------------------------------------------------
  net.addEventListener("click", ({ target }) => {
    /** @type {HTMLElement | null} */
    const acting = /** @type {Element} */ (target).closest("[data-action], [data-zoom], g[data-row]");
    if (!acting || frame.isDragged()) return;
    const { action, row, dir, zoom } = acting.dataset;
    if (zoom) frame.step(/** @type {Zoom} */ (zoom));
    else if (action) ACTIONS[action](Number(row), /** @type {Side} */ (dir));
    else choose(Number(row));
  });

  net.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !drawn) return;
    const target = /** @type {Element} */ (event.target);
    /** @type {SVGElement | null} */
    const box = target.closest("g[data-row]");
    if (event.key === "Escape" && opened >= 0 && (box || panel.contains(target))) ACTIONS.close(opened, "needs");
    else if (!box) return;
    else if (/^(?:Arrow|Home)/.test(event.key)) {
      const dir = SIDEWAYS[event.key];
      if (event.shiftKey && dir) more(at, dir);
      go(event.shiftKey && dir ? at : next(drawn, at, event.key));
    } else if (event.key === "Enter" || event.key === " ") {
      choose(Number(box.dataset.row));
      one(panel, "h2").focus();
    } else if ("+-0".includes(event.key)) {
      frame.step(event.key === "+" ? "in" : event.key === "-" ? "out" : "fit");
      go(at);
    } else return;
    event.preventDefault();
  });

  // ---- The form ---------------------------------------------------------------------------------------
  tools.addEventListener("input", ({ target }) => {
    if (target !== field("start")) return;
    const typed = field("start").value;
    const found = matches(graph, typed);
    one(net, "datalist").replaceChildren(
      ...found.slice(0, 12).map((row) => Object.assign(element("option"), { value: named(graph, row) })),
    );
    if (found.length && typed === named(graph, found[0])) start(graph.data.items[found[0]][0]);
  });

  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field("start").value.trim();
    const [best] = matches(graph, text);
    if (text) start(best === undefined ? text : graph.data.items[best][0]);
  });

  tools.addEventListener("change", ({ target }) => {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    if (name === "class" && value) start("", value);
    if (name === "dir") wanted.dir = /** @type {Wanted["dir"]} */ (value);
    else if (name === "depth") wanted.depth = Number(value);
    else return;
    again();
  });

  filters.addEventListener("change", again);

  globalThis.itsmMap = (data) => {
    graph = network(data);
    const follow = () => {
      ({ wanted, opened } = address.read(graph));
      at = opened;
      show();
      frame.begin(at, part.roots.length > 1);
    };
    addEventListener("popstate", follow);
    follow();
  };

  script("cmdb/map_data.js");
})();
