"""The social-media service's data, and how long each response takes."""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypedDict


class User(TypedDict):
    """Someone who writes posts."""

    id: int
    name: str


class Post(TypedDict):
    """What someone wrote."""

    id: int
    title: str
    body: str
    author: User


class Source(TypedDict):
    """A measured value."""

    name: str
    value: float
    unit: str


# Seconds, by method and path; what is not named here answers at once. Two
# responses that race each other in an example are at least 0.06 s apart.
DELAYS = {
    "GET /data": 0.2,
    "GET /posts": 0.5,
    "POST /posts": 0.1,
    "GET /posts/*": 0.2,
    "PUT /posts/*": 0.1,
    "GET /users/1": 0.1,
    "GET /users/2": 0.2,
    "GET /users/3": 0.3,
    "GET /users/4": 0.4,
    "GET /users/5": 0.5,
    "GET /users/1/picture": 0.3,
    "GET /users/2/picture": 0.1,
    "GET /users/3/picture": 0.2,
    "GET /users/4/picture": 0.4,
    "GET /users/5/picture": 0.5,
    "GET /notifications": 0.4,
    "GET /mirrors/pune": 0.1,
    "GET /mirrors/lima": 0.2,
    "GET /mirrors/oslo": 0.3,
    "GET /status/*": 0.05,
    "GET /download": 0.05,  # before the first byte
    # Before each event of a stream.
    "POST /completions/*": 0.06,
    "GET /feeds/weather/*": 0.1,
    "GET /feeds/news/*": 0.3,
    "GET /feeds/sport/3": 0.2,
    "GET /feeds/sport/*": 0.4,
    # Asked in the order of SOURCES, four at once, none ends with another.
    "GET /sources/temperature": 0.1,
    "GET /sources/humidity": 0.2,
    "GET /sources/traffic": 0.3,
    "GET /sources/*": 0.4,
}

USERS: dict[int, User] = {
    number: {"id": number, "name": name}
    for number, name in enumerate(["Ada", "Grace", "Alan", "Edsger", "Barbara"], 1)
}

_COLOURS = {1: "#7048e8", 2: "#1971c2", 3: "#2f9e44", 4: "#e8590c", 5: "#c2255c"}

NOTIFICATIONS = [
    {"id": 3, "text": "Grace liked your post"},
    {"id": 2, "text": "Alan follows you now"},
    {"id": 1, "text": "Barbara answered you"},
]

# Newest first.
POSTS: list[Post] = [
    {"id": 10 - place, "title": title, "body": body, "author": USERS[author]}
    for place, (author, title, body) in enumerate(
        [
            (1, "Hello, loop", "Everything happens in turns, and turns are short."),
            (2, "Start first, wait later", "Two requests, one wait. Try it."),
            (3, "Is it done yet?", "Asking again and again is not waiting."),
            (4, "One door, many hands", "A lock is a promise to step aside."),
            (5, "Cancelled, not failed", "Clean up first, then leave quietly."),
            (1, "The slowest of three", "All at once takes as long as the last."),
            (2, "Patience has a limit", "Every wait deserves a timeout."),
            (3, "Line up, please", "A queue turns a crowd into a plan."),
            (4, "Nothing blocks", "While you read this, something else ran."),
            (5, "First post", "Awaiting the first reply."),
        ]
    )
]

# Copies of one service in three cities; the nearest answers first.
MIRRORS = {"oslo": "Oslo", "lima": "Lima", "pune": "Pune"}

# What a language model would answer: two sentences, in pieces.
TOKENS = ["An", " await", " lets", " others", " run", "."]
TOKENS += [" Then", " it", " goes", " on", "."]

# Weather ends soon, sport is cut off after its two events, news goes on.
FEEDS = {
    "news": ["A cat sleeps", "A ship leaves", "A bridge opens", "Good night"],
    "sport": ["Kick-off", "Goal"],
    "weather": ["Sun", "Rain"],
}
CUT_OFF = "sport"

SOURCES: dict[str, Source] = {
    name: {"name": name, "value": value, "unit": unit}
    for name, value, unit in [
        ("temperature", 18.5, "°C"),
        ("humidity", 62, "%"),
        ("traffic", 1280, "cars/h"),
        ("pressure", 1013, "hPa"),
        ("wind", 4.2, "m/s"),
        ("rainfall", 0.8, "mm"),
        ("sunshine", 6.4, "h"),
        ("snow", 0, "cm"),
        ("visibility", 24, "km"),
        ("pollen", 35, "grains/m³"),
        ("ozone", 48, "µg/m³"),
        ("noise", 54, "dB"),
    ]
}
BUSY = "traffic"  # 503 at first, then as it should be
BROKEN = "snow"  # always 500


def picture(user: User) -> str:
    """A round profile picture with the user's initial, as SVG."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" '
        f'width="64" height="64" role="img" aria-label="{user["name"]}">'
        f'<circle cx="32" cy="32" r="32" fill="{_COLOURS[user["id"]]}"/>'
        '<text x="32" y="43" font-family="sans-serif" font-size="32" '
        f'text-anchor="middle" fill="#fff">{user["name"][0]}</text></svg>'
    )


@lru_cache(maxsize=1024)
def default_delay(method: str, path: str) -> float:
    """How many seconds a response takes where nobody said otherwise."""
    request = f"{method} {path}"
    if request in DELAYS:
        return DELAYS[request]
    return next(
        (s for pattern, s in DELAYS.items() if fnmatchcase(request, pattern)), 0.0
    )
