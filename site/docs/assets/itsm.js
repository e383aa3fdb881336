// What every page has: the light/dark button, the menu, how old the page is, times that move on, keys for lists.
(() => {
  "use strict";

  const { t, counted, load, element, ago, isTyping, script } = globalThis.itsm;
  const HOUR = 3600 * 1000;
  const OLD = 24 * HOUR;
  const MANY_HOURS = 10 * HOUR;

  function themeButton() {
    document.querySelector(".it-theme")?.addEventListener("click", () => {
      const label = /** @type {HTMLElement | null} */ (document.querySelector('[data-md-component="palette"] label:not([hidden])'));
      label?.click();
    });
  }

  // ---- The menu of a narrow page: a dialogue --------------------------------------------------
  function menu() {
    const label = document.querySelector('.md-header__button[for="__drawer"]');
    const drawer = /** @type {HTMLInputElement | null} */ (document.getElementById("__drawer"));
    const panel = /** @type {HTMLElement | null} */ (document.querySelector(".md-sidebar--primary"));
    if (!label || !drawer || !panel) return;
    const button = /** @type {HTMLButtonElement} */ (element("button", "it-menu", ...label.childNodes));
    button.type = "button";
    button.setAttribute("aria-label", t("Menu"));
    label.append(button);
    const narrow = matchMedia("(max-width: 76.234375em)");
    const others = () => [...document.querySelectorAll(".md-header, .md-tabs, .md-content, .md-footer, .md-sidebar--secondary")];

    function tell() {
      const open = narrow.matches && drawer?.checked === true;
      button.setAttribute("aria-expanded", String(open));
      if (!panel) return;
      // What cannot be seen cannot get the focus: the menu while it is closed, all else while it is open.
      panel.inert = narrow.matches && !open;
      others().forEach((other) => (/** @type {HTMLElement} */ (other).inert = open));
      for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", t("Menu")]]) {
        if (open) panel.setAttribute(name, value);
        else panel.removeAttribute(name);
      }
      if (open) /** @type {HTMLElement | undefined} */ ([...panel.querySelectorAll("a")].find((a) => a.checkVisibility()))?.focus({ preventScroll: true });
    }

    function close() {
      if (!drawer?.checked) return;
      drawer.checked = false;
      tell();
      button.focus();
    }

    button.addEventListener("click", () => drawer.click());
    drawer.addEventListener("change", tell);
    narrow.addEventListener("change", tell);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return;
      const stops = [...panel.querySelectorAll("a")].filter((a) => a.checkVisibility());
      const edge = event.shiftKey ? stops[0] : stops.at(-1);
      if (!stops.length || document.activeElement !== edge) return;
      event.preventDefault();
      (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
    });
    tell();
  }

  // ---- Wide things ----------------------------------------------------------------------------
  // Who has no mouse scrolls a wide table by standing on it.
  function focusTables() {
    for (const box of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".it-scroll"))) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // ---- Times ----------------------------------------------------------------------------------
  const moments = () => /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[datetime]"));

  // Times say on pointing how long ago they are; those with room for it say it in their text. How long something has lasted is
  // said as of the page, which does not know whether it has ended since.
  function relativeTimes() {
    for (const time of moments()) {
      const then = Date.parse(time.dateTime);
      if (Number.isNaN(then) || !time.dateTime.includes("T")) continue;
      if ("ago" in time.dataset) time.textContent = ago(then);
      if ("ago" in time.dataset) time.title = new Date(then).toLocaleString(globalThis.itsm.language);
      else time.title = ago(then);
    }
  }

  /** The day of a moment where the site is, as in a date of a document. @param {string} zone @param {number} [moment] */
  const dayIn = (zone, moment = Date.now()) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(moment);

  // What the build called today moves on with the reader's clock, and so does what is under way.
  function today(/** @type {string} */ zone) {
    const day = dayIn(zone);
    for (const cell of document.querySelectorAll(".it-grid__day[data-day]")) {
      cell.classList.toggle("it-grid__day--today", /** @type {HTMLElement} */ (cell).dataset.day === day);
    }
    for (const cell of document.querySelectorAll(".it-rota__days [data-day]")) {
      cell.classList.toggle("it-rota__today", /** @type {HTMLElement} */ (cell).dataset.day === day);
    }
    for (const block of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".it-day[data-day]"))) {
      const is = block.dataset.day === day;
      block.querySelector(".it-day__today")?.remove();
      if (is) block.querySelector("h2, h3")?.prepend(element("span", "it-day__today", `${t("Today")}, `));
      block.classList.toggle("it-day--over", String(block.dataset.day) < day);
    }
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-until]"))) {
      const [from, until] = [Date.parse(row.dataset.from ?? ""), Date.parse(row.dataset.until ?? "")];
      const now = Date.now();
      row.classList.toggle("it-now", from <= now && now < until);
      row.classList.toggle("it-over", until <= now);
      if (row.matches(".it-announcement")) row.hidden = now < from || until <= now;
    }
  }

  const NEAR = 3; // days: as the build colours them

  /** A label of what somebody has to keep says how that is by the reader's clock. @param {Element} place @param {string} text @param {string} [look] */
  function tell(place, text, look) {
    const label = place.firstElementChild;
    if (!label) return;
    label.textContent = text;
    if (look) label.className = `it-chip--${look}`;
  }

  // So do the days by which something is due, and the clocks of service levels.
  function dues(/** @type {string} */ zone) {
    const day = Date.parse(dayIn(zone));
    // What began as planned is not late.
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-plan]"))) {
      const days = Math.round((Date.parse(place.dataset.plan ?? "") - day) / HOUR / 24);
      tell(place, days < 0 ? "" : days ? counted(days, "in {count} day", "in {count} days") : t("today"));
    }
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-due]"))) {
      const days = Math.round((Date.parse(place.dataset.due ?? "") - day) / HOUR / 24);
      const ahead = days ? counted(days, "in {count} day", "in {count} days") : t("today");
      const look = days < 0 ? "bad" : days <= NEAR ? "soon" : "none";
      tell(place, days < 0 ? counted(-days, "{count} day overdue", "{count} days overdue") : ahead, look);
    }
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-by]"))) {
      const left = Number(place.dataset.by) * 1000 - Date.now();
      if (left <= 0) tell(place, t("Overdue"), "bad");
      else if ("always" in place.dataset) tell(place, t("{time} left", { time: globalThis.itsm.lasting(left < MANY_HOURS ? left : left - (left % HOUR)) }));
    }
  }

  async function age() {
    const places = document.querySelectorAll(".it-made-at");
    /** @type {{ at: string, zone: string }} */
    const built = await load("assets/built");
    const then = Date.parse(built.at);
    const old = Date.now() - then;
    const made = () => {
      const time = /** @type {HTMLTimeElement} */ (element("time", "", ago(then)));
      time.dateTime = built.at;
      time.title = new Date(then).toLocaleString(globalThis.itsm.language);
      return [`${t("Made")} `, time];
    };
    for (const place of places) place.replaceChildren(...made());
    const footer = document.querySelector(".md-copyright");
    if (footer) footer.append(element("p", "it-made-at", ...made()));
    if (old > OLD) {
      const [hours, days] = [Math.floor(old / HOUR), Math.floor(old / HOUR / 24)];
      const said =
        days > 1
          ? t("This page is {days} days old: what it says may no longer be so.", { days })
          : t("This page is {hours} hours old: what it says may no longer be so.", { hours });
      const warning = element("p", "it-stale", said);
      warning.setAttribute("role", "status");
      const close = /** @type {HTMLButtonElement} */ (element("button", "", t("Close")));
      close.type = "button";
      close.addEventListener("click", () => warning.remove());
      warning.append(close);
      // At the lower edge of the window: what people read does not move when this appears.
      document.querySelector("#it-main")?.append(warning);
    }
    today(built.zone);
    dues(built.zone);
  }

  // ---- Keys -----------------------------------------------------------------------------------
  /** @type {[string, string][]} */
  const KEYS = [["/", "Search, or go to a page"], ["j", "Next in a list"], ["k", "Previous in a list"], ["o", "Open it"], ["?", "Show these keys"], ["Escape", "Close"]];

  function keys() {
    /** @type {HTMLDialogElement | null} */
    let help = null;
    let at = -1;
    const rows = () =>
      /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#it-main :is(.it-table tbody tr, .it-lines li, .it-results li, .it-agenda li, .it-status__item, .it-alike li)")].filter(
        (row) => row.checkVisibility() && row.querySelector("a[href]"),
      ));

    function step(/** @type {number} */ by) {
      const all = rows();
      if (!all.length) return;
      at = Math.min(all.length - 1, Math.max(0, at + by));
      const title = all[at].querySelector(".it-c-title a, .it-line__title a, a[href]");
      /** @type {HTMLElement} */ (title).focus();
    }

    function showHelp() {
      if (!help) {
        const items = KEYS.flatMap(([key, what]) => [element("dt", "", element("kbd", "", t(key))), element("dd", "", t(what))]);
        const button = /** @type {HTMLButtonElement} */ (element("button", "md-button", t("Close")));
        button.type = "button";
        const title = element("h2", "", t("Keys"));
        title.id = "it-keys-title";
        help = /** @type {HTMLDialogElement} */ (element("dialog", "it-keyhelp md-typeset", title, element("dl", "", ...items), button));
        help.setAttribute("aria-labelledby", title.id);
        button.addEventListener("click", () => help?.close());
        document.body.append(help);
      }
      help.showModal();
    }

    document.addEventListener("keydown", (event) => {
      if (isTyping(document.activeElement) || event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
      if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
      else if (event.key === "?") showHelp();
      else if (event.key === "o" && at >= 0) /** @type {HTMLElement | null} */ (document.activeElement)?.click();
    });
  }

  /** Nobody types the words of an address again: where it leads nowhere, the search begins with them. */
  function lost() {
    /** @type {HTMLInputElement | null} */
    const field = document.querySelector("#it-lost-q");
    if (field && !field.value) field.value = globalThis.itsm.wordsOf(location.pathname);
  }

  /** What only some pages need is loaded by them only. @param {string} selector @param {string} name */
  const only = (selector, name) => document.querySelector(selector) && script(`assets/${name}.js`);

  only("form.it-form", "forms");
  only(".it-mine", "mine");
  only(".it-x", "explorer");
  only(".it-narrow", "catalogue");
  only(".it-cal", "months");
  only(".it-net", "map");
  only(".it-copy, .it-subscribe", "subscribe");
  globalThis.itsm.seen.note();
  globalThis.itsm.seen.offer();
  lost();
  themeButton();
  menu();
  focusTables();
  addEventListener("resize", focusTables);
  relativeTimes();
  setInterval(relativeTimes, 60000);
  keys();
  age().catch(() => {});
})();
