import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import postgres from "postgres";

import {
  databaseUrl,
  limited,
  printed,
  runNode,
  running,
} from "../helpers.js";
import { countPosts, findSeventh, main } from "./database-queries.js";

/** The test's own view of the server, beside the program's. */
async function ownServer() {
  const sql = postgres(await databaseUrl(), { max: 1 });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const key = randomInt(2 ** 40);
  // Short sleeps last as long as a test says; rows and limits are noted.
  await sql.unsafe(`
    set client_min_messages = warning;
    create schema ${name};
    set search_path = ${name};
    create sequence made;
    create table noted (statement_timeout text);
    create function pg_sleep(seconds float8) returns void
    language plpgsql as $$ begin
      insert into noted values (current_setting('statement_timeout'));
      perform pg_advisory_lock_shared(${key});
      perform pg_advisory_unlock_shared(${key});
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
    key,
    sql,
    /** Connect as a program would. @param {number} [max] */
    connect(max = 2) {
      connected.push(postgres(url.href, { max }));
      return connected[connected.length - 1];
    },
    /** Let no short sleep end until `release`. */
    hold: (lock = key) => sql`select pg_advisory_lock(${lock})`,
    release: (lock = key) => sql`select pg_advisory_unlock(${lock})`,
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
          await sql`select pg_catalog.pg_sleep(0.001)`;
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

/** A URL at which no server listens. */
async function nowhere() {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = /** @type {any} */ (free.address());
  await once(free.close(), "close");
  return `postgres://app@127.0.0.1:${port}/app`;
}

test("all questions are answered", async () => {
  const url = await databaseUrl();
  assert.equal(
    await printed(() => main(url)),
    "Posts of Ada: 2\n" +
      "Posts of Grace: 1\n" +
      "Posts of Alan: 0\n" +
      "Posts of ' or author <> ': 0\n" +
      "4 queries, 2 connections\n" +
      "Found: row 7\n",
  );
});

test("two queries run at once and two wait", async () => {
  await using server = await ownServer();
  await server.hold();
  const program = running(() => main(server.url));
  await server.has(2, "wait_event = 'advisory'");
  await server.has(2, "true");
  assert.deepEqual(program.lines, []);
  await server.release();
  await program.done;
  assert.equal(program.lines.at(-2), "4 queries, 2 connections");
  await server.has(0, "true");
});

test("every query has a limit on the server", async () => {
  await using server = await ownServer();
  await printed(() => main(server.url));
  const noted = await server.sql`select statement_timeout from noted`;
  assert.deepEqual(
    noted.map((row) => row.statement_timeout),
    ["30s", "30s", "30s", "30s"],
  );
});

test("a server that is down is an error", async () => {
  const url = await nowhere();
  await assert.rejects(
    printed(() => main(url)),
    { code: "ECONNREFUSED" },
  );
});

test("a value is never read as SQL", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  assert.equal((await countPosts(sql, "' or author <> '")).posts, 0);
  assert.equal((await countPosts(sql, "Ada")).posts, 2);
});

test("rows that nobody reads are never made", async () => {
  await using server = await ownServer();
  assert.equal(Number(await findSeventh(server.connect())), 7);
  const [made] = await server.sql`select last_value from made`;
  assert.equal(Number(made.last_value), 10);
});

// What the language does, without the program.

test("a text that you build is read as SQL", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const author = "' or author <> '";
  const posts = "(values ('Ada'), ('Grace')) as posts (author)";
  const query = `select author from ${posts} where author = '${author}'`;
  const rows = await sql.unsafe(query);
  assert.deepEqual(
    rows.map((row) => row.author),
    ["Ada", "Grace"],
  );
});

test("a list is one value", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const authors = ["Ada", "Alan"];
  const rows = await sql`
    select author
    from (values ('Ada'), ('Grace'), ('Alan')) as posts (author)
    where author = any(${authors})`;
  assert.deepEqual(
    rows.map((row) => row.author),
    authors,
  );
});

// JavaScript only: Python has no tagged template that one could forget.
test("the tag makes the difference", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  // @ts-expect-error: the types say so, too.
  await assert.rejects(async () => await sql("select 1"), {
    message:
      "NOT_TAGGED_CALL: Query not called as a tagged template literal",
  });
});

// JavaScript only: Python has no second kind of None.
test("an undefined value is refused", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const author = /** @type {any} */ (undefined);
  await assert.rejects(async () => await sql`select ${author}::text`, {
    message: "UNDEFINED_VALUE: Undefined values are not allowed",
  });
  const [row] = await sql`select ${null}::text as author`;
  assert.equal(row.author, null);
});

test("what a count comes as", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const [row] = await sql`
    select count(*), 7::int as small, 9007199254740993 as big`;
  assert.equal(row.count, "1");
  assert.equal(row.small, 7);
  assert.equal(row.big, "9007199254740993");
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

// JavaScript only: in asyncpg a waiting query has no connection yet.
test("a query may wait behind a slow one", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const other = server.key + 1;
  // Both connections are open, or the query waits for neither of them.
  await Promise.all([sql`select 1`, sql`select 2`]);
  await server.hold();
  await server.hold(other);
  /** @param {number} key */
  const wait = (key) =>
    sql.unsafe(`select pg_advisory_xact_lock_shared(${key})`);
  const slow = wait(server.key).execute();
  await server.has(1, "wait_event = 'advisory'");
  const quick = wait(other).execute();
  await server.has(2, "wait_event = 'advisory'");
  let answered = false;
  const waiting = sql`select 3`.then(() => {
    answered = true;
  });
  await server.release(other);
  await quick;
  // This one finds the free connection; the other stands in a queue.
  await sql`select 4`;
  assert.equal(answered, false);
  await server.release();
  await Promise.all([slow, waiting]);
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

// JavaScript only: a coroutine has nothing but await.
test("then and execute start a query", async () => {
  await using server = await ownServer();
  const sql = server.connect(1);
  const first = sql`select nextval('made')`.then(() => "answered");
  const second = sql`select nextval('made')`.execute();
  await sql`select 1`;
  const [made] = await server.sql`select last_value from made`;
  assert.equal(Number(made.last_value), 2);
  await Promise.all([first, second]);
});

// JavaScript only: the pool of asyncpg waits for nothing that never came.
test("the end of a pool may never come", async () => {
  const { code, stderr } = await runNode([
    "--input-type=module",
    "--eval",
    `import postgres from "postgres";
     const sql = postgres("${await nowhere()}", { max: 2 });
     const asking = [1, 2, 3, 4].map((n) => sql\`select \${n}\`);
     await Promise.all(asking).catch(() => {});
     await sql.end();`,
  ]);
  assert.equal(code, 13);
  assert.match(stderr, /Warning: Detected unsettled top-level await/);
});

test("a sort makes all rows", async () => {
  await using server = await ownServer();
  const sql = server.connect();
  const query = sql`
    select generate_series(1, 1000) as id order by id desc`;
  for await (const [row] of query.cursor(10)) {
    assert.equal(Number(row.id), 1000);
    break;
  }
  const [made] = await server.sql`select last_value from made`;
  assert.equal(Number(made.last_value), 1000);
});
