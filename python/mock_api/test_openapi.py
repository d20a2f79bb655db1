import httpx
import pytest

from mock_api.control import CONTROL
from mock_api.openapi import document
from mock_api.service import SERVICE


def test_every_operation_is_described():
    described = {
        (method.upper(), path)
        for path, methods in document("")["paths"].items()
        for method in methods
        if method != "servers"
    }
    assert described == {(o.method, o.path) for o in SERVICE.all + CONTROL.all}


@pytest.mark.parametrize(
    "said",
    [
        "8,192 bytes (else 414)",
        "65,536 (431)",
        "1,048,576 (413)",
        "30 seconds (408)",
        "60 seconds loses",
        "1,000 posts and 1,000 rules (507)",
        "10,000 requests",
        "1,000 scenarios (503)",
        "60 minutes",
    ],
)
def test_every_limit_is_described(said):
    assert said in " ".join(document("")["info"]["description"].split())


def test_every_problem_is_described():
    for path, methods in document("")["paths"].items():
        for method, described in methods.items():
            if method != "servers":
                assert {"400", "408", "413", "414", "431"} <= described[
                    "responses"
                ].keys()
                assert ("422" in described["responses"]) == (
                    method in ("post", "put")
                ), path


async def test_a_scenario_describes_itself(api, client):
    served = (await client.get("/openapi.json")).json()
    assert served["servers"] == [{"url": httpx.URL(api.url).path}]
    assert served["paths"].keys() == document("")["paths"].keys()
