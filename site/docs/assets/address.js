// The map's address: it holds what was asked for, as far as that is not as usual, so that it can be sent to
// somebody. What it says is never trusted: whatever does not fit is as if it were not there.
(() => {
  "use strict";

  const COUNT = /^([a-z0-9-]+)\.(needs|users|all)\.(\d{1,3})$/;
  const usualDepth = (item) => (item ? 2 : 0);

  // `filters` is the form with the boxes of classes and relations; how it was made is as usual.
  function address(filters) {
    const usual = new Map([...filters.elements].map((box) => [box, box.checked]));
    const boxes = (name) => [...filters.elements].filter((box) => box.name === name);
    const values = (name, on) => boxes(name).filter((box) => box.checked === on).map((box) => box.value);
    const numbers = (name, on, table) => new Set(values(name, on).map((value) => table.findIndex(([known]) => known === value)));

    const fresh = (item, kind, dir = "both") => ({ item, class: kind, dir, depth: usualDepth(item), more: new Map() });

    // Takes over what the boxes say.
    const withFilters = (net, wanted) => {
      wanted.hidden = numbers("class", false, net.data.classes);
      wanted.ways = numbers("way", true, net.data.ways);
    };

    // Returns what is asked for and the row whose details are open, -1 for none; sets the boxes.
    function read(net) {
      const query = new URLSearchParams(location.search);
      const list = (name) => (query.get(name) || "").split(",");
      const known = net.data.classes.map(([name]) => name);
      const item = query.get("item") || "";
      const first = known.includes("service") ? "service" : known[0];
      const wanted = fresh(item, item ? "" : query.get("class") || first);
      if (/^(?:needs|users)$/.test(query.get("dir"))) wanted.dir = query.get("dir");
      if (/^[0-6]$/.test(query.get("depth"))) wanted.depth = Number(query.get("depth"));
      for (const box of filters.elements) {
        box.checked = usual.get(box);
        if (box.name === "class" && list("without").includes(box.value)) box.checked = false;
        if (box.name === "way" && query.has("ways")) box.checked = list("ways").includes(box.value);
      }
      for (const said of list("more")) {
        const [, id, dir, count] = COUNT.exec(said) || [];
        if (dir === "all") wanted.more.set("class", Number(count));
        else if (net.rows.has(id)) wanted.more.set(`${net.rows.get(id)}.${dir}`, Number(count));
      }
      return { wanted, opened: net.rows.get(query.get("at")) ?? -1 };
    }

    function write(net, wanted, opened) {
      const query = new URLSearchParams();
      const set = (name, value) => value && query.set(name, value);
      const nameOf = (key) => (key === "class" ? `${wanted.class}.all` : key.replace(/^\d+/, (row) => net.data.items[row][0]));
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

  window.itsmAddress = address;
})();
