// Which records and items were looked at last in this browser, for the page "My work" and the search; nothing of it leaves the device.
(() => {
  "use strict";

  const { root, t, kept, element, ago } = globalThis.itsm;
  const SEEN = "seen";
  const MOST = 60;
  const SHOWN = 10;
  const OFFERED = 5;
  // A page of one record, one item, one service, one offering; lists have an underscore or are called index.
  const ONE = /^(?:records\/[\w-]+\/\d{4}\/[A-Z0-9]+-\d{6}-[0-9A-Z]+|(?:services|catalogue|cmdb\/[a-z0-9-]+)\/(?!index\.)[a-z0-9-]+)\.html$/;

  const top = () => new URL(root || "./", location.href).href;

  /** All pages that are kept, of other sites in this browser too. @returns {Seen[]} */
  function all() {
    const found = kept.get(SEEN);
    return Array.isArray(found) ? found.filter((one) => typeof one?.url === "string" && typeof one.title === "string") : [];
  }

  const here = () => (location.origin === "null" ? location.href.replace(/[?#].*/, "") : location.origin + location.pathname);

  function note() {
    const url = here();
    const title = document.querySelector("h1")?.textContent?.trim();
    const kind = document.querySelector(".it-head")?.getAttribute("data-kind") ?? "";
    if (!title || !ONE.test(url.slice(top().length))) return;
    kept.set(SEEN, [{ url, title: title.slice(0, 200), kind, at: Date.now() }, ...all().filter((one) => one.url !== url)].slice(0, MOST));
  }

  const pages = () => all().filter(({ url }) => url.startsWith(top()) && ONE.test(url.slice(top().length))).slice(0, SHOWN);

  /** The pages other than this one, as search shows what it finds. @returns {Hit[]} */
  const hits = () =>
    pages().slice(Number(ONE.test(here().slice(top().length)))).map(({ url, title }) => ({ url: url.slice(top().length), title, label: t("Recently viewed"), id: "", state: "", snippet: "", group: "", score: 0 }));

  /** The pages as lines of a list: the title, of what kind it is, and how long ago it was. */
  function lines() {
    return pages().map(({ url, title, kind, at }) => {
      const link = element("a", "", title);
      link.href = url;
      link.dir = "auto";
      const when = Date.now() - at < 60000 ? t("just now") : ago(at);
      return element("li", "", link, " ", element("span", "it-muted", kind ? `${kind}, ${when}` : when));
    });
  }

  /** Puts them into the page that offers them. */
  function offer() {
    const place = document.getElementById("it-search-seen");
    const found = place ? lines().slice(0, OFFERED) : [];
    if (!place || !found.length) return;
    place.querySelector("ul")?.append(...found);
    place.hidden = false;
  }

  const forget = () => void kept.set(SEEN, all().filter(({ url }) => !url.startsWith(top())));

  globalThis.itsm.seen = { note, hits, lines, offer, forget };
})();
