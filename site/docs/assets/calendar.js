// The calendar's script: which view is shown, which week, and which events. All of it is in the page
// already; the choice is kept in the address, so that it can be sent to somebody.
(() => {
  "use strict";

  /** @type {HTMLElement | null} */
  const found = document.querySelector(".it-cal");
  if (!found) return;
  const calendar = found;
  /** @param {string} selector */
  const all = (selector) => /** @type {HTMLElement[]} */ ([...calendar.querySelectorAll(selector)]);
  const tools = /** @type {HTMLFormElement} */ (calendar.querySelector(".it-cal__tools"));
  const rows = all("tr[data-week]");
  const [status] = all(".it-cal__status");
  const selects = ["service", "type"].map((name) => /** @type {HTMLSelectElement} */ (tools.elements.namedItem(name)));
  const pager = () => /** @type {HTMLAnchorElement[]} */ (all(".it-pager a"));
  const chosen = new URLSearchParams(location.search);

  function filter() {
    const [service, type] = selects.map((select) => select.value);
    const shown = (/** @type {HTMLElement} */ e) =>
      (!type || e.dataset.type === type) &&
      (!service || !e.dataset.services || e.dataset.services.split(" ").includes(service));
    for (const event of all("[data-type]")) event.hidden = !shown(event);
    for (const day of all(".it-day")) day.hidden = !day.querySelector("[data-type]:not([hidden])");
    const empty = !calendar.querySelector(".it-day [data-type]:not([hidden])");
    status.textContent = empty && (service || type) ? globalThis.itsm.t("Nothing in this month fits the filter.") : "";
  }

  function show() {
    const view = chosen.get("view") ?? "month";
    calendar.dataset.view = view;
    for (const button of all(".it-cal__tools [data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === view));
    }
    let at = rows.findIndex((row) => row.dataset.week === chosen.get("week"));
    if (at < 0) at = Math.max(0, rows.findIndex((row) => row.querySelector(".it-grid__day--today")));
    rows.forEach((row, i) => row.classList.toggle("it-grid__week", i === at));
    return at;
  }

  function remember() {
    const query = chosen.size ? `?${chosen}` : "";
    history.replaceState(null, "", location.pathname + query);
    const beyond = new URLSearchParams(chosen);
    beyond.delete("week");
    for (const link of pager()) link.search = String(beyond);
  }

  /** @param {string} name @param {string | undefined} value */
  function set(name, value) {
    if (value) chosen.set(name, value);
    else chosen.delete(name);
  }

  // Weeks at the end of a month are in the next one, too, so a step may lead to its second week.
  /** @param {number} by */
  function step(by) {
    const next = show() + by;
    if (next >= 0 && next < rows.length) {
      set("week", rows[next].dataset.week);
      return;
    }
    const link = pager().find((a) => a.rel === (by > 0 ? "next" : "prev"));
    if (!link) return;
    const query = new URLSearchParams(chosen);
    query.set("week", rows[by > 0 ? rows.length - 1 : 0].dataset.week ?? "");
    query.set("step", String(by));
    location.assign(`${link.pathname}?${query}`);
  }

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
    const grid = calendar.querySelector(".it-cal__grid");
    const place = grid?.checkVisibility() ? cell : document.getElementById("today");
    const week = cell?.closest("tr")?.dataset.week;
    if (!week || !place) return;
    event.preventDefault();
    set("week", week);
    show();
    remember();
    place.scrollIntoView({ block: "center" });
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
    filter();
    show();
    remember();
  }

  // This script stands in the page before those that all pages have, whose words it says: all of them have run then.
  document.addEventListener("DOMContentLoaded", begin);
})();
