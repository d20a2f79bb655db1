// Make a program a module that a worker can import.

// `import "x"`, `import … from "x"`, `export … from "x"`, `import("x")`.
const SPECIFIER =
  /^((?:import|export)\b(?:[^"'`;()=]*\bfrom)?\s*|.*\bimport\(\s*)(["'])([^"'\n]+)\2/gm;

/**
 * The program with addresses of this site in the place of the names of
 * modules, and with itself as the main module.
 *
 * @param {string} source
 */
export function link(source) {
  return source
    .replace(SPECIFIER, (all, before, quote, name) => {
      const at = address(name);
      return at ? `${before}${quote}${at}${quote}` : all;
    })
    .replaceAll("import.meta.main", "true");
}

/** @param {string} name */
function address(name) {
  if (/^(\.|\/|\w+:\/\/|blob:|data:)/.test(name)) return null;
  const path = name.startsWith("node:")
    ? `node/${name.slice("node:".length)}`
    : `npm/${name}`;
  return new URL(`./${path}.js`, import.meta.url).href;
}
