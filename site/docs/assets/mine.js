// The page "My work": what is assigned to somebody, waits for their approval, is due or watched, and what was looked at last.
// Who it is stays in this browser.
(() => {
  "use strict";

  /** @type {HTMLElement | null} */
  const box = document.querySelector(".it-mine");
  if (!box) return;
  const { root, t, load, element, button, one, kept, zoned, picking, records: source, titleCell, recordCell, seen, ago } = globalThis.itsm;
  const MOST = 25;
  const ME = "me"; // also who asks in forms
  const SOMEBODY = "mine";

  /** @type {HTMLFormElement} */
  const form = one(box, "form");
  /** @type {HTMLInputElement} */
  const field = one(form, "input");
  const said = one(box, "#it-mine-said");
  const parts = one(box, ".it-mine__parts");

  /** @type {OwnWork} */
  let work;
  /** @type {Records} */
  let records;
  /** @type {Clock} */
  let clock;

  const COLUMNS = () => /** @type {[string, string][]} */ ([["title", t("Title")], ["state", t("State")], ["priority", t("Priority")], ["when", t("When")], ["updated", t("Updated")]]);
  /** @type {Record<string, string>} */
  const LOOKS = { state: "it-c-chip", priority: "it-c-chip", when: "it-c-clock", updated: "it-c-age" };
  /** @type {Record<string, string>} */
  const WIDTHS = { title: "it-c-record", state: "it-c-state", priority: "it-c-priority", when: "it-c-clock", updated: "it-c-age" };

  /** How the clock of a record stands, or when it begins. @param {number} row @returns {Node[]} */
  function when(row) {
    const [text, look, at, always] = work.when[records.id[row]] ?? [];
    if (text === undefined || at === undefined) return [];
    if (!text) return [element("time", "", clock.brief(at))];
    const over = at > 0 && at * 1000 <= Date.now();
    const label = element("span", "", element("b", `it-chip--${over ? "bad" : look}`, over && look !== "bad" ? t("Overdue") : text));
    if (at) label.dataset.by = String(at);
    if (always) label.dataset.always = "";
    return [label];
  }

  /** A cell of a list of records; whose they are says the page. @param {string} name @param {number} row */
  function cell(name, row) {
    if (name === "title") return titleCell(records, row, [], ["team"]);
    const made = element("td", LOOKS[name]);
    if (name === "when") made.append(...when(row));
    else if (name === "updated") made.append(element("time", "", ago(records.updated[row] * 1000)));
    else made.append(...recordCell[name](records, row, clock));
    return made;
  }

  /** @param {string} caption @param {string[]} heads @param {HTMLElement[]} rows @param {string} css @param {string[]} [widths] classes of the heads */
  function tableOf(caption, heads, rows, css, widths = []) {
    const cells = heads.map((text, i) => {
      const cell = element("th", widths[i] ?? "", text);
      cell.scope = "col";
      return cell;
    });
    const table = element("table", `it-table ${css}`, element("caption", "it-vh", caption), element("thead", "", element("tr", "", ...cells)), element("tbody", "", ...rows));
    return element("div", "it-scroll", table);
  }

  /** @param {string} title @param {number} number @param {...Node} content */
  const section = (title, number, ...content) =>
    element("section", "", element("h2", "", title, " ", element("span", "it-count", globalThis.itsm.digits(number))), ...content);

  /** The columns of all of its lists are the same. @param {string} title @param {number[]} rows @param {string} none the words when there are none @param {string} [query] the explorer's address of all @param {HTMLElement[]} next where to go on when there are none */
  function recordsPart(title, rows, none, query = "", next = []) {
    if (!rows.length) return none ? section(title, 0, element("p", "it-muted", none, " ", ...next)) : null;
    const columns = COLUMNS();
    const lines = rows.map((row) =>
      element("tr", "", ...columns.map(([name]) => cell(name, row))),
    );
    const content = [tableOf(title, columns.map(([, label]) => label), lines, "it-records", columns.map(([name]) => WIDTHS[name]))];
    const more = rest(lines);
    if (more.length || query) content.push(element("p", "it-next it-mine__more", ...more, ...(query ? [" ", toExplorer(query)] : [])));
    return section(title, rows.length, ...content);
  }

  /** Takes out the lines that there is no room for; returns the button that brings them, if there are any. @param {HTMLElement[]} lines */
  function rest(lines) {
    const last = lines[MOST - 1];
    const left = lines.slice(MOST);
    left.forEach((line) => line.remove());
    if (!left.length) return [];
    const more = button("it-x__link", t("and {count} more", { count: globalThis.itsm.digits(left.length) }), () => {
      last.after(...left);
      more.remove();
      left[0].querySelector("a")?.focus();
    });
    return [more];
  }

  /** @param {string} query @param {string} [text] */
  function toExplorer(query, text = t("Filter and sort these")) {
    const link = element("a", "", text);
    link.href = `${root}records/explore.html${query}`;
    return link;
  }

  /** @param {OwnWork["due"]} dues */
  function duePart(dues) {
    const title = t("Due soon");
    if (!dues.length) return null;
    const heads = [t("Due"), t("What"), t("For")];
    const lines = dues.map(([day, what, name, url]) => {
      const link = element("a", "", name);
      link.href = root + url;
      link.dir = "auto";
      const moment = element("time", "", day.includes("T") ? clock.shown(Date.parse(day) / 1000) : clock.shown(clock.midnight(day)).replace(/,.*/, "").replace(/ \d{4}$/, ""));
      moment.dateTime = day;
      const over = (day.includes("T") ? Date.parse(day) : clock.midnight(day, 1) * 1000) < Date.now();
      const chips = over ? [" ", element("span", "it-chip it-chip--bad", t("Overdue"))] : [];
      const cells = [[moment, ...chips], [what.slice(0, 1).toUpperCase() + what.slice(1)], [link]];
      return element("tr", "", ...cells.map((content, i) => {
        const cell = element("td", ["it-c-time", "it-due__what", "it-c-title"][i], ...content);
        cell.dataset.label = heads[i];
        return cell;
      }));
    });
    return section(title, dues.length, tableOf(title, heads, lines, "it-due"), element("div", "it-mine__more", ...rest(lines)));
  }

  function seenPart() {
    const items = seen.lines();
    if (!items.length) return null;
    const forget = button("it-x__link", t("Forget these"), () => {
      seen.forget();
      part.remove();
    });
    const part = element("section", "", element("h2", "", t("Recently viewed")), element("ul", "it-list it-seen", ...items), element("p", "it-next", forget));
    return part;
  }

  /** The teams that have work, for readers who have not said who they are: one press shows what a team has to do. */
  function teamsPart() {
    const open = records.id.map((_, row) => row).filter((row) => records.open[row]);
    const having = (/** @type {string} */ id) => open.filter((row) => records.coded.team.of(row).includes(id)).length;
    const teams = Object.entries(work.teams).sort((a, b) => a[1].localeCompare(b[1])).map(([id, name]) => ({ id, name, number: having(id) }));
    const busy = teams.filter(({ number }) => number).slice(0, MOST);
    if (!busy.length) return null;
    const items = busy.map(({ id, name, number }) => {
      const choice = button("it-mine__team", name, () => {
        field.value = id;
        choose();
      });
      choice.dir = "auto";
      return element("li", "", choice, " ", element("span", "", globalThis.itsm.digits(number)));
    });
    return element("section", "", element("h2", "", t("Teams with open records")), element("ul", "it-mine__teams", ...items));
  }

  /** @param {Somebody} who */
  function show(who) {
    const found = picking.theirs(work, who, records);
    const query = `?team=${[...who.teams].map(encodeURIComponent).join(",")}`;
    const onwards = who.isTeam || !who.teams.size ? toExplorer("", t("See all open records")) : toExplorer(query, t("See what is open in your team"));
    parts.replaceChildren(
      ...[
        recordsPart(who.isTeam ? t("Waiting for approval by the team") : t("Waiting for your approval"), found.approve, ""),
        recordsPart(who.isTeam ? t("Work of the team") : t("Assigned to you"), found.assigned, t("Nothing is assigned."), who.isTeam ? query : "", [onwards]),
        duePart(found.due),
        recordsPart(t("Unassigned in your team"), found.queue, "", query),
        recordsPart(t("Watched"), found.watched, ""),
        seenPart(),
      ].filter((part) => part !== null),
    );
    said.textContent = t("This is the work of {name}. Your choice is kept in this browser only.", { name: who.name });
    const away = button("it-x__link", t("Forget me"), () => {
      kept.set(SOMEBODY, null);
      kept.set(ME, null);
      field.value = "";
      empty();
      field.focus();
    });
    said.append(" ", away);
    box?.setAttribute("data-who", who.id);
  }

  function empty() {
    said.textContent = "";
    box?.removeAttribute("data-who");
    parts.replaceChildren(...[teamsPart(), seenPart()].filter((part) => part !== null));
  }

  function choose() {
    const who = picking.somebody(work, field.value);
    if (!who) {
      said.textContent = field.value.trim() ? t("No person or team with open work has that name, or several have. Choose one from the list.") : "";
      return;
    }
    field.value = who.name;
    kept.set(SOMEBODY, who.id);
    if (!who.isTeam) kept.set(ME, who.id);
    show(who);
  }

  async function start() {
    try {
      [work, records] = await Promise.all([load("explore/own_work"), source.open()]);
      await records.read({ status: "open", facets: {}, opened: [null, null], updated: [null, null], hits: null }, () => {});
    } catch {
      said.textContent = t("The records cannot be read. Loading the page again may help.");
      return;
    }
    clock = zoned(records.about.zone);
    const options = [...picking.names(work)].sort((a, b) => a[1].localeCompare(b[1])).map(([id, name]) => Object.assign(element("option"), { value: name, label: id }));
    one(form, "datalist").replaceChildren(...options);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      choose();
    });
    // Choosing from the list is enough: it writes the whole name.
    field.addEventListener("input", () => options.some((option) => option.value === field.value) && choose());
    const before = kept.get(SOMEBODY) ?? kept.get(ME);
    const who = typeof before === "string" ? picking.somebody(work, before) : null;
    if (who) {
      field.value = who.name;
      show(who);
    } else empty();
    box?.setAttribute("aria-busy", "false");
  }

  start();
})();
