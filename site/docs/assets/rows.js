// The explorer's table: one row for each record, with the columns that are chosen.
(() => {
  "use strict";

  const { root, words, marked, element } = globalThis.itsm;

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

  // What is not named so has no page of that address.
  const IS_PAGE = /^(?!index$)[a-z0-9-]+$/;

  /** The services of a row, each a link as in every other list. @param {Records} records @param {number} row */
  const services = (records, row) =>
    records.coded.service.of(row).flatMap((word, i) => {
      const name = records.called("service", word);
      const link = element("a", "", name);
      link.href = `${root}services/${word}.html`;
      const shown = IS_PAGE.test(word) && Object.hasOwn(records.names.service, word) ? link : name;
      return i ? [", ", shown] : [shown];
    });

  /** @type {Record<string, (records: Records, row: number, clock: Clock) => (Node | string)[]>} */
  const CELLS = {
    kind: (records, row) => names(records, "kind", row),
    state(records, row) {
      const known = records.state(row);
      return known ? [chip(...known)] : [];
    },
    // What is over is urgent no longer.
    priority: (records, row) => records.coded.priority.of(row).map((p) => chip(p, /[1-5]$/.test(p) && records.open[row] ? `p${p.slice(-1)}` : "none")),
    service: services,
    ci: (records, row) => names(records, "ci", row),
    team: (records, row) => names(records, "team", row),
    opened: (records, row, clock) => time(records.opened[row], clock),
    updated: (records, row, clock) => time(records.updated[row], clock),
  };
  /** @type {Record<string, string>} */
  const LOOKS = { state: "it-c-chip", priority: "it-c-chip", opened: "it-c-time", updated: "it-c-time" };

  /** A link to a record, by its title. @param {Records} records @param {number} row @param {string[]} [wanted] words to mark */
  function recordLink(records, row, wanted = []) {
    const link = element("a", "", ...marked(records.title[row] || records.id[row], wanted));
    link.href = root + records.url(row);
    link.dir = "auto";
    return link;
  }

  /**
   * What stands below the title of a record besides its number: the first of its services and its team where no column has them, each name once.
   * @param {Records} records @param {number} row @param {string[]} cols
   */
  function about(records, row, cols) {
    const parts = [services(records, row).slice(0, 1), names(records, "team", row)].filter((_, i) => !cols.includes(["service", "team"][i]));
    const spans = parts.map((content) => element("span", "", ...content));
    return spans.filter(({ textContent }, i) => textContent && spans.findIndex((one) => one.textContent === textContent) === i);
  }

  /**
   * The title of a record, and a line about it as in every other list. @param {Records} records @param {number} row
   * @param {string[]} [wanted] words to mark @param {string[]} [cols] the columns beside it
   */
  function titleCell(records, row, wanted = [], cols = []) {
    const parts = [element("span", "it-id", records.id[row]), ...about(records, row, cols).flatMap((part) => [" ", part])];
    return element("td", "it-c-title", recordLink(records, row, wanted), element("p", "it-dots", ...parts));
  }

  /** How many letters the longest name of a state has: its column has the room for it. @param {Records} records */
  const letters = (records) => Math.min(26, Math.max(12, ...Object.values(records.about.kinds).flatMap((k) => Object.values(k.states).map(([name]) => name.length))));

  /** @param {HTMLTableElement} table @returns {RecordTable} */
  function recordTable(table) {
    const [body] = table.tBodies;

    return {
      show(records, clock, asked, rows, from, to) {
        const wanted = words(asked.q);
        const lines = rows.slice(from, to).map((row, i) => {
          const cells = asked.cols.map((name) => element("td", LOOKS[name] ?? "", ...CELLS[name](records, row, clock)));
          const made = element("tr", "", titleCell(records, row, wanted, asked.cols), ...cells);
          made.setAttribute("aria-rowindex", String(from + i + 2));
          return made;
        });
        if (from) body.append(...lines);
        else body.replaceChildren(...lines);
        table.style.setProperty("--letters", String(letters(records)));
        table.style.setProperty("--columns", String(asked.cols.length));
        table.hidden = !rows.length;
        table.setAttribute("aria-rowcount", String(rows.length + 1));
      },
    };
  }

  Object.assign(globalThis.itsm, { recordTable, titleCell, recordCell: CELLS });
})();
