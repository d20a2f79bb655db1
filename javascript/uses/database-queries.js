// Query PostgreSQL: many at once, row by row, and not to the end.

import postgres from "postgres";

const DATABASE_URL =
  process.env.DATABASE_URL ?? "postgres://app@127.0.0.1:5432/postgres";

async function askSlowly(sql, number) {
  const [row] = await sql`
    select ${number}::int * 10 as answer from pg_sleep(0.3)`;
  return row.answer;
}

async function like(connection) {
  const [post] = await connection`
    update posts set likes = likes + 1 returning likes`;
  return post.likes;
}

export async function search(connection) {
  const query = connection`select generate_series(1, 1000000) as id`;
  // The rows stay in the database until they are read, ten by ten.
  for await (const rows of query.cursor(10)) {
    const found = rows.find((row) => row.id % 7 === 0);
    if (found) return found.id;
  }
  return 0;
}

export async function giveUp(sql, signal) {
  const query = sql`select pg_sleep(60)`;
  // A promise cannot be cancelled: the query itself must be told.
  signal.addEventListener("abort", () => query.cancel());
  try {
    return await query;
  } catch (error) {
    if (error.code !== "57014") throw error;
    return "given up";
  }
}

export async function main(databaseUrl = DATABASE_URL) {
  const sql = postgres(databaseUrl, { max: 4 });
  const connection = await sql.reserve();
  try {
    // Only this connection sees the table, which goes with it.
    await connection`create temporary table posts as select 0 as likes`;
    const slow = Promise.all([1, 2, 3].map((n) => askSlowly(sql, n)));
    console.log("Meanwhile:", await like(connection), "like");
    console.log("Slow answers:", ...(await slow));
    console.log("Found: row", await search(connection));
    const limit = AbortSignal.timeout(100);
    console.log("A minute's wait:", await giveUp(sql, limit));
  } finally {
    connection.release();
    await sql.end();
  }
}

if (import.meta.main) await main();
