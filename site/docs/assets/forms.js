// Forms that become records: shows what is wrong with answers, and the record that they make. Nothing is sent anywhere.
(() => {
  "use strict";

  const { t, counted, element, answers, filing, drafts, naming, beside } = globalThis.itsm;
  const { read, faultOf, entryOf, rulesOf } = answers;

  /** @param {HTMLElement} box @param {string} fault */
  function say(box, fault) {
    /** @type {HTMLElement} */ (box.querySelector(".it-q__fault")).textContent = fault;
    for (const control of box.querySelectorAll("input, select, textarea")) {
      if (fault) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  // ---- The record, shown ------------------------------------------------------------------------
  /** Copies what an element shows; returns what came of it in words. @param {Element} source @param {string} done @param {string} selected */
  async function copy(source, done, selected) {
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
    } catch {
      // Without a secure address there is no clipboard for scripts; the older way needs a selection.
      getSelection()?.selectAllChildren(source);
      if (!document.execCommand("copy")) return selected;
    }
    return done;
  }

  /** @param {string} name @param {string} text */
  function download(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /** @param {(name: string) => any} part @param {About} about @param {any} made */
  function show(part, about, made) {
    const day = made.id.split("-")[1];
    const path = `${about.folder}/20${day.slice(0, 2)}/${day.slice(2, 4)}/${made.id}.yaml`;
    const text = filing.yaml(made);
    part("id").textContent = made.id;
    part("path").textContent = path;
    part("text").textContent = text;
    part("command").textContent = filing.command(about, made);
    part("said").textContent = "";
    if (!about.forge) return;
    const { href, full } = filing.newFile(about.forge, path, text);
    const elsewhere = { hidden: false, rel: "noopener noreferrer", target: "_blank" };
    Object.assign(part("open"), elsewhere, { href });
    part("open").textContent = full ? t("Open it as a new file on the forge") : t("Open an empty new file on the forge");
    const issue = filing.newIssue(about.forge, path, made, text);
    Object.assign(part("issue"), elsewhere, { href: issue.href });
    part("issue").textContent = issue.full ? t("Send it as an issue") : t("Open an empty issue");
    part("advice").textContent =
      about.forge.forge === "gitlab" ? t("Copy the record first and paste it there.") : t("Copy the record first and paste it there: it does not fit into a link.");
    part("advice").hidden = full;
  }

  // ---- Faults on top ----------------------------------------------------------------------------
  /** @param {HTMLElement} summary @param {[HTMLElement, string][]} wrong */
  function summarise(summary, wrong) {
    const items = wrong.map(([box, fault]) => {
      const link = /** @type {HTMLAnchorElement} */ (element("a", "", read(box) === undefined ? titleOf(box) : `${titleOf(box)}${titleOf(box).endsWith("?") ? "" : ":"} ${fault}`));
      const control = entryOf(box);
      link.href = `#${control.id || box.id}`;
      link.addEventListener("click", (event) => {
        event.preventDefault();
        control.focus();
      });
      return element("li", "", link);
    });
    const title = element("h2", "", counted(wrong.length, "There is a problem with {count} answer", "There is a problem with {count} answers"));
    summary.replaceChildren(...(wrong.length ? [title, element("ul", "", ...items)] : []));
    summary.hidden = !wrong.length;
  }

  /** @param {HTMLElement} box */
  function titleOf(box) {
    const label = box.querySelector("label, legend");
    return label?.firstChild?.textContent?.trim() ?? "";
  }

  /** @param {HTMLElement} box */
  function unfold(box) {
    const fold = box.closest("details");
    if (fold) fold.open = true;
  }

  // ---- Questions that depend on answers -----------------------------------------------------------
  /** Whether the answers so far make a question one that is asked. @param {HTMLElement} box @param {Map<string, any>} given */
  function isAsked(box, given) {
    const when = rulesOf(box).when;
    if (!when) return true;
    return when.some((all) => Object.entries(all).every(([path, wanted]) => wanted.includes(given.get(path))));
  }

  // ---- One form -----------------------------------------------------------------------------------
  /** @param {HTMLFormElement} form */
  function start(form) {
    /** @type {About} */
    const about = JSON.parse(form.dataset.record ?? "{}");
    const boxes = /** @type {HTMLElement[]} */ ([...form.querySelectorAll(".it-q")]);
    const said = /** @type {HTMLElement} */ (form.querySelector(".it-form__said"));
    const panel = /** @type {HTMLElement} */ (form.querySelector(".it-made"));
    const summary = element("div", "it-faults");
    summary.setAttribute("role", "alert");
    summary.hidden = true;
    form.prepend(summary);
    const part = (/** @type {string} */ name) => /** @type {any} */ (panel.querySelector(`[data-part="${name}"]`));

    const given = () => new Map(boxes.map((box) => [String(box.dataset.path), read(box)]));
    const ask = () => boxes.forEach((box) => (box.hidden = !isAsked(box, given())));
    const asked = () => boxes.filter((box) => !box.hidden);

    choose(form);
    drafts.introduce(form, about.by);
    const done = drafts.keepDraft(form);
    choose(form); // the address (a page led here) goes before the draft
    ask();

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const found = asked().map((box) => /** @type {[HTMLElement, any]} */ ([box, read(box)]));
      const faults = found.map(([box, value]) => /** @type {[HTMLElement, string]} */ ([box, faultOf(box, value)]));
      faults.forEach(([box, fault]) => say(box, fault));
      const wrong = faults.filter(([, fault]) => fault);
      panel.hidden = wrong.length > 0;
      said.textContent = wrong.length ? counted(wrong.length, "{count} answer needs correcting.", "{count} answers need correcting.") : "";
      summarise(summary, wrong);
      for (const [box] of wrong) unfold(box);
      if (wrong.length) return entryOf(wrong[0][0]).focus();
      const right = found.filter(([, value]) => value !== undefined).map(([box, value]) => /** @type {[string, any]} */ ([box.dataset.path, value]));
      const now = `${new Date().toISOString().slice(0, 19)}Z`;
      const made = filing.record(about, right, now);
      if (typeof made[about.by] === "string") drafts.remember(made[about.by]);
      show(part, about, made);
      return panel.focus();
    });
    form.addEventListener("input", (event) => {
      ask();
      const box = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".it-q"));
      if (!box) return;
      if (!panel.hidden) said.textContent = t("You changed an answer. Use the button again.");
      panel.hidden = true;
      if (!box.querySelector("[aria-invalid]")) return;
      say(box, faultOf(box, read(box)));
      summarise(summary, asked().flatMap((one) => {
        const fault = one.querySelector(".it-q__fault")?.textContent;
        return fault ? [/** @type {[HTMLElement, string]} */ ([one, fault])] : [];
      }));
    });
    part("copy").addEventListener("click", async () => {
      part("said").textContent = await copy(part("text"), t("The record is copied."), t("The record is selected: copy it with your keyboard."));
      done();
    });
    part("copy-command").addEventListener("click", async () => {
      part("said").textContent = await copy(part("command"), t("The command is copied."), t("The command is selected: copy it with your keyboard."));
      done();
    });
    part("download").addEventListener("click", () => {
      download(`${part("id").textContent}.yaml`, part("text").textContent);
      part("said").textContent = t("Downloaded; put it at {path}", { path: part("path").textContent });
      done();
    });
    boxes.forEach(naming.helpWithNames);
    // A folded question with an answer (of a draft) is not hidden.
    boxes.filter((box) => read(box) !== undefined).forEach(unfold);
    beside.offerKnown(form);
    beside.markFreezes(form);
    beside.tellOwnTime(form);
    /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]")).disabled = false;
  }

  // A page may lead here with the service it is about.
  /** @param {HTMLFormElement} form */
  function choose(form) {
    const service = JSON.stringify(new URLSearchParams(location.search).get("service"));
    const select = /** @type {HTMLSelectElement | null} */ (form.querySelector('[data-path="service"] select'));
    const option = select && [...select.options].find((o) => o.value === service);
    if (option) option.selected = true;
  }

  /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.it-form")).forEach(start);
})();
