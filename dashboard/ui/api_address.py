"""Where a browser reaches the API of this process."""

from dashboard.api.serving import ApiServer

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what is compared, not listened on


def api_address(api: ApiServer | None, host: str) -> str | None:
    """Return the API's address for a browser that reached the page at `host`.

    None where the API is left out or does not answer. The host of the page is kept where
    the API listens there too, because the page's cookie is good for that name alone.
    """
    if api is None or not api.is_serving:
        return None
    is_near = host in LOOPBACK and api.address in LOOPBACK
    name = host if host and (api.address in EVERYWHERE or is_near) else api.address
    return f"http://{f'[{name}]' if ':' in name else name}:{api.port}"
