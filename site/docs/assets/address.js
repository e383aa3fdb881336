// The map's address: it holds what was asked for, as far as that is not as usual, so that it can be sent to
// somebody. What it says is never trusted: whatever does not fit is as if it were not there.
(() => {
  "use strict";

  const COUNT = /^([a-z0-9-]+)\.(needs|users|all)\.(\d{1,3})$/;
  /** @param {string} item */
  const usualDepth = (item) => (item ? 2 : 0);

  // `filters` is the form with the boxes of classes and relations; how it was made is as usual.
  /** @type {Itsm["mapAddress"]} */
  function mapAddress(filters) {
    const all = /** @type {HTMLInputElement[]} */ ([...filters.elements]);
    const usual = new Map(all.map((box) => [box, box.checked]));
    const boxes = (/** @type {string} */ name) => all.filter((box) => box.name === name);
    const values = (/** @type {string} */ name, /** @type {boolean} */ on) => boxes(name).filter((box) => box.checked === on).map((box) => box.value);
    /** @param {string} name @param {boolean} on @param {[string, ...any[]][]} table */
    const numbers = (name, on, table) => new Set(values(name, on).map((value) => table.findIndex(([known]) => known === value)));

    /** @param {string} item @param {string} kind @param {Wanted["dir"]} [dir] @returns {Wanted} */
    const fresh = (item, kind, dir = "both") => ({ item, class: kind, dir, depth: usualDepth(item), more: new Map(), hidden: new Set(), ways: new Set() });

    /** Takes over what the boxes say. @param {Network} net @param {Wanted} wanted */
    const withFilters = (net, wanted) => {
      wanted.hidden = numbers("class", false, net.data.classes);
      wanted.ways = numbers("way", true, net.data.ways);
    };

    /** Returns what is asked for and the row whose details are open, -1 for none; sets the boxes. @param {Network} net */
    function read(net) {
      const query = new URLSearchParams(location.search);
      const asked = (/** @type {string} */ name) => query.get(name) ?? "";
      const list = (/** @type {string} */ name) => asked(name).split(",");
      const known = net.data.classes.map(([name]) => name);
      const item = asked("item");
      const first = known.includes("service") ? "service" : known[0];
      const wanted = fresh(item, item ? "" : asked("class") || first);
      const dir = asked("dir");
      if (dir === "needs" || dir === "users") wanted.dir = dir;
      if (/^[0-6]$/.test(asked("depth"))) wanted.depth = Number(asked("depth"));
      for (const box of all) {
        box.checked = usual.get(box) === true;
        if (box.name === "class" && list("without").includes(box.value)) box.checked = false;
        if (box.name === "way" && query.has("ways")) box.checked = list("ways").includes(box.value);
      }
      for (const said of list("more")) {
        const [, id, side, count] = COUNT.exec(said) ?? [];
        if (side === "all") wanted.more.set("class", Number(count));
        else if (net.rows.has(id)) wanted.more.set(`${net.rows.get(id)}.${side}`, Number(count));
      }
      return { wanted, opened: net.rows.get(asked("at")) ?? -1 };
    }

    /** @param {Network} net @param {Wanted} wanted @param {number} opened */
    function write(net, wanted, opened) {
      const query = new URLSearchParams();
      const set = (/** @type {string} */ name, /** @type {string} */ value) => value && query.set(name, value);
      const nameOf = (/** @type {string} */ key) => (key === "class" ? `${wanted.class}.all` : key.replace(/^\d+/, (row) => net.data.items[Number(row)][0]));
      set("item", wanted.item);
      set("class", wanted.item ? "" : wanted.class);
      set("dir", wanted.dir === "both" ? "" : wanted.dir);
      set("depth", wanted.depth === usualDepth(wanted.item) ? "" : String(wanted.depth));
      set("without", values("class", false).join());
      if (boxes("way").some((box) => box.checked !== usual.get(box))) query.set("ways", values("way", true).join());
      set("more", [...wanted.more].map(([key, count]) => `${nameOf(key)}.${count}`).join());
      set("at", opened < 0 ? "" : net.data.items[opened][0]);
      return `${location.pathname}?${query}`;
    }

    return { fresh, withFilters, read, write };
  }

  globalThis.itsm.mapAddress = mapAddress;
})();
