"""Methods that are called on one client and awaited on the other, written once.

`call` makes a method of a generator of steps, `fact` a property. On an object that is `Sync`
they return what the steps come to; on one that is `Async`, a coroutine of it.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from dashboard.research.trading.driving import AsyncDriver, Driver
from dashboard.research.trading.line import Line
from dashboard.research.trading.wire import Steps

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Sync:
    """What is called by threads."""

    _driver: Driver


class Async:
    """What is awaited."""

    _driver: AsyncDriver


class Caller:
    """Base of what has such methods."""

    _driver: Any  # of the one kind or the other

    @property
    def _line(self) -> Line:
        line: Line = self._driver.line
        return line


class Call(Protocol[P, T_co]):
    """A method of both."""

    @overload
    def __get__(self, owner: Sync, kind: Any = None) -> Callable[P, T_co]: ...
    @overload
    def __get__(self, owner: Async, kind: Any = None) -> Callable[P, Coroutine[Any, Any, T_co]]: ...
    @overload
    def __get__(self, owner: Any, kind: Any = None) -> Callable[..., Any]: ...


class Fact(Protocol[T_co]):
    """A property of both."""

    @overload
    def __get__(self, owner: Sync, kind: Any = None) -> T_co: ...
    @overload
    def __get__(self, owner: Async, kind: Any = None) -> Coroutine[Any, Any, T_co]: ...
    @overload
    def __get__(self, owner: Any, kind: Any = None) -> Any: ...


def call(steps: Callable[Concatenate[Any, P], Steps[T]]) -> Call[P, T]:
    """Return the method that a generator of steps is."""
    return cast(Call[P, T], _asked(steps))


def fact(steps: Callable[[Any], Steps[T]]) -> Fact[T]:
    """Return the property that a generator of steps is."""
    return cast(Fact[T], property(_asked(steps)))


def _asked(steps: Callable[..., Steps[Any]]) -> Callable[..., Any]:
    @wraps(steps)
    def asked(owner: Any, *args: Any, **kwargs: Any) -> Any:
        return owner._driver.run(steps(owner, *args, **kwargs))

    return asked
