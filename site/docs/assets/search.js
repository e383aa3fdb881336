// Finds documents in the search index: what a query means, which documents have its words, and in which order.
// Nothing here touches the page. The index is described in `publish/search.py`.
(() => {
  "use strict";

  const { load, fold, tokens, words, stem, nearly, numbersOf, isAround, isAsking, isFailing } = globalThis.itsm;
  const LONGEST = 32;
  const MOST_SHARDS = 4;
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
        lists.forEach((/** @type {string} */ numbers, /** @type {number} */ body) => {
          const score = body ? (whole ? 2 : 1) : whole ? 8 : TITLE;
          for (const number of numbersOf(numbers)) if ((found.get(number) ?? 0) < score) found.set(number, score);
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
    const [word] = term.words;
    const found = await (term.words.length > 1 ? together(about, term.words) : scores(about, word));
    const short = stem(word);
    if (term.words.length === 1 && short !== word) add(found, await scores(about, short, 4), 0.9);
    for (const synonym of term.synonyms) add(found, await together(about, synonym), 0.9);
    if (!found.size && term.words.length === 1) {
      for (const other of await meant(word)) add(found, await scores(about, other, 2), 0.7);
      term.guessed = found.size > 0;
    }
    return found;
  }

  /**
   * The words of a query with their synonyms; words around what is meant are left out where others are left.
   * @param {Index} about @param {string} text
   */
  function parse(about, text) {
    const typed = words(text);
    const stems = typed.map(stem);
    const groups = about.synonyms ?? [];
    /** @type {Term[]} */
    const terms = [];
    for (let at = 0; at < typed.length; at++) {
      const begins = (/** @type {string[]} */ some) => some.every((word, i) => typed[at + i] === word || (word.length > 3 && stem(word) === stems[at + i]));
      const hit = groups.flatMap((group) => group.filter(begins).map((some) => ({ group, some })));
      hit.sort((a, b) => b.some.length - a.some.length);
      const length = hit.length ? hit[0].some.length : 1;
      const synonyms = hit.length ? hit[0].group.filter((some) => some !== hit[0].some) : [];
      const alone = length === 1 && isAround(typed[at]) && (!hit.length || isFailing(typed[at]));
      terms.push({ words: typed.slice(at, at + length), synonyms, around: alone });
      at += length - 1;
    }
    const wanted = terms.filter((term) => !term.around);
    return { terms: wanted.length ? wanted : terms, beside: wanted.length ? terms.filter((term) => term.around) : [] };
  }

  // Groups in the order in which they answer a question: what a match in the title is worth, and one in the text.
  /** @type {Record<string, [number, number]>} */
  const WORTH = { service: [54, 24], offering: [52, 22], page: [50, 2], open: [30, 20], item: [28, 10], record: [14, 8], handbook: [12, 0] };

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

  const WHOLE = 6; // what it is worth that a title has every word as it was typed
  const MEANT = 6; // for offerings, if the query asks for something; minus for a query about a fault: it does not want a new one
  const byScore = (/** @type {Ranked} */ a, /** @type {Ranked} */ b) => b.score - a.score || a.number - b.number;

  /**
   * Every document with one of the words at least: how many it has, and what it is worth.
   * @param {Index} about @param {Map<number, number>[]} each the scores for each word @param {Map<number, number>[]} hints those for words around them
   * @param {string[]} typed
   */
  function weighed(about, each, hints, typed) {
    const offered = typed.some(isFailing) ? -2 * MEANT : typed.some(isAsking) ? MEANT : 0;
    const open = openOf(about);
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const one of each) for (const number of one.keys()) counts.set(number, (counts.get(number) ?? 0) + 1);
    return [...counts].map(([number, count]) => {
      const some = each.map((one) => one.get(number) ?? 0);
      const group = groupOf(about, open, number);
      const inTitle = some.every((score) => !score || score >= TITLE);
      const hint = hints.reduce((sum, one) => sum + ((one.get(number) ?? 0) >= TITLE ? 1 : 0), 0);
      const bonus = (Math.min(...some) >= 8 ? WHOLE : 0) + (group === "offering" ? offered : 0) + hint;
      const score = WORTH[group][inTitle ? 0 : 1] + some.reduce((a, b) => a + b, 0) / each.length + bonus;
      return { score, number, group, inTitle, count };
    });
  }

  /**
   * Every document with all words, the best first; where there is none, those that have most of them. Where only the
   * text of the handbook has all, what has some in its title is before that.
   * @param {string} text @returns {Promise<Ranking>}
   */
  async function rank(text) {
    const about = /** @type {Index} */ (await load("index"));
    const { terms, beside } = parse(about, text);
    if (!terms.length || !about.docs) return { about, ranked: [], each: [], partial: false, guessed: [] };
    const each = await Promise.all(terms.map((term) => ofTerm(about, term)));
    const guessed = terms.filter((term) => term.guessed).map((term) => term.words[0]);
    const around = beside.filter((term) => term.words[0].length > 2).slice(0, 3);
    const hints = await Promise.all(around.map((term) => scores(about, term.words[0], 0)));
    const any = weighed(about, each, hints, words(text));
    const most = any.reduce((max, { count }) => Math.max(max, count), 0);
    const best = any.filter(({ count }) => count === most).sort(byScore);
    const partial = most < each.length;
    if (partial || best.some(({ group, inTitle }) => group !== "handbook" || inTitle)) return { about, ranked: best, each, partial, guessed };
    const named = any.filter(({ count, group, inTitle }) => count < most && group !== "handbook" && inTitle).sort((a, b) => b.count - a.count || byScore(a, b));
    return { about, ranked: [...named, ...best], each, partial: named.length > 0, guessed };
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

  /** What is shown of a document. @param {Index} about @param {number} number @param {string} group @param {number} score @returns {Promise<Hit>} */
  async function shown(about, number, group, score) {
    const chunk = await load(`docs-${Math.floor(number / about.chunk)}`);
    const [url, title, label, id, state, snippet] = chunk[number % about.chunk];
    return { url, title, label, id, state, snippet: snippet ?? "", group, score };
  }

  /**
   * A list of open records (of a priority, of a kind) narrowed to the team or service whose whole name the other words are.
   * @param {Index} about @param {Map<number, number>[]} each the documents of each word
   */
  async function narrowed(about, each) {
    const open = openOf(about);
    for (const one of each.length > 1 ? each : []) {
      const others = each.filter((other) => other !== one);
      const inAll = [...others[0].keys()].filter((number) => others.every((other) => (other.get(number) ?? 0) >= TITLE));
      const whose = inAll.filter((number) => /^(?:item|service)$/.test(groupOf(about, open, number)));
      const worth = (/** @type {number} */ number) => others.reduce((sum, other) => sum + (other.get(number) ?? 0), 0);
      whose.sort((a, b) => worth(b) - worth(a) || a - b);
      const lists = whose.length ? [...one].filter(([number, score]) => score >= TITLE && groupOf(about, open, number) === "page") : [];
      for (const [number] of lists) {
        const list = await shown(about, number, "page", SURE);
        if (!/\?(?:kind|priority)=/.test(list.url)) continue;
        for (const some of await Promise.all(whose.slice(0, MOST_OWNERS).map((n) => shown(about, n, "", 0)))) {
          const facet = about.facets?.find(([, folder]) => some.url.startsWith(folder));
          if (facet && tokens(some.title).filter((word) => !isAround(word)).length <= others.length) return { ...list, title: `${list.title}: ${some.title}`, url: `${list.url}&${facet[0]}=${encodeURIComponent(some.id)}` };
        }
      }
    }
    return null;
  }

  const SURE = 90; // what is found by what all words mean together is before all else but a whole identifier
  const MOST_OWNERS = 3;
  const IDENTIFIER = /^[\p{L}\p{N}]+(?:[-_.][\p{L}\p{N}]+)+$/u;
  const LOOKED_AT = 30;
  const REPORT = "report.html";
  const CLASS = /^cmdb\/[^/]+\/index\.html$/; // the list of one class of items
  const LISTED = -8; // its title is the name of its items, so it comes after the service with that name

  /** What is known of a document only when it is there: is it the one that was named, does it have the phrase? @param {string} text */
  function bonusFor(text) {
    const exact = fold(text.trim());
    const stems = (/** @type {string[]} */ some) => [...new Set(some.map(stem))];
    const typed = stems(tokens(text));
    const wanted = stems(tokens(text).filter((word) => !isAround(word)));
    // Endings come off one at a time, so one of two stems can be a little longer.
    const among = (/** @type {string[]} */ some) => (/** @type {string} */ word) => some.some((other) => other.startsWith(word) || word.startsWith(other));
    const equal = (/** @type {string[]} */ some, /** @type {string[]} */ others) => some.length === others.length && some.every(among(others));
    // A list is called like the things in it, so one word alone says little.
    const several = typed.length > 1;
    const phrases = [...text.matchAll(/["“„«]([^"”“»]+)["”“»]/g)].map(([, phrase]) => fold(phrase.trim()));
    return (/** @type {Hit} */ { id, title, label, snippet, url }) => {
      if (CLASS.test(url) && fold(title) !== exact) return LISTED;
      const own = stems(tokens(title));
      const same = own.filter(among(wanted)).length;
      const whole = fold(title) === exact ? 30 : equal(own, typed) ? (several ? 20 : 6) : equal(own, wanted) ? 6 : 0;
      return (
        (fold(id) === exact ? 1000 : 0) +
        (whole || (same > 1 && same === wanted.length && fold(title).includes(exact) ? 8 : 0)) +
        (several && tokens(label).map(stem).some(among(typed)) ? 3 : 0) +
        (own.length ? (4 * same + 2) / own.length : 0) +
        phrases.filter((phrase) => fold(`${title} ${snippet}`).includes(phrase)).length * 40
      );
    };
  }

  /**
   * The best documents for a text, with what is shown of them; an identifier and a phrase in quotes come first.
   * @param {string} text @param {number} limit @param {string} [only] a group
   * @returns {Promise<Found>}
   */
  async function find(text, limit, only = "") {
    const { about, ranked, each, partial, guessed } = await rank(text);
    const some = only ? ranked.filter((r) => r.group === only) : ranked;
    // A whole identifier is looked for further down: its words are in many titles.
    const best = some.slice(0, IDENTIFIER.test(text.trim()) ? Math.max(limit, LOOKED_AT) : limit);
    const bonus = bonusFor(text);
    const hits = await Promise.all(best.map(async ({ number, group, score }) => {
      const hit = await shown(about, number, group, score);
      return { ...hit, score: score + bonus(hit) };
    }));
    const list = only ? null : await narrowed(about, each);
    if (list) hits.push(list);
    hits.sort((a, b) => b.score - a.score);
    // A query about a fault: the form for faults comes right after the first hit.
    const [url, title] = (!only && words(text).some(isFailing) && about.actions?.find(([page]) => page === REPORT)) || [];
    if (url && title && hits.length && hits[0].url !== url) {
      const others = hits.splice(1).filter((hit) => hit.url !== url);
      hits.push({ url, title, label: "", id: "", state: "", snippet: "", group: "page", score: hits[0].score }, ...others);
    }
    hits.splice(limit);
    const groups = new Map();
    for (const { group } of ranked) groups.set(group, (groups.get(group) ?? 0) + 1);
    return { total: some.length, all: ranked.length, hits, words: words(text), partial, guessed, groups };
  }

  Object.assign(globalThis.itsm, { parse, match, find });
})();
