// What is asked for in the explorer: read from its address, and written there.
(() => {
  "use strict";

  const FACETS = globalThis.itsm.records.facets;
  /** @type {Status[]} */
  const STATUS = ["open", "published", "finished", "all"];
  /** @type {DateName[]} */
  const DATES = ["opened", "updated"];
  const SORTS = ["id", "title", ...FACETS, ...DATES];
  const DAY = /^\d{4}-\d\d-\d\d$/;
  const USUAL = "-opened";

  /** What is asked for when nobody says anything. @param {string[]} cols @returns {Asked} */
  function fresh(cols) {
    const facets = /** @type {Asked["facets"]} */ (Object.fromEntries(FACETS.map((f) => [f, new Set()])));
    return { q: "", facets, opened: ["", ""], updated: ["", ""], sort: USUAL, cols, status: "open" };
  }

  // Who names states or words looks through everything; otherwise it is what is open.
  /** @param {Asked} asked */
  const usualStatus = (asked) => (asked.q || asked.facets.state.size ? "all" : "open");

  /** @param {string} text */
  const decoded = (text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
  };

  /** Whether a facet can have a word. @param {Records} records @param {Facet} facet @param {string} word */
  function known({ about, names, coded }, facet, word) {
    if (facet === "kind") return Object.hasOwn(about.kinds, word);
    if (word === "none") return true;
    if (facet === "state") return Object.values(about.kinds).some((k) => Object.hasOwn(k.states, word)) || coded.state.numbers.has(word);
    if (facet === "priority") return Object.hasOwn(about.priorities, word) || coded.priority.numbers.has(word);
    return Object.hasOwn(names[facet], word);
  }

  /** A span of days (FROM..TO); null where it is none. @param {string} value @returns {[string, string] | null} */
  function span(value) {
    const [from, to, rest] = [...value.split(".."), ""];
    const fits = (/** @type {string} */ day) => !day || (DAY.test(day) && !Number.isNaN(Date.parse(day)));
    return value.includes("..") && !rest && fits(from) && fits(to) ? [from, to] : null;
  }

  /**
   * What an address means, and the parts of it that mean nothing.
   * @param {string} search @param {Records} records @param {string[]} columns @param {string[]} usual the columns when nobody chose
   */
  function read(search, records, columns, usual) {
    const wanted = fresh(usual);
    /** @type {string[]} */
    const wrong = [];
    /** @type {Status | ""} */
    let status = "";
    for (const pair of search.replace(/^\?/, "").split("&").filter(Boolean)) {
      const at = pair.indexOf("=");
      const name = decoded(at < 0 ? pair : pair.slice(0, at));
      const values = (at < 0 ? "" : pair.slice(at + 1)).split(",").map(decoded).filter(Boolean);
      const [first = ""] = values;
      const refuse = (/** @type {string} */ value) => wrong.push(value ? `${name}=${value}` : name);
      const facet = FACETS.find((f) => f === name);
      const date = DATES.find((d) => d === name);
      if (name === "q") wanted.q = values.join(",").slice(0, 100);
      else if (facet) values.forEach((v) => (known(records, facet, v) ? wanted.facets[facet].add(v) : refuse(v)));
      else if (date) {
        const days = span(first);
        if (days) wanted[date] = days;
        else refuse(first);
      } else if (name === "sort" && SORTS.includes(first.replace(/^-/, ""))) wanted.sort = first;
      else if (name === "status" && STATUS.some((s) => s === first)) status = /** @type {Status} */ (first);
      else if (name === "cols") {
        // The number of a record was a column of its own.
        values.filter((v) => v !== "id" && !columns.includes(v)).forEach(refuse);
        wanted.cols = columns.filter((c) => values.includes(c));
      } else refuse(name === "sort" || name === "status" ? first : "");
    }
    wanted.status = status || usualStatus(wanted);
    return { wanted, wrong };
  }

  /** The end of the address that asks for this. @param {Asked} asked @param {string[]} usual the columns when nobody chose */
  function written(asked, usual) {
    const list = (/** @type {Iterable<string>} */ values) => [...values].map(encodeURIComponent).join(",");
    const parts = [];
    if (asked.q) parts.push(`q=${encodeURIComponent(asked.q)}`);
    if (asked.status !== usualStatus(asked)) parts.push(`status=${asked.status}`);
    for (const name of FACETS) if (asked.facets[name].size) parts.push(`${name}=${list(asked.facets[name])}`);
    for (const name of DATES) if (asked[name].some(Boolean)) parts.push(`${name}=${asked[name].join("..")}`);
    if (asked.sort !== USUAL) parts.push(`sort=${asked.sort}`);
    if (String(asked.cols) !== String(usual)) parts.push(`cols=${list(asked.cols)}`);
    return parts.length ? `?${parts.join("&")}` : "";
  }

  globalThis.itsm.asking = { fresh, read, written, dates: DATES };
})();
