// Search as people see it: the box in the header, which is also the way to pages and actions, and the search page.
(() => {
  "use strict";

  const { root, t, counted, load, element, find, words, stem, isTyping } = globalThis.itsm;
  const WORD = /[\p{L}\p{N}]+/gu;
  const RECENT = 3; // pages that were viewed last, before anything is typed
  const STEP = 100; // results that are shown at once
  const FAILED = () => t("The search index cannot be read.");
  /** @type {[string, string][]} */
  const GROUPS = [["service", "Services"], ["offering", "Offerings"], ["page", "Pages"], ["open", "Current records"], ["item", "Items"], ["record", "Finished records"], ["handbook", "Handbook"]];

  /** A text with what was searched for marked. @param {string} text @param {string[]} wanted */
  function marked(text, wanted) {
    /** @type {(Node | string)[]} */
    const parts = [];
    const stems = wanted.map(stem);
    let last = 0;
    for (const match of text.matchAll(WORD)) {
      const plain = words(match[0])[0] ?? "";
      const at = wanted.findIndex((w, i) => plain.startsWith(w) || (stems[i].length > 3 && plain.startsWith(stems[i])));
      if (at < 0) continue;
      const length = plain.startsWith(wanted[at]) ? wanted[at].length : match[0].length;
      const end = match.index + Math.min(length, match[0].length);
      parts.push(text.slice(last, match.index), element("mark", "", text.slice(match.index, end)));
      last = end;
    }
    return [...parts, text.slice(last)];
  }

  const NUMBER = /^[A-Z]+-\d{6}-/; // of a record: people know it, and no handle
  const ALIKE = /^(?:service|offering|handbook)$/; // groups whose name says what each of them is

  /** @param {Hit} hit @param {string[]} wanted @param {boolean} [grouped] below the name of its group */
  function hitLink(hit, wanted, grouped = false) {
    const title = element("span", "it-hit__title", ...marked(hit.title || hit.id || hit.url, wanted));
    title.dir = "auto";
    const about = [grouped && ALIKE.test(hit.group) ? "" : hit.label, NUMBER.test(hit.id) ? hit.id : "", hit.state].filter(Boolean).join(" · ");
    const link = /** @type {HTMLAnchorElement} */ (element("a", "it-hit", title, ...(about ? [element("span", "it-hit__about", about)] : [])));
    if (hit.snippet) link.append(element("span", "it-hit__text", ...marked(hit.snippet, wanted)));
    link.href = root + hit.url;
    return link;
  }

  // ---- The box in the header ------------------------------------------------------------------
  /** @param {HTMLFormElement} form */
  function headerSearch(form) {
    const input = /** @type {HTMLInputElement} */ (form.querySelector("input"));
    const list = element("div", "it-hits__list");
    const status = element("p", "it-hits__status");
    const panel = element("div", "it-hits", status, list);
    let active = -1;
    let asked = 0;

    list.id = "it-hits";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", t("Search results"));
    status.setAttribute("role", "status");
    panel.hidden = true;
    form.append(panel);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);

    /** @param {boolean} yes */
    function open(yes) {
      panel.hidden = !yes;
      input.setAttribute("aria-expanded", String(yes));
      if (!yes) choose(-1);
    }

    /** @param {number} index */
    function choose(index) {
      active = index;
      [...list.children].forEach((option, i) => {
        option.setAttribute("aria-selected", String(i === index));
        if (i === index) option.scrollIntoView({ block: "nearest" });
      });
      if (index < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", list.children[index].id);
    }

    /** @param {Hit[]} hits @param {string[]} wanted */
    function show(hits, wanted) {
      list.replaceChildren(
        ...hits.map((hit, i) => {
          // The link is the option itself: what can be chosen holds nothing that can be reached by itself.
          const option = hitLink(hit, wanted);
          option.tabIndex = -1;
          option.id = `it-hit-${i}`;
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          return option;
        }),
      );
    }

    // With nothing typed: what was viewed last, then the pages and actions of the site.
    async function suggest(/** @type {number} */ turn) {
      const about = await load("index");
      if (turn !== asked || !about.actions?.length) return open(false);
      const pages = about.actions.map((/** @type {[string, string]} */ [url, title]) => ({ url, title, label: "", id: "", state: "", snippet: "" }));
      show([...globalThis.itsm.seen.hits().slice(0, RECENT), ...pages], []);
      status.textContent = t("Go to a page, or type to search. ? lists all keys.");
      active = -1;
      return open(true);
    }

    async function update() {
      const turn = ++asked;
      try {
        if (!words(input.value).length) return await suggest(turn);
        const found = await find(input.value, 10);
        if (turn !== asked) return undefined;
        show(found.hits, found.words);
        status.textContent = said(found, t("Enter shows more"));
      } catch {
        list.replaceChildren();
        status.textContent = FAILED();
      }
      active = -1;
      return open(true);
    }

    open(false);
    input.addEventListener("input", update);
    input.addEventListener("focus", update);
    input.addEventListener("keydown", (event) => {
      const count = list.children.length;
      if (event.key === "Escape") {
        open(false);
        input.blur();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (panel.hidden || !count) return;
        event.preventDefault();
        choose(event.key === "ArrowDown" ? (active + 1) % count : (active < 1 ? count : active) - 1);
      } else if (event.key === "Enter" && active >= 0) {
        event.preventDefault();
        /** @type {HTMLElement} */ (list.children[active]).click();
      }
    });
    form.addEventListener("submit", async (event) => {
      const text = input.value.trim();
      if (!words(text).length || !/\d/.test(text)) {
        if (!words(text).length) event.preventDefault();
        return;
      }
      // Who types a whole number wants that record, not a list with it.
      event.preventDefault();
      const found = await find(text, 3).catch(() => null);
      const exact = found?.hits.find((hit) => hit.id.toLowerCase() === text.toLowerCase());
      location.assign(exact ? root + exact.url : `${root}search.html?q=${encodeURIComponent(text)}`);
    });
    document.addEventListener("click", (event) => {
      if (!form.contains(/** @type {Node} */ (event.target))) open(false);
    });
    form.addEventListener("focusout", (event) => {
      const next = /** @type {Node | null} */ (event.relatedTarget);
      if (next && !form.contains(next)) open(false);
    });
    document.addEventListener("keydown", (event) => {
      const held = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key === "/" && !isTyping(document.activeElement) && !held) {
        event.preventDefault();
        // The search page has a field of its own, and none in its header.
        const field = /** @type {HTMLInputElement} */ (document.getElementById("it-search-q") ?? input);
        field.focus();
        field.select();
      }
    });
  }

  /** @param {Found} found @param {string} more */
  function said(found, more) {
    if (!found.total) return t("Nothing found. Fewer or shorter words find more.");
    const number = counted(found.total, "{count} result", "{count} results");
    const guessed = found.guessed.map((word) => `"${word}"`).join(", ");
    const part = found.partial
      ? t("Nothing has all of these words; these have some of them: {results}", { results: number })
      : guessed
        ? t("No result for {words}. Results for similar words: {results}", { words: guessed, results: number })
        : number;
    return found.total > found.hits.length ? `${part}, ${more}` : part;
  }

  // ---- The search page ------------------------------------------------------------------------
  /** @param {HTMLFormElement} page */
  function searchPage(page) {
    const input = /** @type {HTMLInputElement} */ (page.querySelector("input"));
    const status = /** @type {HTMLElement} */ (document.getElementById("it-search-status"));
    const filter = /** @type {HTMLAnchorElement} */ (document.getElementById("it-search-filter"));
    const list = /** @type {HTMLElement} */ (document.getElementById("it-search-results"));
    const start = document.getElementById("it-search-start");
    const narrow = element("div", "it-search__groups");
    narrow.setAttribute("role", "group");
    narrow.setAttribute("aria-label", t("Show only"));
    status.before(narrow);
    const asked = new URLSearchParams(location.search);
    let only = asked.get("in") ?? "";
    let [turns, most] = [0, STEP];
    let order = /** @type {string[]} */ ([]); // of the groups: that of their best results
    const more = /** @type {HTMLButtonElement} */ (element("button", "it-x__button"));
    more.type = "button";
    more.hidden = true;
    more.addEventListener("click", async () => {
      most += STEP;
      await update();
      if (more.hidden) input.focus(); // the focus must not be on a hidden button
    });
    list.after(more);

    /** @param {Found} found */
    function groups(found) {
      const shown = GROUPS.filter(([name]) => found.groups.has(name)).sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
      if (shown.length < 2) return narrow.replaceChildren();
      return narrow.replaceChildren(
        ...[["", "Everything"], ...shown].map(([name, title]) => {
          const number = name ? found.groups.get(name) ?? 0 : found.all;
          const button = /** @type {HTMLButtonElement} */ (element("button", "", `${t(title)} ${globalThis.itsm.digits(number)}`));
          button.type = "button";
          button.setAttribute("aria-pressed", String(name === only));
          button.addEventListener("click", () => {
            only = name;
            most = STEP;
            remember();
            update();
          });
          return button;
        }),
      );
    }

    function remember() {
      const query = new URLSearchParams({ q: input.value, ...(only ? { in: only } : {}) });
      history.replaceState(null, "", `?${query}`);
    }

    async function update() {
      const text = input.value;
      const turn = ++turns;
      // What can be tried stands there until something is typed.
      start?.setAttribute("data-typed", String(words(text).length > 0));
      filter.search = text.trim() ? `?q=${encodeURIComponent(text.trim())}&status=all` : "";
      if (!words(text).length) {
        list.replaceChildren();
        narrow.replaceChildren();
        status.textContent = "";
        more.hidden = true;
        return;
      }
      try {
        const found = await find(text, most, only);
        if (turn !== turns) return;
        list.classList.toggle("it-results--none", !found.total);
        start?.setAttribute("data-typed", String(found.total > 0)); // where nothing is found, that helps further
        if (!only || !order.length) order = [...new Set([...found.hits.map((hit) => hit.group), ...found.groups.keys()])];
        groups(found);
        let last = "";
        const hits = only ? found.hits : order.flatMap((name) => found.hits.filter((hit) => hit.group === name));
        list.replaceChildren(
          ...hits.flatMap((hit) => {
            const item = element("li", "", hitLink(hit, found.words, !only));
            const title = GROUPS.find(([name]) => name === hit.group)?.[1] ?? "";
            const head = hit.group !== last && !only ? [element("li", "it-results__group", t(title))] : [];
            last = hit.group;
            return [...head, item];
          }),
        );
        const left = found.total - hits.length;
        more.hidden = left <= 0;
        more.textContent = t("Show {some} more of {all}", { some: Math.min(left, STEP), all: globalThis.itsm.digits(Math.max(left, 0)) });
        status.textContent = said(found, counted(found.hits.length, "the best one of them", "the best {count} of them"));
      } catch {
        list.replaceChildren();
        more.hidden = true;
        status.textContent = FAILED();
      }
    }

    input.value = asked.get("q") ?? "";
    input.addEventListener("input", () => {
      only = "";
      most = STEP;
      remember();
      update();
    });
    page.addEventListener("submit", (event) => {
      event.preventDefault();
      update();
    });
    update();
    input.focus();
  }

  globalThis.itsm.marked = marked;
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector(".it-find"));
  if (form) headerSearch(form);
  const page = /** @type {HTMLFormElement | null} */ (document.querySelector("form.it-search"));
  if (page) searchPage(page);
})();
