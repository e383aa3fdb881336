// What the other scripts of the site share: the words of its language, the files of its index, elements and times.
// Everything that comes from records is put into a page as text, never as HTML.
(() => {
  "use strict";

  /** @type {HTMLFormElement | null} */
  const here = document.querySelector(".it-find");
  const root = here ? here.dataset.root ?? "" : "";
  const language = document.documentElement.lang || "en";

  /** The words of the site's language by the English ones; none where that is English. @type {Record<string, string>} */
  const catalogue = globalThis.itsmWords ?? {};

  /**
   * What the site's language says for an English text; `{name}` in it stands for a value.
   * @param {string} text @param {Record<string, string | number>} [values]
   */
  const t = (text, values = {}) =>
    (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));

  /** A word in the form it has within a sentence: small, except for abbreviations and German nouns. @param {string} word */
  const within = (word) => (language.startsWith("de") || /^\p{Lu}\S*\p{Lu}/u.test(word) ? word : word.slice(0, 1).toLowerCase() + word.slice(1));

  /** A number as readers of the site's language write it. @param {number} number */
  const digits = (number) => number.toLocaleString(language);

  /**
   * A text about a number: the first one for one thing, else the second; `{count}` is the number.
   * @param {number} count @param {string} one @param {string} several @param {Record<string, string | number>} [values]
   */
  function counted(count, one, several, values = {}) {
    const alone = count === 1 || (count === 0 && language.startsWith("fr"));
    return t(alone ? one : several, { count: digits(count), ...values });
  }

  // The index's files are scripts that hand their data to this function, because a page that is opened from a disk
  // may load scripts beside it but may not fetch data.
  /** @type {Map<string, Promise<any>>} */
  const loaded = new Map();
  /** @type {Map<string, (data: any) => void>} */
  const awaited = new Map();

  /** @param {string} name @param {any} data */
  globalThis.itsmIndex = (name, data) => awaited.get(name)?.(data);

  /**
   * The data of a file of the site: of the search index, or with a slash in its name of anything else.
   * @param {string} name @returns {Promise<any>}
   */
  function load(name) {
    const known = loaded.get(name);
    if (known) return known;
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
    return answer;
  }

  /**
   * A new element with a class and content.
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} name @param {string} [css] @param {...(Node | string)} children
   */
  function element(name, css = "", ...children) {
    const made = document.createElement(name);
    if (css) made.className = css;
    made.append(...children);
    return made;
  }

  /** A new button that does something. @param {string} css @param {string} text @param {() => void} pressed */
  function button(css, text, pressed) {
    const made = element("button", css, text);
    made.type = "button";
    made.addEventListener("click", pressed);
    return made;
  }

  /**
   * The element that a selector names; it belongs to the page, so it is there.
   * @template {Element} [T=HTMLElement]
   * @param {ParentNode} place @param {string} selector
   */
  const one = (place, selector) => /** @type {T} */ (place.querySelector(selector));

  /**
   * All elements that a selector names.
   * @template {Element} [T=HTMLElement]
   * @param {ParentNode} place @param {string} selector
   */
  const all = (place, selector) => /** @type {T[]} */ ([...place.querySelectorAll(selector)]);

  /** @type {[Intl.RelativeTimeFormatUnit, number][]} */
  const UNITS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

  /** How long ago a moment is, or in how long, in words. @param {number} then milliseconds @param {number} [now] */
  function ago(then, now = Date.now()) {
    const seconds = (then - now) / 1000;
    const [unit, size] = UNITS.find(([, s]) => Math.abs(seconds) >= s) ?? ["minute", 60];
    // Ages count whole units, as `lasting` does: after 2 d 16 h they say "2 days ago".
    const count = Math.trunc(seconds / size);
    return new Intl.RelativeTimeFormat(language, { numeric: count < 0 ? "always" : "auto" }).format(count, unit);
  }

  /** How long something lasted, in at most two units: "2 d 4 h". @param {number} milliseconds */
  function lasting(milliseconds) {
    const minutes = Math.max(0, Math.round(milliseconds / 60000));
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    const unit = { d: t("{count} d", { count: digits(days) }), h: t("{count} h", { count: hours }), min: t("{count} min", { count: rest }) };
    if (days) return hours ? `${unit.d} ${unit.h}` : unit.d;
    if (hours) return rest ? `${unit.h} ${unit.min}` : unit.h;
    return unit.min;
  }

  // What this browser keeps for its reader; nothing of it leaves the device.
  const kept = {
    /** @param {string} name @returns {any} */
    get(name) {
      try {
        return JSON.parse(localStorage.getItem(`itsm-${name}`) ?? "null");
      } catch {
        return null;
      }
    },
    /** Whether it could be kept. @param {string} name @param {any} value null forgets it */
    set(name, value) {
      try {
        if (value === null) localStorage.removeItem(`itsm-${name}`);
        else localStorage.setItem(`itsm-${name}`, JSON.stringify(value));
        return true;
      } catch {
        return false;
      }
    },
  };

  /** Whether keys belong to what the reader is typing into. @param {Element | null} place */
  const isTyping = (place) =>
    place instanceof HTMLElement && (/^(?:INPUT|TEXTAREA|SELECT)$/.test(place.tagName) || place.isContentEditable);

  /** Load further scripts of the site, which run in this order. @param {...string} urls */
  function script(...urls) {
    for (const url of urls) {
      const made = element("script");
      made.src = root + url;
      made.async = false;
      document.head.append(made);
    }
  }

  /** The words of an address of the site; the number of a record is one word. @param {string} path */
  function wordsOf(path) {
    const parts = path.split("/").filter((part) => part && part !== "index.html" && part !== "404.html");
    const last = (parts.at(-1) ?? "").replace(/\.html?$/, "");
    let text = last;
    try {
      text = decodeURIComponent(last);
    } catch {
      return "";
    }
    return (/^[A-Z]+-\d{6}-\w+$/.test(text) ? text : text.replace(/[-_+\s]+/g, " ")).trim().slice(0, 100);
  }

  /** @type {Library} */
  const library = { root, language, t, counted, digits, within, load, element, button, one, all, ago, lasting, kept, isTyping, script, wordsOf };
  // Each other script adds its part.
  globalThis.itsm = /** @type {Itsm} */ (library);
})();
