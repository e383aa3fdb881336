// Takes records away: as CSV, as JSON, and as the command that lists the same.
(() => {
  "use strict";

  const { words, element, records: { facets: FACETS }, asking: { dates: DATES } } = globalThis.itsm;
  // As `itsm export csv` does: an apostrophe in front of what a spreadsheet would calculate.
  const RISKY = /^'*[\s\x1c-\x1f\x85]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^'*[\s\x1c-\x1f\x85]*[\t\r]/u;

  /** @param {string} text */
  const neutralise = (text) => (RISKY.test(text) ? `'${text}` : text);

  /** @param {number} seconds */
  const iso = (seconds) => (Number.isNaN(seconds) ? "" : new Date(seconds * 1000).toISOString().replace(".000Z", "Z"));

  /**
   * A row with the columns shown, with the words that files have, not those that people read.
   * @param {Records} records @param {number} row @param {string[]} columns
   */
  function plain(records, row, columns) {
    /** @type {Record<string, string | string[]>} */
    const made = { id: records.id[row], title: records.title[row] };
    for (const name of columns) {
      const facet = FACETS.find((f) => f === name);
      const date = DATES.find((d) => d === name);
      if (facet) {
        const list = records.coded[facet].of(row);
        made[name] = ["service", "ci", "team"].includes(name) ? list : list[0] || "";
      } else if (date) made[name] = iso(records[date][row]);
    }
    return { ...made, page: records.url(row) };
  }

  /** @param {string | string[]} value */
  function csvCell(value) {
    const safe = neutralise(Array.isArray(value) ? value.join("\n") : value);
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  /** @param {Record<string, string | string[]>[]} rows */
  function csv(rows) {
    if (!rows.length) return "";
    const lines = [Object.keys(rows[0]), ...rows.map((r) => Object.values(r).map(csvCell))];
    return lines.map((l) => `${l.join(",")}\n`).join("");
  }

  /** @param {string} name @param {string} type @param {string} text */
  function download(name, type, text) {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /**
   * The words for a status. The command line counts what is published and not over among what is open.
   * @param {Asked} asked @param {RecordsIndex} about
   */
  function statusOf({ status, facets }, about) {
    const kinds = facets.kind.size ? [...facets.kind] : Object.keys(about.kinds);
    const states = [...new Set(kinds.flatMap((k) => about.kinds[k].published))].join(",");
    if (status === "published") return [`state:${states || status}`, "status:all"];
    return status === "all" ? [] : [`status:${status}`, ...(states ? [`-state:${states}`] : [])];
  }

  /** The command that lists the same: the words of its filter are those of the address. @param {Asked} asked @param {RecordsIndex} about */
  function command(asked, about) {
    const { facets } = asked;
    const value = (/** @type {string} */ w) => (/^[\w][\w-]*$/.test(w) ? w : `"${w.replace(/["\\]/g, "\\$&")}"`);
    const filter = [];
    filter.push(...statusOf(asked, about));
    for (const name of FACETS) if (name !== "kind" && facets[name].size) filter.push(`${name}:${[...facets[name]].map(value).join(",")}`);
    for (const name of DATES) if (asked[name].some(Boolean)) filter.push(`${name}:${asked[name].join("..")}`);
    filter.push(...words(asked.q).map((w) => (/^(and|or|not)$/.test(w) ? `"${w}"` : w)));
    const kinds = [...facets.kind].map((k) => about.kinds[k].plural);
    const text = filter.join(" ");
    const parts = ["itsm list", ...kinds, ...(text ? [/^[\w:,.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`] : [])];
    const name = asked.sort.replace(/^-/, "");
    // Lists begin with the newest where nobody says otherwise.
    const down = asked.sort.startsWith("-") !== DATES.some((d) => d === name);
    /** @type {Record<string, string>} */
    const columns = { ci: "", team: "assigned_team" };
    const column = columns[name] ?? name;
    if (column) parts.push("--sort", (down ? "-" : "") + column);
    return parts.join(" ");
  }

  globalThis.itsm.taking = { csv, plain, command, download, neutralise };
})();
