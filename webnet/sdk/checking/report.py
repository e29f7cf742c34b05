"""The rules of the conformance check with their grades, and what a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How much a finding weighs: an error breaks the plugin or its tenants, and advice is for its readers."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


# Each rule by its id, which is for good: programs that read reports know it. The guide says what each asks for.
RULES: Mapping[str, Grade] = {
    "check.crashed": Grade.ERROR,
    "check.rows": Grade.ADVICE,
    "docs.field": Grade.WARNING,
    "docs.readme": Grade.WARNING,
    "docs.setting": Grade.ADVICE,
    "docs.type": Grade.WARNING,
    "hooks.disable": Grade.ERROR,
    "hooks.enable": Grade.ERROR,
    "hooks.health": Grade.ERROR,
    "hooks.load": Grade.ERROR,
    "hooks.page": Grade.ERROR,
    "hooks.unload": Grade.WARNING,
    "hooks.widget": Grade.ERROR,
    "leaks.health": Grade.ERROR,
    "leaks.mutation": Grade.ERROR,
    "leaks.node": Grade.ERROR,
    "leaks.page": Grade.ERROR,
    "leaks.query": Grade.ERROR,
    "leaks.widget": Grade.ERROR,
    "load.failed": Grade.ERROR,
    "metadata.author": Grade.WARNING,
    "metadata.description": Grade.WARNING,
    "metadata.homepage": Grade.ADVICE,
    "metadata.verbose_name": Grade.ADVICE,
    "metadata.webnet_version": Grade.WARNING,
    "migrations.failed": Grade.ERROR,
    "migrations.irreversible": Grade.WARNING,
    "migrations.missing": Grade.ERROR,
    "queries.failing": Grade.ERROR,
    "queries.growing": Grade.ERROR,
    "settings.defaults": Grade.ERROR,
    "settings.open": Grade.ADVICE,
    "tenancy.field": Grade.WARNING,
    "tenancy.model": Grade.ERROR,
    "tenancy.type": Grade.ERROR,
    "tenancy.unique": Grade.WARNING,
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: in which plugin, where, what, and the way out; each a sentence or a part of one."""

    rule: str
    plugin: str
    place: str
    message: str
    way_out: str

    @property
    def grade(self) -> Grade:
        return RULES[self.rule]

    def __str__(self) -> str:
        return f"{self.grade:<7}  {self.rule}  Plugin '{self.plugin}', {self.place}: {self.message}: {self.way_out}."


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found, in the order of grades; `skipped` are the parts that an error has kept from being checked."""

    plugin: str
    version: str = ""
    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()

    def count(self, grade: Grade) -> int:
        """How many findings there are of this grade."""
        return sum(finding.grade is grade for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as `--format json` prints it."""
        findings = [{"rule": each.rule, "grade": each.grade.value, **asdict(each)} for each in self.findings]
        return {
            "plugin": self.plugin,
            "version": self.version,
            "counts": {grade.value: self.count(grade) for grade in Grade},
            "findings": findings,
            "skipped": list(self.skipped),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """The report again."""
        findings = tuple(
            Finding(**{name: value for name, value in each.items() if name != "grade"}) for each in data["findings"]
        )
        return cls(plugin=data["plugin"], version=data["version"], findings=findings, skipped=tuple(data["skipped"]))
