// The catalogue, the services and the known errors: leaves the cards or rows that have the words that are typed, and those of one category. The address keeps both.
(() => {
  "use strict";

  /** @type {HTMLFormElement | null} */
  const form = document.querySelector(".it-narrow");
  const { root, t, digits, element, one, all, words, tokens } = globalThis.itsm;
  if (!form) return;

  /** @type {HTMLInputElement} */
  const field = one(form, "input");
  /** @type {HTMLButtonElement[]} */
  const categories = all(form, "[data-category]");
  const said = one(form, "#it-narrow-said");
  const cards = all(document, ".it-card, .it-error, .it-services tr:not(.it-group):has(td)").map((card) => ({ card, text: tokens(card.textContent ?? "") }));
  /** @type {(HTMLElement | null)[]} */
  const sections = [...new Set(cards.map(({ card }) => /** @type {HTMLElement | null} */ (card.closest("section, tbody"))))];
  const asked = new URLSearchParams(location.search);
  let category = asked.get("category") ?? "";

  /** @param {string[]} text @param {string[]} wanted */
  const fits = (text, wanted) => wanted.every((word) => text.some((other) => other.startsWith(word)));

  function show() {
    const typed = field.value.trim();
    const wanted = words(typed);
    let left = 0;
    for (const { card, text } of cards) {
      card.hidden = !fits(text, wanted) || (category !== "" && card.dataset.category !== category);
      left += Number(!card.hidden);
    }
    for (const section of sections) if (section) section.hidden = !section.querySelector(":is(.it-card, .it-error, tr:not(.it-group)):not([hidden])");
    for (const button of categories) button.setAttribute("aria-pressed", String(button.dataset.category === category));
    const narrowed = left < cards.length;
    said.textContent = !narrowed ? "" : left ? t("{some} of {all}", { some: digits(left), all: digits(cards.length) }) : t("Nothing fits these words.");
    if (!left && wanted.length) {
      const further = /** @type {HTMLAnchorElement} */ (element("a", "", t("Search everything")));
      further.href = `${root}search.html?q=${encodeURIComponent(typed)}`;
      said.append(" ", further);
    }
    const query = new URLSearchParams({ ...(typed ? { q: typed } : {}), ...(category ? { category } : {}) });
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  }

  field.value = asked.get("q") ?? "";
  if (!categories.some((button) => button.dataset.category === category)) category = "";
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of categories) {
    button.addEventListener("click", () => {
      category = button.dataset.category ?? "";
      show();
    });
  }
  show();
})();
