"""Every size and every time that has a limit. `/openapi.json` says the same."""

# A request: what is too long, too large or too slow is answered, then the
# connection is closed.
TARGET_BYTES = 8 * 1024  # path and query; beyond: 414
HEAD_BYTES = 64 * 1024  # request line and headers, or what frames a body; beyond: 431
HEAD_SECONDS = 30  # from the first byte of a head to its last; beyond: 408
BODY_BYTES = 1024 * 1024  # beyond: 413
REST_SECONDS = 10  # for the rest of a body that is too large

# A response that nobody reads: the connection is closed, and the log says "dropped".
UNREAD_SECONDS = 60

# A scenario. Of the log, the oldest entries are forgotten.
POSTS = 1_000  # beyond: 507
RULES = 1_000  # beyond: 507
LOG_ENTRIES = 10_000

# All scenarios.
SCENARIOS = 1_000  # beyond: 503
IDLE_SECONDS = 60 * 60  # without use; then a scenario is deleted

TEXT = f"""
Limits. A path with its query has at most {TARGET_BYTES:,} bytes (else 414), the
request line with all headers {HEAD_BYTES:,} (431), a body {BODY_BYTES:,} (413). A head
arrives within {HEAD_SECONDS} seconds (408). A client that reads nothing of its response
for {UNREAD_SECONDS} seconds loses its connection. A scenario has at most {POSTS:,}
posts and {RULES:,} rules (507), and its log has the last {LOG_ENTRIES:,} requests.
There are at most {SCENARIOS:,} scenarios (503); one that nobody uses for
{IDLE_SECONDS // 60} minutes is deleted.
""".strip()
