// The page of feeds and calendars: lets its buttons copy addresses, and its links subscribe to calendars.
(() => {
  "use strict";

  const { t } = globalThis.itsm;

  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".it-copy"))) {
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    const address = row.dataset.address ?? link.href;
    // A calendar's file would be read once only: by this address a program keeps reading it.
    if (row.dataset.form === "calendar" && /^https?:/.test(address)) link.href = address.replace(/^https?:/, "webcal:");
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
    copy.classList.remove("it-later");
  }
})();
