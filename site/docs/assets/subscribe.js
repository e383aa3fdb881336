// The page of feeds and calendars: adds to each a button that copies its address, and for calendars one that subscribes.
(() => {
  "use strict";

  const { t, element } = globalThis.itsm;

  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".it-copy"))) {
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    const name = link.ariaLabel ?? link.textContent;
    const address = row.dataset.address ?? link.href;
    const online = /^https?:/.test(address);
    if (row.dataset.form === "calendar" && online) {
      const subscribe = /** @type {HTMLAnchorElement} */ (element("a", "it-feeds__do", t("Subscribe")));
      subscribe.href = address.replace(/^https?:/, "webcal:");
      subscribe.setAttribute("aria-label", `${t("Subscribe")}: ${name}`);
      row.append(" ", subscribe);
    }
    const copy = /** @type {HTMLButtonElement} */ (element("button", "it-x__link", t("Copy address")));
    copy.type = "button";
    copy.setAttribute("aria-label", `${t("Copy address")}: ${name}`);
    const said = element("span", "it-muted");
    said.setAttribute("role", "status");
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(address);
        said.textContent = ` ${t("Copied.")}`;
      } catch {
        said.textContent = ` ${address}`;
      }
    });
    row.append(" ", copy, said);
  }
})();
