// Ask PostgreSQL several questions at once, through a pool.
// Explained in docs/uses/database-queries.md
// Needs a PostgreSQL, whose address is in DATABASE_URL

import postgres from "postgres";

const DATABASE_URL =
  process.env.DATABASE_URL ?? "postgres://app@127.0.0.1:5432/postgres";
// The last name would find every post if it became part of a query.
const AUTHORS = ["Ada", "Grace", "Alan", "' or author <> '"];

export async function countPosts(sql, author) {
  // It looks like one text, but the tag `sql` gets the name by itself.
  // It travels beside the query, so nobody reads it as SQL.
  const [row] = await sql`
    select pg_backend_pid() as connection, (
      select count(*)::int
      from (values ('Ada'), ('Ada'), ('Grace')) as posts (author)
      where author = ${author}
    ) as posts from pg_sleep(0.2)`;
  return row;
}

export async function findSeventh(sql) {
  const query = sql`select generate_series(1, 1000000) as id`;
  // The server makes rows only as we read them, ten at a time.
  for await (const rows of query.cursor(10)) {
    const found = rows.find((row) => row.id % 7 === 0);
    if (found) return found.id;
  }
  return null;
}

export async function main(databaseUrl = DATABASE_URL) {
  // A server has few connections: two of them serve all our calls.
  // It ends each query that takes longer than 30 seconds.
  const limits = { statement_timeout: 30_000 };
  const sql = postgres(databaseUrl, { max: 2, connection: limits });
  try {
    const asking = AUTHORS.map((author) => countPosts(sql, author));
    const rows = await Promise.all(asking);
    rows.forEach(({ posts }, i) => {
      console.log(`Posts of ${AUTHORS[i]}: ${posts}`);
    });
    const connections = new Set(rows.map((row) => row.connection));
    console.log(
      `${rows.length} queries, ${connections.size} connections`,
    );
    console.log("Found: row", await findSeventh(sql));
  } finally {
    // Without a limit, it waits for ever if the server is down.
    await sql.end({ timeout: 0 });
  }
}

if (import.meta.main) await main();
