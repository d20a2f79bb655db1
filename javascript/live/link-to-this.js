// The permalink of each heading offers what to copy: a link in
// Markdown, reStructuredText or HTML, and a frame with both programs.
// Without this script it is a plain link.

/** @typedef {{ title: string, url: string, embed?: string }} Place */

/**
 * What an author pastes, by the name of its format.
 * @param {Place} place with whole addresses
 * @returns {Record<string, string>}
 */
export function formats({ title, url, embed }) {
  const html = title.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  /** @type {Record<string, string>} */
  const found = {
    Markdown: `[${title.replace(/[\\[\]`*_<&]/g, "\\$&")}](${url})`,
    reStructuredText: `\`${title.replace(/[\\`<]/g, "\\$&")} <${url}>\`__`,
    HTML: `<a href="${url}">${html}</a>`,
  };
  if (embed) {
    const size = 'width="100%" height="900"';
    found.iframe = `<iframe src="${embed}" title="${html}" ${size}></iframe>`;
  }
  return found;
}

/**
 * @param {HTMLAnchorElement} link a heading's permalink
 * @returns {Place}
 */
function placeOf(link) {
  const { document } = window;
  // Where the site was built for, if it says so: a copy leads there, too.
  const canonical = document.querySelector('link[rel="canonical"]');
  const here = canonical?.getAttribute("href") ?? location.href;
  const page = new URL(here, location.href);
  const heading = /** @type {HTMLElement} */ (link.parentElement);
  const copy = /** @type {HTMLElement} */ (heading.cloneNode(true));
  copy.querySelector(".headerlink")?.remove();
  const place = {
    title: (copy.textContent ?? "").trim(),
    url: new URL(link.hash, page).href,
  };
  const pair = document.querySelector(".pair[data-pair]");
  const name = pair?.getAttribute("data-pair");
  if (!name) return place;
  const root = document.documentElement.dataset.content_root ?? "./";
  const embed = new URL(`${root}embed/${name}.html`, page).href;
  return { ...place, embed };
}

/**
 * @param {string} name of a format
 * @param {string} text
 * @param {HTMLElement} said where "Copied" is said
 * @returns {HTMLElement} a row of the dialog
 */
function row(name, text, said) {
  const label = document.createElement("label");
  const field = document.createElement("input");
  Object.assign(field, { readOnly: true, value: text });
  field.addEventListener("focus", () => field.select());
  label.append(name, field);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${name}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = `${name} is copied.`;
    } catch {
      // A page that is not served over HTTPS has no clipboard.
      field.focus();
      said.textContent = "Press Ctrl+C or ⌘C to copy it.";
    }
  });
  const whole = document.createElement("div");
  whole.append(label, button);
  return whole;
}

/** @param {HTMLAnchorElement} link a heading's permalink */
function open(link) {
  const place = placeOf(link);
  const dialog = document.createElement("dialog");
  dialog.className = "link-to-this";
  dialog.setAttribute("aria-labelledby", "link-to-this");
  const title = document.createElement("p");
  title.id = "link-to-this";
  title.textContent = `Link to “${place.title}”`;
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const rows = Object.entries(formats(place));
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  // A click beside it closes it, too.
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  // The browser itself gives the focus back to the permalink.
  dialog.addEventListener("close", () => dialog.remove());
  const form = document.createElement("div");
  form.append(
    title,
    ...rows.map(([name, text]) => row(name, text, said)),
    said,
    close,
  );
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}

if (globalThis.document) {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (
    document.querySelectorAll("a.headerlink")
  );
  for (const link of links) {
    const { title } = placeOf(link);
    link.title = "Link to this";
    link.setAttribute("aria-label", `Link to “${title}”`);
    // Otherwise the name of the heading would hold the link's, too.
    link.parentElement?.setAttribute("aria-label", title);
    link.setAttribute("aria-haspopup", "dialog");
    link.addEventListener("click", (event) => {
      // With a key held down it is a link like any other.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      open(link);
    });
  }
}
