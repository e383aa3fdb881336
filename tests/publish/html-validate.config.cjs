// What `make site-check` asks of every page: the HTML standard and the WCAG rules of html-validate.
// What is turned off says why; the accessibility engine of the browser tests looks at the same things again.
module.exports = {
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // Lists and figures may have a name (ARIA 1.2); the stepper of a record's states is a list with one.
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
    // The engine's menu repeats the name of a section inside of it; axe demands unique landmarks where it matters.
    "unique-landmark": "off",
    // The engine's two hidden switches say autocomplete="off" so that a reload does not leave the menu open.
    "valid-autocomplete": "off",
    // Filters act at once, and Enter sends the search: neither needs a button (H32 is one way, not the criterion).
    "wcag/h32": "off",
  },
};
