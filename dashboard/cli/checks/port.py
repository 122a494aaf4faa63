"""The page's port: free, ours, or somebody else's."""

import http.client
import socket

from dashboard.cli.checks.finding import Finding, ok, warning

HOST = "127.0.0.1"
PORT = 5006
PATIENCE_S = 2.0


def check_port(port: int = PORT) -> Finding:
    """See who answers where the page is to be."""
    what = f"Port {port}"
    try:
        socket.create_connection((HOST, port), PATIENCE_S).close()
    except ConnectionRefusedError:
        return ok(what, "free")
    except OSError as error:
        return warning(what, f"no answer ({error})", f"`tezi serve --port {port + 10}`")
    if _is_tezi(port):
        return ok(what, "Tezi is running there")
    return warning(what, "another program answers", f"end it, or `tezi serve --port {port + 10}`")


def _is_tezi(port: int) -> bool:
    """Ask for the sign-in page and see whose it is."""
    asked = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)
    try:
        asked.request("GET", "/login")
        answer = asked.getresponse()
        return answer.status == http.HTTPStatus.OK and b"Tezi" in answer.read(20_000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
