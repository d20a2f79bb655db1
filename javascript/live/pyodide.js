// Start Python: Pyodide from this site, with our packages on its path.

const HERE = new URL("./", import.meta.url);

/** @param {Record<string, string>} env */
export async function start(env = {}) {
  const packages = fetch(new URL("packages.zip", HERE)).then(
    async (response) => {
      if (!response.ok)
        throw new Error(`${response.status} for ${response.url}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  );
  /** @type {typeof import("pyodide")} */
  const { loadPyodide } = await import(
    new URL("pyodide/pyodide.mjs", HERE).href
  );
  return loadPyodide({
    indexURL: new URL("pyodide/", HERE).href,
    env: {
      HOME: "/home/pyodide",
      PYTHONPATH: "/lib/packages.zip",
      ...env,
    },
    fsInit: async (FS) => {
      FS.writeFile("/lib/packages.zip", await packages);
    },
  });
}
