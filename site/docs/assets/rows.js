// The explorer's table: one row for each record, with the columns that are chosen.
(() => {
  "use strict";

  const { root, words, marked, element, all } = globalThis.itsm;

  /** @param {string} text @param {string} look */
  const chip = (text, look) => element("span", `it-chip it-chip--${look}`, text);

  /** @param {number} seconds @param {Clock} clock */
  function time(seconds, clock) {
    if (Number.isNaN(seconds)) return [];
    const made = element("time", "", clock.brief(seconds));
    made.title = clock.shown(seconds);
    made.dateTime = new Date(seconds * 1000).toISOString();
    return [made];
  }

  /** @param {Records} records @param {Facet} name @param {number} row */
  const names = (records, name, row) => [records.coded[name].of(row).map((w) => records.called(name, w)).join(", ")];

  /** @type {Record<string, (records: Records, row: number, clock: Clock) => (Node | string)[]>} */
  const CELLS = {
    id: (records, row) => [element("span", "it-id", records.id[row])],
    kind: (records, row) => names(records, "kind", row),
    state(records, row) {
      const known = records.state(row);
      return known ? [chip(...known)] : [];
    },
    priority: (records, row) => records.coded.priority.of(row).map((p) => chip(p, /[1-5]$/.test(p) ? `p${p.slice(-1)}` : "none")),
    service: (records, row) => names(records, "service", row),
    ci: (records, row) => names(records, "ci", row),
    team: (records, row) => names(records, "team", row),
    opened: (records, row, clock) => time(records.opened[row], clock),
    updated: (records, row, clock) => time(records.updated[row], clock),
  };
  /** @type {Record<string, string>} */
  const LOOKS = { id: "it-c-id", state: "it-c-chip", priority: "it-c-chip", opened: "it-c-time", updated: "it-c-time" };

  /** A link to a record, by its title. @param {Records} records @param {number} row @param {string[]} [wanted] words to mark */
  function recordLink(records, row, wanted = []) {
    const link = element("a", "", ...marked(records.title[row] || records.id[row], wanted));
    link.href = root + records.url(row);
    link.dir = "auto";
    return link;
  }

  /** How many letters the longest name of a state has: its column has the room for it. @param {Records} records */
  const letters = (records) => Math.min(26, Math.max(12, ...Object.values(records.about.kinds).flatMap((k) => Object.values(k.states).map(([name]) => name.length))));

  /** @param {HTMLTableElement} table @returns {RecordTable} */
  function recordTable(table) {
    const labels = Object.fromEntries(all(table, "[data-sort]").map((b) => [b.dataset.sort, b.textContent ?? ""]));
    const [body] = table.tBodies;

    return {
      show(records, clock, asked, rows, from, to) {
        const wanted = words(asked.q);
        table.style.setProperty("--letters", String(letters(records)));
        const lines = rows.slice(from, to).map((row, i) => {
          const cells = asked.cols.map((name) => {
            const made = element("td", LOOKS[name] ?? "", ...CELLS[name](records, row, clock));
            made.dataset.label = labels[name];
            return made;
          });
          cells.splice(asked.cols.includes("id") ? 1 : 0, 0, element("td", "it-c-title", recordLink(records, row, wanted)));
          const made = element("tr", "", ...cells);
          made.setAttribute("aria-rowindex", String(from + i + 2));
          return made;
        });
        if (from) body.append(...lines);
        else body.replaceChildren(...lines);
        table.hidden = !rows.length;
        table.setAttribute("aria-rowcount", String(rows.length + 1));
      },
    };
  }

  Object.assign(globalThis.itsm, { recordTable, recordLink, recordCell: CELLS });
})();
