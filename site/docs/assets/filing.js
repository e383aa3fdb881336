// What becomes of the answers of a form: the record as YAML, the command that says the same, the pages of the forge.
(() => {
  "use strict";

  // ---- YAML ---------------------------------------------------------------------------------
  // A word or a date stands as it is, lines are a literal block, everything else is in double quotes
  // as in JSON, which every reader of YAML takes for the same text.
  const PLAIN = /^(?:[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*|\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)$/;
  const MISREAD = /^(?:true|false|null|y|yes|n|no|on|off)$/i;
  const LINES = /^\S.*\n/s; // one that begins with a space would hide how far the block stands in

  /** @param {any} value */
  const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  /** @param {string} text */
  const isPlain = (text) => text.length < 200 && PLAIN.test(text) && !MISREAD.test(text);
  /** @param {any} value */
  const scalar = (value) => (typeof value === "string" && isPlain(value) ? value : JSON.stringify(value));

  /** @param {any} value @param {string} margin @returns {string[]} */
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

  /** @param {Record<string, any>} record */
  const yaml = (record) => `${lines(record, "").join("\n")}\n`;

  // ---- The record -----------------------------------------------------------------------------
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

  /** @param {string} prefix @param {string} now */
  function mint(prefix, now) {
    const random = crypto.getRandomValues(new Uint8Array(5));
    return `${prefix}-${now.slice(2, 10).replaceAll("-", "")}-${[...random].map((byte) => ALPHABET[byte & 31]).join("")}`;
  }

  /** @param {About} about @param {[string, any][]} answers @param {string} now */
  function record(about, answers, now) {
    /** @type {Map<string, any>} */
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

  /** @param {string} text */
  const quoted = (text) => (/^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  /** @param {About} about @param {Record<string, any>} made */
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

  /** @param {Forge} forge @param {string} path @param {string} text @returns {Link} */
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

  /** @param {Forge} forge @param {string} path @param {Record<string, any>} made @param {string} text @returns {Link} */
  function newIssue(forge, path, made, text) {
    const [page, title, body] = ISSUE[forge.forge];
    const runs = text.match(/`+/g) ?? [];
    const fence = "`".repeat(Math.max(3, 1 + Math.max(0, ...runs.map((run) => run.length))));
    const address = (/** @type {Record<string, string>} */ fields) => `${forge.url}/${page}?${new URLSearchParams(fields)}`;
    const named = { [title]: `${made.id} ${made.title ?? ""}`.trim() };
    const href = address({ ...named, [body]: `${path}\n\n${fence}yaml\n${text}${fence}\n` });
    return href.length <= LONGEST ? { href, full: true } : { href: address(named), full: false };
  }

  Object.assign(globalThis.itsm, { filing: { yaml, record, command, newFile, newIssue } });
})();
