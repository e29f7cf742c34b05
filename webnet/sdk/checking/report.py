"""The rules of the conformance check with their grades, and the report of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """The severity of a finding: errors break the plugin or the separation of customers, advice helps its readers."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


# The ids never change, since programs that read reports rely on them. The plugin guide describes each rule.
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
    "mutations.failing": Grade.ERROR,
    "pages.blocked": Grade.WARNING,
    "queries.failing": Grade.ERROR,
    "queries.growing": Grade.ERROR,
    "schema.announced": Grade.ADVICE,
    "schema.baseline": Grade.ERROR,
    "schema.breaking": Grade.ERROR,
    "schema.compatible": Grade.ADVICE,
    "schema.dangerous": Grade.WARNING,
    "schema.deprecation": Grade.WARNING,
    "settings.defaults": Grade.ERROR,
    "settings.open": Grade.ADVICE,
    "tenancy.field": Grade.WARNING,
    "tenancy.model": Grade.ERROR,
    "tenancy.type": Grade.ERROR,
    "tenancy.unique": Grade.WARNING,
}


@dataclass(frozen=True, kw_only=True)
class RuleFinding:
    """One violation of a rule: in which plugin, where, what is wrong, and how to fix it."""

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
    """The findings, errors first; `skipped` are the parts that could not be checked because of errors.

    `stored` is the file into which the plugin's schema was written, if it was.
    """

    plugin: str
    version: str = ""
    findings: tuple[RuleFinding, ...] = ()
    skipped: tuple[str, ...] = ()
    stored: str = ""

    def count(self, grade: Grade) -> int:
        """The number of findings with this grade."""
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
            **({"stored": self.stored} if self.stored else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """The report that `to_json` returned this for."""
        findings = tuple(
            RuleFinding(**{name: value for name, value in each.items() if name != "grade"}) for each in data["findings"]
        )
        return cls(
            plugin=data["plugin"],
            version=data["version"],
            findings=findings,
            skipped=tuple(data["skipped"]),
            stored=data.get("stored", ""),
        )
