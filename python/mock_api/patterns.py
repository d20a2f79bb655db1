"""Which requests a rule or a question is about."""

import re


class Pattern:
    """Some requests: "*", "/users/*", "GET /users/1". Only `*` is special."""

    def __init__(self, text: str) -> None:
        method, space, path = text.partition(" ")
        if not space or text.startswith("/"):  # a path, which may hold spaces
            method, path = "*", text
        self.text = text
        self.method = method
        self.path = path
        self._first, *rest = path.split("*")
        self._exact = not rest
        *self._middle, self._last = rest or [""]

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one of them."""
        if self.method not in ("*", method):
            return False
        if self._exact:
            return path == self._first
        at, end = len(self._first), len(path) - len(self._last)
        if at > end or not path.startswith(self._first):
            return False
        for part in self._middle:
            if (found := path.find(part, at, end)) < 0:
                return False
            at = found + len(part)
        return path.endswith(self._last)

    def may_match(self, path: str) -> bool:
        """Whether any request of an operation's path, like "/users/{id}", can match.

        What stands in braces is any text without a slash.
        """
        # The path, character by character; a parameter is one character and more.
        tokens: list[str | None] = []
        for literal, parameter in re.findall(r"([^{]*)({\w+})?", path):
            tokens += [*literal, *["", None][: 2 * bool(parameter)]]
        places = {0}  # how much of the path the pattern so far may have taken
        for wanted in re.sub(r"\*+", "*", self.path):
            if wanted == "*":
                places = set(range(min(places), len(tokens) + 1))
                continue
            # Where "more" begins, there may be none of it.
            places |= {at + 1 for at in places if tokens[at : at + 1] == [None]}
            next_places = set()
            for at in places:
                match tokens[at : at + 1]:
                    case [None] if wanted != "/":
                        next_places.add(at)
                    case [""] if wanted != "/":
                        next_places.add(at + 1)
                    case [token] if token == wanted:
                        next_places.add(at + 1)
            if not (places := next_places):
                return False
        return any(set(tokens[at:]) <= {None} for at in places)
