import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import postgres from "postgres";

import { databaseUrl, limited, printed } from "../helpers.js";
import { giveUp, main } from "./cancel-a-query.js";

const SLEEPS = "wait_event = 'PgSleep'";

/** The test's own view of the server, beside the program's. */
async function ownServer() {
  const sql = postgres(await databaseUrl(), { max: 1 });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(await databaseUrl());
  url.searchParams.set("application_name", name);
  const connected = postgres(url.href, { max: 1 });
  return {
    url: url.href,
    name,
    sql,
    /** Connected as a program would be. */
    connected,
    /**
     * Wait until so many connections to the URL are `what`.
     * @param {number} count
     * @param {string} what
     */
    async has(count, what) {
      const query = `select count(*)::int from pg_stat_activity
        where application_name = '${name}' and ${what}`;
      const found = async () => {
        while ((await sql.unsafe(query))[0].count !== count) {
          await sql`select pg_sleep(0.001)`;
        }
      };
      await limited(found(), () => `not ${count}: ${what}`);
    },
    async [Symbol.asyncDispose]() {
      await connected.end();
      await sql.end();
    },
  };
}

test("the server stops only when it is told", async () => {
  await using server = await ownServer();
  assert.equal(
    await printed(() => main(server.url)),
    "Nobody waits: active\n" +
      "Cancelled: idle\n" +
      "With a time limit: given up\n",
  );
  await server.has(0, "true");
});

test("every query has a limit on the server", async () => {
  await using server = await ownServer();
  const { name, sql } = server;
  // Notes the limit, in seconds, where a cancel does not take it back.
  await sql.unsafe(`
    create schema ${name};
    create sequence ${name}.noted;
    create function ${name}.pg_sleep(seconds float8) returns void
    language plpgsql as $$ begin
      perform setval('${name}.noted', extract(
        epoch from current_setting('statement_timeout')::interval)::int);
      perform pg_catalog.pg_sleep(seconds);
    end $$;`);
  try {
    const url = new URL(server.url);
    url.searchParams.set("search_path", `${name},pg_catalog`);
    await printed(() => main(url.href));
    const noted = `select last_value::int as seconds from ${name}.noted`;
    assert.equal((await sql.unsafe(noted))[0].seconds, 20);
  } finally {
    await sql.unsafe(`
      set client_min_messages = warning;
      drop schema ${name} cascade`);
  }
});

test("a time limit ends the query on the server", async () => {
  await using server = await ownServer();
  const sql = server.connected;
  const limit = new AbortController();
  const asking = giveUp(sql, limit.signal);
  await server.has(1, SLEEPS);
  // What `AbortSignal.timeout` does when its time is over.
  limit.abort(new DOMException("too late", "TimeoutError"));
  assert.equal(await asking, "given up");
  await server.has(1, "state = 'idle'");
  const [row] = await sql`select 'ready' as answer`;
  assert.equal(row.answer, "ready");
});

// JavaScript only: a Python time limit counts from its block.
test("a signal that has aborted before sends no query", async () => {
  await using server = await ownServer();
  await assert.rejects(giveUp(server.connected, AbortSignal.abort()), {
    name: "AbortError",
  });
  await server.has(0, "true");
});

// JavaScript only: asyncio.timeout knows whether it was the one.
test("what the server ends is no giving up", async () => {
  await using server = await ownServer();
  const { signal } = new AbortController();
  const asking = giveUp(server.connected, signal);
  const rejected = assert.rejects(asking, { code: "57014" });
  await server.has(1, SLEEPS);
  await server.sql`
    select pg_cancel_backend(pid) from pg_stat_activity
    where application_name = ${server.name}`;
  await rejected;
  // A signal may live long: nobody listens to it for this query now.
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

// JavaScript only: Python's timeout takes only its own cancel.
test("another error is no giving up", async () => {
  const stop = new AbortController();
  const lost = Object.assign(new Error("lost"), { code: "ECONNRESET" });
  const { promise, reject } = Promise.withResolvers();
  // The connection breaks at the moment of the cancel.
  const cancel = () => reject(lost);
  const asking = giveUp(
    () => Object.assign(promise, { cancel }),
    stop.signal,
  );
  stop.abort();
  await assert.rejects(asking, lost);
});

// What the language does, without the program.

test("the server says who has ended a query", async () => {
  await using server = await ownServer();
  const sql = server.connected;
  const query = sql`select pg_sleep(60)`;
  const rejected = assert.rejects(async () => await query, {
    code: "57014",
    message: "canceling statement due to user request",
  });
  await server.has(1, SLEEPS);
  query.cancel();
  await rejected;
  await sql`set statement_timeout = 50`;
  await assert.rejects(async () => await sql`select pg_sleep(60)`, {
    code: "57014",
    message: "canceling statement due to statement timeout",
  });
});

test("a cancel that comes too early is lost", async () => {
  await using server = await ownServer();
  const sql = server.connected;
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const [row] = await server.sql`
    select pg_cancel_backend(${pid}) as sent`;
  assert.equal(row.sent, true);
  const [next] = await sql`select 'not cancelled' as answer`;
  assert.equal(next.answer, "not cancelled");
});

test("a lost client does not stop the query", async () => {
  await using server = await ownServer();
  const sql = server.connected;
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const rejected = assert.rejects(
    async () => await sql`select pg_sleep(60)`,
    { code: "CONNECTION_DESTROYED" },
  );
  await server.has(1, SLEEPS);
  await sql.end({ timeout: 0 });
  await rejected;
  await server.has(1, SLEEPS);
  await server.sql`select pg_terminate_backend(${pid})`;
  await server.has(0, "true");
});
