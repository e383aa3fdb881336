// Records as columns: reads the chunks, filters and counts. Knows nothing of the page.
(() => {
  "use strict";

  const { load, ordering } = globalThis.itsm;
  /** @type {Facet[]} */
  const NAMED = ["kind", "state", "priority", "service", "team", "ci"];
  const AT_ONCE = 4;
  /** @type {Status[]} */
  const STATUS = ["open", "published", "finished"];

  // A column of words: for each row a number, -1 for none, further down the place of a list where
  // there are several. Typed arrays, because a click in a facet looks at every row.
  class Column {
    /** @param {number} rows */
    constructor(rows) {
      /** @type {string[]} */
      this.words = [];
      /** @type {Map<string, number>} */
      this.numbers = new Map();
      this.cells = new Int32Array(rows);
      /** @type {number[][]} */
      this.lists = [];
    }

    /** @param {string} word */
    number(word) {
      let known = this.numbers.get(word);
      if (known === undefined) this.numbers.set(word, (known = this.words.push(word) - 1));
      return known;
    }

    /** @param {number} start @param {Cells} cells */
    add(start, [words, cells]) {
      const known = words.map((w) => this.number(w));
      cells.forEach((cell, i) => {
        if (typeof cell === "number") this.cells[start + i] = cell < 0 ? -1 : known[cell];
        else this.cells[start + i] = -1 - this.lists.push(cell.map((c) => known[c]));
      });
    }

    /** @param {number} cell */
    list(cell) {
      return this.lists[-2 - cell];
    }

    /** The words of a row. @param {number} row */
    of(row) {
      const cell = this.cells[row];
      if (cell < -1) return this.list(cell).map((c) => this.words[c]);
      return cell < 0 ? [] : [this.words[cell]];
    }

    /** How often each word is; the last place is for none. */
    tally() {
      return new Int32Array(this.words.length + 1);
    }

    /** @param {Int32Array} tally @param {number} row */
    count(tally, row) {
      const cell = this.cells[row];
      if (cell >= 0) tally[cell] += 1;
      else if (cell === -1) tally[tally.length - 1] += 1;
      else for (const c of this.list(cell)) tally[c] += 1;
    }

    /** Which words are chosen, as a table; null where none is. @param {Set<string>} [words] */
    chosen(words) {
      if (!words?.size) return null;
      const table = new Uint8Array(this.words.length + 1);
      for (const word of words) {
        const at = word === "none" ? this.words.length : this.numbers.get(word);
        if (at !== undefined) table[at] = 1;
      }
      return table;
    }

    /** @param {Uint8Array} table @param {number} row */
    has(table, row) {
      const cell = this.cells[row];
      if (cell >= 0) return table[cell] > 0;
      return cell === -1 ? table[table.length - 1] > 0 : this.list(cell).some((c) => table[c]);
    }
  }

  /** Numbers that were written as differences. @param {(number | null)[]} differences */
  function sums(differences) {
    let last = 0;
    return differences.map((d) => (d === null ? NaN : (last += d)));
  }

  /** @param {number[]} span @param {Span} wanted */
  const overlaps = (span, [from, before]) =>
    (from === null && before === null) ||
    (span.length > 0 && (before === null || span[0] < before) && (from === null || span[1] >= from));

  class Table {
    /** @param {RecordsIndex} about @param {Names} names */
    constructor(about, names) {
      this.about = about;
      this.names = names;
      this.total = about.chunks.reduce((sum, c) => sum + c.rows, 0);
      /** @type {Set<string>} */
      this.loaded = new Set();
      /** @type {string[]} */
      this.id = [];
      /** @type {string[]} */
      this.title = [];
      this.opened = new Float64Array(this.total);
      this.updated = new Float64Array(this.total);
      this.rank = new Int32Array(this.total);
      this.open = new Uint8Array(this.total);
      this.status = new Uint8Array(this.total);
      this.coded = /** @type {Record<Facet, Column>} */ (Object.fromEntries(NAMED.map((n) => [n, new Column(this.total)])));
      /** @type {Map<string, any>} */
      this.kept = new Map();
    }

    get length() {
      return this.id.length;
    }

    /** @param {ChunkEntry} chunk @param {Chunk} data */
    add(chunk, data) {
      const start = this.length;
      const opened = sums(data.opened);
      const updated = data.updated.map((after, i) => (after === null ? NaN : after + (opened[i] || 0)));
      for (const id of data.id) this.id.push(id);
      for (const title of data.title) this.title.push(title);
      this.opened.set(opened, start);
      this.updated.set(updated, start);
      this.rank.set(sums(data.rank), start);
      this.open.fill(chunk.status === "open" ? 1 : 0, start, this.length);
      this.status.fill(STATUS.indexOf(chunk.status), start, this.length);
      for (const name of NAMED) this.coded[name].add(start, data[name]);
      this.loaded.add(chunk.name);
      this.kept.clear();
    }

    /** What costs a look at every row is computed once for what is loaded. @template T @param {string} key @param {() => T} make @returns {T} */
    keep(key, make) {
      if (!this.kept.has(key)) this.kept.set(key, make());
      return this.kept.get(key);
    }

    // ---- Which chunks a choice needs --------------------------------------------------------
    /** @param {Choice} choice */
    needed(choice) {
      const kinds = choice.facets.kind;
      return this.about.chunks.filter(
        (c) =>
          (choice.status === "all" || choice.status === c.status) &&
          (!c.kind || !kinds?.size || kinds.has(c.kind)) &&
          overlaps(c.opened, choice.opened) &&
          overlaps(c.updated, choice.updated) &&
          (!choice.hits || choice.hits.subarray(c.rank[0], c.rank[1] + 1).includes(1)),
      );
    }

    /** Reads what a choice needs, the newest first; `each` is called after every chunk. @param {Choice} choice @param {() => void} each */
    async read(choice, each) {
      const wanted = this.needed(choice).filter((c) => !this.loaded.has(c.name));
      wanted.sort((a, b) => Number(b.kind === "") - Number(a.kind === "") || b.rank[1] - a.rank[1]);
      /** @returns {Promise<void>} */
      const next = async () => {
        const chunk = wanted.shift();
        if (!chunk) return;
        const data = await load(`explore/${chunk.name}`);
        if (!this.loaded.has(chunk.name)) this.add(chunk, data);
        each();
        await next();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
    }

    // ---- Filtering --------------------------------------------------------------------------
    /**
     * The rows that fit, and for each facet how many rows each word would leave if it alone were
     * chosen there: one pass, in which a row that fails in one facet only counts for that facet.
     * @param {Choice} choice @param {Int32Array} order
     */
    filter(choice, order) {
      const facets = NAMED.map((name) => {
        const coded = this.coded[name];
        return { coded, table: coded.chosen(choice.facets[name]), tally: coded.tally() };
      });
      const rows = [];
      for (const row of this.passing(choice, order)) {
        let failing = null;
        let failed = 0;
        for (const facet of facets) {
          if (!facet.table || facet.coded.has(facet.table, row)) continue;
          failing = facet;
          failed += 1;
        }
        if (failed > 1) continue;
        if (failing) {
          failing.coded.count(failing.tally, row);
        } else {
          rows.push(row);
          for (const facet of facets) facet.coded.count(facet.tally, row);
        }
      }
      return { rows, counts: Object.fromEntries(NAMED.map((n, i) => [n, facets[i].tally])) };
    }

    /** The rows that have the status, lie in the spans and have the words. @param {Choice} choice @param {Int32Array} order */
    passing({ status, opened, updated, hits }, order) {
      let rows = order;
      const wanted = STATUS.indexOf(status);
      if (status !== "all") rows = rows.filter((row) => this.status[row] === wanted);
      if (hits) rows = rows.filter((row) => hits[this.rank[row]]);
      for (const [moments, [from, before]] of /** @type {[Float64Array, Span][]} */ ([[this.opened, opened], [this.updated, updated]])) {
        // What has no time is in no span: every comparison with it fails.
        if (from !== null) rows = rows.filter((row) => moments[row] >= from);
        if (before !== null) rows = rows.filter((row) => moments[row] < before);
      }
      return rows;
    }

    // ---- What a row shows --------------------------------------------------------------
    /** All rows in the order of a column. @param {string} sort */
    order(sort) {
      return this.keep(`order ${sort}`, () => ordering.sorted(this, sort));
    }

    /** The place of each word of a facet in their order. @param {Facet} name */
    places(name) {
      return this.keep(`places ${name}`, () => ordering.places(this, name));
    }

    /** What a word of a facet is called. @param {Facet} name @param {string} word */
    called(name, word) {
      return ordering.called(this, name, word);
    }

    /** @param {number} row */
    url(row) {
      const kind = this.about.kinds[this.coded.kind.of(row)[0]];
      const id = this.id[row];
      return `${kind.folder}/${id.split("-")[1].slice(0, 4)}/${id}.html`;
    }

    /** Title and category of the state of a row. @param {number} row @returns {[string, string] | null} */
    state(row) {
      const [word] = this.coded.state.of(row);
      if (word === undefined) return null;
      const { states } = this.about.kinds[this.coded.kind.of(row)[0]];
      return Object.hasOwn(states, word) ? states[word] : [word, "none"];
    }
  }

  async function open() {
    const [about, names] = await Promise.all([load("explore/index"), load("explore/names")]);
    return new Table(about, names);
  }

  globalThis.itsm.records = { open, facets: NAMED };
})();
