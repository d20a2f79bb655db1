/**
 * What the API saw, and the beats of each event loop, as rows on one axis
 * of time.
 */

/** @import { Language } from "./lab.js" */

/**
 * @typedef {object} Request one request of a program
 * @property {string} label such as `GET /posts?limit=3`
 * @property {number} from milliseconds since the start of the run
 * @property {number | null} to milliseconds; null: still in flight
 * @property {number | null} status
 * @property {string | null} ending as the mock API's log names it
 */

/**
 * @typedef {object} Track what is known of one program's run
 * @property {Request[]} requests in the order in which they arrived
 * @property {number[] | null} beats milliseconds at which its event loop
 *   had a turn; null: nobody has noted them
 * @property {number | null} end milliseconds; null: it still runs
 */

/** A beat comes about every 50 ms; a busy machine may delay one. */
export const BLOCKED = 200;

/** More rows than a reader looks at; a loop can make any number. */
export const MOST = 100;

/**
 * How many milliseconds the whole width shows.
 *
 * While a program runs, the width doubles when it is full: so lanes grow,
 * and seldom move. At the end it fits.
 *
 * @param {number} now milliseconds since the start
 * @param {boolean} running
 */
export function width(now, running) {
  if (!running) return Math.max(now, 1);
  return 250 * 2 ** Math.max(0, Math.ceil(Math.log2(now / 250)));
}

/**
 * Where an event loop had no turn for longer than BLOCKED.
 *
 * What comes before the first beat is no block: the loop has not begun.
 *
 * @param {number[]} beats milliseconds, ascending
 * @param {number} now milliseconds: the end, or how long it has run
 * @returns {{ from: number, to: number }[]} milliseconds
 */
export function blocks(beats, now) {
  const gaps = beats.map((from, i) => ({
    from,
    to: beats[i + 1] ?? Math.max(now, from),
  }));
  return gaps.filter(({ from, to }) => to - from > BLOCKED);
}

/**
 * What stands behind a lane.
 *
 * @param {Pick<Request, "status" | "ending">} request
 */
export function ending({ status, ending }) {
  if (ending === null) return "… in flight";
  return ending === "completed" ? `${status}` : ending;
}

/**
 * What a row says of an event loop.
 *
 * @param {{ beats: number[], end: number | null }} track
 * @param {number} now milliseconds since the start
 */
export function pulse({ beats, end }, now) {
  if (!beats.length) {
    return end === null ? "has had no turn yet" : "had no turn";
  }
  const blocked = blocks(beats, end ?? now);
  const last = blocked.at(-1);
  if (end === null && last && last.to === now) {
    return `blocked for ${Math.round(last.to - last.from)} ms`;
  }
  if (end === null) return "takes turns";
  if (!blocked.length) return "never blocked";
  const longest = Math.max(...blocked.map(({ from, to }) => to - from));
  return `was blocked for ${Math.round(longest)} ms`;
}

/**
 * How a lane is drawn.
 *
 * @param {Pick<Request, "ending">} request
 */
function kind({ ending }) {
  if (ending === null) return "open";
  return ending === "completed" ? "completed" : "gone";
}

const NAMES = { python: "Python", javascript: "JavaScript" };

/**
 * The drawing, and what keeps it up to date.
 *
 * Each row is a line of text for those who do not see the drawing.
 */
export class Drawing {
  /** @type {Map<object, { row: HTMLElement, lane: HTMLElement, text: HTMLElement }>} */
  #rows = new Map();
  #axis = document.createElement("p");
  #list = document.createElement("ul");

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#axis.className = "live-axis";
    this.#list.className = "live-lanes";
    place.replaceChildren(this.#axis, this.#list);
  }

  /**
   * Show what is known now.
   *
   * @param {Partial<Record<Language, Track>>} tracks
   * @param {number} now milliseconds since the start
   * @param {boolean} running
   */
  draw(tracks, now, running) {
    const whole = width(now, running);
    this.#axis.textContent = `Length is time: the whole width is ${Math.round(whole)} ms.`;
    const rows = [];
    for (const [language, track] of Object.entries(tracks)) {
      if (!track) continue;
      const until = track.end ?? now;
      const shown = track.requests.slice(0, MOST);
      for (const request of shown) {
        const { from, to } = request;
        const drawn = this.#row(request, language, request.label);
        const ended = ending(request);
        const bar = { from, to: to ?? until };
        place(drawn.lane, [bar], whole, kind(request));
        say(drawn.text, ended, spoken(from, to));
        rows.push(drawn.row);
      }
      const more = track.requests.length - shown.length;
      if (more) {
        const drawn = this.#row(track.requests, language, "more");
        say(drawn.text, `and ${more} more requests`, "");
        rows.push(drawn.row);
      }
      const { beats } = track;
      if (beats) {
        const drawn = this.#row(beats, language, "event loop");
        drawn.row.classList.add("loop");
        place(drawn.lane, turns(beats, until), whole, "turns");
        say(drawn.text, pulse({ beats, end: track.end }, now), "");
        rows.push(drawn.row);
      }
    }
    if (!rows.length) this.#axis.textContent = "No requests.";
    rows.forEach((row, i) => {
      if (this.#list.children[i] !== row) {
        this.#list.insertBefore(row, this.#list.children[i] ?? null);
      }
    });
    while (this.#list.children.length > rows.length) {
      this.#list.lastElementChild?.remove();
    }
  }

  /**
   * @param {object} key what the row is about
   * @param {string} language
   * @param {string} label
   */
  #row(key, language, label) {
    const known = this.#rows.get(key);
    if (known) return known;
    const [row, who, what, lane, text] = [
      "li",
      "span",
      "code",
      "span",
      "span",
    ].map((tag) => document.createElement(tag));
    row.className = language;
    who.textContent = NAMES[language];
    who.className = "who";
    what.textContent = label;
    lane.className = "lane";
    text.className = "ending";
    const line = document.createElement("span");
    line.className = "line";
    line.append(lane, text);
    row.append(who, " ", what, " ", line);
    const made = { row, lane, text };
    this.#rows.set(key, made);
    return made;
  }
}

/**
 * When an event loop had turns, between its blocks.
 *
 * @param {number[]} beats milliseconds
 * @param {number} until milliseconds
 */
function turns(beats, until) {
  if (!beats.length) return [];
  const parts = [];
  let from = beats[0];
  for (const block of blocks(beats, until)) {
    parts.push({ from, to: block.from });
    parts.push({ ...block, blocked: true });
    from = block.to;
  }
  return [...parts, { from, to: until }];
}

/**
 * Put bars where they belong.
 *
 * @param {HTMLElement} lane
 * @param {{ from: number, to: number, blocked?: boolean }[]} parts
 * @param {number} whole milliseconds
 * @param {string} kind
 */
function place(lane, parts, whole, kind) {
  while (lane.children.length < parts.length) {
    lane.append(document.createElement("span"));
  }
  while (lane.children.length > parts.length) lane.lastChild?.remove();
  parts.forEach(({ from, to, blocked = false }, i) => {
    const bar = /** @type {HTMLElement} */ (lane.children[i]);
    bar.className = blocked ? "blocked" : kind;
    bar.style.left = `${(100 * from) / whole}%`;
    bar.style.width = `${(100 * (to - from)) / whole}%`;
  });
  // The text stands behind the last bar.
  const { from, to } = parts.at(-1) ?? { from: 0, to: 0 };
  const line = lane.parentElement;
  line?.style.setProperty("--start", `${from / whole}`);
  line?.style.setProperty("--end", `${to / whole}`);
}

/**
 * @param {HTMLElement} place
 * @param {string} seen
 * @param {string} heard for those who do not see the drawing
 */
function say(place, seen, heard) {
  if (place.dataset.said === seen + heard) return;
  place.dataset.said = seen + heard;
  const hidden = document.createElement("span");
  hidden.className = "live-heard";
  hidden.textContent = heard;
  place.replaceChildren(seen, hidden);
}

/**
 * @param {number} from milliseconds
 * @param {number | null} to milliseconds
 */
function spoken(from, to) {
  const start = Math.round(from);
  if (to === null) return `, since ${start} ms`;
  return `, from ${start} to ${Math.round(to)} ms`;
}
