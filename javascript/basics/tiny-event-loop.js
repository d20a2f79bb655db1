// An event loop by hand: tasks are generators, without promises.

import { get } from "node:http";

const API_URL = process.env.API_URL ?? "http://127.0.0.1:8000";

function ask(url, callback) {
  const request = get(url, (response) => {
    response.resume(); // the status is enough
    callback(null, response.statusCode);
  });
  request.on("error", callback);
}

export function run(tasks) {
  const timers = [];
  const ready = tasks.map((task) => ({ task }));

  function turn() {
    while (timers[0]?.due <= performance.now()) {
      ready.push(timers.shift());
    }
    while (ready.length > 0) {
      const { task, error, value } = ready.shift();
      // The task goes on, up to its next yield.
      const step = error ? task.throw(error) : task.next(value);
      if (step.done) continue;
      const [verb, arg] = step.value;
      if (verb === "sleep") {
        timers.push({ due: performance.now() + arg, task });
        timers.sort((a, b) => a.due - b.due);
      } else {
        ask(arg, (error, value) => {
          ready.push({ task, error, value });
          turn();
        });
      }
    }
    // Nothing is ready: Node waits, and calls for the next timer.
    if (timers.length > 0) {
      setTimeout(turn, Math.max(0, timers[0].due - performance.now()));
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
