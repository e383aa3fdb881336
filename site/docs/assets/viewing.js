// The window through which the map's drawing is seen: how large it is, and which part of it is seen.
(() => {
  "use strict";

  const LEAST = 0.35;
  const MOST = 2;
  // The least size at which words are read: letters of twelve pixels as ten on a phone, else as eleven.
  const READABLE = (/** @type {number} */ room) => (room < 600 ? 10 : 11) / 12;
  const STILL = 5; // a mouse that moves less has clicked

  /** @param {HTMLElement} view @returns {Viewing} */
  function viewing(view) {
    /** @type {Drawing | null} */
    let drawn = null;
    let zoom = 1;
    let dragged = false;

    /** @param {number} to */
    function size(to) {
      if (!drawn) return;
      zoom = Math.min(MOST, Math.max(LEAST, to));
      drawn.picture.setAttribute("width", String(Math.round(drawn.size.width * zoom)));
      drawn.picture.setAttribute("height", String(Math.round(drawn.size.height * zoom)));
    }

    // The window is as high as what is in it, up to this.
    const tallest = () => parseFloat(getComputedStyle(view).maxHeight) || view.clientHeight;
    const wide = () => (drawn ? Math.min(1, (view.clientWidth - 4) / drawn.size.width) : 1);
    const fitting = () => (drawn ? Math.min(wide(), (tallest() - 4) / drawn.size.height) : 1);

    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      size(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
    }, { passive: false });

    view.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      const from = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
      const move = (/** @type {PointerEvent} */ now) => {
        if (!dragged && Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) < STILL) return;
        dragged = true;
        view.scrollTo(from.x - now.clientX, from.y - now.clientY);
      };
      addEventListener("pointermove", move);
      // The click that ends a drag comes before the next task.
      addEventListener("pointerup", () => setTimeout(() => (dragged = false)), { once: true });
      addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
    });

    return {
      show(drawing) {
        drawn = drawing;
        view.replaceChildren(...(drawn ? [drawn.picture] : []));
      },
      step(kind) {
        size({ in: zoom * 1.25, out: zoom / 1.25, fit: fitting(), same: zoom }[kind]);
      },
      // How wide a drawing can be so that all of its width is seen and can be read.
      room: () => view.clientWidth - 4,
      // A new start shows everything, or all columns, where that can be read: one item in the middle, and of several the first.
      begin(row, many) {
        const least = READABLE(view.clientWidth);
        size(fitting() >= least ? fitting() : Math.max(least, wide()));
        if (many) return view.scrollTo(0, 0);
        const box = drawn?.boxes.get(row)?.getBoundingClientRect();
        if (!box) return;
        const frame = view.getBoundingClientRect();
        view.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
        view.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
      },
      isDragged: () => dragged,
    };
  }

  globalThis.itsm.viewing = viewing;
})();
