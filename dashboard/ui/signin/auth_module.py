"""The names that Bokeh looks for in an auth module.

Bokeh runs this file by its path, outside the package, so it may hold no state.
"""

from dashboard.ui.signin.handlers import LoginHandler, LogoutHandler, get_user

__all__ = ["LoginHandler", "LogoutHandler", "get_user", "login_url", "logout_url"]

login_url = "/login"
logout_url = "/logout"
