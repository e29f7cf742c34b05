"""A mutation whose answer can't be given has changed nothing: no rows, no audit log, no outbox, no settings."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from graphql import is_non_null_type
from shelf import schema as shelf_schema
from shelf.models import Book, Shelf
from shelf.schema import AddShelfPayload, ShelfMutations

from tests.plugins.transaction_control import close_past_python, execute, past_python
from tests.sdk.conftest import SYSTEM
from webnet.accounts import sessions
from webnet.api.operations.mutations.customers import CustomerMutations
from webnet.api.schema import full_schema
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.models import Customer
from webnet.errors import DeadlineExceeded
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, OwedCall
from webnet.sdk.errors import Conflict, CustomerRequired, InvalidInput, PermissionDenied

pytestmark = pytest.mark.django_db(transaction=True)

ADD = 'addShelf(input: {name: "%s"}) { __typename ... on AddShelfPayload { shelf { name %s } } }'


def mutations(*fields):
    return f"mutation {{ {' '.join(fields)} }}"


def stored():
    """Everything that a mutation in this module could change."""
    return {
        "shelves": list(Shelf.objects.order_by("pk").values()),
        "books": list(Book.objects.order_by("pk").values()),
        "audit log": list(PluginAuditLog.objects.order_by("position").values_list("action", "outcome")),
        "outbox": list(OwedCall.objects.values_list("hook", "plugin__name")),
        "configs": list(CustomerPluginConfig.objects.order_by("pk").values()),
        "generations": list(Generation.objects.order_by("pk").values_list("counter", "token")),
    }


@pytest.fixture
def adding(monkeypatch):
    """Call it with what `addShelf` shall return, made from its context and its new shelf; or be a coroutine of it."""

    def install(finish, *, is_async=False):
        def add(self, info, input):
            with info.context.operation("add shelf"):
                shelf = Shelf.objects.create(customer=info.context.customer, name=input.name)
            return finish(info.context, shelf)

        async def add_later(self, info, input):
            shelf = await Shelf.objects.acreate(customer=info.context.customer, name=input.name)
            return finish(info.context, shelf)

        resolver = add_later if is_async else add
        resolver.__module__ = "shelf.schema"
        field = next(f for f in ShelfMutations.__strawberry_definition__.fields if f.python_name == "add_shelf")
        monkeypatch.setattr(field.base_resolver, "wrapped_func", resolver)

    return install


def fail(*_):
    raise ZeroDivisionError


def add_book_to_nowhere(context, shelf):
    """Both databases check foreign keys at the end of the transaction."""
    Book.objects.create(customer=context.customer, shelf_id=0, title="lost")
    return AddShelfPayload(shelf=shelf)


def catch_an_error_of_the_database(context, shelf):
    try:
        Shelf.objects.create(pk=shelf.pk, customer=context.customer, name="twice")
    except IntegrityError:
        return AddShelfPayload(shelf=shelf)
    raise AssertionError("the key is taken")


def answering_after(tamper, *arguments):
    """Tamper with the transaction, and answer as if nothing were the matter."""

    def finish(context, shelf):
        tamper(*arguments)
        return AddShelfPayload(shelf=shelf)

    return finish


UNANSWERABLE = {
    "a row instead of its payload": (lambda _, shelf: shelf, ""),
    "null where it must not be": (lambda *_: AddShelfPayload(shelf=None), ""),
    "nothing": (lambda *_: None, ""),
    "a value of another type": (lambda _, shelf: AddShelfPayload(shelf="new"), ""),
    "an exception after the change": (fail, ""),
    "a row of another customer": (lambda *_: AddShelfPayload(shelf=Shelf.objects.get(name="globex-shelf-0")), ""),
    "a commit that fails": (add_book_to_nowhere, ""),
    "an error that the database remembers": (catch_an_error_of_the_database, ""),
    "COMMIT": (answering_after(execute, "COMMIT"), ""),
    "ROLLBACK": (answering_after(execute, "ROLLBACK"), ""),
    "ROLLBACK past Python": (answering_after(past_python, "ROLLBACK"), ""),
    "a closed connection": (answering_after(connection.close), ""),
    "a connection closed past Python": (answering_after(close_past_python), ""),
    "a rollback for all": (answering_after(transaction.set_rollback, True), ""),
}


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("case", UNANSWERABLE)
def test_a_mutation_that_fails_to_answer_has_changed_nothing(world, adding, case, is_async):
    finish, more = UNANSWERABLE[case]
    adding(finish, is_async=is_async)
    client, before = world.client("acme-operator", "acme"), stored()

    answer = client.run(mutations(ADD % ("new", more)))

    assert answer["data"] == {"addShelf": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PLUGIN_FAILED"]
    assert answer["errors"][0]["extensions"]["plugin"] == "shelf"
    assert stored() == before


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("material", "PLUGIN_FAILED"),
        ("customer { auditedShelfCount }", "PERMISSION_MISSING"),  # nullable: the error alone undoes it
        ("volumes(first: -1) { totalCount }", "BAD_PAGE"),
    ],
)
def test_an_error_in_any_field_of_the_payload_undoes_it(world, monkeypatch, more, code):
    monkeypatch.setattr(shelf_schema, "Material", None)
    client, before = world.client("acme-operator", "acme"), stored()

    answer = client.run(mutations(ADD % ("new", more)))

    assert answer["data"] == {"addShelf": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert answer["errors"][0]["path"][:2] == ["addShelf", "shelf"]
    assert stored() == before


def test_a_refusal_undoes_what_was_changed_before_it(world, adding):
    def refuse(context, shelf):
        raise InvalidInput("Too late.", field="name")

    adding(refuse)
    before = stored()

    refused = world.client("acme-operator", "acme").mutate("addShelf", "shelf { name }", name="new")

    assert refused["code"] == "INVALID_INPUT"
    assert stored() == before


def test_refusals_stay_in_the_audit_log_when_the_answer_fails(world, adding):
    def be_refused_and_fail(context, shelf):
        with pytest.raises(InvalidInput), context.operation("add another"):
            raise InvalidInput("No.", field="name")
        raise ZeroDivisionError

    adding(be_refused_and_fail)
    before = stored()["audit log"]

    assert world.client("acme-operator", "acme").code(mutations(ADD % ("new", ""))) == "PLUGIN_FAILED"

    assert stored()["audit log"] == [*before, ("add another", "refused")]


def test_an_async_mutation_is_answered(world, adding):
    adding(lambda _, shelf: AddShelfPayload(shelf=shelf), is_async=True)

    added = world.client("acme-operator", "acme").mutate("addShelf", "shelf { name bookCount }", name="new")

    assert added == {"__typename": "AddShelfPayload", "shelf": {"name": "new", "bookCount": 0}}
    assert Shelf.objects.filter(name="new").count() == 1


def test_what_is_called_after_the_commit_can_not_take_the_answer_away(world, adding, caplog):
    called = []

    def answer_and_call_later(context, shelf):
        transaction.on_commit(fail)
        transaction.on_commit(lambda: called.append(Shelf.objects.filter(name="new").exists()))
        return AddShelfPayload(shelf=shelf)

    adding(answer_and_call_later)

    added = world.client("acme-operator", "acme").mutate("addShelf", "shelf { name }", name="new")

    assert added["shelf"] == {"name": "new"} and called == [True]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_nothing_is_called_after_a_commit_that_did_not_happen(world, adding):
    called = []

    def fail_and_call_later(context, shelf):
        transaction.on_commit(lambda: called.append(shelf))

    adding(fail_and_call_later)

    world.client("acme-operator", "acme").run(mutations(ADD % ("new", "")))

    assert called == []


def test_an_async_query_is_answered(world):
    assert world.client("acme-viewer", "acme").data("{ shelfFacts }") == {"shelfFacts": {"materials": 2}}


HOSTS = (
    'createCustomer(input: {slug: "%s", name: "x"}) { __typename ... on CreateCustomerPayload { customer { slug } } }'
)
RAISED = {
    "an unexpected exception": (ZeroDivisionError(), {"createCustomer": "INTERNAL_ERROR", "addShelf": "PLUGIN_FAILED"}),
    "the end of its time": (DeadlineExceeded(60), "DEADLINE_EXCEEDED"),
    "an error of the whole request": (CustomerRequired(), "CUSTOMER_REQUIRED"),
    "a refusal that its result lacks": (Conflict("Changed.", current_revision=2), "REVISION_CONFLICT"),
}


@pytest.mark.parametrize("case", RAISED)
@pytest.mark.parametrize(
    ("mutation", "owner", "python_name", "payload"),
    [
        (HOSTS, CustomerMutations, "create_customer", "CreateCustomerPayload"),
        (ADD % ("%s", ""), ShelfMutations, "add_shelf", "AddShelfPayload"),
    ],
    ids=["host", "plugin"],
)
def test_a_mutation_that_raises_leaves_the_answers_of_its_neighbours(
    world, monkeypatch, mutation, owner, python_name, payload, case
):
    error, code = RAISED[case]
    resolver = next(f for f in owner.__strawberry_definition__.fields if f.python_name == python_name).base_resolver
    resolve = resolver.wrapped_func

    def raise_for_second(self, info, input):
        answer = resolve(self, info, input)
        if getattr(input, "slug", None) == "second" or input.name == "second":
            raise error
        return answer

    raise_for_second.__module__ = resolve.__module__
    monkeypatch.setattr(resolver, "wrapped_func", raise_for_second)
    document = mutations(*(f"{name}: {mutation % name}" for name in ("first", "second", "third")))

    answer = world.client("platform", "acme").run(document)

    assert {name: each and each["__typename"] for name, each in answer["data"].items()} == {
        "first": payload,
        "second": None,
        "third": payload,
    }
    field = mutation.partition("(")[0]
    expected = code if isinstance(code, str) else code[field]
    assert [(each["path"], each["extensions"]["code"]) for each in answer["errors"]] == [(["second"], expected)]
    names = ("first", "second", "third")
    stored_names = {*Shelf.objects.values_list("name", flat=True), *Customer.objects.values_list("slug", flat=True)}
    assert [name for name in names if name in stored_names] == ["first", "third"]


def test_a_permission_that_is_missed_outside_of_a_result_leaves_the_answers_of_its_neighbours(world, monkeypatch):
    """signOut has no result with refusals, as fields of plugins that are declared with Strawberry alone."""

    def refuse(_request):
        raise PermissionDenied("Not you.")

    monkeypatch.setattr(sessions, "sign_out", refuse)

    answer = world.client("acme-operator", "acme").run(mutations("signOut { changed }", ADD % ("new", "")))

    assert answer["data"] == {
        "signOut": None,
        "addShelf": {"__typename": "AddShelfPayload", "shelf": {"name": "new"}},
    }
    assert [(each["path"], each["extensions"]["code"]) for each in answer["errors"]] == [(["signOut"], "ROLE_TOO_LOW")]


def test_every_mutation_can_be_null():
    root = full_schema().schema.graphql.mutation_type

    assert {"addShelf", "signOut", "createCustomer"} <= set(root.fields)
    assert [name for name, field in root.fields.items() if is_non_null_type(field.type)] == []


def test_a_refused_mutation_lets_the_others_of_its_document_stand(world):
    document = mutations(*(f"{name}: {ADD % (given, '')}" for name, given in (("a", ""), ("b", "b"))))

    answer = world.client("acme-operator", "acme").data(document)

    assert [answer[name]["__typename"] for name in ("a", "b")] == ["InvalidInput", "AddShelfPayload"]
    assert Shelf.objects.filter(name="b").exists()


HOST_MUTATIONS = {
    "enableCustomerPlugin": 'enableCustomerPlugin(input: {customer: "acme", plugin: "hello_world"}) '
    "{ ... on EnableCustomerPluginPayload { config { customer { %s } } } }",
    "disableCustomerPlugin": 'disableCustomerPlugin(input: {customer: "acme", plugin: "labels"}) '
    "{ ... on DisableCustomerPluginPayload { config { customer { %s } } } }",
    "updateCustomerPluginSettings": "updateCustomerPluginSettings("
    'input: {customer: "acme", plugin: "shelf", settings: {limit: 3, key: "secret"}}) '
    "{ ... on UpdateCustomerPluginSettingsPayload { config { customer { %s } } } }",
}


@pytest.mark.parametrize("mutation", HOST_MUTATIONS)
def test_the_hosts_mutations_are_undone_as_well(world, mutation):
    manager.enable("hello_world", actor=SYSTEM)
    client, before = world.client("acme-operator", "acme"), stored()
    document = HOST_MUTATIONS[mutation]

    assert client.code(mutations(document % "auditedShelfCount")) == "PERMISSION_MISSING"

    assert stored() == before
    client.data(mutations(document % "shelfCount"))
    after = stored()
    assert after["configs"] != before["configs"] and len(after["audit log"]) == len(before["audit log"]) + 1
