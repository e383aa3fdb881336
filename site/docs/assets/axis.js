// The hours of a week or of a day: what happens at a time of day stands as a block at its hour, side by side with
// what happens at the same time, and a line shows what time it is.
(() => {
  "use strict";

  const DAY = 24 * 60;
  // A block of fewer minutes is drawn like one of so many, so that its first line can be read.
  const LEAST = 40;
  // Blocks that begin so many minutes apart stand over each other: the words of the first are seen above the next.
  const APART = 120;

  /** The column of each span of minutes, and among how many columns it stands. @param {[number, number][]} spans @returns {[number, number][]} */
  function besides(spans) {
    const order = spans.map((_, i) => i).sort((a, b) => spans[a][0] - spans[b][0] || spans[b][1] - spans[a][1]);
    /** @type {[number, number][]} */
    const places = spans.map(() => [0, 1]);
    /** @type {number[]} */
    let group = [];
    /** @type {number[]} */
    let ends = []; // when each column is free again
    const close = () => {
      for (const i of group) places[i][1] = ends.length;
      group = [];
      ends = [];
    };
    for (const i of order) {
      const [from, until] = spans[i];
      if (ends.length && Math.max(...ends) <= from) close();
      const free = ends.findIndex((end) => end <= from);
      places[i][0] = free < 0 ? ends.length : free;
      ends[places[i][0]] = Math.max(until, from + LEAST);
      group.push(i);
    }
    close();
    return places;
  }

  /** The minutes of its day that an event takes. @param {HTMLElement} event @returns {[number, number]} */
  function minutes(event) {
    const [from, until] = (event.dataset.minutes ?? "").split(" ").map(Number);
    const start = Math.min(from, DAY - LEAST);
    return [start, Math.max(until, start + LEAST)];
  }

  /** Whether blocks can stand over each other: those at the same time begin so far apart that the words of all are seen. @param {[number, number][]} spans */
  const canOverlap = (spans) =>
    spans.every(([from, until], i) => spans.slice(i + 1).every(([start, end]) => start >= until || end <= from || Math.abs(start - from) >= APART));

  // Windows lie one over the other from edge to edge, so only their names need columns: a gutter that changes leave free.
  /** Place what is on a day along its hours. @param {HTMLElement} cell */
  function place(cell) {
    let gutter = 0;
    for (const list of cell.querySelectorAll("ul")) {
      const events = globalThis.itsm.all(list, "[data-minutes]:not([hidden])");
      const spans = events.map(minutes);
      const ground = list.matches(".it-behind");
      const over = !ground && canOverlap(spans);
      besides(spans).forEach(([column, columns], i) => {
        if (ground) gutter = Math.max(gutter, columns);
        const [from, until] = spans[i];
        const style = events[i].style;
        events[i].classList.toggle("it-ev--slim", columns > 1);
        const place = over ? { column: 0, columns: 1, over: column } : { column, columns, over: 0 };
        for (const [name, value] of Object.entries({ from, for: until - from, ...place })) style.setProperty(`--${name}`, String(value));
      });
    }
    cell.style.setProperty("--gutter", String(gutter));
  }

  /** Place everything of a week; bars over days have rows of their own above the hours. @param {HTMLElement} row */
  function lay(row) {
    const cells = globalThis.itsm.all(row, ".it-grid__day");
    const bars = (/** @type {HTMLElement} */ cell) => cell.querySelectorAll(":is(.it-span, .it-ev__room):not([hidden], .it-ev__copy, .it-ev__band, .it-ev--days)").length;
    row.style.setProperty("--bars", String(Math.max(...cells.map(bars))));
    cells.forEach(place);
  }

  /** On a day that stands alone, name the bars that began on an earlier one. @param {ParentNode} grid @param {HTMLElement | null} day */
  function name(grid, day) {
    for (const copy of grid.querySelectorAll(".it-ev__copy")) copy.remove();
    const cells = [...(day?.closest("tr")?.querySelectorAll(".it-grid__day") ?? [])];
    for (const room of /** @type {NodeListOf<HTMLElement>} */ (day?.querySelectorAll(".it-ev__room[data-type]:not(.it-ev__band, .it-ev--days)") ?? [])) {
      const lane = [...(room.parentElement?.children ?? [])].indexOf(room);
      const row = cells.slice(0, cells.indexOf(/** @type {HTMLElement} */ (day))).map((cell) => cell.querySelectorAll("ul:not(.it-behind) > li")[lane]);
      const copy = /** @type {HTMLElement | undefined} */ (row.filter((one) => one?.matches(".it-span")).at(-1)?.cloneNode(true));
      if (!copy) continue;
      copy.className = copy.className.replace(/it-span--\d/, "it-ev__copy");
      copy.querySelector(".it-ev__time")?.remove();
      room.after(copy);
    }
  }

  /** The column of the hours: a cell before each week and before the names of its days. @param {ParentNode} grid */
  function label(grid) {
    const { all, element } = globalThis.itsm;
    for (const row of all(grid, "tr")) {
      const cell = element("td", "it-grid__hours");
      cell.ariaHidden = "true"; // each block says its times
      if (row.dataset.week) {
        for (let hour = 1; hour < 24; hour++) {
          const at = element("span", "", `${String(hour).padStart(2, "0")}:00`);
          at.style.setProperty("--from", String(hour * 60));
          cell.append(at);
        }
      }
      row.prepend(cell);
    }
  }

  /** The minute of the day where the site is. @param {string} zone */
  function minuteIn(zone, moment = Date.now()) {
    const about = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const [hour, minute] = about.format(moment).split(":").map(Number);
    return hour * 60 + minute;
  }

  /** Draw the line of now into today. @param {ParentNode} grid @param {string} zone */
  function tell(grid, zone) {
    const line = grid.querySelector(".it-grid__now") ?? globalThis.itsm.element("div", "it-grid__now");
    const today = grid.querySelector(".it-grid__day--today");
    if (!today) return line.remove();
    /** @type {HTMLElement} */ (line).style.setProperty("--from", String(minuteIn(zone)));
    if (line.parentNode !== today) today.append(line);
  }

  globalThis.itsm.axis = { besides, lay, name, label, minuteIn, tell };
})();
