/** What a reader sees of a run: lines, lanes, beats and how it ended. */

import { Drawing } from "./lanes.js";

/** @import { End, Language, Listener, LogEntry } from "./lab.js" */
/** @import { Request, Track } from "./lanes.js" */

/** More lines than a reader looks at; a program can print any number. */
const MOST_LINES = 1_000;

const NAMES = { python: "Python", javascript: "JavaScript" };

export class Stage {
  /** @type {Partial<Record<Language, Pane>>} */
  #panes = {};
  /** @type {Partial<Record<Language, Track>>} */
  #tracks = {};
  /** @type {Map<string, Request>} */
  #requests = new Map();
  #drawing;
  /** When the programs began, by the clock of this page. */
  #began = performance.now();
  #heard = false;
  #running = false;
  #frame = 0;

  /**
   * Show an empty stage for programs that are about to run.
   *
   * @param {HTMLElement} place
   * @param {Partial<Record<Language, string>>} names of their files
   * @param {boolean} beats whether beats will be told
   */
  constructor(place, names, beats) {
    const panes = document.createElement("div");
    panes.className = "live-outputs";
    for (const [language, name] of Object.entries(names)) {
      const pane = new Pane(`${NAMES[language]}: ${name}`);
      panes.append(pane.element);
      this.#panes[language] = pane;
      this.#tracks[language] = {
        requests: [],
        beats: beats ? [] : null,
        end: null,
      };
    }
    const saw = document.createElement("section");
    saw.className = "live-saw";
    const drawn = document.createElement("div");
    saw.append(heading("What the API saw"), drawn);
    place.replaceChildren(panes, saw);
    this.#drawing = new Drawing(drawn);
  }

  /** Begin to draw what changes with time, until `stop`. */
  start() {
    this.#began = performance.now();
    this.#running = true;
    const draw = () => {
      this.#draw();
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  /** Draw it all once more, as it has ended. */
  stop() {
    cancelAnimationFrame(this.#frame);
    this.#running = false;
    this.#draw();
  }

  /** @type {Listener} */
  listener = {
    line: (language, text, stream, ms) => {
      this.#tell(ms);
      this.#panes[language]?.add(text, stream, ms);
    },
    request: (language, entry, ms) => {
      this.#tell(ms);
      this.#note(language, entry, ms);
    },
    beat: (language, ms) => {
      this.#tell(ms);
      this.#tracks[language]?.beats?.push(ms);
    },
    end: (language, end) => {
      const ms = performance.now() - this.#began;
      const track = this.#tracks[language];
      if (track) track.end = ms;
      this.#panes[language]?.ended(end, ms);
    },
  };

  /**
   * Learn from news when the programs began: news can be late, but not
   * early.
   *
   * @param {number} ms milliseconds since then
   */
  #tell(ms) {
    const began = performance.now() - ms;
    if (this.#heard) this.#began = Math.min(this.#began, began);
    else this.#began = began;
    this.#heard = true;
  }

  /**
   * @param {Language} language
   * @param {LogEntry} entry
   * @param {number} ms
   */
  #note(language, entry, ms) {
    const key = `${language} ${entry.request}`;
    let request = this.#requests.get(key);
    if (!request) {
      const query = entry.query && `?${entry.query}`;
      const label = `${entry.method} ${entry.path}${query}`;
      request = {
        label,
        from: ms,
        to: null,
        status: null,
        ending: null,
      };
      this.#requests.set(key, request);
      this.#tracks[language]?.requests.push(request);
    }
    request.status = entry.status;
    request.ending = entry.ending;
    if (entry.ending !== null) request.to = ms;
  }

  #draw() {
    for (const pane of Object.values(this.#panes)) pane?.flush();
    const ends = Object.values(this.#tracks).map(
      (track) => track?.end ?? 0,
    );
    const latest = Math.max(...ends);
    const now = this.#running
      ? performance.now() - this.#began
      : latest;
    this.#drawing.draw(
      this.#tracks,
      Math.max(now, latest),
      this.#running,
    );
  }
}

/** The output of one program. */
class Pane {
  /** @type {HTMLElement[]} */
  #waiting = [];
  #lines = document.createElement("div");
  #end = document.createElement("p");

  /** @param {string} title */
  constructor(title) {
    this.element = document.createElement("section");
    this.#lines.className = "live-lines";
    this.#lines.tabIndex = 0;
    this.#lines.role = "region";
    this.#lines.ariaLabel = `Output of ${title}`;
    this.#end.className = "live-end";
    this.#end.textContent = "runs …";
    this.element.append(heading(title), this.#lines, this.#end);
  }

  /**
   * @param {string} text
   * @param {"out" | "err"} stream
   * @param {number} ms
   */
  add(text, stream, ms) {
    const line = document.createElement("div");
    const time = document.createElement("span");
    line.className = stream;
    time.className = "ms";
    time.textContent = `${Math.round(ms)} ms`;
    const said = document.createElement("span");
    said.textContent = text.replace(/\n$/, "");
    line.append(time, " ", said);
    this.#waiting.push(line);
    if (this.#waiting.length > MOST_LINES) this.#waiting.shift();
  }

  /** Show the lines that have come since the last time, all at once. */
  flush() {
    if (!this.#waiting.length) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#lines;
    const atEnd = scrollHeight - scrollTop - clientHeight < 4;
    this.#lines.append(...this.#waiting);
    this.#waiting = [];
    while (this.#lines.childElementCount > MOST_LINES) {
      this.#lines.firstElementChild?.remove();
    }
    // Someone who reads further up stays there.
    if (atEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  /**
   * @param {End} end
   * @param {number} ms
   */
  ended(end, ms) {
    this.#end.textContent = `${ending(end)} after ${Math.round(ms)} ms`;
    this.#end.classList.toggle("bad", end.exit !== 0);
  }
}

/**
 * How a program has ended, in words.
 *
 * @param {End | undefined} end
 */
export function ending({ exit, why } = { exit: null, why: "ended" }) {
  if (why === "ended") {
    return exit === null ? "cannot run here" : `exit code ${exit}`;
  }
  return why === "limit" ? "stopped at the limit" : "stopped";
}

/** @param {string} text */
function heading(text) {
  const title = document.createElement("p");
  title.className = "live-title";
  title.textContent = text;
  return title;
}
