import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import postgres from "postgres";

import { databaseUrl, limited, printed } from "../helpers.js";
import { main, pay } from "./transactions.js";

/** A database of the test's own. */
async function ownDatabase() {
  const server = postgres(await databaseUrl(), { max: 1 });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await server`create database ${server(name)}`;
  const url = new URL(await databaseUrl());
  url.pathname = name;
  const sql = postgres(url.href, { max: 3, onnotice() {} });
  await sql`
    create table accounts (
      owner text primary key, balance int check (balance >= 0))`;
  await sql`insert into accounts values ('Ada', 100), ('Grace', 0)`;
  // What the program opens has a name of its own.
  url.searchParams.set("application_name", "program");
  /**
   * Wait until so many connections are `what`.
   * @param {number} count
   * @param {string} what
   */
  async function has(count, what) {
    const query = `select count(*)::int from pg_stat_activity
      where datname = current_database() and ${what}`;
    const found = async () => {
      while ((await sql.unsafe(query))[0].count !== count) {
        await sql`select pg_sleep(0.001)`;
      }
    };
    await limited(found(), () => `not ${count}: ${what}`);
  }
  return {
    url: url.href,
    sql,
    async balances() {
      const rows = await sql`
        select owner, balance from accounts order by owner`;
      return rows
        .map((row) => `${row.owner} ${row.balance}`)
        .join(", ");
    },
    /** Wait until one connection waits for another one's row. */
    untilBlocked: () => has(1, "wait_event_type = 'Lock'"),
    /** Wait until the program has closed its connections. */
    untilClosed: () => has(0, "application_name = 'program'"),
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 0 });
      await server`drop database ${server(name)} with (force)`;
      await server.end();
    },
  };
}

function credit(sql, owner) {
  return sql`
    update accounts set balance = balance + 1 where owner = ${owner}`;
}

test("both accounts change or none", async () => {
  await using database = await ownDatabase();
  assert.equal(
    await printed(() => main(database.url)),
    "At first: Ada 100, Grace 0\n" +
      "Ada pays 30: done\n" +
      "Ada pays 500: refused\n" +
      "At the end: Ada 70, Grace 30\n",
  );
  const left = await database.sql`
    select from pg_namespace where nspname like 'run%'`;
  assert.equal(left.length, 0);
  await database.untilClosed();
});

test("nobody sees half a payment", async () => {
  await using database = await ownDatabase();
  const other = await database.sql.reserve();
  await other`begin`;
  await other`select from accounts where owner = 'Ada' for update`;
  const paying = pay(database.sql, 30);
  await database.untilBlocked();
  // Grace has got it already, but only this transaction sees that.
  assert.equal(await database.balances(), "Ada 100, Grace 0");
  await other`rollback`;
  assert.equal(await paying, "done");
  assert.equal(await database.balances(), "Ada 70, Grace 30");
  other.release();
});

test("another error is no refusal", async () => {
  await using database = await ownDatabase();
  await database.sql`drop table accounts`;
  await assert.rejects(pay(database.sql, 30), { code: "42P01" });
});

// What the language does, without the program.

test("an error of your own takes all back", async () => {
  await using database = await ownDatabase();
  const failing = database.sql.begin(async (tx) => {
    await credit(tx, "Grace");
    throw new Error("no luck");
  });
  await assert.rejects(failing, { message: "no luck" });
  assert.equal(await database.balances(), "Ada 100, Grace 0");
});

test("without a block each query counts by itself", async () => {
  await using database = await ownDatabase();
  const { sql } = database;
  await credit(sql, "Grace");
  await assert.rejects(
    async () => await sql`update accounts set balance = -1`,
    {
      code: "23514",
      message:
        'new row for relation "accounts" violates check constraint' +
        ' "accounts_balance_check"',
    },
  );
  assert.equal(await database.balances(), "Ada 100, Grace 1");
});

test("a pool in the block takes another connection", async () => {
  await using database = await ownDatabase();
  const { sql } = database;
  const failing = sql.begin(async (tx) => {
    await credit(tx, "Ada");
    await credit(sql, "Grace");
    throw new Error("no luck");
  });
  await assert.rejects(failing, { message: "no luck" });
  assert.equal(await database.balances(), "Ada 100, Grace 1");
});

test("an error that you catch in the block", async () => {
  await using database = await ownDatabase();
  const { sql } = database;
  const again = async (tx) =>
    await tx`insert into accounts values ('Ada', 1)`;
  const duplicate = {
    code: "23505",
    message:
      "duplicate key value violates unique constraint" +
      ' "accounts_pkey"',
  };
  let second;
  const failing = sql.begin(async (tx) => {
    await credit(tx, "Grace");
    await assert.rejects(again(tx), duplicate);
    second = await credit(tx, "Grace").catch((error) => error);
  });
  // The function has caught it, and still it is what you get.
  await assert.rejects(failing, duplicate);
  assert.equal(second.code, "25P02");
  assert.equal(
    second.message,
    "current transaction is aborted, commands ignored until end of" +
      " transaction block",
  );
  assert.equal(await database.balances(), "Ada 100, Grace 0");
  // A savepoint is taken back alone.
  await sql.begin(async (tx) => {
    await credit(tx, "Grace");
    await assert.rejects(tx.savepoint(again), duplicate);
    await credit(tx, "Grace");
  });
  assert.equal(await database.balances(), "Ada 100, Grace 2");
});

test("a begin through the pool is no transaction", async () => {
  await using database = await ownDatabase();
  await assert.rejects(async () => await database.sql`begin`, {
    code: "UNSAFE_TRANSACTION",
    message:
      "UNSAFE_TRANSACTION: Only use sql.begin, sql.reserved or max: 1",
  });
});

// JavaScript only: Python warns of a coroutine that nobody awaits.
test("a query that nobody awaits is not part of it", async () => {
  await using database = await ownDatabase();
  await database.sql.begin(async (tx) => {
    await credit(tx, "Ada");
    credit(tx, "Grace");
  });
  assert.equal(await database.balances(), "Ada 101, Grace 0");
});

test("two transactions that wait for each other", async () => {
  await using database = await ownDatabase();
  const { sql } = database;
  const one = await sql.reserve();
  await one`begin`;
  await credit(one, "Ada");
  let waiting;
  const failing = sql.begin(async (tx) => {
    await tx`set local deadlock_timeout = '10ms'`;
    await credit(tx, "Grace");
    waiting = credit(one, "Grace").execute();
    await database.untilBlocked();
    await credit(tx, "Ada");
  });
  await assert.rejects(failing, {
    code: "40P01",
    message: "deadlock detected",
  });
  await waiting;
  await one`commit`;
  one.release();
  assert.equal(await database.balances(), "Ada 101, Grace 1");
});

test("two transactions that cannot both be true", async () => {
  await using database = await ownDatabase();
  const { sql } = database;
  const insert = (tx, owner) => tx`
    insert into accounts select ${owner}, count(*) from accounts`;
  const one = await sql.reserve();
  await one`begin isolation level serializable`;
  const failing = sql.begin(
    "isolation level serializable",
    async (tx) => {
      await insert(one, "Alan");
      await insert(tx, "Edith");
      await one`commit`;
    },
  );
  await assert.rejects(failing, {
    code: "40001",
    message:
      "could not serialize access due to read/write dependencies" +
      " among transactions",
  });
  one.release();
  assert.equal(await database.balances(), "Ada 100, Alan 2, Grace 0");
});
