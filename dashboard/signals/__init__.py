"""Signal sections, one module each; `load_signals` finds them.

from dashboard.signals import load_signals
signals = load_signals()
signals["ema"].calculate(bars)      # a DataFrame indexed like the bars
signals["ema"].read(bars)           # the reading of the last bar
"""

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType

from dashboard.core.signal import Signal


@cache
def _discovered() -> MappingProxyType[str, Signal]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [import_module(f"{__name__}.{name}").SIGNAL.named(name) for name in names]
    return MappingProxyType({s.id: s for s in sorted(found, key=lambda s: s.order)})


def load_signals() -> dict[str, Signal]:
    """Return every section by its id (the module's name), in display order."""
    return dict(_discovered())
