/**
 * The buttons of a pair. They load what they need when it is needed: a
 * page that nobody runs costs its reader nothing.
 */

/** @import { End, Language } from "./lab.js" */
/** @import { editor } from "./editor.js" */
/** @import { Sources } from "./share.js" */

const NAMES = { python: "Python", javascript: "JavaScript" };

/**
 * @typedef {object} Program
 * @property {Language} language
 * @property {string} name of its file
 * @property {HTMLElement} shown what an editor takes the place of
 * @property {string} source as the page has it
 * @property {ReturnType<typeof editor>} [edited]
 */

/** The controls of one pair, and what they have started. */
export class Controls {
  /** @type {Program[]} */
  #programs = [];
  /** @type {{ done: Promise<Partial<Record<Language, End>>>, stop: () => void } | undefined} */
  #running;
  /** Runs that were asked for: an older one does not start any more. */
  #asked = 0;
  #bar = document.createElement("div");
  #status = document.createElement("span");
  #results = document.createElement("div");
  #run = this.#button("", () => this.run());
  #stop = this.#button("Stop", () => this.stop());
  #edit = this.#button("Edit", () => this.edit());
  #reset = this.#button("Reset", () => this.reset());
  #share = this.#button("Share", () => this.share());

  /** @param {HTMLElement} pair the frame around both programs */
  constructor(pair) {
    this.name = pair.dataset.pair ?? "";
    const why = pair.dataset.whyNot;
    this.recorded = why !== undefined;
    this.#run.textContent = this.recorded ? "Replay a run" : "Run both";
    this.#run.className = "primary";
    this.#status.role = "status";
    this.#bar.className = "live-bar";
    this.#bar.role = "group";
    this.#bar.ariaLabel = "Run the programs";
    this.#results.className = "live-results";
    this.#results.hidden = true;
    for (const element of pair.querySelectorAll(".program")) {
      const program = /** @type {HTMLElement} */ (element);
      const shown = program.querySelector(".highlight");
      const pre = program.querySelector("pre");
      if (!(shown instanceof HTMLElement) || !pre) continue;
      this.#programs.push({
        language: /** @type {Language} */ (program.dataset.language),
        name: program.dataset.name ?? "",
        shown,
        source: pre.textContent,
      });
    }
    this.#bar.append(this.#run, this.#stop);
    if (!this.recorded) {
      this.#bar.append(this.#edit, this.#reset, this.#share);
      // Loading takes a moment: it begins before the click.
      const load = () => void this.#prepare();
      this.#run.addEventListener("pointerenter", load, { once: true });
      this.#run.addEventListener("focus", load, { once: true });
    }
    this.#bar.append(this.#status);
    this.#show({ running: false, editing: false });
    if (this.recorded) {
      this.#say(`This pair cannot run in a page: ${why}.`);
    }
    pair.after(this.#bar, this.#results);
  }

  /** What the button that runs is called. */
  get runs() {
    return this.#run.textContent;
  }

  /** What the two programs are now. */
  get sources() {
    const sources = this.#programs.map(
      ({ language, source, edited }) => [
        language,
        edited?.source ?? source,
      ],
    );
    return /** @type {Sources} */ (Object.fromEntries(sources));
  }

  /**
   * Add a button of another part of the page.
   *
   * @param {string} text
   * @param {() => unknown} act
   */
  add(text, act) {
    const button = this.#button(text, act);
    this.#status.before(button, " ");
    return button;
  }

  /** Run both, or tell what was recorded; what ran before is stopped. */
  async run() {
    this.stop();
    const asked = ++this.#asked;
    this.#show({ running: true });
    this.#say(this.recorded ? "Replays a recorded run." : "Loads …");
    this.#results.hidden = false;
    try {
      const [{ Stage, ending }, begin] = await Promise.all([
        import("./stage.js"),
        this.recorded ? this.#recording() : this.#lab(),
      ]);
      if (asked !== this.#asked) return;
      const names = this.#programs.map((p) => [p.language, p.name]);
      const stage = new Stage(
        this.#results,
        Object.fromEntries(names),
        !this.recorded,
      );
      this.#results.scrollIntoView({ block: "start" });
      if (!this.recorded) this.#say("Runs …");
      stage.start();
      try {
        this.#running = begin(stage.listener);
        const ends = await this.#running.done;
        if (asked !== this.#asked) return;
        const said = this.#programs.map(
          ({ language }) =>
            `${NAMES[language]}: ${ending(ends[language])}`,
        );
        this.#say(`${said.join(", ")}.`);
      } finally {
        stage.stop();
      }
    } catch (error) {
      if (asked === this.#asked) this.#say(error.message);
    }
    if (asked !== this.#asked) return;
    this.#running = undefined;
    this.#show({ running: false });
  }

  /** Stop what runs, or what is about to. */
  stop() {
    if (this.#running) {
      this.#running.stop();
      this.#running = undefined;
    } else {
      this.#asked += 1;
      this.#say("Stopped.");
    }
    this.#show({ running: false });
  }

  /** Put an editor in the place of each program. */
  async edit() {
    this.#edit.disabled = true;
    this.#say("Loads the editor …");
    try {
      const { editor } = await import("./editor.js");
      for (const program of this.#programs) {
        const { language, name, shown, source } = program;
        const place = document.createElement("div");
        shown.hidden = true;
        shown.after(place);
        const label = `${NAMES[language]}: ${name}`;
        program.edited = editor(place, language, source, label);
      }
      this.#show({ editing: true });
      this.#say("Press Escape, then Tab to leave an editor.");
      this.#programs[0].edited?.focus();
    } catch (error) {
      this.#edit.disabled = false;
      this.#say(error.message);
    }
  }

  /** Bring back the programs as the page has them. */
  reset() {
    this.stop();
    for (const program of this.#programs) {
      program.edited?.remove();
      delete program.edited;
      program.shown.hidden = false;
    }
    this.#edit.disabled = false;
    this.#show({ editing: false });
    this.#say("The programs are as they were.");
    this.#edit.focus();
  }

  /** Make a link that holds both programs. */
  async share() {
    const { link } = await import("./share.js");
    try {
      const play = new URL("play.html", import.meta.url);
      const href = await link(play, this.name, this.sources);
      const anchor = document.createElement("a");
      anchor.href = href;
      anchor.textContent = "Link to these programs";
      const copied = await copy(href);
      this.#say(
        anchor,
        copied
          ? ": it is in your clipboard. The code is in the link, and reaches no server."
          : ": copy its address. The code is in the link, and reaches no server.",
      );
    } catch (error) {
      this.#say(error.message);
    }
  }

  /** How a run begins in this page. */
  async #lab() {
    const lab = await this.#prepare();
    return (listener) => {
      const programs = this.#programs.map(({ language, name }) => [
        language,
        { name, source: this.sources[language] },
      ]);
      return lab.run(Object.fromEntries(programs), listener);
    };
  }

  async #prepare() {
    const lab = await import("./lab.js");
    await lab.prepare();
    return lab;
  }

  /** How the recorded run begins. */
  async #recording() {
    const at = new URL(`recorded/${this.name}.json`, import.meta.url);
    const [{ replay }, response] = await Promise.all([
      import("./replay.js"),
      fetch(at),
    ]);
    if (!response.ok)
      throw new Error("There is no recorded run of it.");
    const recorded = await response.json();
    return (listener) => replay(recorded, listener);
  }

  /**
   * Show the buttons that do something now.
   *
   * @param {{ running?: boolean, editing?: boolean }} now
   */
  #show({ running, editing }) {
    if (running !== undefined) {
      // A button that is disabled loses the focus, and the reader the place.
      const focused = document.activeElement === this.#stop;
      this.#stop.disabled = !running;
      if (focused && !running) this.#run.focus();
    }
    if (editing !== undefined) this.#reset.disabled = !editing;
  }

  /** @param {(string | Node)[]} parts */
  #say(...parts) {
    this.#status.replaceChildren(...parts);
  }

  /**
   * @param {string} text
   * @param {() => unknown} act
   */
  #button(text, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => act());
    return button;
  }
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is in the clipboard
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not every page may, and not every reader wants it.
    return false;
  }
}
