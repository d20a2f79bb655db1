// HTTP over a MessagePort: what a program asks, the API in another
// worker answers. To the API go [id, "request", request] and [id,
// "abort"]; back come [id, "start" | "chunk" | "end" | "fail", value].

/**
 * @typedef {object} Outgoing
 * @property {string} method
 * @property {string} url
 * @property {string[][]} headers
 * @property {Uint8Array} body
 *
 * @typedef {object} Answer what is called as the answer comes in
 * @property {(head: { status: number, headers: [string, string][] })
 *   => void} start
 * @property {(bytes: Uint8Array) => void} chunk
 * @property {() => void} end
 * @property {() => void} fail the connection is lost
 */

const REDIRECT = new Set([301, 302, 303, 307, 308]);
const REDIRECTS = 20; // as the Fetch Standard says
const NO_BODY = new Set([204, 205, 304]);

/** The program's end of the port. */
export class Client {
  /** @type {Map<number, Answer>} */
  #calls = new Map();
  #last = 0;
  #port;
  #settled;

  /**
   * @param {MessagePort} port
   * @param {() => void} settled called when a request has ended
   */
  constructor(port, settled = () => {}) {
    this.#port = port;
    this.#settled = settled;
    port.onmessage = ({ data: [id, what, value] }) => {
      const answer = this.#calls.get(id);
      if (what === "end" || what === "fail") this.#end(id);
      answer?.[what](value);
    };
  }

  /** How many requests are in flight. */
  get pending() {
    return this.#calls.size;
  }

  /**
   * Send a request. The function that is returned gives it up.
   *
   * @param {Outgoing} request
   * @param {Answer} answer
   */
  send(request, answer) {
    const id = ++this.#last;
    this.#calls.set(id, answer);
    this.#port.postMessage([id, "request", request]);
    return () => {
      if (!this.#calls.has(id)) return;
      this.#end(id);
      this.#port.postMessage([id, "abort"]);
    };
  }

  /** @param {number} id */
  #end(id) {
    if (this.#calls.delete(id)) this.#settled();
  }
}

/**
 * A `fetch` whose errors are those of Node. It reaches nothing but the
 * API.
 *
 * @param {Client} client
 * @param {string} origin the API's
 * @returns {typeof fetch}
 */
export function fetchOver(client, origin) {
  return async (input, init) => {
    const first = new Request(input, init);
    const body = init?.body != null || input instanceof Request;
    let response = await once(first, body);
    for (let left = REDIRECTS; first.redirect !== "manual"; left -= 1) {
      const to = response.headers.get("location");
      if (!REDIRECT.has(response.status) || !to) break;
      void response.body?.cancel();
      if (first.redirect === "error" || !left)
        throw lost("fetch failed");
      response = await once(redirected(first, response, to), false);
      Object.defineProperty(response, "redirected", { value: true });
    }
    return response;
  };

  /**
   * @param {Request} request
   * @param {boolean} content whether it may have a body
   */
  async function once(request, content) {
    const { signal, url, method } = request;
    signal.throwIfAborted();
    if (new URL(url).origin !== origin) throw refused(url);
    // Without a body the request leaves at once.
    const body = content ? await request.arrayBuffer() : null;
    signal.throwIfAborted();
    const outgoing = {
      method,
      url,
      headers: [...request.headers],
      body: new Uint8Array(body ?? []),
    };
    const { promise, resolve, reject } = Promise.withResolvers();
    /** @type {ReadableStreamDefaultController | undefined} */
    let stream;
    const stop = client.send(outgoing, {
      start({ status, headers }) {
        const source = new ReadableStream({
          start: (controller) => {
            stream = controller;
          },
          cancel: ended(() => stop()),
        });
        const content = NO_BODY.has(status) ? null : source;
        const response = new Response(content, { status, headers });
        Object.defineProperty(response, "url", { value: url });
        resolve(response);
      },
      chunk: (bytes) => stream?.enqueue(bytes),
      end: ended(() => stream?.close()),
      fail: ended(() => {
        stream?.error(lost("terminated"));
        reject(lost("fetch failed"));
      }),
    });
    const abort = () => {
      stop();
      stream?.error(signal.reason);
      reject(signal.reason);
    };
    /** @param {() => void} act */
    function ended(act) {
      return () => {
        signal.removeEventListener("abort", abort);
        act();
      };
    }
    signal.addEventListener("abort", abort);
    return promise;
  }
}

/**
 * The request that a redirect asks for. Its body is not sent again.
 *
 * @param {Request} request
 * @param {Response} response
 * @param {string} to
 */
function redirected(request, response, to) {
  const { headers, signal } = request;
  const get = response.status < 307 && request.method !== "HEAD";
  const method = get ? "GET" : request.method;
  return new Request(new URL(to, response.url), {
    method,
    headers,
    signal,
  });
}

/** @param {string} url */
function refused(url) {
  const { hostname, port } = new URL(url);
  const at = `${hostname}:${port || 80}`;
  const cause = new Error(`connect ECONNREFUSED ${at}`);
  Object.assign(cause, { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}

/** @param {string} message */
function lost(message) {
  const cause = new Error("other side closed");
  Object.assign(cause, { name: "SocketError", code: "UND_ERR_SOCKET" });
  return new TypeError(message, { cause });
}
