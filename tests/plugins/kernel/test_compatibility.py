"""Versions and specifiers, with prereleases on purpose."""

from __future__ import annotations

import pytest

from webnet.plugins.kernel.dependencies import check_host, is_newer, parse_dependency, satisfies


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("1.2", "", True),
        ("1.2", ">=1.2,<2", True),
        ("1.1.9", ">=1.2,<2", False),
        ("2.0", ">=1.2,<2", False),
        ("1.2+local", "==1.2", True),
        ("1.3.dev1", ">=1.2", True),
        ("2.0rc1", ">=1.2,<2", False),
        ("2.0rc1", ">=2", False),
        ("2.0rc1", ">=2.0rc1", True),
        ("none at all", ">=1", False),
        ("", ">=1", False),
        ("", "", True),
        ("1.0", "whatever", False),
    ],
)
def test_a_version_is_within_a_specifier_by_its_place_in_the_order(
    version: str, specifier: str, expected: bool
) -> None:
    assert satisfies(version, specifier) is expected


def test_a_host_that_is_too_old_is_told_with_both_versions() -> None:
    assert (
        check_host(">=2,<3", "1.4")
        == "It requires webnet >=2,<3, but this is webnet 1.4: install a compatible version."
    )
    assert check_host(">=1", "1.4") is None
    assert check_host("", "1.4") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("device_inventory>=1.2,<2", "device_inventory>=1.2,<2"),
        (" device_inventory >= 1.2 , < 2 ", "device_inventory>=1.2,<2"),
        ("device_inventory (>=1.2)", "device_inventory>=1.2"),
        ("device_inventory", "device_inventory"),
    ],
)
def test_a_dependency_is_a_name_with_conditions(text: str, told: str) -> None:
    assert str(parse_dependency(text)) == told


@pytest.mark.parametrize(
    "text", ["", ">=1", "a>=x", "a[extra]", "a @ https://example.org/a.zip", "a; python_version>'3'"]
)
def test_anything_else_is_no_dependency(text: str) -> None:
    assert parse_dependency(text) is None


def test_newer_goes_by_pep_440_and_not_by_the_alphabet() -> None:
    assert is_newer("1.10", than="1.9")
    assert not is_newer("1.10rc1", than="1.10")
    assert is_newer("1.0", than="")
    assert not is_newer("", than="1.0")
