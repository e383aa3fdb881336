// The words of a text and of a query: how they are folded, which are one word, which stand only around what is meant.
// `tokens` must equal that of `model/tokens.py`, which made the index; `numbersOf` reads what that says of a word.
(() => {
  "use strict";

  const WORD = /[\p{L}\p{N}]+/gu;
  const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+/gu;
  const LONGEST = 32;
  const MOST_TERMS = 8;
  const FOLDED = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i", ς: "σ" };

  /** A text in lower case, without accents and ligatures. @param {string} text */
  function fold(text) {
    const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    return plain.replace(/[ßæœøłđðþıς]/g, (letter) => FOLDED[/** @type {keyof FOLDED} */ (letter)]);
  }

  /** The words of a text as they are indexed; what is written without blanks in pairs of letters. @param {string} text */
  function tokens(text) {
    const found = [];
    for (const [run] of fold(text).matchAll(WORD)) {
      let last = 0;
      for (const match of run.matchAll(CJK)) {
        if (match.index > last) found.push(run.slice(last, match.index));
        const letters = [...match[0]];
        letters.forEach((letter, i) => found.push(letter + (letters[i + 1] ?? "")));
        last = match.index + match[0].length;
      }
      if (last < run.length) found.push(run.slice(last));
    }
    return found.map((word) => [...word].slice(0, LONGEST).join(""));
  }

  /** The words of a query, at most eight. @param {string} text */
  const words = (text) => tokens(text).slice(0, MOST_TERMS);

  /** Words that are written with blanks between them. @param {string} text */
  const setOf = (text) => new Set(text.split(" "));

  // Words around what is meant. They never make a document the right one, and never rule one out.
  const AROUND = setOf(
    "a an the to my me i we our you your for of in on at is are was be been do does can cannot not no and or with from how what when " +
      "where who why which get give find have has list all open show work works working problem problems issue issues please help owner owns own " +
      "der die das den dem ein eine einen einem einer und oder ist sind mein meine ich wir fur mit von zu zum zur im in am auf nicht " +
      "wie was wo wer kann funktioniert geht offene alle " +
      "le la les un une des du de et ou est sont mon ma mes je nous pour avec sur dans en au aux ne pas comment que quoi qui " +
      "marche fonctionne ouvert ouverts ouverte ouvertes tous toutes d j n s t l",
  );
  // And of those, what somebody says who asks for something: an offering is meant.
  const ASKING = setOf(
    "get have need want would like request order ask new " +
      "brauche benotige mochte bestellen anfragen beantragen neu neue neuer neues neuen " +
      "besoin veux voudrais demander commander nouveau nouvel nouvelle nouveaux nouvelles",
  );
  // And what somebody says whose thing fails: the thing is meant.
  const FAILING = setOf("down broken failing fails failed dead defect kaputt defekt ausgefallen panne casse");

  /** @param {string} word */
  const isAround = (word) => AROUND.has(word) || ASKING.has(word) || FAILING.has(word);

  const ENDINGS = ["ations", "ation", "ungen", "ings", "ies", "ing", "ung", "ers", "ern", "eur", "aux", "es", "er", "en", "ed", "s", "e", "n", "x", "y"];

  /** A word without the ending that says how many or in which form; not shorter than four letters. @param {string} word */
  function stem(word) {
    if (/\d/.test(word)) return word;
    const ending = ENDINGS.find((e) => word.endsWith(e) && word.length - e.length >= 4);
    const short = ending ? word.slice(0, -ending.length) : word;
    return short.length > 4 && short.at(-1) === short.at(-2) ? short.slice(0, -1) : short;
  }

  /** Whether two words differ by one letter at most: one more, one less, another one, or two the other way round. @param {string} one @param {string} other */
  function nearly(one, other) {
    if (Math.abs(one.length - other.length) > 1) return false;
    let start = 0;
    while (start < one.length && one[start] === other[start]) start++;
    let end = 0;
    while (end < one.length - start && end < other.length - start && one.at(-1 - end) === other.at(-1 - end)) end++;
    const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
    return a.length + b.length <= 2 ? a.length <= 1 && b.length <= 1 : a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
  }

  const [FIRST, QUOTE, BACKSLASH] = [0x21, 0x22, 0x5c];
  const [LAST, BEFORE] = [76, 16]; // how many characters end a difference, and how many stand before those

  /** The numbers that a text of the index stands for, as `publish/numbers.py` writes them. @param {string} text */
  function numbersOf(text) {
    const found = [];
    let [number, before] = [0, 0];
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      const digit = code - FIRST - Number(code > QUOTE) - Number(code > BACKSLASH);
      if (digit < LAST) {
        number += before * LAST + digit;
        before = 0;
        found.push(number);
      } else before = before * BEFORE + digit - LAST;
    }
    return found;
  }

  Object.assign(globalThis.itsm, { fold, tokens, words, stem, nearly, numbersOf, isAround, isAsking: (/** @type {string} */ word) => ASKING.has(word), isFailing: (/** @type {string} */ word) => FAILING.has(word) });
})();
