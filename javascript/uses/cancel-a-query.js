// Give up a query, and ask the server whether it has stopped, too.
// Explained in docs/uses/cancel-a-query.md
// Needs a PostgreSQL, whose address is in DATABASE_URL

import { addAbortListener } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

const DATABASE_URL =
  process.env.DATABASE_URL ?? "postgres://app@127.0.0.1:5432/postgres";

async function state(sql, pid) {
  const [row] = await sql`
    select state from pg_stat_activity where pid = ${pid}`;
  return row.state;
}

export async function giveUp(sql, signal) {
  // Do not begin if the signal has aborted before.
  signal.throwIfAborted();
  const query = sql`select pg_sleep(60)`;
  // This listens until the function ends.
  using _listener = addAbortListener(signal, () => query.cancel());
  try {
    return await query;
  } catch (error) {
    if (!signal.aborted || error.code !== "57014") throw error;
    return "given up";
  }
}

export async function main(databaseUrl = DATABASE_URL) {
  // A cancel can get lost: then the server itself ends the query.
  const limits = { statement_timeout: 20_000 };
  const sql = postgres(databaseUrl, { max: 2, connection: limits });
  // Nobody else uses this connection, so its state is our query's.
  const connection = await sql.reserve();
  const [{ pid }] = await connection`select pg_backend_pid() as pid`;
  const query = connection`select pg_sleep(60)`;
  // This starts the query, and handles its error whenever that comes.
  const ended = Promise.allSettled([query]);
  // The server begins a moment later: ask it until then.
  while ((await state(sql, pid)) !== "active");
  // This ends our wait, and nothing else.
  await Promise.race([ended, sleep(200)]);
  console.log("Nobody waits:", await state(sql, pid));
  query.cancel();
  await ended;
  // The connection answers again once the server has stopped.
  await connection`select 'ready'`;
  console.log("Cancelled:", await state(sql, pid));
  connection.release();
  const limit = AbortSignal.timeout(200);
  console.log("With a time limit:", await giveUp(sql, limit));
  await sql.end();
}

if (import.meta.main) await main();
