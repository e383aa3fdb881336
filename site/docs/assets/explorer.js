// The explorer's page: what is chosen is in the address, everything shown follows from it. Text of
// records is put into the page as text, never as HTML.
(() => {
  "use strict";

  /** @type {HTMLElement | null} */
  const box = document.querySelector(".it-x");
  if (!box) return;
  const { t, counted, digits, load, words, match, button, one, all, zoned, records: source, asking, taking } = globalThis.itsm;
  const { facetList, chosenList, recordTable } = globalThis.itsm;
  const { facets: FACETS } = source;
  const { dates: DATES } = asking;

  const PAGE = 50;
  const PAUSE = 200;
  const NONE = () => ({ open: t("No open record fits."), published: t("No published record fits."), finished: t("No finished record fits."), all: "" });
  const FAILED = () => t("The records cannot be read. Loading the page again may help.");

  const bar = one(box, ".it-x__bar");
  const side = one(box, ".it-x__facets");
  /** @type {HTMLTableElement} */
  const table = one(box, ".it-x__table");
  const said = one(box, ".it-x__said");
  const ignored = one(box, ".it-x__ignored");
  /** @type {HTMLButtonElement} */
  const more = one(box, ".it-x__next button");
  /** @type {HTMLSelectElement} */
  const order = one(box, ".it-x__order select");
  const filters = one(box, ".it-x__more");
  const shownCommand = one(box, ".it-x__command");
  /** @type {HTMLInputElement} */
  const field = one(bar, "input[type=search]");
  /** @type {HTMLInputElement[]} */
  const columnBoxes = all(box, ".it-x__columns input");
  const COLUMNS = columnBoxes.map((b) => b.value);
  const USUAL = columnBoxes.filter((b) => b.defaultChecked).map((b) => b.value);
  const groups = new Map(FACETS.map((name) => [name, facetList(one(side, `[data-facet=${name}]`), name)]));
  /** @type {Map<DateName, HTMLInputElement[]>} */
  const dates = new Map(DATES.map((name) => [name, all(side, `[data-dates=${name}] input`)]));
  const rows = recordTable(table);
  const chosen = chosenList(one(box, ".it-x__active"), groups, field);

  /** @type {Records} */
  let records;
  /** @type {Clock} */
  let clock;
  let state = asking.fresh(USUAL);
  /** @type {Uint8Array | null} */
  let hits = null;
  let searched = "";
  /** @type {Result} */
  let found = { rows: [], counts: {} };
  let shown = PAGE;
  let turn = 0;

  /** @param {boolean} replace */
  function remember(replace) {
    const address = location.pathname + asking.written(state, USUAL);
    if (replace || address === location.pathname + location.search) history.replaceState({ shown }, "", address);
    else history.pushState({ shown }, "", address);
  }

  // ---- From the choice to the page ----------------------------------------------------------
  /** @param {[string, string]} days @returns {Span} */
  const bounds = ([from, to]) => [from ? clock.midnight(from) : null, to ? clock.midnight(to, 1) : null];

  /** @returns {Choice} */
  const choice = () => ({ status: state.status, facets: state.facets, opened: bounds(state.opened), updated: bounds(state.updated), hits });

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
      if (mine === turn) said.textContent = FAILED();
    }
  }

  function show() {
    found = records.filter(choice(), records.order(state.sort));
    showControls();
    chosen.show(records, state, update);
    for (const [name, group] of groups) group.show(records, state.facets[name], found.counts[name]);
    showRows();
    showSaid();
    const busy = missing() > 0;
    box?.setAttribute("aria-busy", String(busy));
    if (box && (records.length || !busy)) box.dataset.rows = String(found.rows.length);
  }

  const missing = () => records.needed(choice()).reduce((sum, c) => sum + (records.loaded.has(c.name) ? 0 : c.rows), 0);

  function showRows(from = 0) {
    rows.show(records, clock, state, found.rows, from, shown);
    const left = found.rows.length - shown;
    more.hidden = left <= 0;
    more.textContent = t("Show {some} more of {all}", { some: Math.min(left, PAGE), all: digits(Math.max(left, 0)) });
  }

  function showSaid() {
    const number = found.rows.length;
    const what = {
      open: counted(number, "{count} open record", "{count} open records"),
      published: counted(number, "{count} published record", "{count} published records"),
      finished: counted(number, "{count} finished record", "{count} finished records"),
      all: counted(number, "{count} record", "{count} records"),
    }[state.status];
    const left = missing();
    if (left && !records.length) return; // it says already that they are being read
    if (left) {
      said.textContent = t("{records} so far; {some} of {all} loaded", { records: what, some: digits(records.length), all: digits(records.length + left) });
    } else if (number) said.textContent = what;
    else if (state.status === "all") said.textContent = t("No record fits. Fewer filters find more.");
    else {
      const everything = button("it-x__link", t("Look through all records"), () => {
        state.status = "all";
        one(bar, "[name=status][value=all]").focus();
        update();
      });
      said.replaceChildren(NONE()[state.status], " ", everything);
    }
  }

  function showControls() {
    if (field.value.trim() !== state.q) field.value = state.q;
    const on = FACETS.filter((name) => state.facets[name].size).length + DATES.filter((name) => state[name].some(Boolean)).length;
    filters.textContent = on ? t("Filters ({count})", { count: on }) : t("Filters");
    for (const radio of /** @type {HTMLInputElement[]} */ (all(bar, "[name=status]"))) radio.checked = radio.value === state.status;
    for (const [name, inputs] of dates) if (state[name].some(Boolean)) inputs[0].closest("details")?.setAttribute("open", "");
    for (const [name, inputs] of dates) inputs.forEach((input, i) => input.value !== state[name][i] && (input.value = state[name][i]));
    for (const check of columnBoxes) check.checked = state.cols.includes(check.value);
    order.value = state.sort;
    for (const head of all(table, "[data-sort]")) {
      const name = head.dataset.sort ?? "";
      const cell = /** @type {HTMLElement} */ (head.closest("th"));
      cell.hidden = name !== "title" && !state.cols.includes(name);
      if (state.sort === name) cell.setAttribute("aria-sort", "ascending");
      else if (state.sort === `-${name}`) cell.setAttribute("aria-sort", "descending");
      else cell.removeAttribute("aria-sort");
    }
    // Records that come later change nothing about the command.
    if (shownCommand.dataset.of !== asking.written(state, USUAL)) shownCommand.hidden = true;
  }

  // ---- Taking the result away ---------------------------------------------------------------
  async function copyCommand() {
    const [about, code] = shownCommand.children;
    shownCommand.hidden = false;
    shownCommand.dataset.of = asking.written(state, USUAL);
    const text = taking.command(state, records.about);
    code.textContent = text;
    try {
      await navigator.clipboard.writeText(text);
      about.textContent = t("Copied:");
    } catch {
      about.textContent = t("Copy this:");
      getSelection()?.selectAllChildren(code);
    }
  }

  /** @param {string} what @param {HTMLElement} pressed */
  function act(what, pressed) {
    const plain = () => found.rows.map((row) => taking.plain(records, row, state.cols));
    if (pressed.hasAttribute("aria-controls")) {
      for (const opener of all(one(document, ".it-x__tools"), "[data-do][aria-controls]")) {
        const panel = one(document, `#${opener.getAttribute("aria-controls")}`);
        panel.hidden = opener !== pressed || !panel.hidden;
        opener.setAttribute("aria-expanded", String(!panel.hidden));
      }
    } else if (what === "command") copyCommand();
    else if (what === "csv") taking.download("records.csv", "text/csv;charset=utf-8", taking.csv(plain()));
    else if (what === "json") taking.download("records.json", "application/json", `${JSON.stringify(plain(), null, 1)}\n`);
  }

  // ---- What people do -----------------------------------------------------------------------
  function listenToFilters() {
    let waiting = 0;
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        state.q = field.value.trim();
        update({ replace: true });
      }, PAUSE);
    });
    for (const form of [bar, side]) form.addEventListener("submit", (event) => event.preventDefault());
    bar.addEventListener("change", ({ target }) => {
      const radio = /** @type {HTMLInputElement} */ (target);
      if (radio.name !== "status") return;
      state.status = /** @type {Status} */ (radio.value);
      update();
    });
    filters.addEventListener("click", () => filters.setAttribute("aria-expanded", String(box?.classList.toggle("it-x--facets"))));
    side.addEventListener("change", ({ target }) => {
      const input = /** @type {HTMLInputElement} */ (target);
      const facet = /** @type {Facet | undefined} */ (/** @type {HTMLElement | null} */ (input.closest("[data-facet]"))?.dataset.facet);
      if (input.type === "checkbox" && facet) state.facets[facet][input.checked ? "add" : "delete"](input.value);
      else if (input.type === "date") for (const [name, [from, to]] of dates) state[name] = [from.value, to.value];
      else return;
      update();
    });
  }

  function listenToResult() {
    table.tHead?.addEventListener("click", ({ target }) => {
      const name = /** @type {HTMLElement} */ (target).dataset.sort;
      if (!name) return;
      const down = DATES.some((d) => d === name);
      const first = down ? `-${name}` : name;
      state.sort = state.sort === first ? (down ? name : `-${name}`) : first;
      update();
    });
    order.addEventListener("change", () => {
      state.sort = order.value;
      update();
    });
    one(document, ".it-x__columns").addEventListener("change", () => {
      state.cols = columnBoxes.filter((b) => b.checked).map((b) => b.value);
      update({ keep: true });
    });
    one(document, ".it-x__head").addEventListener("click", ({ target }) => {
      const pressed = /** @type {HTMLElement} */ (target);
      if (pressed.dataset.do) act(pressed.dataset.do, pressed);
    });
    more.addEventListener("click", () => {
      const from = shown;
      shown += PAGE;
      showRows(from);
      history.replaceState({ shown }, "");
    });
    // Who has no mouse scrolls a wide table by standing on it.
    new ResizeObserver(() => {
      const scroller = /** @type {HTMLElement} */ (table.parentElement);
      if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
      else scroller.removeAttribute("tabindex");
    }).observe(table);
    addEventListener("popstate", (event) => follow(event.state));
  }

  /** Shows what the address says. @param {{ shown?: number } | null} before */
  function follow(before) {
    const { wanted, wrong } = asking.read(location.search, records, COLUMNS, USUAL);
    state = wanted;
    shown = before?.shown ?? PAGE;
    ignored.hidden = !wrong.length;
    ignored.textContent = wrong.length ? t("These parts of the address are not known and are ignored: {parts}", { parts: wrong.join(", ") }) : "";
    return update({ keep: true, silent: true });
  }

  async function start() {
    try {
      records = await source.open();
    } catch {
      said.textContent = FAILED();
      return;
    }
    clock = zoned(records.about.zone);
    listenToFilters();
    listenToResult();
    follow(history.state);
  }

  start();
})();
