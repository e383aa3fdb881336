// Finds documents in the search index: what a query means, which documents have its words, and in which order.
// Nothing here touches the page. The index is described in `publish/search.py`, whose `tokens` this must equal.
(() => {
  "use strict";

  const { load } = globalThis.itsm;
  const WORD = /[\p{L}\p{N}]+/gu;
  const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+/gu;
  const LONGEST = 32;
  const MOST_TERMS = 8;
  const MOST_SHARDS = 4;
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

  // Words around what is meant. They never make a document the right one, and never rule one out.
  const AROUND = new Set(
    ("a an the to my me i we our you your for of in on at is are was be been do does can cannot not no and or with from how what when " +
      "where who why which get give have has want need would like request order ask open show find list all new working work works broken " +
      "problem problems issue issues please help owner " +
      "der die das den dem ein eine einen einem einer und oder ist sind mein meine ich wir fur mit von zu zum zur im in am auf nicht " +
      "wie was wo wer kann brauche bestellen anfragen beantragen mochte funktioniert geht kaputt neu neue neuer neues offene alle " +
      "le la les un une des du de et ou est sont mon ma mes je nous pour avec sur dans au aux ne pas comment que quoi qui " +
      "veux voudrais besoin demander commander marche fonctionne panne nouveau nouvelle ouverts tous l d j n s t").split(" "),
  );
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

  /** The shards in which words that begin with `word` can be. @param {string[]} firsts @param {string} word */
  function shardsFor(firsts, word) {
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[middle] <= word) low = middle + 1;
      else high = middle;
    }
    const found = [Math.max(0, low - 1)];
    while (low < firsts.length && firsts[low].startsWith(word) && found.length < MOST_SHARDS) found.push(low++);
    return found;
  }

  const TITLE = 4; // from here on a score says that the word is in the title

  /**
   * Document numbers with a score: whole word before beginning of a word, title before text.
   * @param {Index} about @param {string} word @param {number} [longer] by how many letters a word may be longer
   */
  async function scores(about, word, longer = LONGEST) {
    /** @type {Map<number, number>} */
    const found = new Map();
    if (!about.shards.length) return found;
    for (const shard of await Promise.all(shardsFor(about.shards, word).map((n) => load(`words-${n}`)))) {
      for (const [known, lists] of Object.entries(shard)) {
        if (!known.startsWith(word) || known.length > word.length + longer) continue;
        const whole = known === word;
        lists.forEach((/** @type {number[]} */ differences, /** @type {number} */ body) => {
          const score = body ? (whole ? 2 : 1) : whole ? 8 : TITLE;
          let number = 0;
          for (const d of differences) {
            number += d;
            if ((found.get(number) ?? 0) < score) found.set(number, score);
          }
        });
      }
    }
    return found;
  }

  /** Both maps in one, the higher score of each. @param {Map<number, number>} found @param {Map<number, number>} more @param {number} [share] */
  function add(found, more, share = 1) {
    for (const [number, score] of more) {
      const worth = score >= TITLE ? Math.max(TITLE, score * share) : score * share;
      if ((found.get(number) ?? 0) < worth) found.set(number, worth);
    }
  }

  /** Documents that have all words of a synonym. @param {Index} about @param {string[]} wanted */
  async function together(about, wanted) {
    const each = await Promise.all(wanted.map((word) => scores(about, word, 3)));
    return new Map([...each[0]].flatMap(([number, score]) => {
      const all = each.map((one) => one.get(number) ?? 0);
      return Math.min(...all) ? [/** @type {[number, number]} */ ([number, Math.min(score, ...all)])] : [];
    }));
  }

  /** What a word may be meant to be, where nothing has it as it was typed. @param {string} word @returns {Promise<string[]>} */
  async function meant(word) {
    const respelt = word.replace(/ae/g, "a").replace(/oe/g, "o").replace(/ue/g, "u");
    const known = word.length < 4 ? [] : /** @type {string[]} */ (await load("spelling"));
    return [...(respelt === word ? [] : [respelt]), ...known.filter((k) => nearly(word, k)).slice(0, 4)];
  }

  /**
   * Documents for one word of a query: as typed, by its stem, by its synonyms, else by what was meant.
   * @param {Index} about @param {Term} term
   */
  async function ofTerm(about, term) {
    const found = await scores(about, term.word);
    const short = stem(term.word);
    if (short !== term.word) add(found, await scores(about, short, 4), 0.9);
    for (const synonym of term.synonyms) add(found, await together(about, synonym), 0.9);
    if (!found.size) for (const other of await meant(term.word)) add(found, await scores(about, other, 2), 0.7);
    return found;
  }

  /**
   * The words of a query with their synonyms; words around what is meant are left out where others are left.
   * @param {Index} about @param {string} text
   */
  function parse(about, text) {
    const typed = words(text);
    const groups = about.synonyms ?? [];
    /** @type {Term[]} */
    const terms = [];
    for (let at = 0; at < typed.length; at++) {
      const begins = (/** @type {string[]} */ some) => some.every((word, i) => typed[at + i] === word || (some.length === 1 && stem(word) === stem(typed[at])));
      const hit = groups.flatMap((group) => group.filter(begins).map((some) => ({ group, some })));
      hit.sort((a, b) => b.some.length - a.some.length);
      const synonyms = hit.length ? hit[0].group.filter((some) => some !== hit[0].some) : [];
      const length = hit.length ? hit[0].some.length : 1;
      if (length > 1) synonyms.push(hit[0].some);
      terms.push({ word: typed[at], synonyms, around: !hit.length && AROUND.has(typed[at]) });
      at += length - 1;
    }
    const wanted = terms.filter((term) => !term.around);
    return { terms: wanted.length ? wanted : terms, beside: wanted.length ? terms.filter((term) => term.around) : [] };
  }

  // Groups in the order in which they answer a question: what a match in the title is worth, and one in the text.
  /** @type {Record<string, [number, number]>} */
  const WORTH = { page: [56, 2], offering: [54, 22], service: [52, 24], open: [30, 20], item: [28, 10], record: [14, 8], handbook: [12, 0] };

  /** The group of a document by its number. @param {Index} about @param {Set<number>} open @param {number} number */
  function groupOf(about, open, number) {
    const name = [...about.groups].reverse().find(([, first]) => number >= first)?.[0] ?? "record";
    return name === "record" && open.has(number) ? "open" : name;
  }

  /** @type {WeakMap<Index, Set<number>>} */
  const opened = new WeakMap();

  /** The numbers of the records that are open. @param {Index} about */
  function openOf(about) {
    let known = opened.get(about);
    if (!known) {
      let number = 0;
      known = new Set((about.open ?? []).map((d) => (number += d)));
      opened.set(about, known);
    }
    return known;
  }

  /**
   * Every document with all words, the best first; where there is none, those that have some of them.
   * @param {string} text @returns {Promise<Ranking>}
   */
  async function rank(text) {
    const about = /** @type {Index} */ (await load("index"));
    const { terms, beside } = parse(about, text);
    if (!terms.length || !about.docs) return { about, ranked: [], partial: false };
    const each = await Promise.all(terms.map((term) => ofTerm(about, term)));
    const hints = await Promise.all(beside.slice(0, 2).map((term) => scores(about, term.word, 0)));
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const one of each) for (const number of one.keys()) counts.set(number, (counts.get(number) ?? 0) + 1);
    const most = Math.max(0, ...counts.values());
    const open = openOf(about);
    /** @type {Ranked[]} */
    const ranked = [];
    for (const [number, count] of counts) {
      if (count < most) continue;
      const some = each.map((one) => one.get(number) ?? 0);
      const group = groupOf(about, open, number);
      const titles = some.every((score) => !score || score >= TITLE);
      const hint = hints.reduce((sum, one) => sum + ((one.get(number) ?? 0) >= TITLE ? 1 : 0), 0);
      const score = WORTH[group][titles ? 0 : 1] + some.reduce((a, b) => a + b, 0) / terms.length + hint;
      ranked.push({ score, number, group });
    }
    ranked.sort((a, b) => b.score - a.score || a.number - b.number);
    return { about, ranked, partial: most < terms.length };
  }

  /**
   * Pairs of score and number of the documents with all of some words just as they are, or longer: for filters, which
   * must find what `itsm list` finds.
   * @param {string[]} wanted @returns {Promise<[number, number][]>}
   */
  async function match(wanted) {
    const about = /** @type {Index} */ (await load("index"));
    if (!wanted.length || !about.docs) return [];
    const [first, ...others] = (await Promise.all(wanted.map((w) => scores(about, w)))).sort((a, b) => a.size - b.size);
    return [...first]
      .filter(([number]) => others.every((one) => one.has(number)))
      .map(([number, score]) => [others.reduce((sum, one) => sum + (one.get(number) ?? 0), score), number]);
  }

  /**
   * The best documents for a text, with what is shown of them; an identifier and a phrase in quotes come first.
   * @param {string} text @param {number} limit @param {string} [only] a group
   * @returns {Promise<Found>}
   */
  async function find(text, limit, only = "") {
    const { about, ranked, partial } = await rank(text);
    const some = only ? ranked.filter((r) => r.group === only) : ranked;
    const best = some.slice(0, limit);
    const chunks = new Map();
    const needed = [...new Set(best.map(({ number }) => Math.floor(number / about.chunk)))];
    await Promise.all(needed.map(async (c) => chunks.set(c, await load(`docs-${c}`))));
    const hits = best.map(({ number, group, score }) => {
      const [url, title, label, id, state, snippet] = chunks.get(Math.floor(number / about.chunk))[number % about.chunk];
      return { url, title, label, id, state, snippet: snippet ?? "", group, score };
    });
    const exact = fold(text.trim());
    const phrases = [...text.matchAll(/["“„«]([^"”“»]+)["”“»]/g)].map(([, phrase]) => fold(phrase.trim()));
    const bonus = (/** @type {Hit} */ hit) =>
      (fold(hit.id) === exact ? 1000 : 0) +
      (fold(hit.title) === exact ? 30 : 0) +
      phrases.filter((phrase) => fold(`${hit.title} ${hit.snippet}`).includes(phrase)).length * 40;
    hits.forEach((hit) => (hit.score += bonus(hit)));
    hits.sort((a, b) => b.score - a.score);
    const groups = new Map();
    for (const { group } of ranked) groups.set(group, (groups.get(group) ?? 0) + 1);
    return { total: some.length, all: ranked.length, hits, words: words(text), partial, groups };
  }

  Object.assign(globalThis.itsm, { fold, tokens, words, stem, nearly, parse, match, find });
})();
