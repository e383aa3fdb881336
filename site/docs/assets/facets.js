// One facet of the explorer: its values with how many records each would leave, a field to find one, a button for all.
(() => {
  "use strict";

  const { t, digits, element, one, words } = globalThis.itsm;
  const FEW = 6;
  const MANY = 100;
  // In the order of the rule book; the others begin with what is most frequent.
  const RANKED = ["kind", "priority"];

  /** What people read for a word. @param {Records} records @param {Facet} name @param {string} word */
  const labelOf = (records, name, word) => (word === "none" ? t("None") : records.called(name, word));

  /**
   * The values of a facet in the order they are shown.
   * @param {Records} records @param {Facet} name @param {Set<string>} chosen @param {Int32Array} counts
   */
  function valuesOf(records, name, chosen, counts) {
    const coded = records.coded[name];
    const places = records.places(name);
    /** @type {FacetValue[]} */
    const values = [];
    coded.words.forEach((word, i) => {
      if (counts[i] || chosen.has(word)) values.push({ word, count: counts[i], place: places[i] });
    });
    const ranked = RANKED.includes(name);
    values.sort((a, b) => (ranked ? 0 : b.count - a.count) || a.place - b.place);
    for (const word of chosen) if (word !== "none" && !coded.numbers.has(word)) values.push({ word, count: 0, place: 0 });
    const none = counts[counts.length - 1];
    if (name !== "kind" && (none || chosen.has("none"))) values.push({ word: "none", count: none, place: 0 });
    return values;
  }

  /** @param {string} word @param {string} label */
  function item(word, label) {
    const check = element("input");
    check.type = "checkbox";
    check.value = word;
    return element("li", "", element("label", "", check, element("span", "it-x__name", label), element("span", "it-x__count")));
  }

  /** @param {HTMLElement} li @returns {HTMLInputElement} */
  const boxOf = (li) => one(li, "input");

  /** The facet in a group of the page. @param {HTMLElement} group @param {Facet} name @returns {FacetList} */
  function facetList(group, name) {
    const list = one(group, "ul");
    const rest = one(group, ".it-x__rest");
    const toggle = one(group, "button");
    /** @type {HTMLInputElement} */
    const field = one(group, "input[type=search]");
    const title = one(group, "summary").textContent ?? "";
    let unfolded = false;
    let again = () => {};

    /** @param {Records} records @param {Set<string>} chosen @param {Int32Array} counts */
    function show(records, chosen, counts) {
      again = () => show(records, chosen, counts);
      const values = valuesOf(records, name, chosen, counts);
      const label = (/** @type {FacetValue} */ { word }) => labelOf(records, name, word);
      const typed = words(field.value).join(" ");
      const fits = (/** @type {FacetValue} */ v) => [label(v), v.word].some((text) => words(text).join(" ").includes(typed));
      const asked = typed ? values.filter(fits) : values;
      const most = unfolded ? MANY : FEW;
      const some = asked.filter((v, i) => i < most || chosen.has(v.word));
      field.hidden = !field.value && (!unfolded || values.length <= FEW);
      const focused = list.contains(document.activeElement) ? /** @type {HTMLInputElement} */ (document.activeElement).value : null;
      const kept = new Map([...list.children].map((li) => [boxOf(/** @type {HTMLElement} */ (li)).value, /** @type {HTMLElement} */ (li)]));
      const items = some.map((v) => {
        const li = kept.get(v.word) ?? item(v.word, label(v));
        boxOf(li).checked = chosen.has(v.word);
        one(li, ".it-x__count").textContent = digits(v.count);
        li.classList.toggle("it-x__zero", !v.count);
        return li;
      });
      if (items.length !== list.children.length || items.some((li, i) => li !== list.children[i])) list.replaceChildren(...items);
      if (focused !== null) items.map(boxOf).find((box) => box.value === focused)?.focus();
      const left = asked.length - some.length;
      rest.textContent = typed && !some.length ? t("There is none with that name.") : unfolded && left ? t("and {count} more", { count: digits(left) }) : "";
      toggle.hidden = values.length <= FEW;
      toggle.textContent = unfolded ? t("Show fewer") : t("{count} more", { count: digits(left) });
      toggle.setAttribute("aria-label", `${title}: ${toggle.textContent}`);
      group.hidden = !values.length && !field.value;
      // What is chosen is seen.
      if (chosen.size) group.setAttribute("open", "");
    }

    field.addEventListener("input", () => again());
    toggle.addEventListener("click", () => {
      unfolded = !unfolded;
      if (!unfolded) field.value = "";
      again();
    });
    return { title, show };
  }

  Object.assign(globalThis.itsm, { facetList, labelOf });
})();
