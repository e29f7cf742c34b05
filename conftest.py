"""What holds for all tests of this repository, those of the examples as well."""

import gc
from collections.abc import Generator

import pytest

pytest_plugins = ["tests.tiers"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from looking through all modules and tests again and again: a tenth of the time."""
    gc.disable()
    result = yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()
    return result
