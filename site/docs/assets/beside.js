// What stands beside a form while it is filled in: what is known of a fault already, the freezes in which a change lies.
(() => {
  "use strict";

  const { t, element, all, answers, words, stem, isAround, isFailing } = globalThis.itsm;
  const { read } = answers;

  /** The answer so far to a question of a form. @param {HTMLFormElement} form @param {string} path */
  function answerTo(form, path) {
    const box = /** @type {HTMLElement | null} */ (form.querySelector(`[data-path="${path}"]`));
    return box ? read(box) : undefined;
  }

  const MOST_KNOWN = 5;
  /** While a fault is typed: the open incidents and known errors that fit. @param {HTMLFormElement} form */
  function offerKnown(form) {
    const place = /** @type {HTMLElement | null} */ (form.querySelector(".it-known"));
    if (!place) return;
    /** Words that tell something, each once. @param {string} text */
    const telling = (text) => [...new Set(words(text).filter((w) => w.length > 2 && (!isAround(w) || isFailing(w))).map(stem))];
    /** @type {{ url: string, title: string, label: string, service: string, words: string[] }[]} */
    const known = JSON.parse(place.dataset.known ?? "[]").map((/** @type {any} */ k) => ({ ...k, words: telling(`${k.title} ${k.more}`) }));
    /** @param {{ words: string[] }} one @param {string} word */
    const has = (one, word) => one.words.some((other) => other.startsWith(word) || (other.length > 3 && word.startsWith(other)));
    /** A rare word is enough by itself. @param {string} word */
    const worth = (word) => (word.length > 3 && known.filter((k) => has(k, word)).length <= MOST_KNOWN ? 2 : 1);
    const list = /** @type {HTMLElement} */ (place.querySelector("ul"));
    const answer = (/** @type {string} */ path) => answerTo(form, path);
    const update = () => {
      const typed = telling(`${answer("title") ?? ""} ${answer("description") ?? ""}`);
      const service = answer("service");
      const worths = typed.map((word) => /** @type {[string, number]} */ ([word, worth(word)]));
      const fits = known
        .map((k) => ({ ...k, score: worths.reduce((sum, [word, is]) => sum + (has(k, word) ? is : 0), service && k.service === service ? 2 : 0) }))
        .filter((k) => k.score >= Math.max(1, Math.min(2, typed.length)))
        .sort((a, b) => b.score - a.score)
        .slice(0, MOST_KNOWN);
      list.replaceChildren(
        ...fits.map((k) => {
          const link = /** @type {HTMLAnchorElement} */ (element("a", "", k.title));
          link.href = globalThis.itsm.root + k.url;
          return element("li", "", link, element("small", "", k.label));
        }),
      );
      place.hidden = !fits.length;
    };
    form.addEventListener("input", update);
    update();
    place.dataset.told = "";
  }

  /** Mark the freezes in which the window lies that is asked for. @param {HTMLFormElement} form */
  function markFreezes(form) {
    const place = /** @type {HTMLElement | null} */ (form.querySelector(".it-beside"));
    if (!place) return;
    const update = () => {
      const start = String(answerTo(form, "planned_start") ?? "");
      const end = String(answerTo(form, "planned_end") ?? start);
      for (const freeze of all(place, "[data-from]")) {
        const is = start !== "" && start < (freeze.dataset.until ?? "") && end > (freeze.dataset.from ?? "");
        freeze.classList.toggle("it-freeze--hit", is);
        freeze.querySelector(".it-freeze__hit")?.remove();
        if (is) freeze.prepend(element("p", "it-freeze__hit", place.dataset.said ?? ""));
      }
    };
    form.addEventListener("input", update);
    update();
  }

  /** Say what a moment is on the reader's clock, where that is another one. @param {HTMLFormElement} form */
  function tellOwnTime(form) {
    const own = globalThis.itsm.zoned(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    for (const box of all(form, "[data-zone]")) {
      const place = element("span");
      place.setAttribute("aria-live", "polite");
      box.querySelector(".it-q__zone")?.append(place);
      const tell = () => {
        const then = Date.parse(read(box));
        const isOther = then !== Date.parse(answers.controlOf(box).value);
        place.textContent = Number.isNaN(then) || !isOther ? "" : ` · ${t("{time} on your device", { time: own.shown(then / 1000) })}`;
      };
      box.addEventListener("input", tell);
      tell();
    }
  }

  globalThis.itsm.beside = { offerKnown, markFreezes, tellOwnTime };
})();
