// An event loop by hand: tasks are generators, without promises.
// Explained in docs/basics/tiny-event-loop.md
// Needs the mock API: nox -s api

import { get } from "node:http";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

function ask(url, callback) {
  const request = get(url, (response) => {
    // The status is enough. Unread, the rest would block the socket.
    response.resume();
    callback(null, response.statusCode);
  });
  request.on("error", callback);
}

export function run(tasks) {
  const ready = tasks.map((task) => ({ task }));

  function turn() {
    while (ready.length > 0) {
      const { task, error, value } = ready.shift();
      // The task goes on, up to its next yield.
      const step = error ? task.throw(error) : task.next(value);
      if (step.done) continue;
      const [verb, arg] = step.value;
      const goOn = (error, value) => {
        ready.push({ task, error, value });
        turn();
      };
      // Node keeps the time and waits for the answers: we may not
      // block its thread, and cannot call ourselves.
      if (verb === "sleep") setTimeout(goOn, arg);
      else ask(arg, goOn);
    }
  }
  turn();
}

function* visit(name, milliseconds, url) {
  yield ["sleep", milliseconds];
  console.log(name, "asks");
  const status = yield ["ask", url];
  console.log(name, "is answered:", status);
}

export function main(apiUrl = API_URL) {
  const patient = visit("A", 120, `${apiUrl}/users/1`);
  const hasty = visit("B", 20, `${apiUrl}/users/5`);
  run([patient, hasty]);
}

if (import.meta.main) main();
