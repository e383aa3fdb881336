// Keeps what somebody has typed into a form on this device, so that it is there again after a look elsewhere; warns
// before it is lost where nothing can be kept. Also who the reader is, so that no form asks that twice.
(() => {
  "use strict";

  const { t, kept, ago, element } = globalThis.itsm;
  const WEEK = 7 * 86400 * 1000;
  const ME = "me";

  /** @param {HTMLFormElement} form */
  const fieldsOf = (form) => /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input:not(.it-q__find), select, textarea")]);
  /** @param {HTMLInputElement} field */
  const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
  /** @param {HTMLInputElement} field */
  const nameOf = (field) => (isTicked(field) ? `${field.name}=${field.value}` : field.id);

  /** The answers as they stand, by the names of their fields. @param {HTMLFormElement} form */
  function answersOf(form) {
    return Object.fromEntries(fieldsOf(form).map((field) => [nameOf(field), isTicked(field) ? field.checked : field.value]));
  }

  /** @param {HTMLFormElement} form @param {Record<string, string | boolean>} answers */
  function fill(form, answers) {
    for (const field of fieldsOf(form)) {
      const answer = answers[nameOf(field)];
      if (typeof answer === "boolean") field.checked = answer;
      else if (typeof answer === "string") field.value = answer;
    }
  }

  /** Keep the draft of a form; what it returns is called when the answers have been taken elsewhere. @param {HTMLFormElement} form */
  function keepDraft(form) {
    const name = `draft-${location.pathname}`;
    const empty = JSON.stringify(answersOf(form));
    let unsaved = false;
    const draft = kept.get(name);
    if (draft && Date.now() - draft.at < WEEK) restore(draft);

    /** @param {{ at: number, answers: Record<string, string | boolean> }} found */
    function restore(found) {
      const before = answersOf(form);
      fill(form, found.answers);
      const again = /** @type {HTMLButtonElement} */ (element("button", "it-x__link", t("Start again")));
      again.type = "button";
      const note = element("p", "it-draft", `${t("Your answers of {when} are still here.", { when: ago(found.at) })} `, again);
      note.setAttribute("role", "status");
      again.addEventListener("click", () => {
        fill(form, before);
        drop();
        note.remove();
        form.dispatchEvent(new Event("input"));
      });
      form.prepend(note);
    }

    function save() {
      const answers = answersOf(form);
      if (JSON.stringify(answers) === empty) return drop();
      unsaved = !kept.set(name, { at: Date.now(), answers });
    }

    function drop() {
      unsaved = false;
      kept.set(name, null);
    }

    form.addEventListener("input", save);
    form.addEventListener("change", save);
    addEventListener("beforeunload", (event) => {
      if (unsaved) event.preventDefault();
    });
    return drop;
  }

  /** Answer the question who asks as this reader did the last time. @param {HTMLFormElement} form @param {string} by the field */
  function introduce(form, by) {
    const field = /** @type {HTMLInputElement | null} */ (form.querySelector(`[data-path="${by}"] input`));
    const me = kept.get(ME);
    if (!field || field.value || typeof me !== "string") return;
    field.value = me;
  }

  /** @param {string} who */
  const remember = (who) => kept.set(ME, who);

  Object.assign(globalThis.itsm, { drafts: { keepDraft, introduce, remember, answersOf } });
})();
