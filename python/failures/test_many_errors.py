import asyncio
import logging
import traceback

import httpx
import pytest

from failures import many_errors
from failures.many_errors import GoneError, check, check_all, main
from helpers import printed, running


def notes(group: BaseExceptionGroup) -> list[str]:
    return [error.__notes__[0] for error in group.exceptions]


async def test_the_program_prints_each_failure_by_its_kind(mock_api):
    # Each waits for four in flight: one by one, none is answered.
    await mock_api.rendezvous("*", 4)
    assert await printed(main(mock_api.url)) == (
        "Gone: asked for /users/9\n"
        "Failed: asked for /status/503\n"
        "Failed: asked for /feeds/sport\n"
    )
    assert len(await mock_api.log()) == 4


async def test_no_failure_ends_the_wait(mock_api):
    await mock_api.hold("/data")
    async with running(main(mock_api.url)) as program:
        await mock_api.ended("/users/9")
        await mock_api.ended("/status/503")
        await mock_api.ended("/feeds/sport")
        await mock_api.saw("GET /data")
        assert program.output == ""
        await mock_api.release("/data")
    assert len(program.lines) == 3
    assert (await mock_api.endings())["/data"] == "completed"


async def test_all_failures_come_as_one(mock_api, client):
    await mock_api.drop("/users/2")
    with pytest.raises(ExceptionGroup) as raised:
        await check_all(
            client, "/users/2", "/data", "/users/9", "/status/500"
        )
    group = raised.value
    assert group.message == "bad links"
    # In the order of the links, and each says whose it is.
    assert notes(group) == [
        "asked for /users/2",
        "asked for /users/9",
        "asked for /status/500",
    ]
    dropped, gone, status = group.exceptions
    assert isinstance(dropped, httpx.RemoteProtocolError)
    assert isinstance(gone, GoneError)
    assert isinstance(status, httpx.HTTPStatusError)
    assert status.response.status_code == 500


async def test_one_failure_is_a_group_too(mock_api, client):
    with pytest.raises(ExceptionGroup) as raised:
        await check_all(client, "/data", "/users/9")
    assert str(raised.value) == "bad links (1 sub-exception)"


async def test_without_a_failure_there_is_no_group(mock_api, client):
    await check_all(client, "/data", "/users/1")
    await check_all(client)
    await mock_api.answer("*", body="fine")
    assert await printed(main(mock_api.url)) == ""


async def test_a_kind_that_is_not_there_runs_no_clause(mock_api):
    await mock_api.answer("/users/9", body="here again")
    assert await printed(main(mock_api.url)) == (
        "Failed: asked for /status/503\n"
        "Failed: asked for /feeds/sport\n"
    )


async def test_half_an_answer_is_a_failure(mock_api, client):
    await mock_api.answer("/data", body="{}", cut=1)
    with pytest.raises(httpx.RemoteProtocolError) as raised:
        await check(client, "/data")
    assert raised.value.__notes__ == ["asked for /data"]


async def test_a_bug_goes_on(mock_api, monkeypatch):
    async def broken(client, path):
        if path == "/data":
            raise KeyError("a bug")
        await check(client, path)

    monkeypatch.setattr(many_errors, "check", broken)
    with pytest.raises(ExceptionGroup) as raised:
        async with running(main(mock_api.url)) as program:
            pass
    # Both kinds are handled, and the bug alone is left.
    assert len(program.lines) == 3
    assert repr(raised.value) == (
        "ExceptionGroup('bad links', [KeyError('a bug')])"
    )


async def test_a_broken_address_is_no_bad_link(client):
    with pytest.raises(httpx.InvalidURL) as raised:
        await check(client, "/\n")
    assert not isinstance(raised.value, httpx.HTTPError)


# Python only: nobody can cancel a promise.
async def test_a_cancelled_check_is_in_the_group(client, monkeypatch):
    async def cancelled(client, path):
        raise asyncio.CancelledError

    monkeypatch.setattr(many_errors, "check", cancelled)
    with pytest.raises(BaseExceptionGroup) as raised:
        await check_all(client, "/data")
    # No `except Exception` catches such a group.
    assert not isinstance(raised.value, Exception)


# What the language does, without the program.


def several():
    return ExceptionGroup(
        "bad links",
        [ValueError("HTTP 503"), TypeError("a bug"), OSError("no net")],
    )


def test_a_group_is_none_of_its_errors():
    with pytest.raises(ExceptionGroup):
        try:
            raise several()
        except (ValueError, TypeError, OSError):
            raise AssertionError("it is a group") from None
    assert isinstance(several(), Exception)


# Python only: JavaScript has no except*.
def test_each_clause_that_matches_runs():
    ran = []
    with pytest.raises(ExceptionGroup) as raised:
        try:
            raise several()
        except* OSError as group:
            ran.append(repr(group))
        except* (ValueError, KeyError) as group:
            ran.append(repr(group))
    assert ran == [
        "ExceptionGroup('bad links', [OSError('no net')])",
        "ExceptionGroup('bad links', [ValueError('HTTP 503')])",
    ]
    # What is left is raised as a group, too.
    assert repr(raised.value) == (
        "ExceptionGroup('bad links', [TypeError('a bug')])"
    )

    # An error that fits two clauses goes to the first.
    ran = []
    try:
        raise several()
    except* ValueError:
        ran.append("ValueError")
    except* Exception as group:
        ran.append(str(len(group.exceptions)))
    assert ran == ["ValueError", "2"]


# Python only: JavaScript has no except*.
def test_except_star_wraps_a_single_error():
    caught = None
    try:
        raise ValueError("no luck")
    except* ValueError as group:
        caught = group
    assert (
        repr(caught) == "ExceptionGroup('', (ValueError('no luck'),))"
    )
    assert str(caught) == " (1 sub-exception)"
    # If no clause takes it, it goes on as it was.
    with pytest.raises(ValueError, match="no luck"):
        try:
            raise ValueError("no luck")
        except* TypeError:
            pass


# Python only: JavaScript has no except*.
def test_what_is_raised_in_a_clause_joins_the_rest():
    with pytest.raises(ExceptionGroup) as raised:
        try:
            raise several()
        except* ValueError:
            raise KeyError("new") from None
        except* OSError:
            pass
    # A new group around both.
    assert repr(raised.value) == (
        "ExceptionGroup('', [KeyError('new'),"
        " ExceptionGroup('bad links', [TypeError('a bug')])])"
    )
    with pytest.raises(ExceptionGroup) as raised:
        try:
            raise several()
        except* ValueError:
            raise
        except* OSError:
            pass
    # As if the clause had not been there.
    assert repr(raised.value) == (
        "ExceptionGroup('bad links',"
        " [ValueError('HTTP 503'), TypeError('a bug')])"
    )


# Python only: JavaScript has no except*.
@pytest.mark.parametrize("word", ["return", "break", "continue"])
def test_no_clause_can_be_left_early(word):
    code = f"""def f():
        for _ in "":
            try: pass
            except* ValueError: {word}"""
    with pytest.raises(SyntaxError) as raised:
        compile(code, "program.py", "exec")
    assert raised.value.msg == (
        "'break', 'continue' and 'return' cannot appear in"
        " an except* block"
    )


# Python only: JavaScript has no except*.
def test_except_star_does_not_take_groups():
    message = (
        "catching ExceptionGroup with except* is not allowed."
        " Use except instead."
    )
    with pytest.raises(TypeError) as raised:
        try:
            raise several()
        except* ExceptionGroup:  # type: ignore[misc]
            pass
    assert str(raised.value) == message

    # Even if the clause before it has taken all.
    with pytest.raises(TypeError) as raised:
        try:
            raise OSError
        except* OSError:
            pass
        except* ExceptionGroup:  # type: ignore[misc]
            pass
    assert str(raised.value) == message
    # As long as nothing fails, Python does not notice.
    try:
        pass
    except* ExceptionGroup:  # type: ignore[misc]
        pass


def test_a_group_can_hold_a_group():
    nested = ExceptionGroup("pages", [OSError("no net"), several()])
    # Only one level, although there are four errors.
    assert str(nested) == "pages (2 sub-exceptions)"
    with pytest.raises(ExceptionGroup) as raised:
        try:
            raise nested
        except* OSError as group:
            found = group
    # Each part keeps its place in the tree.
    assert repr(found) == (
        "ExceptionGroup('pages', [OSError('no net'),"
        " ExceptionGroup('bad links', [OSError('no net')])])"
    )
    assert repr(raised.value) == (
        "ExceptionGroup('pages', [ExceptionGroup('bad links',"
        " [ValueError('HTTP 503'), TypeError('a bug')])])"
    )


# Python only: an AggregateError has only its list.
def test_a_group_can_be_split():
    group = several()
    group.add_note("checked at noon")
    bad, rest = group.split(ValueError)
    assert bad is not None
    assert rest is not None
    assert repr(bad.exceptions) == "(ValueError('HTTP 503'),)"
    assert [type(e) for e in rest.exceptions] == [TypeError, OSError]
    # What is known of the whole is known of the parts.
    assert bad.__notes__ == rest.__notes__ == ["checked at noon"]
    busy = group.subgroup(lambda error: "503" in str(error))
    assert busy is not None
    assert len(busy.exceptions) == 1
    assert group.subgroup(KeyError) is None
    assert group.split(KeyError)[0] is None
    assert repr(group.derive([KeyError("new")])) == (
        "ExceptionGroup('bad links', [KeyError('new')])"
    )


# Python only: an AggregateError has only its list.
def test_a_class_of_your_own_needs_derive():
    class PlainError(ExceptionGroup):
        pass

    class LinksError(ExceptionGroup):
        def derive(self, excs):
            return LinksError(self.message, excs)

    errors = [ValueError(), TypeError()]
    plain = PlainError("", errors).subgroup(ValueError)
    assert type(plain) is ExceptionGroup
    links = LinksError("", errors).subgroup(ValueError)
    assert type(links) is LinksError


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (
            [],
            "ValueError: second argument (exceptions) must be a"
            " non-empty sequence",
        ),
        (
            ["no luck"],
            "ValueError: Item 0 of second argument (exceptions) is"
            " not an exception",
        ),
        (
            OSError("no net"),
            "TypeError: second argument (exceptions) must be a"
            " sequence",
        ),
        (
            [asyncio.CancelledError()],
            "TypeError: Cannot nest BaseExceptions in an"
            " ExceptionGroup",
        ),
    ],
)
def test_a_group_is_made_of_errors(errors, message):
    with pytest.raises((TypeError, ValueError)) as raised:
        raise ExceptionGroup("bad links", errors)
    assert f"{raised.typename}: {raised.value}" == message


# Python only: JavaScript has one kind of error.
def test_a_group_is_no_wider_than_its_errors():
    base = BaseExceptionGroup("bad links", [asyncio.CancelledError()])
    assert type(base) is BaseExceptionGroup
    plain = BaseExceptionGroup("bad links", [OSError()])
    assert type(plain) is ExceptionGroup


def test_the_error_says_whose_it_is():
    error = ValueError("HTTP 503")
    assert not hasattr(error, "__notes__")
    error.add_note("asked for /status/503")
    assert error.__notes__ == ["asked for /status/503"]
    # The same error: its class and its text are what they were.
    assert str(error) == "HTTP 503"
    assert traceback.format_exception(error) == [
        "ValueError: HTTP 503\n",
        "asked for /status/503\n",
    ]
    with pytest.raises(ValueError, match="HTTP 503") as raised:
        raise error
    assert raised.value is error

    # A new error with a cause: `except ValueError` does not find it.
    with pytest.raises(RuntimeError) as wrapped:
        try:
            raise error
        except ValueError as cause:
            raise RuntimeError("no page") from cause
    assert wrapped.value.__cause__ is error


def test_an_error_while_you_handle_another():
    with pytest.raises(KeyError) as raised:
        try:
            raise ValueError("first")
        except ValueError:
            raise KeyError("second")  # noqa: B904
    # Python keeps the first by itself.
    assert repr(raised.value.__context__) == "ValueError('first')"
    assert raised.value.__cause__ is None
    log = "".join(traceback.format_exception(raised.value))
    assert "ValueError: first\n" in log
    assert (
        "During handling of the above exception,"
        " another exception occurred:\n" in log
    )

    with pytest.raises(KeyError) as raised:
        try:
            raise ValueError("first")
        except ValueError as error:
            raise KeyError("second") from error
    log = "".join(traceback.format_exception(raised.value))
    assert (
        "The above exception was the direct cause"
        " of the following exception:\n" in log
    )


def test_a_failure_while_closing():
    with pytest.raises(OSError, match="closing failed") as raised:
        try:
            raise ValueError("the block failed")
        finally:
            raise OSError("closing failed")
    log = "".join(traceback.format_exception(raised.value))
    assert "ValueError: the block failed\n" in log
    assert log.endswith("OSError: closing failed\n")


TREE = """
  | ExceptionGroup: bad links (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: HTTP 503
    | asked for /status/503
    +---------------- 2 ----------------
    | TypeError: a bug
    +------------------------------------
"""


def test_what_a_log_shows(caplog):
    error = ValueError("HTTP 503")
    error.add_note("asked for /status/503")
    group = ExceptionGroup("bad links", [error, TypeError("a bug")])
    try:
        raise group
    except ExceptionGroup:
        logging.exception("not checked")
    assert caplog.text.endswith(TREE)
    assert "Exception Group Traceback (most recent" in caplog.text

    # As text, the errors are only counted.
    caplog.clear()
    logging.error("not checked: %s", group)
    assert caplog.messages == [
        "not checked: bad links (2 sub-exceptions)"
    ]
    # This has the errors, without their notes.
    assert repr(group) == (
        "ExceptionGroup('bad links',"
        " [ValueError('HTTP 503'), TypeError('a bug')])"
    )


def test_a_log_shows_no_more_than_so_many():
    wide = ExceptionGroup("w", [OSError(f"n{i}") for i in range(17)])
    log = "".join(traceback.format_exception(wide))
    assert "| OSError: n14\n" in log
    assert "| and 2 more exceptions\n" in log
    assert "n15" not in log
    deep: Exception = OSError("no net")
    for _ in range(11):
        deep = ExceptionGroup("deep", [deep])
    log = "".join(traceback.format_exception(deep))
    assert "| ... (max_group_depth is 10)\n" in log
    assert "no net" not in log
    # Whoever asks for more gets it.
    more = traceback.TracebackException.from_exception(
        deep, max_group_depth=20
    )
    assert "| OSError: no net\n" in "".join(more.format())
