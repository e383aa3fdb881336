// Records as columns: reads the chunks, filters, counts and sorts. Knows nothing of the page.
(() => {
  "use strict";

  const { load } = window.itsm;
  const NAMED = ["kind", "state", "priority", "service", "team", "ci"];
  const AT_ONCE = 4;
  const DAY = 86400;
  const BY_NAME = new Intl.Collator("en");
  // Sorts behind every time and every place in a list, whichever way the list goes.
  const LAST = 2 ** 33;
  const MOST_ROWS = 2 ** 20;

  // A column of words: for each row a number, -1 for none, further down the place of a list where
  // there are several. Typed arrays, because a click in a facet looks at every row.
  class Coded {
    constructor(rows) {
      this.words = [];
      this.numbers = new Map();
      this.cells = new Int32Array(rows);
      this.lists = [];
    }

    number(word) {
      if (!this.numbers.has(word)) this.numbers.set(word, this.words.push(word) - 1);
      return this.numbers.get(word);
    }

    add(start, [words, cells]) {
      const known = words.map((w) => this.number(w));
      cells.forEach((cell, i) => {
        if (typeof cell === "number") this.cells[start + i] = cell < 0 ? -1 : known[cell];
        else this.cells[start + i] = -1 - this.lists.push(cell.map((c) => known[c]));
      });
    }

    list(cell) {
      return this.lists[-2 - cell];
    }

    // The words of a row.
    of(row) {
      const cell = this.cells[row];
      if (cell < -1) return this.list(cell).map((c) => this.words[c]);
      return cell < 0 ? [] : [this.words[cell]];
    }

    // How often each word is; the last place is for none.
    tally() {
      return new Int32Array(this.words.length + 1);
    }

    count(tally, row) {
      const cell = this.cells[row];
      if (cell >= 0) tally[cell] += 1;
      else if (cell === -1) tally[tally.length - 1] += 1;
      else for (const c of this.list(cell)) tally[c] += 1;
    }

    // Which words are chosen, as a table; null where none is.
    chosen(words) {
      if (!words || !words.size) return null;
      const table = new Uint8Array(this.words.length + 1);
      for (const word of words) {
        const at = word === "none" ? this.words.length : this.numbers.get(word);
        if (at !== undefined) table[at] = 1;
      }
      return table;
    }

    has(table, row) {
      const cell = this.cells[row];
      if (cell >= 0) return table[cell];
      return cell === -1 ? table[table.length - 1] : this.list(cell).some((c) => table[c]);
    }
  }

  function sums(differences) {
    let last = 0;
    return differences.map((d) => (d === null ? null : (last += d)));
  }

  class Records {
    constructor(about, names) {
      this.about = about;
      this.names = names;
      this.total = about.chunks.reduce((sum, c) => sum + c.rows, 0);
      this.loaded = new Set();
      this.id = [];
      this.title = [];
      this.opened = new Float64Array(this.total);
      this.updated = new Float64Array(this.total);
      this.rank = new Int32Array(this.total);
      this.open = new Uint8Array(this.total);
      this.coded = Object.fromEntries(NAMED.map((n) => [n, new Coded(this.total)]));
      this.kept = new Map();
    }

    get length() {
      return this.id.length;
    }

    add(chunk, data) {
      const start = this.length;
      const opened = sums(data.opened);
      const updated = data.updated.map((after, i) => (after === null ? null : after + (opened[i] || 0)));
      for (const id of data.id) this.id.push(id);
      for (const title of data.title) this.title.push(title);
      this.opened.set(opened.map(orNone), start);
      this.updated.set(updated.map(orNone), start);
      this.rank.set(sums(data.rank), start);
      this.open.fill(chunk.kind === "" ? 1 : 0, start, this.length);
      for (const name of NAMED) this.coded[name].add(start, data[name]);
      this.loaded.add(chunk.name);
      this.kept.clear();
    }

    // What costs a look at every row is computed once for what is loaded.
    keep(key, make) {
      if (!this.kept.has(key)) this.kept.set(key, make());
      return this.kept.get(key);
    }

    // ---- Which chunks a choice needs --------------------------------------------------------
    // `choice`: status, facets (name -> set of words), opened and updated ([from, before] in
    // seconds, null where there is no bound), hits (ranks that have the words searched for; or null).
    needed(choice) {
      const kinds = choice.facets.kind;
      return this.about.chunks.filter(
        (c) =>
          (choice.status === "all" || (choice.status === "open") === (c.kind === "")) &&
          (!c.kind || !kinds || !kinds.size || kinds.has(c.kind)) &&
          overlaps(c.opened, choice.opened) &&
          overlaps(c.updated, choice.updated) &&
          (!choice.hits || choice.hits.subarray(c.rank[0], c.rank[1] + 1).includes(1)),
      );
    }

    // Reads what a choice needs, the newest first; `each` is called after every chunk.
    async read(choice, each) {
      const wanted = this.needed(choice).filter((c) => !this.loaded.has(c.name));
      wanted.sort((a, b) => (b.kind === "") - (a.kind === "") || b.rank[1] - a.rank[1]);
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
    // The rows that fit, and for each facet how many rows each word would leave if it alone were
    // chosen there: one pass, in which a row that fails in one facet only counts for that facet.
    filter(choice, order) {
      const facets = NAMED.map((name) => {
        const coded = this.coded[name];
        return { coded, table: coded.chosen(choice.facets[name]), tally: coded.tally() };
      });
      const active = facets.filter((f) => f.table);
      const rows = [];
      for (const row of this.passing(choice, order)) {
        let failing = null;
        let failed = 0;
        for (const facet of active) {
          if (facet.coded.has(facet.table, row)) continue;
          failing = facet;
          failed += 1;
        }
        if (failed > 1) continue;
        if (failed) {
          failing.coded.count(failing.tally, row);
        } else {
          rows.push(row);
          for (const facet of facets) facet.coded.count(facet.tally, row);
        }
      }
      return { rows, counts: Object.fromEntries(NAMED.map((n, i) => [n, facets[i].tally])) };
    }

    // The rows that have the status, lie in the spans and have the words.
    passing({ status, opened, updated, hits }, order) {
      let rows = order;
      if (status !== "all") rows = rows.filter((row) => this.open[row] === (status === "open" ? 1 : 0));
      if (hits) rows = rows.filter((row) => hits[this.rank[row]]);
      for (const [moments, [from, before]] of [[this.opened, opened], [this.updated, updated]]) {
        // What has no time is in no span: every comparison with it fails.
        if (from !== null) rows = rows.filter((row) => moments[row] >= from);
        if (before !== null) rows = rows.filter((row) => moments[row] < before);
      }
      return rows;
    }

    // ---- Sorting ----------------------------------------------------------------------------
    // All rows in the order of a column; among equals the newest first. Sorted once for each column.
    order(sort) {
      return this.keep(`order ${sort}`, () => this.sorted(sort));
    }

    sorted(sort) {
      const down = sort.startsWith("-");
      const keys = this.keys(down ? sort.slice(1) : sort);
      const { length } = this;
      const latest = this.rank.subarray(0, length).reduce((a, b) => Math.max(a, b), 0);
      const rowOf = new Int32Array(latest + 1);
      const packed = new Float64Array(length);
      for (let row = 0; row < length; row += 1) {
        const place = latest - this.rank[row];
        rowOf[place] = row;
        const key = keys[row];
        packed[row] = (Number.isNaN(key) ? LAST : down ? -key : key) * MOST_ROWS + place;
      }
      packed.sort();
      return Int32Array.from(packed, (value) => rowOf[((value % MOST_ROWS) + MOST_ROWS) % MOST_ROWS]);
    }

    // A number for each row that sorts as its text does; NaN where there is nothing.
    keys(name) {
      if (name === "opened" || name === "updated") return this[name];
      if (name === "id" || name === "title") {
        const texts = name === "id" ? this.id : this.title.map((t) => t.toLowerCase());
        const places = new Map([...new Set(texts)].sort().map((t, i) => [t, i]));
        return Float64Array.from(texts, (t) => (t ? places.get(t) : NaN));
      }
      const coded = this.coded[name];
      const places = this.places(name);
      return Float64Array.from(coded.cells.subarray(0, this.length), (cell) => {
        if (cell < -1) return Math.min(...coded.list(cell).map((c) => places[c]));
        return cell < 0 ? NaN : places[cell];
      });
    }

    // The place of each word of a facet in their order.
    places(name) {
      return this.keep(`places ${name}`, () => {
        const { words } = this.coded[name];
        const compare = this.comparison(name);
        const places = new Int32Array(words.length);
        words
          .map((word, i) => [word, i])
          .sort((a, b) => compare(a[0], b[0]))
          .forEach(([, i], place) => (places[i] = place));
        return places;
      });
    }

    // How the words of a facet are ordered: as the rule book has them, items by what they are called.
    comparison(name) {
      const { kinds, priorities } = this.about;
      const states = Object.values(kinds).flatMap((k) => Object.keys(k.states));
      const listed = { kind: Object.keys(kinds), priority: Object.keys(priorities), state: [...new Set(states)] }[name];
      return (a, b) => {
        const [x, y] = listed ? [listed.indexOf(a), listed.indexOf(b)] : [0, 0];
        if (x !== y) return (x < 0 ? listed.length : x) - (y < 0 ? listed.length : y);
        return BY_NAME.compare(this.called(name, a), this.called(name, b)) || (a < b ? -1 : 1);
      };
    }

    // What a word of a facet is called.
    called(name, word) {
      const { kinds, priorities } = this.about;
      if (name === "kind") return kinds[word] ? kinds[word].title : word;
      if (name === "priority") return priorities[word] ? `${word} ${priorities[word]}` : word;
      if (name === "state") {
        const kind = Object.values(kinds).find((k) => Object.hasOwn(k.states, word));
        return kind ? kind.states[word][0] : word;
      }
      const known = this.names[name];
      return Object.hasOwn(known, word) ? known[word] : word;
    }

    url(row) {
      const kind = this.about.kinds[this.coded.kind.of(row)[0]];
      const id = this.id[row];
      return `${kind.folder}/${id.split("-")[1].slice(0, 4)}/${id}.html`;
    }

    // Title and category of the state of a row.
    state(row) {
      const [word] = this.coded.state.of(row);
      if (word === undefined) return null;
      const { states } = this.about.kinds[this.coded.kind.of(row)[0]];
      return Object.hasOwn(states, word) ? states[word] : [word, "none"];
    }
  }

  const overlaps = (span, [from, before]) =>
    (from === null && before === null) ||
    (span.length > 0 && (before === null || span[0] < before) && (from === null || span[1] >= from));
  const orNone = (moment) => (moment === null ? NaN : moment);

  // ---- Days and times in the time zone of the site ------------------------------------------
  function zoned(zone) {
    const about = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    let format;
    try {
      format = new Intl.DateTimeFormat("en-US", { ...about, hourCycle: "h23", timeZone: zone });
    } catch {
      format = new Intl.DateTimeFormat("en-US", { ...about, hourCycle: "h23", timeZone: "UTC" });
    }
    const parts = (seconds) => Object.fromEntries(format.formatToParts(seconds * 1000).map((p) => [p.type, p.value]));
    const offset = (seconds) => {
      const p = parts(seconds);
      return Date.parse(`${p.day} ${p.month} ${p.year} ${p.hour}:${p.minute}:${p.second} UTC`) / 1000 - seconds;
    };
    return {
      shown(seconds) {
        const p = parts(seconds);
        return `${p.day} ${p.month} ${p.year}, ${p.hour}:${p.minute}`;
      },
      // The second in which a day (2026-11-22) begins; a day `later` where asked for.
      midnight(day, later = 0) {
        const utc = Date.parse(`${day}T00:00:00Z`) / 1000 + later * DAY;
        const guess = utc - offset(utc);
        return utc - offset(guess);
      },
    };
  }

  // As `itsm export csv` does: an apostrophe in front of what a spreadsheet would calculate.
  const RISKY = /^'*[\s\x1c-\x1f\x85]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^'*[\s\x1c-\x1f\x85]*[\t\r]/u;

  const neutralise = (text) => (RISKY.test(text) ? `'${text}` : text);

  async function openRecords() {
    const [about, names] = await Promise.all([load("explore/index"), load("explore/names")]);
    return new Records(about, names);
  }

  window.itsmRecords = { open: openRecords, zoned, neutralise, facets: NAMED };
})();
