// Questions of a form that ask for names: whose a handle is, and several names as chips that can be taken back.
(() => {
  "use strict";

  const { t, element, button, answers } = globalThis.itsm;
  const { read, controlOf, namesOf } = answers;

  /** Shows the name of somebody whose handle is chosen, and says below the field whose it is where several have that name; chooses the lines of a list by name. @param {HTMLElement} box */
  function helpWithNames(box) {
    const known = namesOf(box);
    if (!known.size) return;
    const control = controlOf(box);
    const name = element("p", "it-q__name");
    name.setAttribute("aria-live", "polite");
    if (box.dataset.control === "lines") return pickNames(box, known);
    control.after(name);
    const tell = () => {
      const value = read(box);
      const title = known.get(value) ?? "";
      if (title) control.value = answers.named(box, title) === value ? title : value;
      name.textContent = title === control.value ? "" : title;
    };
    control.addEventListener("change", tell);
    tell();
  }

  /** Several names of a list: chosen one by one, each a chip with a button that takes it back. @param {HTMLElement} box @param {Map<string, string>} known */
  function pickNames(box, known) {
    const control = controlOf(box);
    const chips = element("ul", "it-q__chips");
    const find = /** @type {HTMLInputElement} */ (element("input", "it-q__find"));
    find.type = "text";
    find.id = `${control.id}-find`;
    find.setAttribute("list", box.dataset.names ?? "");
    find.setAttribute("aria-describedby", control.getAttribute("aria-describedby") ?? "");
    find.autocomplete = "off";
    /** @type {HTMLLabelElement} */ (box.querySelector("label")).htmlFor = find.id;
    const chosen = () => control.value.split("\n").map((line) => line.trim()).filter(Boolean);
    /** @param {string[]} values */
    const choose = (values) => {
      control.value = values.join("\n");
      control.dispatchEvent(new Event("input", { bubbles: true }));
    };
    /** @param {string} value */
    const chip = (value) => {
      const title = known.get(value) ?? value;
      const remove = button("it-q__take", "×", () => {
        choose(chosen().filter((one) => one !== value));
        find.focus();
      });
      remove.setAttribute("aria-label", t("Take back {name}", { name: title }));
      return element("li", "", title, remove);
    };
    const show = () => chips.replaceChildren(...chosen().map(chip));
    const take = () => {
      const value = answers.named(box, find.value.trim());
      if (!known.has(value)) return;
      find.value = "";
      choose([...new Set([...chosen(), value])]);
    };
    control.hidden = true;
    control.before(chips, find);
    find.addEventListener("input", take);
    find.addEventListener("change", take);
    box.closest("form")?.addEventListener("input", show);
    show();
  }

  globalThis.itsm.naming = { helpWithNames };
})();
