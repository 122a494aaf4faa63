"""The server believes a proxy's word for where a request comes from only behind one."""

import asyncio
import socket
from contextlib import closing

import httpx2
import pytest
from fastapi import FastAPI, Request

from dashboard.api.serving import ApiServer, check_port
from dashboard.core.errors import InputError

HERE = "127.0.0.1"
app = FastAPI()


@app.get("/where")
def where(request: Request) -> dict[str, str]:
    assert request.client is not None
    return {"host": request.client.host}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("behind_proxy", "host"), [(False, HERE), (True, "203.0.113.9")])
def test_forwarded_addresses_count_behind_a_proxy_alone(behind_proxy: bool, host: str):
    async def ask() -> dict[str, str]:
        server = ApiServer(app, HERE, free_port(), behind_proxy=behind_proxy)
        server.start(asyncio.get_running_loop())
        while not server.is_serving:
            await asyncio.sleep(0.01)
        async with httpx2.AsyncClient(trust_env=False) as client:
            address = f"http://{HERE}:{server.port}/where"
            answer = await client.get(address, headers={"X-Forwarded-For": "203.0.113.9"})
        await server.stop()
        return dict(answer.json())

    assert asyncio.run(ask()) == {"host": host}


def test_a_port_that_is_taken_is_named_with_its_settings():
    with closing(socket.socket()) as taken:
        taken.bind((HERE, 0))
        taken.listen()
        with pytest.raises(InputError, match=r"TEZI_API_PORT.*TEZI_API_PORT=0 leaves the API out"):
            check_port(HERE, taken.getsockname()[1])
