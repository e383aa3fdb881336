// The explorer's page: what is chosen is in the address, everything shown follows from it. Text of
// records is put into the page as text, never as HTML.
(() => {
  "use strict";

  const box = document.querySelector(".it-x");
  if (!box) return;
  const { root, load, words, match, marked, element } = window.itsm;
  const { open, zoned, neutralise, facets: FACETS } = window.itsmRecords;

  const PAGE = 50;
  const FEW = 8;
  const MANY = 100;
  const PAUSE = 200;
  const STATUS = ["open", "finished", "all"];
  const DATES = ["opened", "updated"];
  const SORTS = ["id", "title", ...FACETS, ...DATES];
  const DAY = /^\d{4}-\d\d-\d\d$/;
  const USUAL = "-opened";
  const FAILED = "The records cannot be read. Loading the page again may help.";
  // In the order of the rule book; the others begin with what is most frequent.
  const RANKED = ["kind", "priority"];

  const bar = box.querySelector(".it-x__bar");
  const side = box.querySelector(".it-x__facets");
  const table = box.querySelector(".it-x__table");
  const body = table.tBodies[0];
  const said = box.querySelector(".it-x__said");
  const ignored = box.querySelector(".it-x__ignored");
  const active = box.querySelector(".it-x__active");
  const more = box.querySelector(".it-x__next button");
  const order = box.querySelector(".it-x__order select");
  const columnBoxes = [...box.querySelectorAll(".it-x__columns input")];
  const shownCommand = box.querySelector(".it-x__command");
  const COLUMNS = columnBoxes.map((b) => b.value);
  const USUAL_COLUMNS = columnBoxes.filter((b) => b.defaultChecked).map((b) => b.value);
  const groups = Object.fromEntries([...side.querySelectorAll("[data-facet]")].map((f) => [f.dataset.facet, f]));
  const dates = Object.fromEntries(
    [...side.querySelectorAll("[data-dates]")].map((f) => [f.dataset.dates, [...f.querySelectorAll("input")]]),
  );
  const LABELS = Object.fromEntries([...table.querySelectorAll("[data-sort]")].map((b) => [b.dataset.sort, b.textContent]));
  const titleOf = (name) => groups[name].querySelector("legend").textContent;

  let records;
  let clock;
  let state;
  let hits = null;
  let searched = "";
  let found = { rows: [], counts: {} };
  let shown = PAGE;
  const unfolded = new Set();
  let turn = 0;

  // ---- The address --------------------------------------------------------------------------
  // Who names states or words looks through everything; otherwise it is what is open.
  const usualStatus = (s) => (s.q || s.facets.state.size ? "all" : "open");

  function fresh() {
    return {
      q: "",
      facets: Object.fromEntries(FACETS.map((f) => [f, new Set()])),
      opened: ["", ""],
      updated: ["", ""],
      sort: USUAL,
      cols: USUAL_COLUMNS,
      status: "open",
    };
  }

  const decoded = (text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
  };

  function known(facet, word) {
    const { about, names } = records;
    if (facet === "kind") return Object.hasOwn(about.kinds, word);
    if (word === "none") return true;
    if (facet === "state") {
      const kinds = Object.values(about.kinds);
      return kinds.some((k) => Object.hasOwn(k.states, word)) || records.coded.state.numbers.has(word);
    }
    if (facet === "priority") return Object.hasOwn(about.priorities, word) || records.coded.priority.numbers.has(word);
    return Object.hasOwn(names[facet], word);
  }

  // What an address means, and the parts of it that mean nothing.
  function read(search) {
    const wanted = fresh();
    const wrong = [];
    let status = "";
    for (const pair of search.replace(/^\?/, "").split("&").filter(Boolean)) {
      const at = pair.indexOf("=");
      const name = decoded(at < 0 ? pair : pair.slice(0, at));
      const values = (at < 0 ? "" : pair.slice(at + 1)).split(",").map(decoded).filter(Boolean);
      const refuse = (value) => wrong.push(value === undefined ? name : `${name}=${value}`);
      if (name === "q") wanted.q = values.join(",").slice(0, 100);
      else if (FACETS.includes(name)) values.forEach((v) => (known(name, v) ? wanted.facets[name].add(v) : refuse(v)));
      else if (DATES.includes(name)) readDates(wanted, name, values[0] || "", refuse);
      else if (name === "sort") SORTS.includes((values[0] || "").replace(/^-/, "")) ? (wanted.sort = values[0]) : refuse(values[0]);
      else if (name === "status") STATUS.includes(values[0]) ? (status = values[0]) : refuse(values[0]);
      else if (name === "cols") {
        values.filter((v) => !COLUMNS.includes(v)).forEach(refuse);
        wanted.cols = COLUMNS.filter((c) => values.includes(c));
      } else refuse();
    }
    wanted.status = status || usualStatus(wanted);
    return { wanted, wrong };
  }

  function readDates(wanted, name, value, refuse) {
    const [from, to, rest] = [...value.split(".."), ""];
    const fits = (day) => !day || (DAY.test(day) && !Number.isNaN(Date.parse(day)));
    if (value.includes("..") && !rest && fits(from) && fits(to)) wanted[name] = [from, to];
    else refuse(value);
  }

  function written(s) {
    const list = (values) => [...values].map(encodeURIComponent).join(",");
    const parts = [];
    if (s.q) parts.push(`q=${encodeURIComponent(s.q)}`);
    if (s.status !== usualStatus(s)) parts.push(`status=${s.status}`);
    for (const name of FACETS) if (s.facets[name].size) parts.push(`${name}=${list(s.facets[name])}`);
    for (const name of DATES) if (s[name].some(Boolean)) parts.push(`${name}=${s[name].join("..")}`);
    if (s.sort !== USUAL) parts.push(`sort=${s.sort}`);
    if (String(s.cols) !== String(USUAL_COLUMNS)) parts.push(`cols=${list(s.cols)}`);
    return parts.length ? `?${parts.join("&")}` : "";
  }

  function remember(replace) {
    const address = location.pathname + written(state);
    if (replace || address === location.pathname + location.search) history.replaceState({ shown }, "", address);
    else history.pushState({ shown }, "", address);
  }

  // ---- From the choice to the page ----------------------------------------------------------
  function bounds([from, to]) {
    return [from ? clock.midnight(from) : null, to ? clock.midnight(to, 1) : null];
  }

  const choice = () => ({
    status: state.status,
    facets: state.facets,
    opened: bounds(state.opened),
    updated: bounds(state.updated),
    hits,
  });

  // Marks the records that have the words, by their place from the oldest: search numbers documents
  // from the newest, and the oldest record is the last.
  async function search() {
    const wanted = words(state.q);
    if (!wanted.length) return null;
    const [numbers, about] = await Promise.all([match(wanted), load("index")]);
    const marks = new Uint8Array(about.docs);
    for (const [, number] of numbers) marks[about.docs - 1 - number] = 1;
    return marks;
  }

  // Shows at once what is here, and again whenever more has been read.
  async function update({ replace = false, keep = false, silent = false } = {}) {
    const mine = ++turn;
    if (!keep) shown = PAGE;
    if (!silent) remember(replace);
    try {
      if (state.q !== searched) {
        const { q } = state;
        const marks = await search();
        if (mine !== turn) return;
        hits = marks;
        searched = q;
      }
      show();
      let late = 0;
      await records.read(choice(), () => {
        late ||= setTimeout(() => ((late = 0), mine === turn && show()), PAUSE);
      });
      if (late && mine === turn) show();
      clearTimeout(late);
    } catch {
      if (mine === turn) said.textContent = FAILED;
    }
  }

  function show() {
    found = records.filter(choice(), records.order(state.sort));
    showControls();
    showActive();
    showFacets();
    showRows();
    showSaid();
    const busy = missing() > 0;
    box.setAttribute("aria-busy", String(busy));
    if (records.length || !busy) box.dataset.rows = String(found.rows.length);
  }

  const missing = () => records.needed(choice()).reduce((sum, c) => sum + (records.loaded.has(c.name) ? 0 : c.rows), 0);
  const number = (n) => n.toLocaleString("en");
  const counted = (n, what) => `${number(n)} ${what}${n === 1 ? "" : "s"}`;

  function showSaid() {
    const what = state.status === "all" ? "record" : `${state.status} record`;
    const left = missing();
    if (left) {
      said.textContent = `${counted(found.rows.length, what)} so far; ${number(records.length)} of ${number(records.length + left)} loaded`;
    } else if (found.rows.length || state.status === "all") {
      said.textContent = found.rows.length ? counted(found.rows.length, what) : "No record fits. Fewer filters find more.";
    } else {
      const all = element("button", "it-x__link", "Look through all records");
      all.type = "button";
      all.addEventListener("click", () => {
        state.status = "all";
        bar.querySelector("[name=status][value=all]").focus();
        update();
      });
      said.replaceChildren(`No ${what} fits. `, all);
    }
  }

  function showControls() {
    const input = bar.querySelector("input[type=search]");
    if (input.value.trim() !== state.q) input.value = state.q;
    for (const radio of bar.querySelectorAll("[name=status]")) radio.checked = radio.value === state.status;
    for (const name of DATES) dates[name].forEach((field, i) => field.value !== state[name][i] && (field.value = state[name][i]));
    for (const check of columnBoxes) check.checked = state.cols.includes(check.value);
    order.value = state.sort;
    for (const button of table.querySelectorAll("[data-sort]")) {
      const name = button.dataset.sort;
      const head = button.closest("th");
      head.hidden = name !== "title" && !state.cols.includes(name);
      if (state.sort === name) head.setAttribute("aria-sort", "ascending");
      else if (state.sort === `-${name}`) head.setAttribute("aria-sort", "descending");
      else head.removeAttribute("aria-sort");
    }
    // Records that come later change nothing about the command.
    if (shownCommand.dataset.of !== written(state)) shownCommand.hidden = true;
  }

  // ---- What is chosen, each with a button that takes it back --------------------------------
  function chips() {
    const made = [];
    for (const name of FACETS) {
      for (const word of state.facets[name]) {
        made.push([`${titleOf(name)}: ${labelOf(name, word)}`, () => state.facets[name].delete(word)]);
      }
    }
    for (const name of DATES) {
      const [from, to] = state[name];
      const span = from && to ? `${from} to ${to}` : from ? `from ${from}` : `to ${to}`;
      if (from || to) made.push([`${name === "opened" ? "Opened" : "Updated"} ${span}`, () => (state[name] = ["", ""])]);
    }
    if (made.length > 1) made.push(["Clear all", () => Object.assign(state, { facets: fresh().facets, opened: ["", ""], updated: ["", ""] })]);
    return made;
  }

  function showActive() {
    const made = chips();
    const before = [...active.children].map((li) => li.textContent);
    if (String(before) === String(made.map(([text]) => text))) return;
    active.replaceChildren(
      ...made.map(([text, remove], place) => {
        const last = text === "Clear all";
        const button = element("button", last ? "it-x__link" : "it-x__chip", text);
        button.type = "button";
        if (!last) button.setAttribute("aria-label", `Remove filter ${text}`);
        button.addEventListener("click", () => {
          remove();
          update();
          const left = active.querySelectorAll("button");
          (left[Math.min(place, left.length - 1)] || bar.querySelector("input[type=search]")).focus();
        });
        return element("li", "", button);
      }),
    );
  }

  // ---- Facets -------------------------------------------------------------------------------
  const labelOf = (name, word) => (word === "none" ? "None" : records.called(name, word));

  // The values of a facet with how many records each would leave, in the order they are shown.
  function valuesOf(name) {
    const coded = records.coded[name];
    const counts = found.counts[name];
    const chosen = state.facets[name];
    const places = records.places(name);
    const values = [];
    coded.words.forEach((word, i) => {
      if (counts[i] || chosen.has(word)) values.push({ word, count: counts[i], place: places[i] });
    });
    const ranked = RANKED.includes(name);
    values.sort((a, b) => (ranked ? 0 : b.count - a.count) || a.place - b.place);
    for (const word of chosen) if (word !== "none" && !coded.numbers.has(word)) values.push({ word, count: 0 });
    const none = counts[counts.length - 1];
    if (name !== "kind" && (none || chosen.has("none"))) values.push({ word: "none", count: none });
    return values;
  }

  function showFacet(name) {
    const group = groups[name];
    const [list, rest, toggle] = ["ul", ".it-x__rest", "button"].map((part) => group.querySelector(part));
    const field = group.querySelector("input[type=search]");
    const values = valuesOf(name);
    const typed = words(field.value).join(" ");
    const fits = (v) => words(labelOf(name, v.word)).join(" ").includes(typed) || words(v.word).join(" ").includes(typed);
    const asked = typed ? values.filter(fits) : values;
    const most = unfolded.has(name) ? MANY : FEW;
    const some = asked.filter((v, i) => i < most || state.facets[name].has(v.word));
    field.hidden = values.length <= FEW && !field.value;
    const focused = list.contains(document.activeElement) ? document.activeElement.value : null;
    const kept = new Map([...list.children].map((li) => [li.querySelector("input").value, li]));
    const items = some.map((v) => filled(kept.get(v.word) || item(name, v.word), name, v));
    if (items.length !== list.children.length || items.some((li, i) => li !== list.children[i])) list.replaceChildren(...items);
    if (focused !== null) items.map((li) => li.querySelector("input")).find((i) => i.value === focused)?.focus();
    const left = asked.length - some.length;
    rest.textContent = typed && !some.length ? "None is called that." : unfolded.has(name) && left ? `and ${number(left)} more` : "";
    toggle.hidden = asked.length <= FEW;
    toggle.textContent = unfolded.has(name) ? "Show fewer" : `${number(left)} more`;
    toggle.setAttribute("aria-label", `${titleOf(name)}: ${toggle.textContent}`);
    group.hidden = !values.length && !field.value;
  }

  function item(name, word) {
    const check = element("input");
    check.type = "checkbox";
    check.value = word;
    const text = element("span", "it-x__name", labelOf(name, word));
    return element("li", "", element("label", "", check, text, element("span", "it-x__count")));
  }

  function filled(li, name, { word, count }) {
    li.querySelector("input").checked = state.facets[name].has(word);
    li.querySelector(".it-x__count").textContent = number(count);
    li.classList.toggle("it-x__zero", !count);
    return li;
  }

  const showFacets = () => FACETS.forEach(showFacet);

  // ---- The table ----------------------------------------------------------------------------
  function chip(text, look) {
    return element("span", `it-chip it-chip--${look}`, text);
  }

  function time(seconds) {
    if (Number.isNaN(seconds)) return "";
    const made = element("time", "", clock.shown(seconds));
    made.dateTime = new Date(seconds * 1000).toISOString();
    return made;
  }

  const names = (name, row) => records.coded[name].of(row).map((w) => records.called(name, w)).join(", ");

  const CELLS = {
    id: (row) => [element("span", "it-id", records.id[row])],
    kind: (row) => [names("kind", row)],
    state(row) {
      const known = records.state(row);
      return known ? [chip(...known)] : [];
    },
    priority: (row) => records.coded.priority.of(row).map((p) => chip(p, /[1-5]$/.test(p) ? `p${p.slice(-1)}` : "none")),
    service: (row) => [names("service", row)],
    ci: (row) => [names("ci", row)],
    team: (row) => [names("team", row)],
    opened: (row) => [time(records.opened[row])],
    updated: (row) => [time(records.updated[row])],
  };
  const LOOKS = { id: "it-c-id", state: "it-c-chip", priority: "it-c-chip", opened: "it-c-time", updated: "it-c-time" };

  function cell(name, row) {
    const made = element("td", LOOKS[name] || "", ...CELLS[name](row));
    made.dataset.label = LABELS[name];
    return made;
  }

  function titleCell(row, wanted) {
    const link = element("a", "", ...marked(records.title[row] || records.id[row], wanted));
    link.href = root + records.url(row);
    return element("td", "it-c-title", link);
  }

  function line(row, place, wanted) {
    const cells = state.cols.map((name) => cell(name, row));
    cells.splice(state.cols.includes("id") ? 1 : 0, 0, titleCell(row, wanted));
    const made = element("tr", "", ...cells);
    made.setAttribute("aria-rowindex", String(place + 2));
    return made;
  }

  function showRows(from = 0) {
    const wanted = words(state.q);
    const lines = found.rows.slice(from, shown).map((row, i) => line(row, from + i, wanted));
    if (from) body.append(...lines);
    else body.replaceChildren(...lines);
    table.hidden = !found.rows.length;
    table.setAttribute("aria-rowcount", String(found.rows.length + 1));
    const left = found.rows.length - shown;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, PAGE)} more of ${number(Math.max(left, 0))}`;
  }

  // ---- Taking the result away ---------------------------------------------------------------
  const iso = (seconds) => (Number.isNaN(seconds) ? "" : new Date(seconds * 1000).toISOString().replace(".000Z", "Z"));

  // The columns shown, with the words that files have, not those that people read.
  function plain(row) {
    const made = { id: records.id[row], title: records.title[row] };
    for (const name of state.cols) {
      if (FACETS.includes(name)) {
        const list = records.coded[name].of(row);
        made[name] = ["service", "ci", "team"].includes(name) ? list : list[0] || "";
      } else if (DATES.includes(name)) made[name] = iso(records[name][row]);
    }
    return { ...made, page: records.url(row) };
  }

  function csvCell(value) {
    const text = Array.isArray(value) ? value.join("\n") : value;
    const safe = neutralise(text);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function csv(rows) {
    if (!rows.length) return "";
    const lines = [Object.keys(rows[0]), ...rows.map((r) => Object.values(r).map(csvCell))];
    return lines.map((l) => `${l.join(",")}\n`).join("");
  }

  function download(name, type, text) {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // The command that lists the same: the words of its filter are those of the address.
  function command() {
    const { facets } = state;
    const value = (w) => (/^[\w][\w-]*$/.test(w) ? w : `"${w.replace(/["\\]/g, "\\$&")}"`);
    const condition = (name, values) => `${name}:${values.map((w) => (w === "none" ? w : value(w))).join(",")}`;
    const filter = [];
    if (state.status !== "all") filter.push(`status:${state.status}`);
    for (const name of FACETS) if (name !== "kind" && facets[name].size) filter.push(condition(name, [...facets[name]]));
    for (const name of DATES) if (state[name].some(Boolean)) filter.push(`${name}:${state[name].join("..")}`);
    filter.push(...words(state.q).map((w) => (/^(and|or|not)$/.test(w) ? `"${w}"` : w)));
    const kinds = [...facets.kind].map((k) => records.about.kinds[k].plural);
    const text = filter.join(" ");
    const parts = ["itsm list", ...kinds, ...(text ? [/^[\w:,.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`] : [])];
    const name = state.sort.replace(/^-/, "");
    // Lists begin with the newest where nobody says otherwise.
    const down = state.sort.startsWith("-") !== DATES.includes(name);
    const column = { ci: "", team: "assigned_team" }[name] ?? name;
    if (column) parts.push("--sort", (down ? "-" : "") + column);
    return parts.join(" ");
  }

  async function copyCommand() {
    const [about, code] = shownCommand.children;
    shownCommand.hidden = false;
    shownCommand.dataset.of = written(state);
    const text = command();
    code.textContent = text;
    try {
      await navigator.clipboard.writeText(text);
      about.textContent = "Copied:";
    } catch {
      about.textContent = "Copy this:";
      getSelection().selectAllChildren(code);
    }
  }

  function act(what, button) {
    if (what === "columns") {
      const panel = document.getElementById("it-x-columns");
      panel.hidden = !panel.hidden;
      button.setAttribute("aria-expanded", String(!panel.hidden));
    } else if (what === "command") copyCommand();
    else if (what === "csv") download("records.csv", "text/csv;charset=utf-8", csv(found.rows.map(plain)));
    else if (what === "json") download("records.json", "application/json", `${JSON.stringify(found.rows.map(plain), null, 1)}\n`);
  }

  // ---- What people do -----------------------------------------------------------------------
  function listen() {
    const field = bar.querySelector("input[type=search]");
    let waiting = 0;
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        state.q = field.value.trim();
        update({ replace: true });
      }, PAUSE);
    });
    for (const form of [bar, side]) form.addEventListener("submit", (event) => event.preventDefault());
    bar.addEventListener("change", (event) => {
      if (event.target.name !== "status") return;
      state.status = event.target.value;
      update();
    });
    bar.querySelector(".it-x__more").addEventListener("click", (event) => {
      const opened = box.classList.toggle("it-x--facets");
      event.currentTarget.setAttribute("aria-expanded", String(opened));
    });
    side.addEventListener("input", (event) => {
      if (event.target.type === "search") showFacet(event.target.closest("[data-facet]").dataset.facet);
    });
    side.addEventListener("click", (event) => {
      if (!event.target.matches(".it-x__link")) return;
      const { facet } = event.target.closest("[data-facet]").dataset;
      if (!unfolded.delete(facet)) unfolded.add(facet);
      showFacet(facet);
    });
    side.addEventListener("change", (event) => {
      const { facet } = event.target.closest("fieldset").dataset;
      if (event.target.type === "checkbox") {
        state.facets[facet][event.target.checked ? "add" : "delete"](event.target.value);
      } else if (event.target.type === "date") {
        for (const name of DATES) state[name] = dates[name].map((d) => d.value);
      } else return;
      update();
    });
    table.tHead.addEventListener("click", (event) => {
      const name = event.target.dataset.sort;
      if (!name) return;
      const down = DATES.includes(name);
      const first = down ? `-${name}` : name;
      state.sort = state.sort === first ? (down ? name : `-${name}`) : first;
      update();
    });
    order.addEventListener("change", () => {
      state.sort = order.value;
      update();
    });
    box.querySelector(".it-x__columns").addEventListener("change", () => {
      state.cols = columnBoxes.filter((b) => b.checked).map((b) => b.value);
      update({ keep: true });
    });
    box.querySelector(".it-x__tools").addEventListener("click", (event) => {
      const { do: what } = event.target.dataset;
      if (what) act(what, event.target);
    });
    more.addEventListener("click", () => {
      const from = shown;
      shown += PAGE;
      showRows(from);
      history.replaceState({ shown }, "");
    });
    // Who has no mouse scrolls a wide table by standing on it.
    new ResizeObserver(() => {
      const scroller = table.parentElement;
      if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
      else scroller.removeAttribute("tabindex");
    }).observe(table);
    addEventListener("popstate", (event) => follow(event.state));
  }

  // Shows what the address says.
  function follow(before) {
    const { wanted, wrong } = read(location.search);
    state = wanted;
    shown = (before && before.shown) || PAGE;
    ignored.hidden = !wrong.length;
    ignored.textContent = wrong.length ? `The address has parts that mean nothing here and are ignored: ${wrong.join(", ")}` : "";
    return update({ keep: true, silent: true });
  }

  async function start() {
    try {
      records = await open();
    } catch {
      said.textContent = FAILED;
      return;
    }
    clock = zoned(records.about.zone);
    listen();
    follow(history.state);
  }

  start();
})();
