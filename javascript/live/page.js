/** What a page with pairs does beyond standing there. */

import { Controls } from "./controls.js";

for (const pair of document.querySelectorAll(".pair")) {
  const controls = new Controls(/** @type {HTMLElement} */ (pair));
  // The home page shows a pair, but has no output of its own.
  if (document.querySelector("#output pre"))
    offerQuestion(controls, pair);
}

/**
 * Let the reader predict before the page tells.
 *
 * @param {Controls} controls
 * @param {Element} pair
 */
function offerQuestion(controls, pair) {
  const button = controls.add("Predict first", async () => {
    button.remove();
    const { ask } = await import("./predict.js");
    ask(
      document,
      /** @type {HTMLElement} */ (pair.nextElementSibling),
      {
        name: controls.runs,
        run: () => controls.run(),
      },
    );
  });
  const asked = new URLSearchParams(location.search).has("predict");
  if (asked) button.click();
}
