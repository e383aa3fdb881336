// Which records and items were looked at last in this browser, for the page "My work"; nothing of it leaves the device.
(() => {
  "use strict";

  const { root, kept } = globalThis.itsm;
  const SEEN = "seen";
  const MOST = 60;
  const SHOWN = 10;
  // A page of one record, one item, one service, one offering; lists have an underscore or are called index.
  const ONE = /^(?:records\/[\w-]+\/\d{4}\/[A-Z0-9]+-\d{6}-[0-9A-Z]+|(?:services|catalogue|cmdb\/[a-z0-9-]+)\/(?!index\.)[a-z0-9-]+)\.html$/;

  const top = () => new URL(root || "./", location.href).href;

  /** All pages that are kept, of other sites in this browser too. @returns {Seen[]} */
  function all() {
    const found = kept.get(SEEN);
    return Array.isArray(found) ? found.filter((one) => typeof one?.url === "string" && typeof one.title === "string") : [];
  }

  function note() {
    const url = location.origin === "null" ? location.href.replace(/[?#].*/, "") : location.origin + location.pathname;
    const title = document.querySelector("h1")?.textContent?.trim();
    if (!title || !ONE.test(url.slice(top().length))) return;
    kept.set(SEEN, [{ url, title: title.slice(0, 200), at: Date.now() }, ...all().filter((one) => one.url !== url)].slice(0, MOST));
  }

  const pages = () => all().filter(({ url }) => url.startsWith(top()) && ONE.test(url.slice(top().length))).slice(0, SHOWN);

  const forget = () => void kept.set(SEEN, all().filter(({ url }) => !url.startsWith(top())));

  globalThis.itsm.seen = { note, pages, forget };
})();
