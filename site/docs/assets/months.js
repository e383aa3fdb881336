// The calendar's script: which view is shown, which week or day, and which events. All of it is in the page
// already; the choice is kept in the address, so that it can be sent to somebody.
(() => {
  "use strict";

  /** @type {HTMLElement | null} */
  const found = document.querySelector(".it-cal");
  if (!found) return;
  const calendar = found;
  const { axis, t } = globalThis.itsm;
  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...calendar.querySelectorAll(selector)]);
  const tools = /** @type {HTMLFormElement} */ (calendar.querySelector(".it-cal__tools"));
  const grid = /** @type {HTMLElement} */ (calendar.querySelector(".it-grid"));
  const rows = all("tr[data-week]");
  const days = all(".it-grid__day");
  const MOST = 3; // changes of a day in a month
  const NARROW = matchMedia("(max-width: 45em)");
  const SLIM = matchMedia("(max-width: 60em)");
  const [status] = all(".it-cal__status");
  const selects = ["service", "type"].map((name) => /** @type {HTMLSelectElement} */ (tools.elements.namedItem(name)));
  const pager = () => /** @type {HTMLAnchorElement[]} */ (all(".it-cal__months a:not(.it-cal__now)"));
  const chosen = new URLSearchParams(location.search);

  function filter() {
    const [service, type] = selects.map((select) => select.value);
    const shown = (/** @type {HTMLElement} */ e) =>
      (!type || e.dataset.type === type) &&
      (!service || !e.dataset.services || e.dataset.services.split(" ").includes(service));
    for (const event of all("[data-type]")) event.hidden = !shown(event);
    // Days on which only a weekly window begins are for those who ask for something.
    const quiet = (/** @type {HTMLElement} */ day) => !service && !type && "quiet" in day.dataset;
    for (const day of all(".it-day")) day.hidden = quiet(day) || !day.querySelector("[data-type]:not([hidden])");
    const empty = !calendar.querySelector(".it-day [data-type]:not([hidden])");
    status.textContent = empty && (service || type) ? t("Nothing in this month fits the filter.") : "";
    rows.forEach(axis.lay);
    days.forEach(shorten);
  }

  // Of a full day a month shows the first changes and how many there are beside them; bars over days always.
  /** @param {HTMLElement} day */
  function shorten(day) {
    day.querySelector(".it-grid__more")?.remove();
    const list = day.querySelector("ul:not(.it-behind)");
    const changes = globalThis.itsm.all(list ?? day, "ul:not(.it-behind) > .it-ev:not(.it-span, .it-ev--hours, [hidden])");
    const most = changes.length > MOST + 1 ? MOST : changes.length;
    changes.forEach((change, i) => change.classList.toggle("it-ev--over", i >= most));
    if (most === changes.length) return;
    const more = globalThis.itsm.element("li", "it-grid__more");
    const link = globalThis.itsm.element("a", "", t("{count} more", { count: globalThis.itsm.digits(changes.length - most) }));
    const there = new URLSearchParams(chosen);
    there.set("view", "day");
    there.set("day", day.dataset.day ?? "");
    link.href = `?${there}`;
    more.append(link);
    list?.append(more);
  }

  // A month has no room on a phone, and the names of a week's changes none on anything that is not much wider.
  function chosenView() {
    const view = chosen.get("view") ?? "month";
    const hasRoom = view === "day" || !(view === "week" ? SLIM : NARROW).matches;
    return hasRoom ? view : "agenda";
  }

  const weekOf = (/** @type {HTMLElement} */ day) => /** @type {HTMLElement} */ (day.closest("tr"));

  /** The day that is shown alone: the chosen one, else today or the first of the chosen week. */
  function chosenDay() {
    const within = days.filter((day) => !chosen.has("week") || weekOf(day).dataset.week === chosen.get("week"));
    const today = (/** @type {HTMLElement} */ day) => day.matches(".it-grid__day--today");
    const first = within.find((day) => !day.matches(".it-grid__day--out"));
    return days.find((day) => day.dataset.day === chosen.get("day")) ?? within.find(today) ?? first ?? within[0] ?? days[0];
  }

  /** The place of the week that is shown alone: the chosen one, else that of today. */
  function chosenWeek() {
    const at = rows.findIndex((row) => row.dataset.week === chosen.get("week"));
    return at < 0 ? Math.max(0, rows.findIndex((row) => row.querySelector(".it-grid__day--today"))) : at;
  }

  function show() {
    const view = chosenView();
    calendar.dataset.view = view;
    for (const button of all(".it-cal__tools [data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === view));
    }
    const alone = view === "day" ? chosenDay() : null;
    const week = alone ? weekOf(alone) : rows[chosenWeek()];
    for (const row of rows) row.classList.toggle("it-grid__week", row === week);
    axis.name(grid, alone);
    const place = alone ? [...week.querySelectorAll(".it-grid__day")].indexOf(alone) : -1;
    for (const row of all(".it-grid tr")) {
      [...row.children].slice(1).forEach((cell, i) => cell.classList.toggle("it-grid__other", place >= 0 && i !== place));
    }
    const [earlier, later] = view === "day" ? [t("Earlier day"), t("Later day")] : [t("Earlier week"), t("Later week")];
    for (const button of all("[data-step]")) button.textContent = button.dataset.step === "1" ? later : earlier;
  }

  function remember() {
    const query = chosen.size ? `?${chosen}` : "";
    history.replaceState(null, "", location.pathname + query);
    const beyond = new URLSearchParams(chosen);
    for (const name of ["week", "day"]) beyond.delete(name);
    for (const link of pager()) link.search = String(beyond);
  }

  /** @param {string} name @param {string | undefined} value */
  function set(name, value) {
    if (value) chosen.set(name, value);
    else chosen.delete(name);
  }

  /** Open the month after this one, or the one before. @param {number} by @param {Record<string, string>} more */
  function leave(by, more) {
    const link = pager().find((a) => a.rel === (by > 0 ? "next" : "prev"));
    if (link) location.assign(`${link.pathname}?${new URLSearchParams({ ...Object.fromEntries(chosen), ...more })}`);
  }

  // Weeks at the end of a month are in the next one, too, so a step may lead to its second week.
  /** @param {number} by */
  function stepWeek(by) {
    const next = rows[chosenWeek() + by];
    set("day", undefined);
    if (next) set("week", next.dataset.week);
    else leave(by, { week: rows[by > 0 ? rows.length - 1 : 0].dataset.week ?? "", step: String(by) });
  }

  /** @param {number} by */
  function stepDay(by) {
    const day = chosenDay();
    const next = days[days.indexOf(day) + by];
    const beyond = new Date(Date.parse(`${day.dataset.day}T00:00:00Z`) + by * 86400000).toISOString().slice(0, 10);
    if (!next) return leave(by, { day: beyond, week: "" });
    set("day", next.dataset.day);
    set("week", weekOf(next).dataset.week);
  }

  /** @param {number} by */
  const step = (by) => (calendar.dataset.view === "day" ? stepDay(by) : stepWeek(by));

  tools.addEventListener("click", (event) => {
    const { show: view, step: by } = /** @type {HTMLElement} */ (event.target).dataset;
    if (view) set("view", view);
    else if (by) step(Number(by));
    else return;
    show();
    remember();
  });
  // On the page of another month it is a link to this one.
  calendar.querySelector(".it-cal__now")?.addEventListener("click", (event) => {
    const cell = calendar.querySelector(".it-grid__day--today");
    const place = grid.checkVisibility() ? cell : document.getElementById("today");
    const week = cell?.closest("tr")?.dataset.week;
    if (!week || !place) return;
    event.preventDefault();
    set("week", week);
    set("day", chosenView() === "day" ? /** @type {HTMLElement} */ (cell).dataset.day : undefined);
    show();
    remember();
    const line = grid.querySelector(".it-grid__now");
    (line?.checkVisibility() ? line : place).scrollIntoView({ block: "center" });
  });
  tools.addEventListener("change", () => {
    for (const select of selects) set(select.name, select.value);
    filter();
    remember();
  });
  tools.addEventListener("submit", (event) => event.preventDefault());

  function begin() {
    for (const select of selects) {
      select.value = chosen.get(select.name) ?? "";
      if (select.selectedIndex < 0) select.value = "";
    }
    const by = Number(chosen.get("step"));
    chosen.delete("step");
    const start = rows.findIndex((row) => row.dataset.week === chosen.get("week"));
    // The neighbour shows the same week only where it lies across both months.
    if (by && start >= 0) set("week", rows[Math.min(rows.length - 1, Math.max(0, start + by))].dataset.week);
    else if (by) set("week", rows[by > 0 ? 0 : rows.length - 1].dataset.week);
    axis.label(grid);
    filter();
    show();
    remember();
    for (const width of [NARROW, SLIM]) width.addEventListener("change", show);
    globalThis.itsm.load("assets/built").then(({ zone }) => {
      const tell = () => axis.tell(grid, zone);
      tell();
      show(); // with what is today now, which may not be what it was when the page was made
      setInterval(tell, 60000);
    });
  }

  begin();
})();
