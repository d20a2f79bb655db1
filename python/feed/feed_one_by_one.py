"""Load the feed the slow way: each request after the one before."""

import os
from typing import Any

import httpx

API_URL = os.environ.get("API_URL", "http://127.0.0.1:8000")

# What the last visit left in the cache.
AUTHORS = {1: "Ada", 2: "Grace", 3: "Alan"}
CACHED = ["Ada: The slowest of three", "Alan: Line up, please"]


def get_json(client: httpx.Client, path: str) -> Any:
    # This call returns when the answer is there, and not before.
    response = client.get(path)
    response.raise_for_status()
    return response.json()


def get_picture(client: httpx.Client, author_id: int) -> str:
    name = AUTHORS[author_id]
    try:
        response = client.get(f"/users/{author_id}/picture")
        response.raise_for_status()
    except httpx.HTTPError:
        # One picture less must not cost the reader the whole feed.
        return f"[no picture] {name}"
    return f"[picture] {name}"


def main(api_url: str = API_URL) -> None:
    print("Loading…")
    for post in CACHED:
        print("(cached)", post)

    with httpx.Client(base_url=api_url) as client:
        posts = get_json(client, "/posts?limit=3")
        news = get_json(client, "/notifications")
        for author_id in AUTHORS:
            print(get_picture(client, author_id))

    for post in posts:
        print(f"{post['author']['name']}: {post['title']}")
    print(len(news), "notifications")


if __name__ == "__main__":
    main()
