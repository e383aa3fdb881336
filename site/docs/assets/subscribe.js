// The page of feeds and calendars: lets its buttons copy addresses, and its links subscribe to calendars.
(() => {
  "use strict";

  const { t } = globalThis.itsm;

  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".it-copy"))) {
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    const address = row.dataset.address ?? link.href;
    const subscribe = /** @type {HTMLAnchorElement | null} */ (row.querySelector(".it-feeds__do"));
    if (/^https?:/.test(address)) {
      if (subscribe) subscribe.href = address.replace(/^https?:/, "webcal:");
    } else subscribe?.remove();
    const copy = /** @type {HTMLButtonElement} */ (row.querySelector("button"));
    const said = /** @type {HTMLElement} */ (row.querySelector("[role=status]"));
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(address);
        said.textContent = ` ${t("Copied.")}`;
      } catch {
        said.textContent = ` ${address}`;
      }
    });
    for (const act of row.querySelectorAll(".it-later")) act.classList.remove("it-later");
  }
})();
