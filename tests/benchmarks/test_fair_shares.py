"""The benchmark of fair shares: that it would say so if the promise were broken."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import fair_shares


@pytest.mark.parametrize(
    ("beside", "faults", "expected"), [(0.03, [], True), (0.031, [], False), (0.01, ["503 SERVER_BUSY"], False)]
)
def test_a_customer_that_notices_too_much_is_not_good(beside: float, faults: list[str], expected: bool) -> None:
    assert fair_shares.judge([0.01] * 100, [beside] * 100, Counter(faults)) is expected
