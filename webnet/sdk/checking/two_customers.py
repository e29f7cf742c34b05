"""Two customers who use the plugin under test, and what one of them is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from webnet.api.visibility import schema_without
from webnet.customers.models import Customer
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.registry import registry
from webnet.plugins.tenancy import is_customer_owned
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.trial.client import WebnetClient
from webnet.sdk.trial.documents import Question, Questions
from webnet.sdk.trial.fixtures_data import FixtureFactory
from webnet.sdk.trial.rows import RowCreationFailed, RowMaker
from webnet.sdk.trial.traces import Traces, collect_traces


@dataclass(kw_only=True)
class Scenario:
    """The rules look at what `acme` is shown; `globex` is the other customer, whose rows must not show."""

    subject: PluginUnderTest
    fixtures: FixtureFactory
    acme: Customer
    globex: Customer
    client: WebnetClient
    rows: RowMaker = field(default_factory=RowMaker)
    failed_models: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, subject: PluginUnderTest, fixtures: FixtureFactory) -> Scenario:
        """Create two customers, and an admin of the first one."""
        acme, globex = (fixtures.make_customer(slug) for slug in ("acme", "globex"))
        user = fixtures.make_person("admin", acme)
        client = WebnetClient(who="an admin", slug="acme", token=fixtures.make_token(user), user=user)
        return cls(subject=subject, fixtures=fixtures, acme=acme, globex=globex, client=client)

    @property
    def effective(self) -> frozenset[str]:
        """The plugins that are effective for acme: the one under test and its dependencies."""
        return customer_state(Customer.objects.select_related("generation").get(pk=self.acme.pk)).effective

    @property
    def models(self) -> tuple[Any, ...]:
        """The models of those plugins, those of dependencies first."""
        found = {model: None for entry in registry.loaded() if entry.name in self.effective for model in _models(entry)}
        return tuple(found)

    def fill(self, customer: Customer, *, rows: int) -> None:
        """Create more rows of each model. Models for which that fails are added to `failed_models`."""
        for model in self.models:
            try:
                self.rows.make(model, customer, rows=rows)
            except RowCreationFailed as problem:
                self.failed_models[model._meta.label] = str(problem)

    def traces_of(self, customer: Customer) -> Traces:
        """What identifies this customer's rows in a response."""
        return collect_traces(self.effective, customer)

    def questions(self, ids_of: Customer) -> list[Question]:
        """All queries, with ids of this customer's rows for required arguments."""
        return list(self._ask_with(self._first_ids(ids_of)))

    def questions_with_ids(self, ids_of: Customer, *, maximum_types: int) -> list[Question]:
        """The queries that accept ids, with those of this customer's rows, once for each type."""
        firsts = list(self._first_ids(ids_of).items())[:maximum_types]
        asked = (each for name, given in firsts for each in self._ask_with({name: given}, offer_ids=True))
        return [each for each in asked if each.variables]

    def lists(self) -> list[Question]:
        """Every filter and order of the plugin's connections."""
        return list(self._ask_with(self._first_ids(self.acme)).of_lists())

    def mutations(self, *, maximum_types: int) -> list[Question]:
        """The plugin's mutations with ids of acme's rows, once for each type; with all of their input and with less."""
        firsts = list(self._first_ids(self.acme).items())[:maximum_types]
        asked = [
            question
            for given in [dict([each]) for each in firsts] or [{}]
            for complete in (True, False)
            for question in self._ask_with(given, offer_ids=True, complete=complete).of_mutations()
        ]
        return list({(each.place, json.dumps(each.variables)): each for each in asked}.values())

    def streams_with_ids(self, ids_of: Customer, *, maximum_types: int) -> list[Question]:
        """The plugin's subscriptions, likewise; those without ids once."""
        firsts = list(self._first_ids(ids_of).items())[:maximum_types]
        asked = [each for name, given in firsts for each in self._ask_with({name: given}, offer_ids=True).of_streams()]
        plain = [] if firsts else list(self._ask_with({}).of_streams())
        return list({(each.place, str(each.variables)): each for each in [*asked, *plain]}.values())

    def _first_ids(self, customer: Customer) -> dict[str, str]:
        return {name: each[0] for name, each in self.traces_of(customer).ids.items()}

    def _ask_with(self, ids: dict[str, str], *, offer_ids: bool = False, complete: bool = False) -> Questions:
        owners = self.subject.owners
        schema = schema_without(owners.plugins - self.effective).graphql
        return Questions(
            plugin=self.subject.name, schema=schema, owners=owners, ids=ids, offer_ids=offer_ids, complete=complete
        )

    def ask(self, question: Question) -> dict[str, Any]:
        """The response to acme."""
        return self.client.run(question.document, **question.variables)

    def show(self, question: Question) -> str:
        """The response as text, without what differs between requests."""
        answer = self.ask(question)
        for error in answer.get("errors", ()):
            error.get("extensions", {}).pop("requestId", None)
        return json.dumps(answer, sort_keys=True)

    def stored_of(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """Every row of the customer, as stored in the database."""
        owned = (model for model in self.models if is_customer_owned(model))
        return {
            model._meta.label: list(model._base_manager.filter(customer=customer).order_by("pk").values())  # noqa: SLF001
            for model in owned
        }


def count_statements(show: Callable[[], object]) -> int:
    """The number of SQL statements, once the caches are warm."""
    show()
    with CaptureQueriesContext(connection) as statements:
        show()
    return len(statements)


def _models(entry: Any) -> Iterator[Any]:
    from webnet.api.resolvers.contributions import models_of

    return iter(models_of(entry))
