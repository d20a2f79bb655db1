/** A question about what a page shows, asked before it is shown. */

/**
 * @typedef {object} Question
 * @property {string} text
 * @property {string[]} answers each may have several lines
 * @property {number} right the index of the right one; -1: the reader
 *   thinks of an answer
 */

/** An order of more lines than these is hard to compare. */
const MOST_LINES = 8;

const NAMES = { python: "Python", javascript: "JavaScript" };

/**
 * The question for a page.
 *
 * @param {string} output what the program prints, or the Python program if
 *   the two differ
 * @param {string} lanes the drawing of "What the API saw"; "" without one
 * @param {boolean} same whether both programs print this
 * @returns {Question}
 */
export function question(output, lanes, same) {
  const lines = output.split("\n").filter((line) => line.trim());
  const who = same ? "the programs" : "the Python program";
  const distinct = new Set(lines).size === lines.length;
  if (distinct && lines.length >= 3 && lines.length <= MOST_LINES) {
    const text = `In which order will ${who} print these lines?`;
    const orders = [lines, ...otherOrders(lines)];
    const answers = orders.map((order) => order.join("\n"));
    return shuffled(text, answers);
  }
  const { name, all, most } = inFlight(lanes);
  if (all > 1) {
    const whose = NAMES[name] ? `the ${NAMES[name]} program` : who;
    const text = `${whose} makes ${all} requests. How many of them are in flight at the same time, at most?`;
    const plural = text.replace("programs makes", "programs make");
    const numbers = [1, Math.ceil(all / 2), all, most];
    const answers = [...new Set(numbers)].sort((a, b) => a - b);
    return {
      text: plural[0].toUpperCase() + plural.slice(1),
      answers: answers.map(String),
      right: answers.indexOf(most),
    };
  }
  const text = `What will ${who} print? Think first, then look.`;
  return { text, answers: [], right: -1 };
}

/**
 * Two other orders: one with two neighbours changed, one with a line moved.
 *
 * @param {string[]} lines
 */
function otherOrders(lines) {
  const next = numbers(lines.join("\n"));
  const i = next(lines.length - 1);
  const changed = lines.with(i, lines[i + 1]).with(i + 1, lines[i]);
  // To the other end: nobody else has this order if there are three lines.
  const moved = [lines[lines.length - 1], ...lines.slice(0, -1)];
  return [changed, moved];
}

/**
 * The answers in an order that says nothing, but is the same at each visit.
 *
 * @param {string} text
 * @param {string[]} answers the right one first
 */
function shuffled(text, answers) {
  const right = numbers(answers[0])(answers.length);
  const others = answers.slice(1);
  return {
    text,
    answers: others.toSpliced(right, 0, answers[0]),
    right,
  };
}

/**
 * Numbers below a limit, made from a text.
 *
 * @param {string} text
 */
function numbers(text) {
  let state = 0;
  for (const letter of text) {
    state = (31 * state + (letter.codePointAt(0) ?? 0)) % 1_000_003;
  }
  return (/** @type {number} */ below) => {
    state = (31 * state + 7) % 1_000_003;
    return state % below;
  };
}

/**
 * How many requests a drawing shows in all, and at most at once.
 *
 * If each language has lanes of its own, the first one counts.
 *
 * @param {string} lanes
 */
export function inFlight(lanes) {
  let name = "";
  /** @type {{ at: number, by: 1 | -1 }[]} */
  const events = [];
  for (const line of lanes.split("\n")) {
    const first = /^(both|python|javascript)\b/.exec(line)?.[1];
    if (first && name) break;
    name ||= first ?? "";
    const bar = /●━+[●✕…]/.exec(line);
    if (!bar) continue;
    events.push({ at: bar.index, by: 1 });
    events.push({ at: bar.index + bar[0].length - 1, by: -1 });
  }
  // An end and a start in one column: the end was first.
  events.sort((a, b) => a.at - b.at || a.by - b.by);
  let most = 0;
  let now = 0;
  for (const { by } of events) {
    now += by;
    most = Math.max(most, now);
  }
  return { name, all: events.length / 2, most };
}

/**
 * What a page says of its pair.
 *
 * @param {Document} page
 */
export function checked(page) {
  const texts = [...page.querySelectorAll("#output pre")].map(
    (pre) => pre.textContent,
  );
  const saw = page.querySelector("#what-the-api-saw pre");
  return {
    output: texts[0] ?? "",
    lanes: saw?.textContent ?? "",
    same: texts.length === 1,
  };
}

/**
 * Hide what a page says, and ask.
 *
 * @param {Document} page
 * @param {HTMLElement} before where to ask
 * @param {{ name: string, run: () => unknown }} runner what the button that runs
 *   is called, and what it does
 */
export function ask(page, before, { name, run }) {
  const { output, lanes, same } = checked(page);
  const asked = question(output, lanes, same);
  const hidden = hide(page);

  const form = page.createElement("form");
  form.className = "live-question";
  const choices = page.createElement("fieldset");
  const legend = page.createElement("legend");
  legend.textContent = asked.text;
  choices.append(legend);
  asked.answers.forEach((answer, i) => {
    const label = page.createElement("label");
    const radio = page.createElement("input");
    Object.assign(radio, { type: "radio", name: "answer", value: i });
    radio.required = true;
    const text = page.createElement("span");
    text.textContent = answer;
    label.append(radio, text);
    choices.append(label);
  });
  const buttons = page.createElement("p");
  const [runs, shows] = [`${name} and see`, "Show the output"].map(
    (text) => {
      const button = page.createElement("button");
      button.textContent = text;
      buttons.append(button, " ");
      return button;
    },
  );
  const verdict = page.createElement("p");
  verdict.role = "status";
  verdict.tabIndex = -1;
  form.append(choices, buttons, verdict);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new FormData(form).get("answer");
    for (const [i, label] of [
      ...choices.querySelectorAll("label"),
    ].entries()) {
      label.classList.toggle("right", i === asked.right);
    }
    if (asked.answers.length) {
      verdict.textContent =
        Number(chosen) === asked.right
          ? "Yes, that is right."
          : `No. The right answer is number ${asked.right + 1}, which is marked.`;
    }
    choices.disabled = true;
    shows.hidden = true;
    for (const element of hidden) element.hidden = false;
    if (event.submitter === runs) run();
    runs.hidden = true;
    // The button that had the focus is gone.
    verdict.focus({ preventScroll: true });
  });
  before.before(form);
  const first = choices.querySelector("input") ?? runs;
  first.focus({ preventScroll: true });
  form.scrollIntoView({ block: "center" });
}

/**
 * Hide what gives the answer away: what stands below two headings.
 *
 * @param {Document} page
 * @returns {HTMLElement[]} what was hidden
 */
function hide(page) {
  /** @type {NodeListOf<HTMLElement>} */
  const sections = page.querySelectorAll(
    "#output > :not(h2), #what-the-api-saw > :not(h2)",
  );
  for (const element of sections) element.hidden = true;
  return [...sections];
}
