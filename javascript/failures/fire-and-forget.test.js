import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, done, mockApi, runNode, running } from "../helpers.js";
import { Background, main } from "./fire-and-forget.js";

const OUTPUT =
  "Hello, Ada\nBackground: HttpError: HTTP 404\nPictures: 1\n";
const COMPLETED = {
  "/users/1": "completed",
  "/users/2/picture": "completed",
  "/users/99/picture": "completed",
};

test("the answer comes first", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*/picture");
  const program = running(() => main(api.url));
  await api.saw("GET /users/2/picture");
  await api.saw("GET /users/99/picture");
  assert.equal(program.output, "Hello, Ada\n");
  await api.release("/users/*/picture");
  await program.done;
  assert.equal(program.output, OUTPUT);
  assert.deepEqual(await api.endings(), COMPLETED);
});

test("a failure is reported and the rest goes on", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/2/picture");
  const program = running(() => main(api.url));
  await program.prints("Background: HttpError: HTTP 404\n");
  await api.saw("GET /users/2/picture");
  const endings = await api.endings({ settled: false });
  assert.equal(endings["/users/2/picture"], null);
  assert.equal(await done(program.done), false);
  await api.release("/users/2/picture");
  await program.done;
  assert.equal(program.output, OUTPUT);
});

test("nothing is lost at the end", async (t) => {
  const api = await mockApi(t);
  await api.hold("/users/*/picture");
  // Many programs end like this, as a command of several does.
  const source = `
    import { main } from "./failures/fire-and-forget.js";
    await main(process.env.API_URL);
    process.exit();`;
  const args = ["--input-type=module", "--eval", source];
  const program = runNode(args, { API_URL: api.url });
  await api.saw("GET /users/2/picture");
  await api.saw("GET /users/99/picture");
  await api.release("/users/99/picture");
  await api.ended("GET /users/99/picture");
  await api.release("/users/2/picture");
  const { code, stdout } = await program;
  assert.deepEqual({ code, stdout }, { code: 0, stdout: OUTPUT });
  assert.deepEqual(await api.endings(), COMPLETED);
});

test("a failure of main waits for the jobs", async (t) => {
  const api = await mockApi(t);
  // Without a user, main fails after it has started both jobs.
  await api.answer("/users/1", { body: "null" });
  await api.hold("/users/*/picture");
  const program = running(() => main(api.url));
  await api.saw("GET /users/2/picture");
  await api.saw("GET /users/99/picture");
  await api.release("/users/99/picture");
  await program.prints("Background: HttpError: HTTP 404\n");
  const settled = program.done.then(
    () => "ended",
    (error) => error.name,
  );
  assert.equal(await done(settled), false);
  await api.release("/users/2/picture");
  assert.equal(await settled, "TypeError");
  assert.equal(program.output, "Background: HttpError: HTTP 404\n");
  assert.deepEqual(await api.endings(), COMPLETED);
});

test("without an answer no job starts", async (t) => {
  const api = await mockApi(t);
  await api.fail("/users/1", [500]);
  await assert.rejects(main(api.url), {
    name: "HttpError",
    message: "HTTP 500",
  });
  assert.deepEqual(await api.endings(), { "/users/1": "completed" });
});

test("a job that hangs ends after three seconds", async (t) => {
  const api = await mockApi(t);
  const time = clock(t);
  await api.hold("/users/2/picture");
  const program = running(() => main(api.url));
  await api.saw("GET /users/2/picture");
  await program.prints("HTTP 404\n");
  await time.advance(2900);
  await api.log({ settled: false });
  assert(!program.output.includes("TimeoutError"), program.output);
  await time.advance(100);
  await program.prints(
    "Background: TimeoutError: The operation was aborted due to timeout\n",
  );
  await program.done;
  assert.equal(program.lines.at(-1), "Pictures: 0");
  const endings = await api.endings();
  assert.equal(endings["/users/2/picture"], "client hung up");
});

test("a job may start another one", async () => {
  const background = new Background();
  /** @type {PromiseWithResolvers<void>[]} */
  const gates = [Promise.withResolvers(), Promise.withResolvers()];

  async function first() {
    await gates[0].promise;
    background.start(gates[1].promise);
  }

  background.start(first());
  const finishing = background.finish();
  gates[0].resolve();
  assert.equal(await done(finishing), false);
  assert.equal(background.jobs.size, 1);
  gates[1].resolve();
  await finishing;
  assert.equal(background.jobs.size, 0);
});

// What the language does, without the program.

// JavaScript only: a Python task needs someone who holds it.
test("a promise that nobody holds goes on", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const source = `
    void fetch(process.env.API_URL + "/posts").then(
      ({ status }) => console.log("posts", status));
    await fetch(process.env.API_URL + "/data");
    gc();
    console.log("the end of the module");`;
  const args = ["--expose-gc", "--input-type=module", "--eval", source];
  const program = runNode(args, { API_URL: api.url });
  await api.saw("GET /posts");
  await api.release("/data");
  await api.ended("GET /data");
  await api.release("/posts");
  assert.deepEqual(await program, {
    code: 0,
    stdout: "the end of the module\nposts 200\n",
    stderr: "",
  });
});

// JavaScript only: asyncio.run cancels what is left.
test("process.exit loses what is under way", async (t) => {
  const api = await mockApi(t);
  await api.hold("*");
  const source = `
    void fetch(process.env.API_URL + "/posts").finally(
      () => console.log("not printed"));
    await fetch(process.env.API_URL + "/data");
    process.exit();`;
  const args = ["--input-type=module", "--eval", source];
  const program = runNode(args, { API_URL: api.url });
  await api.saw("GET /posts");
  await api.saw("GET /data");
  await api.release("/data");
  assert.deepEqual(await program, { code: 0, stdout: "", stderr: "" });
  await api.ended("GET /posts");
  assert.equal((await api.endings())["/posts"], "client hung up");
});

// JavaScript only: a Python program waits for its main.
test("Node ends before a timer that does not count", async () => {
  const work = `
    async function main() {
      await new Promise((resolve) => setTimeout(resolve, 9).unref());
      console.log("saved");
    }
  `;
  const run = (/** @type {string} */ last) =>
    runNode(["--input-type=module", "--eval", `${work}\n${last}`]);
  assert.deepEqual(await run("main();"), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  const awaited = await run("await main();");
  assert.deepEqual([awaited.code, awaited.stdout], [13, ""]);
  assert(
    awaited.stderr.startsWith(
      "Warning: Detected unsettled top-level await at ",
    ),
  );
});
