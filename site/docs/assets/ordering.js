// What words of records are called, and the order in which they and the records stand.
(() => {
  "use strict";

  const BY_NAME = new Intl.Collator(globalThis.itsm.language);
  // Sorts behind every time until 2106 and every place in a list, whichever way the list goes. A key and a place are one
  // number, which must stay below 2 ** 53 to be exact.
  const LAST = 2 ** 32;
  const MOST_ROWS = 2 ** 20;

  /** What a word of a facet is called. @param {Records} records @param {Facet} name @param {string} word */
  function called(records, name, word) {
    const { kinds, priorities } = records.about;
    if (name === "kind") return kinds[word] ? kinds[word].title : word;
    if (name === "priority") return priorities[word] ? `${word} ${priorities[word]}` : word;
    if (name === "state") {
      const kind = Object.values(kinds).find((k) => Object.hasOwn(k.states, word));
      return kind ? kind.states[word][0] : word;
    }
    const known = records.names[name];
    return Object.hasOwn(known, word) ? known[word] : word;
  }

  /**
   * How the words of a facet are ordered: as the rule book has them, items by what they are called.
   * @param {Records} records @param {Facet} name @returns {(a: string, b: string) => number}
   */
  function comparison(records, name) {
    const { kinds, priorities } = records.about;
    const states = Object.values(kinds).flatMap((k) => Object.keys(k.states));
    /** @type {Partial<Record<Facet, string[]>>} */
    const lists = { kind: Object.keys(kinds), priority: Object.keys(priorities), state: [...new Set(states)] };
    const listed = lists[name] ?? [];
    return (a, b) => {
      const [x, y] = [listed.indexOf(a), listed.indexOf(b)];
      if (x !== y) return (x < 0 ? listed.length : x) - (y < 0 ? listed.length : y);
      return BY_NAME.compare(called(records, name, a), called(records, name, b)) || (a < b ? -1 : 1);
    };
  }

  /** The place of each word of a facet in their order. @param {Records} records @param {Facet} name */
  function places(records, name) {
    const { words } = records.coded[name];
    const compare = comparison(records, name);
    const found = new Int32Array(words.length);
    words
      .map((word, i) => /** @type {[string, number]} */ ([word, i]))
      .sort((a, b) => compare(a[0], b[0]))
      .forEach(([, i], place) => (found[i] = place));
    return found;
  }

  /** A number for each row that sorts as its text does; NaN where there is nothing. @param {Records} records @param {string} name */
  function keys(records, name) {
    if (name === "opened" || name === "updated") return records[name];
    if (name === "id" || name === "title") {
      const texts = name === "id" ? records.id : records.title.map((text) => text.toLowerCase());
      const order = new Map([...new Set(texts)].sort().map((text, i) => [text, i]));
      return Float64Array.from(texts, (text) => (text ? order.get(text) ?? NaN : NaN));
    }
    const facet = /** @type {Facet} */ (name);
    const coded = records.coded[facet];
    const order = records.places(facet);
    return Float64Array.from(coded.cells.subarray(0, records.length), (cell) => {
      if (cell < -1) return Math.min(...coded.list(cell).map((c) => order[c]));
      return cell < 0 ? NaN : order[cell];
    });
  }

  /** All rows in the order of a column; among equals the newest first. @param {Records} records @param {string} sort */
  function sorted(records, sort) {
    const down = sort.startsWith("-");
    const by = keys(records, down ? sort.slice(1) : sort);
    const { length } = records;
    const latest = records.rank.subarray(0, length).reduce((a, b) => Math.max(a, b), 0);
    const rowOf = new Int32Array(latest + 1);
    const packed = new Float64Array(length);
    for (let row = 0; row < length; row += 1) {
      const place = latest - records.rank[row];
      rowOf[place] = row;
      const key = by[row];
      packed[row] = (Number.isNaN(key) ? LAST : down ? -key : key) * MOST_ROWS + place;
    }
    packed.sort();
    return Int32Array.from(packed, (value) => rowOf[((value % MOST_ROWS) + MOST_ROWS) % MOST_ROWS]);
  }

  globalThis.itsm.ordering = { sorted, places, called };
})();
