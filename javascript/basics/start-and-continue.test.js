import assert from "node:assert/strict";
import { test } from "node:test";

import { mockApi, printed, runNode, running } from "../helpers.js";
import { getMessage, main } from "./start-and-continue.js";

test("other work goes on while the request is in flight", async (t) => {
  const api = await mockApi(t);
  await api.hold("/data");
  const program = running(() => main(api.url));
  await api.saw("GET /data");
  await program.prints("Nothing else to do");
  assert(!program.output.includes("The answer"));
  await api.release("/data");
  await program.done;
  assert.equal(
    program.lines.at(-1),
    "The answer: Hello from the mock API",
  );
});

test("the answer is handled last, however early it comes", async (t) => {
  const api = await mockApi(t);
  assert.equal(
    await printed(() => main(api.url)),
    "Starting the request\n" +
      "Other work, step 1\n" +
      "Other work, step 2\n" +
      "Other work, step 3\n" +
      "Nothing else to do: waiting for the answer\n" +
      "The answer: Hello from the mock API\n",
  );
});

// JavaScript only: a Python coroutine waits until the loop gets a turn.
test("an async function starts when it is called", async (t) => {
  const fetch = t.mock.method(globalThis, "fetch", async () =>
    Response.json({ message: "hi" }),
  );
  const message = getMessage("http://any");
  assert.equal(fetch.mock.callCount(), 1);
  assert.equal(await message, "hi");
});

// JavaScript only: Python keeps the failure for whoever awaits the task.
test("a failure that nobody awaits yet ends the process", async (t) => {
  const api = await mockApi(t);
  await api.fail("/data", [500]);
  const { code, stderr } = await runNode([
    "--eval",
    `import { getMessage } from "./basics/start-and-continue.js";
     const message = getMessage("${api.url}");
     setInterval(() => message, 1000); // Node would go on for ever`,
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Error: HTTP 500/);
});
