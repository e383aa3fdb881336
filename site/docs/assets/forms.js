// Forms that become records: reads the answers, says beside each what is wrong with it, and writes the
// record as YAML. Nothing is sent anywhere; everything is put into the page as text, never as HTML.
(() => {
  "use strict";

  // ---- Text ---------------------------------------------------------------------------------
  // What a document may not hold: nobody sees it, so it is left out without asking.
  const HIDDEN = new RegExp(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069" +
      "\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\u{e0000}-\\u{e007f}\\p{Cs}]",
    "gu",
  );
  const clean = (text) => text.replace(/\r\n?/g, "\n").replace(HIDDEN, "").normalize("NFC");

  // ---- YAML ---------------------------------------------------------------------------------
  // A word or a date stands as it is, lines are a literal block, everything else is in double quotes
  // as in JSON, which every reader of YAML takes for the same text.
  const PLAIN = /^(?:[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*|\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)$/;
  const MISREAD = /^(?:true|false|null|y|yes|n|no|on|off)$/i;
  const LINES = /^\S.*\n/s; // one that begins with a space would hide how far the block stands in

  const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const isPlain = (text) => text.length < 200 && PLAIN.test(text) && !MISREAD.test(text);
  const scalar = (value) => (typeof value === "string" && isPlain(value) ? value : JSON.stringify(value));

  function lines(value, margin) {
    if (Array.isArray(value)) {
      return value.flatMap((item) => {
        if (!isMap(item)) return [`${margin}- ${scalar(item)}`];
        const [first, ...rest] = lines(item, `${margin}  `);
        return [`${margin}- ${first.trimStart()}`, ...rest];
      });
    }
    return Object.entries(value).flatMap(([name, item]) => {
      const head = `${margin}${scalar(name)}:`;
      if (isMap(item)) return [head, ...lines(item, `${margin}  `)];
      if (Array.isArray(item)) return [head, ...lines(item, margin)];
      if (typeof item !== "string" || !LINES.test(item)) return [`${head} ${scalar(item)}`];
      return [`${head} |-`, ...item.split("\n").map((line) => (line ? `${margin}  ${line}` : ""))];
    });
  }

  const yaml = (record) => `${lines(record, "").join("\n")}\n`;

  // ---- Answers ------------------------------------------------------------------------------
  const rulesOf = (box) => JSON.parse(box.dataset.rules);
  const controlOf = (box) => box.querySelector("input, select, textarea");
  const NUMBER = /^[+-]?\d+(?:[.,]\d+)?$/;
  const number = (text) => (NUMBER.test(text) ? Number(text.replace(",", ".")) : NaN);

  function read(box) {
    const control = controlOf(box);
    const ticked = [...box.querySelectorAll("input:checked")].map((input) => JSON.parse(input.value));
    const text = clean(control.value).trim();
    switch (box.dataset.control) {
      case "choices":
        return ticked.length ? ticked : undefined;
      case "yesno":
        return ticked[0];
      case "choice":
        return control.value ? JSON.parse(control.value) : undefined;
      case "number":
        return text ? number(text) : undefined;
      case "moment":
        return text ? `${new Date(text).toISOString().slice(0, 19)}Z` : undefined;
      case "lines": {
        const found = text.split("\n").map((line) => line.trim()).filter(Boolean);
        const ofNumbers = /^(?:integer|number)$/.test((rulesOf(box).items || {}).type);
        return found.length ? found.map((line) => (ofNumbers ? number(line) : line)) : undefined;
      }
      default:
        return text || undefined;
    }
  }

  // What a text must be like; a shape that is not here is not checked by `itsm check` either.
  const SHAPES = {
    date: [/^\d{4}-\d\d-\d\d$/, "This is not a date."],
    email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "This is not an e-mail address."],
    uri: [/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"\\^`{|}]+$/, "This is not a web address; it begins with https://"],
    hostname: [/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*$/, "This is not the name of a host."],
    ipv4: [/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/, "This is not an IPv4 address."],
    ipv6: [/^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/, "This is not an IPv6 address."],
  };

  function matches(pattern, text) {
    try {
      return new RegExp(pattern, "u").test(text);
    } catch {
      return true; // a pattern that only the checker understands is left to it
    }
  }

  const named = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  function faultOfText(text, rules, known) {
    const length = [...text].length;
    const [shape, complaint] = SHAPES[rules.format] || [];
    if (length < rules.minLength) return `Write at least ${named(rules.minLength, "character")}; there are ${length}.`;
    if (length > rules.maxLength) return `Write at most ${named(rules.maxLength, "character")}; there are ${length}.`;
    if (shape && !shape.test(text)) return complaint;
    if (rules.pattern && !matches(rules.pattern, text)) return `This does not have the form that is asked for: ${rules.pattern}`;
    return known && !known.has(text) ? `Nothing here is called ${text}.` : "";
  }

  function faultOfNumber(value, rules) {
    if (!Number.isFinite(value)) return "This is not a number.";
    if (rules.type === "integer" && !Number.isSafeInteger(value)) return "This is not a whole number.";
    if (value < rules.minimum) return `The least is ${rules.minimum}.`;
    return value > rules.maximum ? `The most is ${rules.maximum}.` : "";
  }

  function faultOfList(values, rules, known) {
    if (values.length < rules.minItems) return `Give at least ${rules.minItems}.`;
    if (values.length > rules.maxItems) return `Give at most ${rules.maxItems}.`;
    if (rules.unique && new Set(values).size < values.length) return "The same answer is there twice.";
    const each = values.map((v) => faultOfValue(v, rules.items || {}, known));
    return each.find(Boolean) || "";
  }

  function faultOfValue(value, rules, known) {
    if (Array.isArray(value)) return faultOfList(value, rules, known);
    if (typeof value === "number") return faultOfNumber(value, rules);
    return typeof value === "string" ? faultOfText(value, rules, known) : "";
  }

  // What is wrong with an answer in words, "" when nothing is.
  function faultOf(box, value) {
    const rules = rulesOf(box);
    const list = rules.known && document.getElementById(rules.known);
    if (controlOf(box).validity.badInput) return "This is not complete.";
    if (value === undefined) return rules.required ? "This has to be answered." : "";
    if (box.dataset.control === "choice") return "";
    return faultOfValue(value, rules, list && new Set([...list.options].map((o) => o.value)));
  }

  function say(box, fault) {
    box.querySelector(".it-q__fault").textContent = fault;
    for (const control of box.querySelectorAll("input, select, textarea")) {
      if (fault) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  // ---- The record -----------------------------------------------------------------------------
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  function mint(prefix, now) {
    const random = crypto.getRandomValues(new Uint8Array(5));
    return `${prefix}-${now.slice(2, 10).replaceAll("-", "")}-${[...random].map((byte) => ALPHABET[byte & 31]).join("")}`;
  }

  function record(about, answers, now) {
    const found = new Map(Object.entries({ ...about.fixed, id: mint(about.prefix, now), kind: about.kind }));
    for (const [path, value] of answers) {
      const [name, part] = path.split(".");
      if (part === undefined) found.set(name, value);
      else found.set(name, { ...found.get(name), [part]: value });
    }
    if (about.state) {
      found.set("state", about.state);
      found.set("timeline", [{ at: now, by: found.get(about.by), state: about.state }]);
    }
    return Object.fromEntries(about.keys.filter((key) => found.has(key)).map((key) => [key, found.get(key)]));
  }

  const quoted = (text) => (/^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  function command(about, made) {
    const parts = [`itsm new ${about.kind}`];
    for (const [name, value] of Object.entries(made)) {
      if (["id", "kind", "state", "timeline"].includes(name)) continue;
      if (isMap(value)) parts.push(`--set ${quoted(`${name}=${JSON.stringify(value)}`)}`);
      else parts.push(`--${name.replaceAll("_", "-")}=${quoted(typeof value === "string" ? value : JSON.stringify(value))}`);
    }
    return [...parts, `--by=${quoted(made[about.by])}`].join(" \\\n  ");
  }

  // The page for a new file on the forge, with the record in it where that fits.
  const LONGEST = 8000;

  function newFile(forge, path, text) {
    const branch = forge.branch.split("/").map(encodeURIComponent).join("/");
    const name = encodeURIComponent(path);
    if (forge.forge === "gitlab") return { href: `${forge.url}/-/new/${branch}?file_name=${name}`, full: false };
    const empty = `${forge.url}/${forge.forge === "gitea" ? "_new" : "new"}/${branch}?filename=${name}`;
    const href = `${empty}&value=${encodeURIComponent(text)}`;
    return href.length <= LONGEST ? { href, full: true } : { href: empty, full: false };
  }

  // The page for a new issue, for people who may not write to the repository: the record as its text where
  // that fits, fenced so that nothing in it acts.
  const ISSUE = {
    github: ["issues/new", "title", "body"],
    gitea: ["issues/new", "title", "body"],
    gitlab: ["-/issues/new", "issue[title]", "issue[description]"],
  };

  function newIssue(forge, path, made, text) {
    const [page, title, body] = ISSUE[forge.forge];
    const runs = text.match(/`+/g) ?? [];
    const fence = "`".repeat(Math.max(3, 1 + Math.max(0, ...runs.map((run) => run.length))));
    const address = (fields) => `${forge.url}/${page}?${new URLSearchParams(fields)}`;
    const named = { [title]: `${made.id} ${made.title ?? ""}`.trim() };
    const href = address({ ...named, [body]: `${path}\n\n${fence}yaml\n${text}${fence}\n` });
    return href.length <= LONGEST ? { href, full: true } : { href: address(named), full: false };
  }

  // ---- Showing it -------------------------------------------------------------------------------
  // Copies what an element shows; what came of it in words.
  async function copy(source, what) {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // Without a secure address there is no clipboard for scripts; the older way needs a selection.
      getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) return `${what} is selected: copy it with your keyboard.`;
    }
    return `${what} is copied.`;
  }

  function download(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function show(part, about, made) {
    const day = made.id.split("-")[1];
    const path = `${about.folder}/20${day.slice(0, 2)}/${day.slice(2, 4)}/${made.id}.yaml`;
    const text = yaml(made);
    part("id").textContent = made.id;
    part("path").textContent = path;
    part("text").textContent = text;
    part("command").textContent = command(about, made);
    part("said").textContent = "";
    if (!about.forge) return;
    const { href, full } = newFile(about.forge, path, text);
    const elsewhere = { hidden: false, rel: "noopener noreferrer", target: "_blank" };
    Object.assign(part("open"), elsewhere, { href });
    part("open").textContent = full ? "Open it as a new file on the forge" : "Open an empty new file on the forge";
    const issue = newIssue(about.forge, path, made, text);
    Object.assign(part("issue"), elsewhere, { href: issue.href });
    part("issue").textContent = issue.full ? "Send it as an issue" : "Open an empty issue";
    part("advice").textContent = "Copy the record first and paste it there: it does not fit into a link.";
    if (about.forge.forge === "gitlab") part("advice").textContent = "Copy the record first and paste it there.";
    part("advice").hidden = full;
  }

  function start(form) {
    const about = JSON.parse(form.dataset.record);
    const boxes = [...form.querySelectorAll(".it-q")];
    const said = form.querySelector(".it-form__said");
    const panel = form.querySelector(".it-made");
    const part = (name) => panel.querySelector(`[data-part="${name}"]`);

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answers = boxes.map((box) => [box, read(box)]);
      const faults = answers.map(([box, value]) => [box, faultOf(box, value)]);
      faults.forEach(([box, fault]) => say(box, fault));
      const wrong = faults.filter(([, fault]) => fault);
      panel.hidden = wrong.length > 0;
      said.textContent = wrong.length ? `${named(wrong.length, "answer")} to put right.` : "";
      if (wrong.length) return controlOf(wrong[0][0]).focus();
      const given = answers.filter(([, value]) => value !== undefined).map(([box, value]) => [box.dataset.path, value]);
      const now = `${new Date().toISOString().slice(0, 19)}Z`;
      show(part, about, record(about, given, now));
      return panel.focus();
    });
    form.addEventListener("input", (event) => {
      const box = event.target.closest(".it-q");
      if (!box) return;
      if (!panel.hidden) said.textContent = "Changed: make it again.";
      panel.hidden = true;
      if (box.querySelector("[aria-invalid]")) say(box, faultOf(box, read(box)));
    });
    part("copy").addEventListener("click", async () => {
      part("said").textContent = await copy(part("text"), "The record");
    });
    part("copy-command").addEventListener("click", async () => {
      part("said").textContent = await copy(part("command"), "The command");
    });
    part("download").addEventListener("click", () => {
      download(`${part("id").textContent}.yaml`, part("text").textContent);
      part("said").textContent = `Downloaded; put it at ${part("path").textContent}`;
    });
    choose(form);
    form.querySelector("[type=submit]").disabled = false;
  }

  // A page may lead here with the service it is about.
  function choose(form) {
    const service = JSON.stringify(new URLSearchParams(location.search).get("service"));
    const select = form.querySelector('[data-path="service"] select');
    const option = select && [...select.options].find((o) => o.value === service);
    if (option) option.selected = true;
  }

  document.querySelectorAll("form.it-form").forEach(start);
})();
