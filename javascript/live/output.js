// What a program prints, on its way to the page: in batches, so that
// the page keeps its turns, and not without end, so that it keeps its
// memory.

const LINES = 5_000;
const CHARACTERS = 1_000_000;
const EVERY = 40; // milliseconds
// So many batches in that time; what comes faster waits for the next.
const BATCHES = 20;

/** @typedef {"out" | "err"} Stream */

/** Milliseconds, as all workers of a page count them. */
export const now = () => performance.timeOrigin + performance.now();

const later = setTimeout.bind(globalThis);

export class Output {
  #partial = { out: "", err: "" };
  /** @type {[text: string, stream: Stream, at: number][]} */
  #batch = [];
  #lines = 0;
  #characters = 0;
  #began = 0;
  #sent = 0;
  #waits = false;

  /**
   * Text that need not end with a line.
   *
   * @param {Stream} stream
   * @param {string} text
   */
  write(stream, text) {
    if (this.#full) return;
    const lines = (this.#partial[stream] + text).split("\n");
    this.#partial[stream] = lines.pop() ?? "";
    for (const line of lines) this.line(stream, line);
    if (this.#partial[stream].length > CHARACTERS) this.end();
  }

  /**
   * @param {Stream} stream
   * @param {string} text without its end
   */
  line(stream, text) {
    if (this.#full) return;
    this.#lines += 1;
    this.#characters += text.length;
    this.#batch.push([text.slice(0, CHARACTERS), stream, now()]);
    if (this.#full) {
      const note = "… The page shows no more of this output.";
      this.#batch.push([note, "err", now()]);
    }
    if (now() - this.#began > EVERY) {
      this.#began = now();
      this.#sent = 0;
    }
    // A program that never waits gives a timer no turn.
    if (this.#sent < BATCHES || this.#full) this.flush();
    else if (!this.#waits) {
      this.#waits = true;
      later(() => this.flush(), EVERY / 4);
    }
  }

  get #full() {
    return this.#lines >= LINES || this.#characters >= CHARACTERS;
  }

  /** Send what is there. */
  flush() {
    this.#waits = false;
    this.#sent += 1;
    if (this.#batch.length) postMessage({ lines: this.#batch });
    this.#batch = [];
  }

  /** Send all, a last line without an end included. */
  end() {
    for (const stream of /** @type {Stream[]} */ (["out", "err"])) {
      const rest = this.#partial[stream];
      this.#partial[stream] = "";
      if (rest) this.line(stream, rest);
    }
    this.flush();
  }
}
