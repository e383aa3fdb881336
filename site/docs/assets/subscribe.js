// The page of feeds and calendars: lets its buttons copy addresses, its links subscribe to calendars, and one service be chosen.
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

  // Of one service only the row is shown that is asked for.
  const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector("#it-one"));
  const table = /** @type {HTMLTableElement | null} */ (document.querySelector(".it-one + * table, .it-one + table"));
  choice?.addEventListener("change", () => {
    for (const row of table?.tBodies[0].rows ?? []) row.hidden = row.cells[0].textContent !== choice.value;
    choice.parentElement?.toggleAttribute("data-chosen", choice.value !== "");
  });
})();
