// What this version of Node does, for the tables on the pages. Run as a
// program, this file prints a name, a label and an answer for each row.

const yes = (/** @type {unknown} */ there) => (there ? "yes" : "no");

/** @type {[name: string, label: string, answer: () => string][]} */
const ROWS = [
  ["navigator_locks", "`navigator.locks`", () => yes(navigator.locks)],
];

const version = process.versions.node.split(".")[0];
const rows = ROWS.map(([name, label, answer]) => [
  name,
  label,
  answer(),
]);
console.log(JSON.stringify({ version, rows }));
