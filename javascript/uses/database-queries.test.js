import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { test } from "node:test";
import postgres from "postgres";

import { databaseUrl, limited, printed, running } from "../helpers.js";
import { giveUp, main, search } from "./database-queries.js";

/** The test's own view of the server, beside the program's. */
async function ownServer() {
  const sql = postgres(await databaseUrl(), { max: 1 });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const key = randomInt(2 ** 40);
  // Short sleeps last as long as a test says, and rows are counted.
  await sql.unsafe(`
    set client_min_messages = warning;
    create schema ${name};
    set search_path = ${name};
    create sequence made;
    create function pg_sleep(seconds float8) returns void
    language plpgsql as $$ begin
      if seconds < 1 then
        perform pg_advisory_lock_shared(${key});
        perform pg_advisory_unlock_shared(${key});
      else
        perform pg_catalog.pg_sleep(seconds);
      end if;
    end $$;
    create function generate_series(a int, b int) returns setof bigint
    language sql as $$
      select nextval('${name}.made') from pg_catalog.generate_series(a, b)
    $$;`);
  // Connections that go by this URL find the schema first.
  const url = new URL(await databaseUrl());
  url.searchParams.set("application_name", name);
  url.searchParams.set("search_path", `${name},pg_catalog`);
  /** @type {import("postgres").Sql[]} */
  const connected = [];
  return {
    url: url.href,
    sql,
    /** Connect as a program would. @param {number} [max] */
    connect(max = 4) {
      connected.push(postgres(url.href, { max }));
      return connected[connected.length - 1];
    },
    /** Let no short sleep end until `release`. */
    hold: () => sql`select pg_advisory_lock(${key})`,
    release: () => sql`select pg_advisory_unlock(${key})`,
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
      for (const each of connected) await each.end({ timeout: 0 });
      await sql.unsafe(`drop schema ${name} cascade`);
      await sql.end();
    },
  };
}

test("all questions are answered", async () => {
  const url = await databaseUrl();
  assert.equal(
    await printed(() => main(url)),
    "Meanwhile: 1 like\n" +
      "Slow answers: 10 20 30\n" +
      "Found: row 7\n" +
      "A minute's wait: given up\n",
  );
});

test("three queries run at once and an update meanwhile", async () => {
  await using server = await ownServer();
  await server.hold();
  const program = running(() => main(server.url));
  await server.has(3, "wait_event = 'advisory'");
  await program.prints("Meanwhile: 1 like");
  await server.has(3, "wait_event = 'advisory'");
  assert.equal(program.lines.length, 1);
  await server.release();
  await program.done;
  assert.equal(program.lines[1], "Slow answers: 10 20 30");
  await server.has(0, "true");
});

test("a cancelled query ends on the server too", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const cancelling = new AbortController();
  const asking = giveUp(sql, cancelling.signal);
  await server.has(1, "wait_event = 'PgSleep'");
  cancelling.abort();
  assert.equal(await asking, "given up");
  await server.has(0, "state = 'active'");
  await server.has(1, "state = 'idle'");
});

test("rows that nobody reads are never made", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  assert.equal(Number(await search(sql)), 7);
  const [made] = await server.sql`select last_value from made`;
  assert.equal(Number(made.last_value), 10);
});

test("a query that nobody awaits never starts", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const query = sql`select nextval('made') as value`;
  await sql`select 1`;
  const [made] = await server.sql`select is_called from made`;
  assert.equal(made.is_called, false);
  const [{ value }] = await query;
  assert.equal(Number(value), 1);
});

// JavaScript only: asyncpg refuses the second query.
test("a busy connection lets a second query wait", async () => {
  await using server = await ownServer();
  await server.hold();
  const sql = server.connect(1);
  /** @type {string[]} */
  const order = [];
  const first = sql`select pg_sleep(0.1)`.then(() =>
    order.push("first"),
  );
  const second = sql`select 2`.then(() => order.push("second"));
  await server.has(1, "wait_event = 'advisory'");
  assert.deepEqual(order, []);
  await server.release();
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
});

// JavaScript only: in Python, whoever stops waiting cancels the query.
test("a query goes on when nobody waits for it any more", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const cancelling = new AbortController();
  const asking = giveUp(sql, cancelling.signal);
  await server.has(1, "wait_event = 'PgSleep'");
  assert.equal(await Promise.race([asking, "too late"]), "too late");
  await server.has(1, "wait_event = 'PgSleep'");
  cancelling.abort();
  await asking;
});
