import httpx

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


async def test_a_scenario_describes_itself(api, client):
    served = (await client.get("/openapi.json")).json()
    assert served["servers"] == [{"url": httpx.URL(api.url).path}]
    assert served["paths"].keys() == document("")["paths"].keys()
