"""What makes plain ``panel serve app.py`` start Tezi whole, sign-in first.

Panel loads the entry points of the group ``panel.auth`` before it reads its command line;
this module is one. It is the one module of Tezi that acts when it is imported, and it does
nothing unless the command is ``panel serve ... app.py``. Then it wraps Bokeh's ``Serve``:
before the server is made, the store is opened and sign-in put in front of every page; when
it is made, the runtime starts on its loop, before the first visit.

The imports of the heavy parts stay inside the functions: every other use of Panel pays
nothing for this module.
"""

import sys
from argparse import Namespace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.core.errors import AuthError, InputError

if TYPE_CHECKING:
    from dashboard.ui.runtime import Runtime

APP = "app.py"
UNUSED_VISIT_MS = 5000  # a page that lost its socket for this long is given up
CHECK_UNUSED_MS = 3000
HOW_TO_START = "Start Tezi with `uv run panel serve app.py`: only then does sign-in guard it."
ONE_PROCESS = (
    "Tezi runs in one process: --num-procs would open one feed in each and record the day "
    "twice. Leave it out. Beyond one core, one process owns the feed and others subscribe."
)
OTHER_SIGN_IN = (
    "Tezi's own sign-in must guard the page: leave out the options that choose another one "
    "or unsigned sessions."
)


def require_hook() -> None:
    """Refuse to show the page where nobody had to sign in.

    Raises
    ------
    AuthError
        If app.py was opened by anything but `panel serve app.py`.
    """
    from panel.io.state import state

    from dashboard.ui.runtime import KEY

    runtime = state.cache.get(KEY)
    if runtime is None or not runtime.guarded:
        raise AuthError(HOW_TO_START)


def is_served(argv: list[str]) -> bool:
    """Say whether a command line is ``panel serve ... app.py``."""
    return argv[1:2] == ["serve"] and any(Path(word).name == APP for word in argv[2:])


def install() -> None:
    """Wrap Bokeh's command so that it starts Tezi."""
    from bokeh.command.subcommands.serve import Serve

    invoke, customize_server = Serve.invoke, Serve.customize_server

    @wraps(invoke)
    def invoke_tezi(serve: Any, args: Namespace) -> None:
        prepare(args)
        invoke(serve, args)

    @wraps(customize_server)
    def customize_tezi(serve: Any, server: Any) -> Any:
        return start(customize_server(serve, server))

    Serve.invoke, Serve.customize_server = invoke_tezi, customize_tezi


def prepare(args: Namespace) -> None:
    """Open the store and set up sign-in, before Bokeh reads its settings.

    Raises
    ------
    InputError
        If several processes were asked for.
    """
    if args.num_procs != 1:
        raise InputError(ONE_PROCESS)
    from dashboard.api.serving import check_port
    from dashboard.logs import log_to_stderr
    from dashboard.ui.runtime import ensure_started

    log_to_stderr()
    runtime = ensure_started()
    if runtime.api is not None:
        check_port(runtime.api.address, runtime.api.port)
    args.unused_session_lifetime = args.unused_session_lifetime or UNUSED_VISIT_MS
    args.check_unused_sessions = args.check_unused_sessions or CHECK_UNUSED_MS
    _guard(runtime)
    runtime.guarded = True


def start(server: Any) -> Any:
    """Start the runtime on the server's loop and say where it is.

    Raises
    ------
    AuthError
        If an option put another sign-in, or none, in the place of ours.
    """
    import dashboard.ui.opening  # noqa: F401 - the first visit must not wait for its imports
    from dashboard.ui.runtime import ensure_started
    from dashboard.ui.signin.handlers import LoginHandler

    runtime = ensure_started()
    application = server._tornado
    if application.auth_provider.login_handler is not LoginHandler or not application.sign_sessions:
        raise AuthError(OTHER_SIGN_IN)
    _allow_loopback(server)
    application.settings["xsrf_cookie_kwargs"] = {
        "path": "/",
        "samesite": "Lax",
        "secure": runtime.settings.secure_cookies or _scheme(server) == "https",
    }
    server.io_loop.add_callback(runtime.start, server.io_loop)
    _announce(runtime, _address(runtime, server))
    return server


def _guard(runtime: "Runtime") -> None:
    import secrets

    from bokeh.server import urls
    from bokeh.settings import settings

    from dashboard.ui.account import routes
    from dashboard.ui.runtime import SECRET_SETTING
    from dashboard.ui.signin import auth_module, handlers, kite

    store = runtime.store
    secret = store.get_setting(SECRET_SETTING)
    settings.secret_key = secret or store.set_setting(SECRET_SETTING, secrets.token_urlsafe(48))
    settings.__dict__.pop("_secret_key_bytes", None)  # what Bokeh kept from before
    settings.sign_sessions = True
    settings.auth_module = auth_module.__file__
    urls.toplevel_patterns.extend([*kite.patterns(), *routes.patterns(), *handlers.patterns()])
    _guard_components()


def _guard_components() -> None:
    """Ask for sign-in before Panel imports a module that a URL names."""
    from panel.io.server import ComponentResourceHandler

    from dashboard.ui.signin.guard import claims_of

    def refuse_strangers(handler: Any) -> None:
        if claims_of(handler) is None:
            handler.set_status(403)
            handler.finish()

    ComponentResourceHandler.prepare = refuse_strangers


def _allow_loopback(server: Any) -> None:
    """Let 127.0.0.1 and the public address open sockets, as localhost may."""
    from urllib.parse import urlsplit

    from dashboard.ui.runtime import get_runtime

    origins = server._tornado.websocket_origins
    if f"localhost:{server.port}" in origins:
        origins.add(f"127.0.0.1:{server.port}")
    public = urlsplit(get_runtime().settings.public_url)
    if public.hostname:
        # browsers leave the usual port out of Origin, and Bokeh then takes it for 80
        origins.add(f"{public.hostname}:{public.port or 80}")


def _address(runtime: "Runtime", server: Any) -> str:
    if runtime.settings.public_url:
        return runtime.settings.public_url.rstrip("/")
    host = server.address or "localhost"
    return f"{_scheme(server)}://{host}:{server.port}{server.prefix}"


def _scheme(server: Any) -> str:
    return "https" if server._http.ssl_options else "http"


def _announce(runtime: "Runtime", address: str) -> None:
    lines = ["", f"  Tezi is at {address}/"]
    if runtime.api is not None:
        lines += [f"  Its API is at http://{runtime.api.address}:{runtime.api.port}/docs"]
    link = runtime.accounts.first_start_link()
    if link is not None:
        lines += [
            "",
            "  First start. Create the owner's account with this one-time link",
            "  (valid 24 hours, or until the next start):",
            f"  {address}/welcome?token={link}",
        ]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()


if is_served(sys.argv):
    install()
