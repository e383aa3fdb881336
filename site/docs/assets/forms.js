// Forms that become records: shows what is wrong with answers, and the record that they make. Nothing is sent anywhere.
(() => {
  "use strict";

  const { t, counted, element, button, all, answers, filing, drafts, words, stem, isAround, isFailing } = globalThis.itsm;
  const { read, faultOf, controlOf, entryOf, namesOf, rulesOf } = answers;

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
      const link = /** @type {HTMLAnchorElement} */ (element("a", "", `${titleOf(box)}${titleOf(box).endsWith("?") ? "" : ":"} ${fault}`));
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

  // ---- Names --------------------------------------------------------------------------------------
  /** Says beside a handle whose it is; chooses the lines of a list by name. @param {HTMLElement} box */
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
      const title = known.get(value);
      name.textContent = title && title !== value ? title : "";
    };
    control.addEventListener("change", () => {
      const value = read(box);
      if (known.has(value)) control.value = value;
      tell();
    });
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
    find.placeholder = t("Find by name");
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

  // ---- The window of a change ---------------------------------------------------------------------
  /** Mark the freezes in which the window lies that is asked for. @param {HTMLFormElement} form */
  function markFreezes(form) {
    const place = /** @type {HTMLElement | null} */ (form.querySelector(".it-beside"));
    if (!place) return;
    const answer = (/** @type {string} */ path) => {
      const box = /** @type {HTMLElement | null} */ (form.querySelector(`[data-path="${path}"]`));
      return box ? String(read(box) ?? "") : "";
    };
    const update = () => {
      const start = answer("planned_start");
      const end = answer("planned_end") || start;
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

  // ---- What is known already ----------------------------------------------------------------------
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
    const answer = (/** @type {string} */ path) => {
      const box = /** @type {HTMLElement | null} */ (form.querySelector(`[data-path="${path}"]`));
      return box ? read(box) : undefined;
    };
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
    boxes.forEach(helpWithNames);
    // A folded question with an answer (of a draft) is not hidden.
    boxes.filter((box) => read(box) !== undefined).forEach(unfold);
    offerKnown(form);
    markFreezes(form);
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
