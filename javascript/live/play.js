/** The page of programs that come with a link. */

import { Controls } from "./controls.js";
import { decode } from "./share.js";

const notice = /** @type {HTMLElement} */ (
  document.querySelector("#notice")
);
const pair = /** @type {HTMLElement} */ (
  document.querySelector(".pair")
);

// Another link in the same tab changes nothing but the fragment.
window.addEventListener("hashchange", () => location.reload());

try {
  await show(
    new URLSearchParams(location.search).get("pair") ?? "",
    location.hash.slice(1),
  );
} catch (error) {
  notice.textContent = error.message;
  notice.className = "bad";
}

/**
 * Show the programs, and run nothing.
 *
 * @param {string} name chapter/slug of the pair that they come from
 * @param {string} fragment
 */
async function show(name, fragment) {
  const known = /^([a-z]+)\/([a-z0-9-]+)$/.exec(name);
  if (!known) {
    throw new Error(
      "This link names no page: expected play.html?pair=chapter/slug#code.",
    );
  }
  if (!fragment) throw new Error("This link holds no code.");
  const sources = await decode(fragment);
  const slug = known[2];
  const names = {
    python: `${slug.replaceAll("-", "_")}.py`,
    javascript: `${slug}.js`,
  };
  for (const element of pair.children) {
    const program = /** @type {HTMLElement} */ (element);
    const language = program.dataset.language ?? "";
    program.dataset.name = names[language];
    const [title, code] = program.querySelectorAll("p, pre");
    title.textContent = names[language];
    code.textContent = sources[language];
    code.ariaLabel = names[language];
    code.role = "region";
    // The keyboard scrolls what has the focus.
    code.setAttribute("tabindex", "0");
  }
  pair.dataset.pair = name;
  pair.hidden = false;
  const origin = document.createElement("a");
  origin.href = `../${name}.html`;
  origin.textContent = "the page that it comes from";
  notice.replaceChildren(
    document.createElement("strong"),
    " The original is on ",
    origin,
    ".",
  );
  /** @type {HTMLElement} */ (notice.firstElementChild).textContent =
    "This code came with the link. Read it before you run it.";
  new Controls(pair);
}
