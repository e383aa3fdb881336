// The map of dependencies: what is shown of what was asked for, and what mouse and keyboard do. The data
// comes last, as a script that calls itsmMap.
(() => {
  "use strict";

  const net = document.querySelector(".it-net");
  if (!net) return;
  const { network, around, matches, named, FAN, ROOTS } = window.itsmNeighbourhood;
  const { drawing, details, listing, facts, html } = window.itsmDrawing;
  const { root } = net.dataset;
  const find = (name) => net.querySelector(name);
  const tools = find(".it-net__tools");
  const filters = find(".it-net__filters form");
  const view = find(".it-net__view");
  const panel = find(".it-net__panel");
  const status = find(".it-net__status");
  const list = find(".it-net__list");
  const address = window.itsmAddress(filters);
  const LEAST = 0.35;
  const READABLE = 0.72;

  let graph; // everything
  let wanted; // what was asked for
  let part; // what is shown of everything
  let drawn; // the drawing of it
  let at = -1; // the row that the keyboard is on
  let opened = -1; // the row whose details are open
  let zoom = 1;

  function remember(step) {
    const url = address.write(graph, wanted, opened);
    if (step) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  }

  // ---- Showing it -----------------------------------------------------------------------------
  function show() {
    address.withFilters(graph, wanted);
    part = around(graph, wanted);
    tools.elements.start.value = graph.rows.has(wanted.item) ? named(graph, graph.rows.get(wanted.item)) : wanted.item;
    tools.elements.class.value = wanted.item ? "" : wanted.class;
    tools.elements.dir.value = wanted.dir;
    tools.elements.depth.value = String(wanted.depth);
    drawn = part.roots.length ? drawing(graph, part, wanted) : null;
    view.replaceChildren(...(drawn ? [drawn.picture] : []));
    list.replaceChildren(...(drawn ? [listing(graph, part, root)] : []));
    say();
    if (!part.shown.has(at)) at = part.roots.length ? part.roots[0] : -1;
    if (!part.shown.has(opened)) opened = -1;
    mark();
    open(opened);
  }

  function say() {
    if (!part.roots.length) {
      status.textContent = wanted.item ? `No item on the map is called “${wanted.item}”.` : "There is nothing of this class.";
      return;
    }
    const number = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;
    const [, , plural] = graph.data.classes.find(([name]) => name === wanted.class) || [];
    const start = wanted.item ? facts(graph, part.roots[0]).title : plural;
    const rest = part.all - part.roots.length;
    status.replaceChildren(`${start}: ${number(part.shown.size, "item")} and ${number(part.edges.length, "relation")} shown.`);
    if (rest > 0) {
      const more = html("button", "", `Show ${Math.min(ROOTS, rest)} of ${rest.toLocaleString("en")} more`);
      more.type = "button";
      more.dataset.action = "all";
      status.append(" ", more);
    }
  }

  // Exactly one box can be reached with Tab; the lines at it stand out.
  function mark() {
    if (!drawn) return;
    for (const [row, box] of drawn.boxes) {
      box.setAttribute("tabindex", row === at ? 0 : -1);
      box.setAttribute("aria-pressed", String(row === opened));
    }
    for (const path of drawn.paths) {
      path.classList.toggle("it-net__near", path.dataset.ends.split(" ").includes(String(at)));
    }
  }

  function go(row, focus = true) {
    at = row;
    mark();
    const box = drawn.boxes.get(row);
    if (focus) box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function open(row) {
    opened = row;
    panel.hidden = row < 0;
    panel.replaceChildren(...(row < 0 ? [] : details(graph, part, row, root)));
    mark();
  }

  function size(to) {
    if (!drawn) return;
    zoom = Math.min(2, Math.max(LEAST, to));
    drawn.picture.setAttribute("width", Math.round(drawn.size.width * zoom));
    drawn.picture.setAttribute("height", Math.round(drawn.size.height * zoom));
  }

  const fitting = () => Math.min(1, (view.clientWidth - 4) / drawn.size.width, (view.clientHeight - 4) / drawn.size.height);

  // A new start is seen whole where it stays readable, else the start is in the middle.
  function begin() {
    if (!drawn) return;
    size(Math.max(READABLE, fitting()));
    centre(at);
  }

  function centre(row) {
    const box = drawn.boxes.get(row).getBoundingClientRect();
    const frame = view.getBoundingClientRect();
    view.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
    view.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
  }

  // ---- Doing ------------------------------------------------------------------------------------
  function start(item, kind = "") {
    wanted = address.fresh(item, kind, wanted.dir);
    at = opened = -1;
    show();
    remember(true);
    begin();
  }

  function more(row, dir) {
    const before = new Set(part.shown.keys());
    const was = drawn.boxes.get(row).getBoundingClientRect();
    const key = `${row}.${dir}`;
    wanted.more.set(key, (wanted.more.get(key) || 0) + FAN);
    at = row;
    show();
    size(zoom);
    remember(false);
    // What was asked stays where it is; the rest makes room.
    const now = drawn.boxes.get(row).getBoundingClientRect();
    view.scrollBy(now.left - was.left, now.top - was.top);
    return [...part.shown.keys()].filter((other) => !before.has(other));
  }

  // The row that a key leads to from `row`.
  function next(row, key) {
    const dir = { ArrowRight: "needs", ArrowLeft: "users" }[key];
    const [column, height] = drawn.place(row);
    if (dir) {
      let near = part.shown.get(row).near[dir];
      if (!near.length && part.shown.get(row).hidden[dir]) near = more(row, dir);
      const far = (other) => Math.abs(drawn.place(other)[1] - height);
      return near.slice().sort((a, b) => far(a) - far(b))[0] ?? row;
    }
    if (key === "Home") return part.roots[0];
    const same = drawn.order.filter((other) => drawn.place(other)[0] === column);
    return same[same.indexOf(row) + (key === "ArrowDown" ? 1 : -1)] ?? row;
  }

  const ACTIONS = {
    more: ({ row, dir }) => {
      // The button that was pressed is gone: who used it goes on where its answer is.
      const [fromPanel, fromList] = [panel, list].map((part) => part.contains(document.activeElement));
      const [first] = more(Number(row), dir);
      if (fromPanel) panel.querySelector("h2").focus();
      if (fromList) list.querySelector(`[data-listed="${first ?? row}"]`).focus();
    },
    all: () => {
      wanted.more.set("class", (wanted.more.get("class") || 0) + ROOTS);
      show();
      remember(false);
      begin();
      (status.querySelector("button") || tools.elements.start).focus();
    },
    start: ({ row }) => {
      start(graph.data.items[row][0]);
      go(at);
    },
    select: ({ row }) => {
      if (part.shown.has(Number(row))) choose(Number(row));
      else ACTIONS.start({ row });
    },
    close: ({ row }) => {
      open(-1);
      remember(false);
      if (drawn.boxes.has(Number(row))) go(Number(row));
    },
  };

  function choose(row) {
    open(row);
    go(row);
    remember(false);
  }

  // ---- Mouse and keyboard ---------------------------------------------------------------------------
  let dragged = false;

  net.addEventListener("click", (event) => {
    const acting = event.target.closest("[data-action], [data-zoom], g[data-row]");
    if (!acting || dragged) return;
    const { action, row, zoom: kind } = acting.dataset;
    if (kind) size({ in: zoom * 1.25, out: zoom / 1.25, fit: fitting() }[kind]);
    else if (action) ACTIONS[action](acting.dataset);
    else choose(Number(row));
  });

  net.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = event.target.closest("g[data-row]");
    if (event.key === "Escape" && opened >= 0 && (box || panel.contains(event.target))) ACTIONS.close({ row: opened });
    else if (!box) return;
    else if (/^(?:Arrow|Home)/.test(event.key)) {
      const dir = { ArrowRight: "needs", ArrowLeft: "users" }[event.key];
      if (event.shiftKey && dir) more(at, dir);
      go(event.shiftKey && dir ? at : next(at, event.key));
    } else if (event.key === "Enter" || event.key === " ") {
      choose(Number(box.dataset.row));
      panel.querySelector("h2").focus();
    } else if ("+-0".includes(event.key)) {
      size({ "+": zoom * 1.25, "-": zoom / 1.25, 0: fitting() }[event.key]);
      go(at);
    } else return;
    event.preventDefault();
  });

  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    size(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  }, { passive: false });

  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    const from = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
    const move = (now) => {
      if (!dragged && Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) < 5) return;
      dragged = true;
      view.scrollTo(from.x - now.clientX, from.y - now.clientY);
    };
    addEventListener("pointermove", move);
    // The click that ends a drag comes before the next task.
    addEventListener("pointerup", () => setTimeout(() => (dragged = false)), { once: true });
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  });

  // ---- The form ---------------------------------------------------------------------------------------
  tools.addEventListener("input", ({ target }) => {
    if (target.name !== "start") return;
    const found = matches(graph, target.value);
    const options = found.slice(0, 12).map((row) => Object.assign(html("option", ""), { value: named(graph, row) }));
    find("datalist").replaceChildren(...options);
    if (found.length && target.value === named(graph, found[0])) start(graph.data.items[found[0]][0]);
  });

  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = tools.elements.start.value.trim();
    const [best] = matches(graph, text);
    if (text) start(best === undefined ? text : graph.data.items[best][0]);
  });

  tools.addEventListener("change", ({ target: { name, value } }) => {
    if (name === "class" && value) start("", value);
    if (name !== "dir" && name !== "depth") return;
    wanted[name] = name === "depth" ? Number(value) : value;
    show();
    remember(false);
    begin();
  });

  filters.addEventListener("change", () => {
    show();
    remember(false);
    begin();
  });

  window.itsmMap = (data) => {
    graph = network(data);
    const again = () => {
      ({ wanted, opened } = address.read(graph));
      at = opened;
      show();
      begin();
    };
    addEventListener("popstate", again);
    again();
  };
})();
