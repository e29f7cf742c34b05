"""Two customers with the plugin that is checked, and what one of them is shown of it."""

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
from webnet.sdk.checking.plugin_under_test import Subject
from webnet.sdk.trial.client import WebnetClient
from webnet.sdk.trial.documents import Question, Questions
from webnet.sdk.trial.fixtures_data import House
from webnet.sdk.trial.rows import RowMaker, RowsUnmade
from webnet.sdk.trial.traces import Traces, collect_traces


@dataclass(kw_only=True)
class World:
    """`acme` looks at what it has; `globex` is the other customer, and has rows only once it is given some."""

    subject: Subject
    house: House
    acme: Customer
    globex: Customer
    client: WebnetClient
    rows: RowMaker = field(default_factory=RowMaker)
    unmade: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, subject: Subject, house: House) -> World:
        """Two customers and an admin of the first."""
        acme, globex = (house.make_customer(slug) for slug in ("acme", "globex"))
        user = house.make_person("admin", acme)
        client = WebnetClient(who="an admin", slug="acme", token=house.make_token(user), user=user)
        return cls(subject=subject, house=house, acme=acme, globex=globex, client=client)

    @property
    def effective(self) -> frozenset[str]:
        """The plugins that acme has now: the one that is checked, and what it needs."""
        return customer_state(Customer.objects.select_related("generation").get(pk=self.acme.pk)).effective

    @property
    def models(self) -> tuple[Any, ...]:
        """The models of those plugins, those that others point at first."""
        found = {model: None for entry in registry.loaded() if entry.name in self.effective for model in _models(entry)}
        return tuple(found)

    def fill(self, customer: Customer, *, rows: int) -> None:
        """So many more rows of each model; what can't be made is noted in `unmade`."""
        for model in self.models:
            try:
                self.rows.make(model, customer, rows=rows)
            except RowsUnmade as problem:
                self.unmade[model._meta.label] = str(problem)

    def traces_of(self, customer: Customer) -> Traces:
        """What gives this customer's rows away."""
        return collect_traces(self.effective, customer)

    def questions(self, ids_of: Customer) -> list[Question]:
        """What can be asked, with ids of this customer's rows where any are wanted."""
        return list(self._ask_with(self._first_ids(ids_of)))

    def questions_with_ids(self, ids_of: Customer, *, most_types: int) -> list[Question]:
        """What takes ids, asked with those of this customer's rows, of one type after the other."""
        firsts = list(self._first_ids(ids_of).items())[:most_types]
        asked = (each for name, given in firsts for each in self._ask_with({name: given}, offer_ids=True))
        return [each for each in asked if each.variables]

    def streams_with_ids(self, ids_of: Customer, *, most_types: int) -> list[Question]:
        """The plugin's subscriptions, likewise; those that take no ids are asked once."""
        firsts = list(self._first_ids(ids_of).items())[:most_types]
        asked = [each for name, given in firsts for each in self._ask_with({name: given}, offer_ids=True).of_streams()]
        plain = [] if firsts else list(self._ask_with({}).of_streams())
        return list({(each.place, str(each.variables)): each for each in [*asked, *plain]}.values())

    def _first_ids(self, customer: Customer) -> dict[str, str]:
        return {name: each[0] for name, each in self.traces_of(customer).ids.items()}

    def _ask_with(self, ids: dict[str, str], *, offer_ids: bool = False) -> Questions:
        owners = self.subject.owners
        schema = schema_without(owners.plugins - self.effective).graphql
        return Questions(plugin=self.subject.name, schema=schema, owners=owners, ids=ids, offer_ids=offer_ids)

    def ask(self, question: Question) -> dict[str, Any]:
        """The answer that acme gets."""
        return self.client.run(question.document, **question.variables)

    def show(self, question: Question) -> str:
        """The same as a text, but for what differs with each request."""
        answer = self.ask(question)
        for error in answer.get("errors", ()):
            error.get("extensions", {}).pop("requestId", None)
        return json.dumps(answer, sort_keys=True)

    def stored_of(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """Every row of the customer, as it is stored."""
        owned = (model for model in self.models if is_customer_owned(model))
        return {
            model._meta.label: list(model._base_manager.filter(customer=customer).order_by("pk").values())  # noqa: SLF001
            for model in owned
        }


def count_statements(show: Callable[[], object]) -> int:
    """How many SQL statements it takes, once all that webnet keeps is warm."""
    show()
    with CaptureQueriesContext(connection) as statements:
        show()
    return len(statements)


def _models(entry: Any) -> Iterator[Any]:
    from webnet.api.resolvers.contributions import models_of

    return iter(models_of(entry))
