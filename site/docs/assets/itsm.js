// The site's own script: search, the light/dark button, relative times. No dependency; everything
// that comes from the index is put into the page as text, never as HTML.
(() => {
  "use strict";

  const form = document.querySelector(".it-find");
  const root = form ? form.dataset.root : "";

  // ---- Index ------------------------------------------------------------------------------
  // Its files are scripts that hand their data to this function, because a page that is opened
  // from a disk may load scripts beside it but may not fetch data.
  const loaded = new Map();
  const awaited = new Map();

  window.itsmIndex = (name, data) => awaited.get(name)(data);

  function load(name) {
    if (!loaded.has(name)) {
      const answer = new Promise((resolve, reject) => {
        const script = document.createElement("script");
        awaited.set(name, resolve);
        script.src = `${root}${name.includes("/") ? name : `search/${name}`}.js`;
        script.addEventListener("load", () => script.remove());
        script.addEventListener("error", () => reject(new Error(script.src)));
        document.head.append(script);
      });
      answer.catch(() => loaded.delete(name));
      loaded.set(name, answer);
    }
    return loaded.get(name);
  }

  const WORD = /[\p{L}\p{N}]+/gu;
  const MOST_SHARDS = 4;

  function words(text) {
    const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    return (plain.match(WORD) || []).slice(0, 8).map((w) => w.slice(0, 32));
  }

  // The shards in which words that begin with `word` can be.
  function shardsFor(firsts, word) {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[middle] <= word) low = middle + 1;
      else high = middle;
    }
    const found = [Math.max(0, low - 1)];
    while (low < firsts.length && firsts[low].startsWith(word) && found.length < MOST_SHARDS) found.push(low++);
    return found;
  }

  // Document numbers with a score: whole word before beginning of a word, title before text.
  async function scores(about, word) {
    const found = new Map();
    const shards = await Promise.all(shardsFor(about.shards, word).map((n) => load(`words-${n}`)));
    for (const shard of shards) {
      for (const [known, lists] of Object.entries(shard)) {
        if (!known.startsWith(word)) continue;
        const whole = known === word;
        lists.forEach((differences, body) => {
          const score = body ? (whole ? 2 : 1) : whole ? 8 : 4;
          let number = 0;
          for (const d of differences) {
            number += d;
            if ((found.get(number) || 0) < score) found.set(number, score);
          }
        });
      }
    }
    return found;
  }

  // Every document that has all of the words, as pairs of score and number.
  async function match(wanted) {
    const about = await load("index");
    if (!wanted.length || !about.docs) return [];
    const each = await Promise.all(wanted.map((w) => scores(about, w)));
    each.sort((a, b) => a.size - b.size);
    const total = [];
    for (const [number, score] of each[0]) {
      let sum = score;
      if (each.every((one, i) => i === 0 || (one.has(number) && ((sum += one.get(number)), true)))) {
        total.push([sum, number]);
      }
    }
    return total;
  }

  async function find(text, limit) {
    const wanted = words(text);
    const [total, about] = await Promise.all([match(wanted), load("index")]);
    total.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const best = total.slice(0, limit).map(([, number]) => number);
    const chunks = new Map();
    await Promise.all(
      [...new Set(best.map((n) => Math.floor(n / about.chunk)))].map(async (c) => chunks.set(c, await load(`docs-${c}`))),
    );
    const hits = best.map((n) => {
      const [url, title, label, id, state] = chunks.get(Math.floor(n / about.chunk))[n % about.chunk];
      return { url, title, label, id, state };
    });
    const exact = text.trim().toLowerCase();
    hits.sort((a, b) => (b.id.toLowerCase() === exact) - (a.id.toLowerCase() === exact));
    return { total: total.length, hits, words: wanted };
  }

  // ---- Showing results --------------------------------------------------------------------
  function element(name, css, ...children) {
    const made = document.createElement(name);
    if (css) made.className = css;
    made.append(...children);
    return made;
  }

  // The title with what was searched for marked.
  function marked(text, wanted) {
    const parts = [];
    let last = 0;
    for (const match of text.matchAll(WORD)) {
      const plain = words(match[0])[0] || "";
      const word = wanted.find((w) => plain.startsWith(w));
      if (!word) continue;
      const end = match.index + Math.min(word.length, match[0].length);
      parts.push(text.slice(last, match.index), element("mark", "", text.slice(match.index, end)));
      last = end;
    }
    return [...parts, text.slice(last)];
  }

  function hitLink(hit, wanted) {
    const link = element(
      "a",
      "it-hit",
      element("span", "it-hit__title", ...marked(hit.title || hit.id || hit.url, wanted)),
      element("span", "it-hit__about", [hit.label, hit.id, hit.state].filter(Boolean).join(" · ")),
    );
    link.href = root + hit.url;
    return link;
  }

  const counted = (n) => (n === 1 ? "1 result" : `${n.toLocaleString("en")} results`);
  const FAILED = "The search index cannot be read.";

  // ---- The box in the header --------------------------------------------------------------
  function headerSearch() {
    const input = form.querySelector("input");
    const list = element("ul", "it-hits__list");
    const status = element("p", "it-hits__status");
    const panel = element("div", "it-hits", status, list);
    let active = -1;
    let asked = 0;

    list.id = "it-hits";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Search results");
    status.setAttribute("role", "status");
    panel.hidden = true;
    form.append(panel);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);

    function open(yes) {
      panel.hidden = !yes;
      input.setAttribute("aria-expanded", String(yes));
      if (!yes) choose(-1);
    }

    function choose(index) {
      active = index;
      [...list.children].forEach((option, i) => {
        option.setAttribute("aria-selected", String(i === index));
        if (i === index) option.scrollIntoView({ block: "nearest" });
      });
      if (index < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", list.children[index].id);
    }

    async function update() {
      const text = input.value;
      const turn = ++asked;
      if (!words(text).length) return open(false);
      try {
        const found = await find(text, 10);
        if (turn !== asked) return undefined;
        list.replaceChildren(
          ...found.hits.map((hit, i) => {
            const link = hitLink(hit, found.words);
            link.tabIndex = -1;
            const option = element("li", "", link);
            option.id = `it-hit-${i}`;
            option.setAttribute("role", "option");
            option.setAttribute("aria-selected", "false");
            return option;
          }),
        );
        status.textContent = found.total
          ? `${counted(found.total)}${found.total > found.hits.length ? ", Enter shows more" : ""}`
          : "Nothing found";
      } catch {
        list.replaceChildren();
        status.textContent = FAILED;
      }
      active = -1;
      return open(true);
    }

    open(false);
    input.addEventListener("input", update);
    input.addEventListener("focus", () => {
      load("index").catch(() => {});
      if (input.value) update();
    });
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
        list.children[active].firstChild.click();
      }
    });
    form.addEventListener("submit", (event) => {
      if (!words(input.value).length) event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (!form.contains(event.target)) open(false);
    });
    form.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !form.contains(event.relatedTarget)) open(false);
    });
    document.addEventListener("keydown", (event) => {
      const typing = /^(?:INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
  }

  // ---- The search page --------------------------------------------------------------------
  function searchPage(page) {
    const input = page.querySelector("input");
    const status = document.getElementById("it-search-status");
    const filter = document.getElementById("it-search-filter");
    const list = document.getElementById("it-search-results");
    let asked = 0;

    async function update() {
      const text = input.value;
      const turn = ++asked;
      filter.search = text.trim() ? `?q=${encodeURIComponent(text.trim())}` : "";
      if (!words(text).length) {
        list.replaceChildren();
        status.textContent = "";
        return;
      }
      try {
        const found = await find(text, 100);
        if (turn !== asked) return;
        list.replaceChildren(...found.hits.map((hit) => element("li", "", hitLink(hit, found.words))));
        const rest = found.total > found.hits.length ? `, the best ${found.hits.length} of them` : "";
        status.textContent = found.total ? counted(found.total) + rest : "Nothing found. Fewer or shorter words find more.";
      } catch {
        list.replaceChildren();
        status.textContent = FAILED;
      }
    }

    input.value = new URLSearchParams(location.search).get("q") || "";
    input.addEventListener("input", () => {
      history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
      update();
    });
    page.addEventListener("submit", (event) => {
      event.preventDefault();
      update();
    });
    update();
    input.focus();
  }

  // ---- Small things -----------------------------------------------------------------------
  function themeButton() {
    const button = document.querySelector(".it-theme");
    if (!button) return;
    button.addEventListener("click", () => {
      const label = document.querySelector('[data-md-component="palette"] label:not([hidden])');
      if (label) label.click();
    });
  }

  function menuButton() {
    const label = document.querySelector('.md-header__button[for="__drawer"]');
    const drawer = document.getElementById("__drawer");
    if (!label || !drawer) return;
    const button = element("button", "it-menu", ...label.childNodes);
    button.type = "button";
    button.setAttribute("aria-label", "Menu");
    const tell = () => button.setAttribute("aria-expanded", String(drawer.checked));
    button.addEventListener("click", () => drawer.click());
    drawer.addEventListener("change", tell);
    tell();
    label.append(button);
  }

  // A diagram that is wider than the page starts at what it is about.
  function scrollDiagrams() {
    for (const view of document.querySelectorAll(".it-map__view")) {
      const focus = view.querySelector(".it-map__box--focus");
      if (!focus || view.scrollWidth <= view.clientWidth) continue;
      const box = focus.getBoundingClientRect();
      const left = view.getBoundingClientRect().left;
      view.scrollLeft = box.left - left - (view.clientWidth - box.width) / 2;
    }
  }

  // Who has no mouse scrolls a wide table by standing on it.
  function focusTables() {
    for (const box of document.querySelectorAll(".it-scroll")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  function relativeTimes() {
    const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
    const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
    for (const time of document.querySelectorAll("time[datetime]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      if (Number.isNaN(seconds)) continue;
      const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) || ["minute", 60];
      time.title = format.format(Math.round(seconds / size), unit);
    }
  }

  // What only some pages need is loaded by them only; several scripts run in this order.
  function only(selector, ...names) {
    if (!document.querySelector(selector)) return;
    for (const name of names) {
      const script = document.createElement("script");
      script.src = `${root}assets/${name}.js`;
      script.async = false;
      document.head.append(script);
    }
  }

  // For the scripts of single pages.
  window.itsm = { root, load, words, match, marked, element };

  if (form) headerSearch();
  const page = document.querySelector("form.it-search");
  if (page) searchPage(page);
  only("form.it-form", "forms");
  only(".it-x", "columns", "explorer");
  themeButton();
  menuButton();
  scrollDiagrams();
  focusTables();
  addEventListener("resize", focusTables);
  relativeTimes();
})();
