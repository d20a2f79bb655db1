// Move money between two accounts: both change, or none does.
// Explained in docs/uses/transactions.md
// Needs a PostgreSQL, whose address is in DATABASE_URL

import { randomUUID } from "node:crypto";
import postgres from "postgres";

const DATABASE_URL =
  process.env.DATABASE_URL ?? "postgres://app@127.0.0.1:5432/postgres";

export async function pay(sql, amount) {
  const change = (tx, who, by) => tx`
    update accounts set balance = balance + ${by} where owner = ${who}`;
  try {
    // A transaction belongs to one connection: here it is called `tx`.
    await sql.begin(async (tx) => {
      await change(tx, "Grace", amount);
      // The table allows no debts, so this one may fail.
      await change(tx, "Ada", -amount);
    });
  } catch (error) {
    if (error.code !== "23514") throw error;
    return "refused";
  }
  // The function has ended without an error: now both changes count.
  return "done";
}

async function balances(sql) {
  const rows = await sql`select * from accounts order by owner`;
  return rows.map((row) => `${row.owner} ${row.balance}`).join(", ");
}

export async function main(databaseUrl = DATABASE_URL) {
  // Our table lives in a schema of this run, and goes with it.
  const schema = `run_${randomUUID().replaceAll("-", "")}`;
  const connection = { search_path: schema, statement_timeout: 20_000 };
  // The server says what it drops, and nobody wants to read it.
  const options = { max: 2, connection, onnotice() {} };
  const sql = postgres(databaseUrl, options);
  try {
    await sql`
      create schema ${sql(schema)} create table accounts (
        owner text, balance int check (balance >= 0))`;
    await sql`insert into accounts values ('Ada', 100), ('Grace', 0)`;
    console.log("At first:", await balances(sql));
    console.log("Ada pays 30:", await pay(sql, 30));
    console.log("Ada pays 500:", await pay(sql, 500));
    console.log("At the end:", await balances(sql));
  } finally {
    await sql`drop schema if exists ${sql(schema)} cascade`;
    await sql.end();
  }
}

if (import.meta.main) await main();
