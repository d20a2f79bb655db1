"""Hold the mock API to its description, with requests that schemathesis makes up.

Not part of `test_openapi.py`: the import alone costs every run two seconds. So
`nox -s fuzz` runs it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from mock_api.data import CUT_OFF
from mock_api.openapi import document
from mock_api.problem import Problem
from mock_api.schemas import PATTERN, check

SCHEMA = schemathesis.openapi.from_dict(
    document(""),
    config=schemathesis.Config.from_dict({"generation": {"max-examples": 50}}),
)


def fits(path: object) -> bool:
    """Whether it is what a rule's path looks like."""
    try:
        check(PATTERN, path)
    except Problem:
        return False
    return True


@pytest.fixture(scope="module")
def control(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server_url, trust_env=False, verify=False) as made:
        yield made


@contextmanager
def new_scenario(control: httpx.Client) -> Iterator[dict[str, str]]:
    made = control.post("/scenarios", json={"delays": False, "limit": 0.01}).json()
    yield made
    control.delete(made["control"])


@pytest.fixture(scope="module")
def service_url(control: httpx.Client) -> Iterator[str]:
    with new_scenario(control) as made:
        yield made["url"]


@pytest.fixture(scope="module")
def steered(control: httpx.Client) -> Iterator[str]:
    with new_scenario(control) as made:
        yield made["id"]


@SCHEMA.exclude(path_regex="^/scenarios").parametrize()
def test_the_service_is_as_described(case, service_url):
    # A short delay is as good as any that is valid.
    delay = str(case.query.get("delay"))
    if re.fullmatch("[0-9.]+", delay) and float(delay) <= 30:
        case.query["delay"] = min(float(delay), 0.001)
    if case.path_parameters.get("name") == CUT_OFF:  # no whole response can come
        case.path_parameters["name"] = "news"
    excluded = []
    if case.path == "/sources/{name}":  # of which one is broken and one busy
        excluded = [not_a_server_error]
    if case.path == "/status/{code}":  # which fails when that is what it is asked for
        excluded = [not_a_server_error, positive_data_acceptance]
    case.call_and_validate(base_url=service_url, excluded_checks=excluded)


@SCHEMA.include(path_regex="^/scenarios").parametrize()
def test_the_control_is_as_described(case, steered, control):
    excluded = []
    if case.path.endswith(("/saw", "/ended")):  # what they wait for does not come
        excluded = [not_a_server_error]
    if case.path.endswith("/answer"):  # whose parts must fit each other
        excluded = [positive_data_acceptance]
    # A path that is good in itself must be one that some request can have.
    if isinstance(case.body, dict) and fits(case.body.get("path")):
        case.body["path"] = "/posts"
    with new_scenario(control) as deleted:
        if case.method == "DELETE":
            case.path_parameters["scenario"] = deleted["id"]
        elif case.path.endswith("/events"):  # endless, but for a scenario that is gone
            case.path_parameters["scenario"] = "gone"
        elif case.path_parameters:
            case.path_parameters["scenario"] = steered
        made = case.call_and_validate(
            base_url=str(control.base_url), excluded_checks=excluded
        )
    if made.status_code == 201:
        control.delete(made.json()["control"])
