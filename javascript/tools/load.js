// The load of `nox -s bench`: a line of JSON that comes in asks for one,
// a line that goes out says how many ms each of its requests took.
import { createInterface } from "node:readline";
import { Client } from "undici";

/** @typedef {{ url: string, clients: number, times: number }} Load */

/**
 * Let each of so many clients, on a connection of its own, ask so many
 * times, one after the other. What opens the connections does not count.
 *
 * @param {Load} load
 */
async function run({ url, clients, times }) {
  const { origin, pathname, search } = new URL(url);
  const request = { method: "GET", path: pathname + search };
  const all = Array.from({ length: clients }, () => new Client(origin));
  const took = /** @type {number[]} */ ([]);

  /** @param {Client} client */
  async function ask(client) {
    const began = performance.now();
    const { statusCode, body } = await client.request(request);
    await body.dump();
    took.push(performance.now() - began);
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`);
  }

  await Promise.all(all.map(ask));
  took.length = 0;
  await Promise.all(
    all.map(async (client) => {
      for (let n = 0; n < times; n++) await ask(client);
      await client.close();
    }),
  );
  return took;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
