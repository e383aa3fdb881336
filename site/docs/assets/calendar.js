// The calendar's script: which view is shown, which week, and which events. All of it is in the page
// already; the choice is kept in the address, so that it can be sent to somebody.
(() => {
  "use strict";

  const calendar = document.querySelector(".it-cal");
  if (!calendar) return;
  const tools = calendar.querySelector(".it-cal__tools");
  const rows = [...calendar.querySelectorAll("tr[data-week]")];
  const status = calendar.querySelector(".it-cal__status");
  const chosen = new URLSearchParams(location.search);

  function filter() {
    const service = tools.elements.service.value;
    const type = tools.elements.type.value;
    const shown = (e) =>
      (!type || e.dataset.type === type) &&
      (!service || !e.dataset.services || e.dataset.services.split(" ").includes(service));
    for (const event of calendar.querySelectorAll("[data-type]")) event.hidden = !shown(event);
    for (const day of calendar.querySelectorAll(".it-day")) day.hidden = !day.querySelector("[data-type]:not([hidden])");
    const empty = !calendar.querySelector(".it-day [data-type]:not([hidden])");
    status.textContent = empty && (service || type) ? "Nothing in this month fits the filter." : "";
  }

  function show() {
    const view = chosen.get("view") || "month";
    calendar.dataset.view = view;
    for (const button of tools.querySelectorAll("[data-show]")) {
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
    for (const link of calendar.querySelectorAll(".it-pager a")) link.search = beyond;
  }

  function set(name, value) {
    if (value) chosen.set(name, value);
    else chosen.delete(name);
  }

  // Weeks at the end of a month are in the next one, too, so a step may lead to its second week.
  function step(by) {
    const next = show() + by;
    if (next >= 0 && next < rows.length) {
      set("week", rows[next].dataset.week);
      return;
    }
    const link = calendar.querySelector(`.it-pager a[rel=${by > 0 ? "next" : "prev"}]`);
    if (!link) return;
    const query = new URLSearchParams(chosen);
    query.set("week", rows[by > 0 ? rows.length - 1 : 0].dataset.week);
    query.set("step", String(by));
    location.assign(`${link.pathname}?${query}`);
  }

  tools.addEventListener("click", (event) => {
    const { show: view, step: by } = event.target.dataset;
    if (view) set("view", view);
    else if (by) step(Number(by));
    else return;
    show();
    remember();
  });
  // On the page of another month it is a link to this one.
  calendar.querySelector(".it-cal__now")?.addEventListener("click", (event) => {
    const cell = calendar.querySelector(".it-grid__day--today");
    const place = calendar.querySelector(".it-cal__grid").checkVisibility() ? cell : document.getElementById("today");
    if (!cell || !place) return;
    event.preventDefault();
    set("week", cell.closest("tr").dataset.week);
    show();
    remember();
    place.scrollIntoView({ block: "center" });
  });
  tools.addEventListener("change", () => {
    for (const name of ["service", "type"]) set(name, tools.elements[name].value);
    filter();
    remember();
  });
  tools.addEventListener("submit", (event) => event.preventDefault());

  for (const name of ["service", "type"]) {
    tools.elements[name].value = chosen.get(name) || "";
    if (tools.elements[name].selectedIndex < 0) tools.elements[name].value = "";
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
})();
