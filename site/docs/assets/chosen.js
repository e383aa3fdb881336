// What is chosen in the explorer: a list of words, each with a button that takes it back.
(() => {
  "use strict";

  const { t, element, button, all, labelOf, records: { facets: FACETS }, asking: { fresh, dates: DATES } } = globalThis.itsm;

  /** @param {Asked} asked @param {DateName} name */
  function saidOfDates(asked, name) {
    const [from, to] = asked[name];
    const what = name === "opened" ? t("Opened") : t("Updated");
    if (from && to) return t("{what} {from} to {to}", { what, from, to });
    return from ? t("{what} from {from}", { what, from }) : t("{what} to {to}", { what, to });
  }

  /**
   * What is chosen in words, and what takes it back; for everything at once there are no words.
   * @param {Records} records @param {Asked} asked @param {Map<Facet, FacetList>} groups
   */
  function chips(records, asked, groups) {
    /** @type {[string, () => void][]} */
    const made = [];
    if (asked.q) made.push([t("Words: {words}", { words: asked.q }), () => (asked.q = "")]);
    for (const name of FACETS) {
      for (const word of asked.facets[name]) {
        made.push([`${groups.get(name)?.title}: ${labelOf(records, name, word)}`, () => asked.facets[name].delete(word)]);
      }
    }
    for (const name of DATES) if (asked[name].some(Boolean)) made.push([saidOfDates(asked, name), () => (asked[name] = ["", ""])]);
    if (made.length > 1) made.push(["", () => Object.assign(asked, { q: "", facets: fresh([]).facets, opened: ["", ""], updated: ["", ""] })]);
    return made;
  }

  /**
   * The list of what is chosen; `otherwise` gets the focus when nothing is left of it.
   * @param {HTMLElement} list @param {Map<Facet, FacetList>} groups @param {HTMLElement} otherwise @returns {ChosenList}
   */
  function chosenList(list, groups, otherwise) {
    const texts = (/** @type {Element[]} */ items) => items.map((li) => li.textContent).join("\n");
    return {
      show(records, asked, changed) {
        const made = chips(records, asked, groups).map(([text, remove], place) => {
          const chip = button(text ? "it-x__chip" : "it-x__link", text || t("Clear all"), () => {
            remove();
            changed();
            const left = all(list, "button");
            (left[Math.min(place, left.length - 1)] ?? otherwise).focus();
          });
          if (text) chip.setAttribute("aria-label", t("Remove filter {filter}", { filter: text }));
          return element("li", "", chip);
        });
        if (texts([...list.children]) !== texts(made)) list.replaceChildren(...made);
      },
    };
  }

  globalThis.itsm.chosenList = chosenList;
})();
