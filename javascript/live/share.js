/**
 * Both programs in the fragment of a link. A browser sends no fragment to
 * any server, so what a reader writes stays between those who have the
 * link.
 */

/** @typedef {{ python: string, javascript: string }} Sources */

/** How many characters a link may have, so that chats and mails keep it. */
export const LONGEST = 8_000;

/** A link that cannot be made or read; its message is for the reader. */
export class LinkError extends Error {}

/**
 * The link to the page that shows `sources`.
 *
 * @param {string | URL} play the address of play.html
 * @param {string} pair chapter/slug
 * @param {Sources} sources
 * @returns {Promise<string>} LinkError: it would be too long
 */
export async function link(play, pair, sources) {
  const url = new URL(play);
  // A slash needs no escape in a query, and is easier to read.
  url.search = `?pair=${pair}`;
  url.hash = await encode(sources);
  const { length } = url.href;
  if (length <= LONGEST) return url.href;
  throw new LinkError(
    `The link would have ${length} characters; expected at most ${LONGEST}. Shorten the programs.`,
  );
}

/**
 * @param {Sources} sources
 * @returns {Promise<string>} JSON, compressed, in letters that a link may
 *   have
 */
export async function encode({ python, javascript }) {
  const json = JSON.stringify({ python, javascript });
  const bytes = new TextEncoder().encode(json);
  const stream = new CompressionStream("deflate-raw");
  const packed = await through(bytes, stream);
  const letters = Array.from(packed, (byte) =>
    String.fromCharCode(byte),
  );
  return btoa(letters.join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/**
 * @param {string} fragment what `encode` has made
 * @returns {Promise<Sources>} LinkError: it is none
 */
export async function decode(fragment) {
  if (fragment.length > LONGEST) {
    throw new LinkError(
      `This link has ${fragment.length} characters of code; expected at most ${LONGEST}.`,
    );
  }
  try {
    const base64 = fragment.replaceAll("-", "+").replaceAll("_", "/");
    const packed = Uint8Array.from(atob(base64), (letter) =>
      letter.charCodeAt(0),
    );
    const stream = new DecompressionStream("deflate-raw");
    const bytes = await through(packed, stream);
    const json = new TextDecoder("utf-8", { fatal: true }).decode(
      bytes,
    );
    const { python, javascript } = JSON.parse(json);
    if (typeof python === "string" && typeof javascript === "string") {
      return { python, javascript };
    }
  } catch {
    // Whatever it was, the reader can do but one thing about it.
  }
  throw new LinkError(
    "The code in this link is damaged. Copy the whole link and open it again.",
  );
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {CompressionStream | DecompressionStream} stream
 */
async function through(bytes, stream) {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}
