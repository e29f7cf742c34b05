"""How much there is of everything, and where what the benchmark makes is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
# What decides how made data looks: when one of these changes, data that was made before is not used again.
SOURCES = ("benchmarks/bench/made_data.py", "benchmarks/bench/made_plugins.py", "benchmarks/audit_rows.py")

# The customer, plugin and log position that the cases ask for; each size has them.
CUSTOMER = 7
PLUGIN = 4
DEEP_SHARE = 0.75
USERS = 200


@dataclass(frozen=True)
class Sizes:
    """How many plugins and customers there are, and how long the audit log is."""

    plugins: int = 100
    customers: int = 50
    audit_rows: int = 200_000

    def __post_init__(self) -> None:
        if self.plugins <= PLUGIN or self.customers <= CUSTOMER:
            raise ValueError(f"There must be more than {PLUGIN} plugins and {CUSTOMER} customers.")

    @property
    def name(self) -> str:
        return f"p{self.plugins}-c{self.customers}-a{self.audit_rows}"

    def describe(self) -> str:
        return f"{self.plugins:,} plugins, {self.customers:,} customers, {self.audit_rows:,} audit rows"


def name_plugin(number: int) -> str:
    return f"made_{number:03}"


def name_customer(number: int) -> str:
    return f"customer-{number:05}"


def fingerprint() -> str:
    """Of everything that decides how made data looks, the migrations included."""
    digest = hashlib.sha256()
    migrations = sorted((ROOT / "webnet").glob("*/migrations/*.py"))
    for path in (*(ROOT / name for name in SOURCES), *migrations):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]
