// What the map says beside its drawing: the details of one item, and all that is shown as a list. Everything that
// comes from the data is put into the page as text, never as HTML.
(() => {
  "use strict";

  const { t, element, facts } = globalThis.itsm;

  /** @param {string} href @param {string} text */
  function anchor(href, text) {
    const made = element("a", "", text);
    made.href = href;
    return made;
  }

  /** A button that the map's script listens to: what it does stands in its data. @param {string} text @param {string} action @param {number} row @param {string} [dir] */
  function button(text, action, row, dir = "") {
    const made = element("button", "", text);
    made.type = "button";
    Object.assign(made.dataset, { action, row, dir });
    return made;
  }

  /** @param {ItemFacts} about */
  function chip({ look, lookName, state }) {
    return element("span", `it-chip${look ? ` it-chip--${look}` : ""}`, look ? lookName : state || lookName);
  }

  /** The details of one item. @param {Network} net @param {Part} part @param {number} row @param {string} root */
  function details(net, part, row, root) {
    const about = facts.of(net, row);
    const node = /** @type {Shown} */ (part.shown.get(row));
    const rows = [[t("Class"), about.className], [t("Life cycle"), about.state], [t("Identifier"), about.id]];
    const list = element("dl", "");
    const add = (/** @type {string} */ term, /** @type {(Node | string)[]} */ ...what) => list.append(element("div", "", element("dt", "", term), element("dd", "", ...what)));
    for (const [term, words] of rows) if (words) add(term, words);
    const named = (/** @type {[string, string, string]} */ [id, title, url]) => (url ? anchor(root + url, title || id) : title || id);
    if (about.owner) add(t("Owner"), named(about.owner));
    if (about.reason || about.causes.length) {
      const causes = about.causes.flatMap((cause) => [element("br", ""), named(cause)]);
      add(t("Why"), about.reason, ...(about.reason ? causes : causes.slice(1)));
    }
    for (const group of about.groups) {
      const names = group.members.flatMap((m, i) => [i ? ", " : "", button(facts.of(net, m).title, "select", m)]);
      add(t("Redundancy"), `${facts.mustBeUp(net, group)} (`, ...names, ")");
    }
    const heading = element("h2", "", about.title);
    heading.tabIndex = -1;
    const close = button(t("Close"), "close", row);
    const doing = element("p", "it-net__do");
    for (const dir of /** @type {Side[]} */ (["needs", "users"])) {
      if (node.hidden[dir]) doing.append(button(t("Show {what}", { what: facts.moreOf(dir, node.hidden[dir]) }), "more", row, dir));
    }
    if (part.roots.length > 1 || part.roots[0] !== row) doing.append(button(t("Start here"), "start", row));
    return [
      heading, element("p", "it-chips", chip(about)), list,
      element("p", "", anchor(root + about.url, t("Open its page"))), doing, element("p", "", close),
    ];
  }

  /** The items that the drawing leaves out, as buttons for their details. @param {Network} net @param {number[]} rows */
  function without(net, rows) {
    const items = rows.map((row) => {
      const about = facts.of(net, row);
      const marks = about.look === "operational" ? [] : [about.look ? chip(about) : element("span", "it-muted", about.state || about.lookName)];
      return element("li", "", button(about.title, "select", row), ...marks);
    });
    return [element("h2", "", t("Without relations among these ({count})", { count: rows.length })), element("ul", "", ...items)];
  }

  /** A cell with how many neighbours an item has on one side; those that are not shown can be asked for. @param {Shown} node @param {Side} side */
  function number(node, side) {
    const all = node.near[side].length + node.hidden[side];
    if (!all) return element("span", "it-muted", "–");
    if (!node.hidden[side]) return element("span", "", String(all));
    const made = button(String(all), "more", node.row, side);
    made.append(element("span", "it-vh", `, ${facts.moreOf(side, node.hidden[side])}`));
    return made;
  }

  /** All items of a class, of which nothing around is shown: a table. @param {Network} net @param {Part} part @param {string} root */
  function table(net, part, root) {
    const titles = [t("Name"), t("Health"), t("Needs"), t("Needed by")];
    const row = (/** @type {Shown} */ node) => {
      const about = facts.of(net, node.row);
      const link = anchor(root + about.url, about.title);
      link.dataset.listed = String(node.row);
      const cells = [link, chip(about), number(node, "needs"), number(node, "users")].map((content, i) => {
        const made = element("td", ["it-c-title", "it-c-chip", "it-c-num", "it-c-num"][i], content);
        made.dataset.label = titles[i];
        return made;
      });
      return element("tr", "", ...cells);
    };
    const head = element("tr", "", ...titles.map((title, i) => Object.assign(element("th", i > 1 ? "it-c-num" : "", title), { scope: "col" })));
    return element("table", "it-table", element("thead", "", head), element("tbody", "", ...[...part.shown.values()].map(row)));
  }

  /** What the map shows, as a table or a list. @param {Network} net @param {Part} part @param {string} root */
  function listing(net, part, root) {
    if (part.roots.length > 1 && part.roots.length === part.shown.size) return table(net, part, root);
    // The heading above names the class that all of them share.
    const alike = new Set([...part.shown.keys()].map((row) => facts.of(net, row).className)).size === 1;
    /** @param {number} row @returns {HTMLElement} */
    const item = (row) => {
      const node = /** @type {Shown} */ (part.shown.get(row));
      const about = facts.of(net, row);
      const way = node.hop && net.data.ways[node.hop.way];
      const relation = way ? element("span", "it-muted", `${way[node.side === "needs" || !way[3] ? 1 : 2]}: `) : "";
      const link = anchor(root + about.url, about.title);
      link.dataset.listed = String(row);
      const made = element("li", "", relation, link, " ", ...(alike ? [] : [element("span", "it-muted", about.className), " "]), chip(about));
      const inner = node.children.map(item);
      for (const dir of /** @type {Side[]} */ (["users", "needs"])) {
        const more = node.hidden[dir];
        const walked = node.side === dir || !node.side;
        if (more && walked) inner.push(element("li", "", button(facts.moreOf(dir, more), "more", row, dir)));
      }
      if (inner.length) made.append(element("ul", "", ...inner));
      return made;
    };
    return element("ul", alike ? "it-net__alike" : "", ...part.roots.map(item));
  }

  Object.assign(globalThis.itsm, { details, listing, without });
})();
