// Answers of a form: reads each as its question says, and says in words for people what is wrong with it.
(() => {
  "use strict";

  const { t, counted, fold, zoned } = globalThis.itsm;

  // ---- Text ---------------------------------------------------------------------------------
  // What a document may not hold: nobody sees it, so it is left out without asking. Joiners and marks stay where a
  // script needs them, as `model/joiners.py` says.
  const HIDDEN = new RegExp(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069" +
      "\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\u{e0000}-\\u{e007f}\\p{Cs}]",
    "gu",
  );
  const JOINING = /[\p{L}\p{M}]/u;
  const JOINING_SCRIPT =
    /[\u0600-\u07ff\u0840-\u08ff\u0900-\u0dff\u0f00-\u109f\u1700-\u18af\u1a20-\u1c4f\ua800-\ua82f\ua880-\ua8df\ua930-\ua9df\uaa00-\uaadf\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc\u{10a00}-\u{10a5f}\u{10d00}-\u{10d3f}\u{11000}-\u{11fff}\u{1e900}-\u{1e95f}]/u;
  const EMOJI = /[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe0f\u{1f000}-\u{1faff}]/u;
  const FROM_RIGHT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
  const INVISIBLE = /[\u180e\u200b\u200c\u200d\u061c\u200e\u200f]/u;
  // Thai and Lao, Burmese, Khmer and the scripts of the Tai have no blanks: a zero width space says where a line may break.
  const WITHOUT_BLANKS = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf]/u;
  const breaks = (/** @type {string} */ letter) => WITHOUT_BLANKS.test(letter) && JOINING.test(letter);
  const joins = (/** @type {string} */ letter) => JOINING_SCRIPT.test(letter) && JOINING.test(letter);

  /** Whether an invisible character is part of correct writing where it stands. @param {string} text @param {number} at */
  function isNeeded(text, at) {
    const it = text[at];
    const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
    const after = [...text.slice(at + 1, at + 3)][0] ?? "";
    if (!INVISIBLE.test(it) || !before || INVISIBLE.test(before)) return false;
    if (/[\u061c\u200e\u200f]/u.test(it)) {
      return FROM_RIGHT.test(text.slice(text.lastIndexOf("\n", at) + 1).split("\n")[0]);
    }
    if (it === "\u200b") return breaks(before) && breaks(after);
    if (it === "\u180e") return /[\u1820-\u18aa]/u.test(before) && JOINING.test(before) && /[\u1820\u1821]/u.test(after);
    if (joins(before)) return it === "\u200d" || joins(after);
    return it === "\u200d" && EMOJI.test(before) && EMOJI.test(after);
  }

  /** @param {string} text */
  function clean(text) {
    const lines = text.replace(/\r\n?/g, "\n");
    return lines.replace(HIDDEN, (hidden, at) => (isNeeded(lines, at) ? hidden : "")).normalize("NFC");
  }

  // ---- Reading --------------------------------------------------------------------------------
  /** @param {HTMLElement} box @returns {Rules} */
  const rulesOf = (box) => JSON.parse(box.dataset.rules ?? "{}");
  /** What the focus goes to. @param {HTMLElement} box */
  const entryOf = (box) => /** @type {HTMLInputElement} */ (box.querySelector(".it-q__find") ?? controlOf(box));
  /** @param {HTMLElement} box */
  const controlOf = (box) => /** @type {HTMLInputElement} */ (box.querySelector("input:not(.it-q__find), select, textarea"));
  const NUMBER = /^[+-]?\d+(?:[.,]\d+)?$/;
  const number = (/** @type {string} */ text) => (NUMBER.test(text) ? Number(text.replace(",", ".")) : NaN);

  /** The names that a question knows, by what is written for them. @param {HTMLElement} box @returns {Map<string, string>} */
  function namesOf(box) {
    const list = /** @type {HTMLDataListElement | null} */ (document.getElementById(box.dataset.names ?? ""));
    return new Map(list ? [...list.options].map((o) => [o.value, o.label || o.value]) : []);
  }

  /** What is written for a name that somebody typed: people know each other by names, not by handles. @param {HTMLElement} box @param {string} text */
  function named(box, text) {
    const known = namesOf(box);
    if (!known.size || known.has(text)) return text;
    const wanted = fold(text);
    const fits = [...known].filter(([value, label]) => fold(label) === wanted || fold(value) === wanted);
    return fits.length === 1 ? fits[0][0] : text;
  }

  /** The answer to a question as it goes into a record; undefined where there is none. @param {HTMLElement} box @returns {any} */
  function read(box) {
    const control = controlOf(box);
    const ticked = /** @type {HTMLInputElement[]} */ ([...box.querySelectorAll("input:checked")]).map((input) => JSON.parse(input.value));
    const text = clean(control.value).trim();
    switch (box.dataset.control) {
      case "choices":
        return ticked.length ? ticked : undefined;
      case "yesno":
      case "radios":
        return ticked[0];
      case "choice":
        return control.value ? JSON.parse(control.value) : undefined;
      case "number":
        return text ? number(text) : undefined;
      case "moment": {
        const seconds = text ? zoned(box.dataset.zone ?? "").at(text) : NaN;
        return Number.isNaN(seconds) ? (text ? NaN : undefined) : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
      }
      case "lines": {
        const typed = /** @type {HTMLInputElement | null} */ (box.querySelector(".it-q__find"))?.value ?? "";
        const found = `${text}\n${clean(typed)}`.split("\n").map((line) => line.trim()).filter(Boolean);
        const ofNumbers = /^(?:integer|number)$/.test(rulesOf(box).items?.type ?? "");
        return found.length ? found.map((line) => (ofNumbers ? number(line) : named(box, line))) : undefined;
      }
      default:
        return text ? named(box, text) : undefined;
    }
  }

  // ---- Judging --------------------------------------------------------------------------------
  // What a text must be like; a shape that is not here is not checked by `itsm check` either.
  /** @type {Record<string, [RegExp, string]>} */
  const SHAPES = {
    date: [/^\d{4}-\d\d-\d\d$/, "Enter a date."],
    email: [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Enter an e-mail address, like name@example.org."],
    uri: [/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"\\^`{|}]+$/, "Enter a web address that begins with https://"],
    hostname: [/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*$/, "Enter the name of a host, like mail.example.org."],
    ipv4: [/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/, "Enter an IPv4 address, like 192.0.2.7."],
    ipv6: [/^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/, "Enter an IPv6 address, like 2001:db8::7."],
  };

  /** @param {string} pattern @param {string} text */
  function matches(pattern, text) {
    try {
      return new RegExp(pattern, "u").test(text);
    } catch {
      return true; // a pattern that only the checker understands is left to it
    }
  }

  /** @param {string} text @param {Rules} rules @param {Map<string, string> | null} known */
  function faultOfText(text, rules, known) {
    const length = [...text].length;
    const [shape, complaint] = SHAPES[rules.format ?? ""] ?? [];
    if (known && !known.has(text)) return t("“{text}” is not in the list. Type a part of the name and choose one.", { text });
    if (length < (rules.minLength ?? 0)) {
      return counted(rules.minLength ?? 0, "Write at least {count} character; there are {length}.", "Write at least {count} characters; there are {length}.", { length });
    }
    if (length > (rules.maxLength ?? Infinity)) {
      return counted(rules.maxLength ?? 0, "Write at most {count} character; there are {length}.", "Write at most {count} characters; there are {length}.", { length });
    }
    if (shape && !shape.test(text)) return t(complaint);
    // A pattern is for programs: people are told what is asked for, in the words of the form.
    if (rules.pattern && !matches(rules.pattern, text)) return rules.asked || t("This is not in the expected format.");
    return "";
  }

  /** @param {number} value @param {Rules} rules */
  function faultOfNumber(value, rules) {
    if (!Number.isFinite(value)) return t("Enter a number.");
    if (rules.type === "integer" && !Number.isSafeInteger(value)) return t("Enter a whole number.");
    if (value < (rules.minimum ?? -Infinity)) return t("Enter {least} or more.", { least: rules.minimum ?? 0 });
    return value > (rules.maximum ?? Infinity) ? t("Enter {most} or less.", { most: rules.maximum ?? 0 }) : "";
  }

  /** @param {any[]} values @param {Rules} rules @param {Map<string, string> | null} known @returns {string} */
  function faultOfList(values, rules, known) {
    if (values.length < (rules.minItems ?? 0)) return t("Give at least {least}.", { least: rules.minItems ?? 0 });
    if (values.length > (rules.maxItems ?? Infinity)) return t("Give at most {most}.", { most: rules.maxItems ?? 0 });
    if (rules.unique && new Set(values).size < values.length) return t("The same answer is given twice.");
    return values.map((value) => faultOfValue(value, rules.items ?? {}, known)).find(Boolean) ?? "";
  }

  /** @param {any} value @param {Rules} rules @param {Map<string, string> | null} known */
  function faultOfValue(value, rules, known) {
    if (Array.isArray(value)) return faultOfList(value, rules, known);
    if (typeof value === "number") return faultOfNumber(value, rules);
    return typeof value === "string" ? faultOfText(value, rules, known) : "";
  }

  /** What is wrong with an answer in words, "" when nothing is. @param {HTMLElement} box @param {any} value */
  function faultOf(box, value) {
    const rules = rulesOf(box);
    if (controlOf(box).validity.badInput) return t("This is not complete.");
    if (box.dataset.control === "moment" && Number.isNaN(value)) return t("On that day the clocks skip this time.");
    if (value === undefined) return rules.required ? t("Answer this question.") : "";
    if (box.dataset.control === "choice" || box.dataset.control === "radios") return "";
    const other = rules.after ? /** @type {HTMLElement | null | undefined} */ (box.closest("form")?.querySelector(`[data-path="${rules.after}"]`)) : null;
    const first = other ? read(other) : undefined;
    if (typeof first === "string" && value <= first) return t("The end must be after the start.");
    return faultOfValue(value, rules, rules.known ? namesOf(box) : null);
  }

  Object.assign(globalThis.itsm, { answers: { clean, isNeeded, read, rulesOf, controlOf, entryOf, namesOf, named, faultOf, faultOfValue } });
})();
