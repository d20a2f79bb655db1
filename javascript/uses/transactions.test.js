import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import postgres from "postgres";

import { databaseUrl, limited, printed } from "../helpers.js";
import { main, pay } from "./transactions.js";

// It notes the time limit of whoever makes a schema.
const NOTES = `
  create table noted (statement_timeout text);
  create function note() returns event_trigger
  language plpgsql as $$ begin
    insert into public.noted
    values (current_setting('statement_timeout'));
  end $$;
  create event trigger notes on ddl_command_end
  when tag in ('CREATE SCHEMA') execute function note();`;

/** A database of the test's own, with notes. */
async function ownDatabase() {
  const server = postgres(await databaseUrl(), { max: 1 });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await server`create database ${server(name)}`;
  const url = new URL(await databaseUrl());
  url.pathname = name;
  const sql = postgres(url.href, { max: 1 });
  await sql.unsafe(NOTES);
  // What the program opens has a name of its own.
  url.searchParams.set("application_name", name);
  return {
    url: url.href,
    sql,
    /** Wait until the program has closed its connections. */
    untilClosed: () => has(sql, name, 0, "true"),
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 0 });
      await server`drop database ${server(name)} with (force)`;
      await server.end();
    },
  };
}

/** Accounts of the test's own, in a schema of their own. */
async function ownAccounts() {
  const server = postgres(await databaseUrl(), {
    max: 1,
    onnotice() {},
  });
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await server`create schema ${server(name)}`;
  const connection = { search_path: name, application_name: name };
  const sql = postgres(await databaseUrl(), { max: 3, connection });
  await sql`
    create table accounts (
      owner text primary key, balance int check (balance >= 0))`;
  await sql`insert into accounts values ('Ada', 100), ('Grace', 0)`;
  return {
    sql,
    async balances() {
      const rows = await sql`
        select owner, balance from accounts order by owner`;
      return rows
        .map((row) => `${row.owner} ${row.balance}`)
        .join(", ");
    },
    /** Wait until one connection rests in a transaction. */
    untilOpen: () =>
      has(server, name, 1, "state = 'idle in transaction'"),
    /** Wait until one connection waits for another one's row. */
    untilBlocked: () =>
      has(server, name, 1, "wait_event_type = 'Lock'"),
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 0 });
      await server`drop schema ${server(name)} cascade`;
      await server.end();
    },
  };
}

/**
 * Wait until so many connections with this name are `what`.
 * @param {import("postgres").Sql} sql
 * @param {string} name
 * @param {number} count
 * @param {string} what
 */
async function has(sql, name, count, what) {
  const query = `select count(*)::int from pg_stat_activity
    where application_name = '${name}' and ${what}`;
  const found = async () => {
    while ((await sql.unsafe(query))[0].count !== count) {
      await sql`select pg_sleep(0.001)`;
    }
  };
  await limited(found(), () => `not ${count}: ${what}`);
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
  const [noted] = await database.sql`table noted`;
  assert.equal(noted.statement_timeout, "20s");
  const left = await database.sql`
    select from pg_namespace where nspname like 'run%'`;
  assert.equal(left.length, 0);
  await database.untilClosed();
});

test("nobody sees half a payment", async () => {
  await using accounts = await ownAccounts();
  const other = await accounts.sql.reserve();
  await other`begin`;
  await other`select from accounts where owner = 'Ada' for update`;
  const paying = pay(accounts.sql, 30);
  await accounts.untilBlocked();
  // Grace has got it already, but only this transaction sees that:
  // her row is locked, and others read what she had.
  const free = await accounts.sql`
    select from accounts where owner = 'Grace' for update skip locked`;
  assert.equal(free.length, 0);
  assert.equal(await accounts.balances(), "Ada 100, Grace 0");
  await other`rollback`;
  assert.equal(await paying, "done");
  assert.equal(await accounts.balances(), "Ada 70, Grace 30");
  other.release();
});

test("another error is no refusal", async () => {
  await using accounts = await ownAccounts();
  await accounts.sql`drop table accounts`;
  await assert.rejects(pay(accounts.sql, 30), { code: "42P01" });
});

// What the language does, without the program.

test("an error of your own takes all back", async () => {
  await using accounts = await ownAccounts();
  const failing = accounts.sql.begin(async (tx) => {
    await credit(tx, "Grace");
    throw new Error("no luck");
  });
  await assert.rejects(failing, { message: "no luck" });
  assert.equal(await accounts.balances(), "Ada 100, Grace 0");
});

test("without a block each query counts by itself", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
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
  assert.equal(await accounts.balances(), "Ada 100, Grace 1");
});

test("a pool in the block takes another connection", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
  const failing = sql.begin(async (tx) => {
    await credit(tx, "Ada");
    await credit(sql, "Grace");
    throw new Error("no luck");
  });
  await assert.rejects(failing, { message: "no luck" });
  assert.equal(await accounts.balances(), "Ada 100, Grace 1");
});

test("a pool in the block may wait for the block", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
  let waiting;
  const failing = sql.begin(async (tx) => {
    await credit(tx, "Ada");
    waiting = credit(sql, "Ada").execute();
    // A function that awaits it here waits for itself.
    await accounts.untilBlocked();
    throw new Error("no luck");
  });
  await assert.rejects(failing, { message: "no luck" });
  await waiting;
  assert.equal(await accounts.balances(), "Ada 101, Grace 0");
});

test("an error that you catch in the block", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
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
  assert.equal(await accounts.balances(), "Ada 100, Grace 0");
  // A savepoint is taken back alone.
  await sql.begin(async (tx) => {
    await credit(tx, "Grace");
    await assert.rejects(tx.savepoint(again), duplicate);
    await credit(tx, "Grace");
  });
  assert.equal(await accounts.balances(), "Ada 100, Grace 2");
});

test("a begin through the pool is no transaction", async () => {
  await using accounts = await ownAccounts();
  await assert.rejects(async () => await accounts.sql`begin`, {
    code: "UNSAFE_TRANSACTION",
    message:
      "UNSAFE_TRANSACTION: Only use sql.begin, sql.reserved or max: 1",
  });
  // The server has begun all the same, and takes what comes next.
  await credit(accounts.sql, "Grace");
  await accounts.untilOpen();
});

// JavaScript only: Python warns of a coroutine that nobody awaits.
test("a query that nobody awaits is not part of it", async () => {
  await using accounts = await ownAccounts();
  await accounts.sql.begin(async (tx) => {
    await credit(tx, "Ada");
    credit(tx, "Grace");
  });
  assert.equal(await accounts.balances(), "Ada 101, Grace 0");
});

test("two transactions that wait for each other", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
  const one = await sql.reserve();
  await one`begin`;
  await credit(one, "Ada");
  let waiting;
  const failing = sql.begin(async (tx) => {
    await tx`set local deadlock_timeout = '10ms'`;
    await credit(tx, "Grace");
    waiting = credit(one, "Grace").execute();
    await accounts.untilBlocked();
    await credit(tx, "Ada");
  });
  await assert.rejects(failing, {
    code: "40P01",
    message: "deadlock detected",
  });
  await waiting;
  await one`commit`;
  one.release();
  assert.equal(await accounts.balances(), "Ada 101, Grace 1");
});

test("two transactions that cannot both be true", async () => {
  await using accounts = await ownAccounts();
  const { sql } = accounts;
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
  assert.equal(await accounts.balances(), "Ada 100, Alan 2, Grace 0");
});
