"""Run the cells of a notebook in their order, each notebook at a stretch."""

import pytest
from nbval.plugin import IPyNbCell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put cells back in order after the tests were shuffled: they build on one another."""
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    cells.sort(key=lambda cell: (cell.path, cell.cell_num))
    items[:] = [item for item in items if not isinstance(item, IPyNbCell)] + cells
