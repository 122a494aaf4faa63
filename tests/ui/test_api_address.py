"""Where the page's links to the API lead, by where the page itself was reached."""

import pytest
from fastapi import FastAPI

from dashboard.api.serving import ApiServer
from dashboard.ui.api_address import api_address


class Serving(ApiServer):
    """An API that answers, without a socket."""

    @property
    def is_serving(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("listens_on", "host", "address"),
    [
        ("127.0.0.1", "localhost", "http://localhost:5007"),  # the cookie is of that name
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:5007"),
        ("127.0.0.1", "desk.example", "http://127.0.0.1:5007"),
        ("0.0.0.0", "desk.example", "http://desk.example:5007"),  # noqa: S104
        ("::", "::1", "http://[::1]:5007"),
    ],
)
def test_the_page_s_host_is_kept_where_the_api_listens_there(listens_on, host, address):
    assert api_address(Serving(FastAPI(), listens_on, 5007), host) == address


def test_an_api_that_is_left_out_or_silent_has_no_address():
    assert api_address(None, "localhost") is None
    assert api_address(ApiServer(FastAPI(), "127.0.0.1", 5007), "localhost") is None
