"""A plugin's mutations: who may, what is refused, and what the audit log says of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from shelf.models import Book, Shelf
from shelf.schema import AddShelfInput, ShelfMutations

from webnet.audit.models import PluginAuditLog
from webnet.sdk.errors import InputFaults, InvalidInput, refuse_invalid

pytestmark = pytest.mark.django_db(transaction=True)

ADDED = "shelf { name customer { slug } }"


def rows_of(action):
    return list(PluginAuditLog.objects.filter(action=action).order_by("position"))


def test_a_change_and_its_audit_row_are_one(world):
    client = world.client("acme-operator", "acme")

    added = client.mutate("addShelf", ADDED, name="new")

    assert added == {"__typename": "AddShelfPayload", "shelf": {"name": "new", "customer": {"slug": "acme"}}}
    (row,) = rows_of("add shelf")
    assert (row.outcome, row.customer_slug, row.plugin_name, row.plugin_version) == (
        "succeeded",
        "acme",
        "shelf",
        "1.0",
    )
    assert (row.actor_name, row.after, row.chain) == ("acme-operator", {"name": "new"}, str(world.acme.pk))


def test_without_a_permission_of_its_own_it_needs_an_operator(world):
    refused = world.client("acme-viewer", "acme").mutate("addShelf", ADDED, name="new")

    assert refused["__typename"] == "PermissionDenied" and refused["code"] == "ROLE_TOO_LOW"
    assert not Shelf.objects.filter(name="new").exists()


@pytest.mark.parametrize(("who", "may"), [("acme-viewer", False), ("acme-operator", True), ("acme-admin", True)])
def test_with_one_it_needs_that(world, who, may):
    values = {"book": world.ids(world.acme, Book)[0], "shelf": world.ids(world.acme, Shelf)[0]}

    ended = world.client(who, "acme").mutate("moveBook", "book { title }", **values)

    assert (ended["__typename"] == "MoveBookPayload") is may
    assert may or ended["code"] == "PERMISSION_MISSING"


def test_signed_out_it_is_refused(world):
    client = world.client("acme-viewer", "acme")
    client._headers = {}

    assert "addShelf" in str(client.run("mutation { addShelf(input: {name: 1}) { __typename } }"))


def test_what_it_refuses_is_in_its_result(world):
    refused = world.client("acme-operator", "acme").mutate("addShelf", ADDED, name="")

    assert refused == {"__typename": "InvalidInput", "code": "INVALID_INPUT", "message": "A shelf needs a name."}


def test_on_the_platforms_view_it_takes_the_only_customer_or_asks_for_one(world):
    mutation = 'mutation { addShelf(input: {name: "new"}) { __typename ... on AddShelfPayload { shelf { name } } } }'

    assert world.client("acme-operator").data(mutation)["addShelf"]["__typename"] == "AddShelfPayload"
    for who in ("both", "platform"):
        assert world.client(who).code(mutation) == "CUSTOMER_REQUIRED"


@pytest.fixture
def failing(monkeypatch):
    """Call it with what `addShelf` shall do once its shelf is made."""

    def install(then):
        def add_shelf(self, info, input):
            with info.context.operation("add shelf"):
                Shelf.objects.create(customer=info.context.customer, name=input.name)
                then(info)

        add_shelf.__module__ = "shelf.schema"
        field = next(f for f in ShelfMutations.__strawberry_definition__.fields if f.python_name == "add_shelf")
        monkeypatch.setattr(field.base_resolver, "wrapped_func", add_shelf)

    return install


def test_a_refusal_takes_the_change_back_and_is_recorded(world, failing):
    failing(lambda info: info.context.require("audit"))

    refused = world.client("acme-operator", "acme").mutate("addShelf", ADDED, name="new")

    assert refused["code"] == "PERMISSION_MISSING" and not Shelf.objects.filter(name="new").exists()
    (row,) = rows_of("add shelf")
    assert (row.outcome, row.error_code, row.customer_slug) == ("refused", "PERMISSION_MISSING", "acme")


FAULTS = """mutation { addShelf(input: {name: "new"}) {
    __typename ... on InvalidInput { code field message faults { path message code } } } }"""


def test_what_django_finds_invalid_is_refused_with_its_field(world, failing):
    failing(lambda info: Shelf(customer=info.context.customer, name="x" * 51).full_clean())

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert refused["__typename"] == "InvalidInput" and refused["field"] == "name" and "50" in refused["message"]
    assert refused["faults"] == [{"path": ["input", "name"], "message": refused["message"], "code": "MAX_LENGTH"}]
    assert refused["code"] == rows_of("add shelf")[0].error_code == "INVALID_INPUT"
    assert rows_of("add shelf")[0].outcome == "refused"


def test_all_that_django_finds_invalid_is_refused_at_once(world, failing):
    unwritten = ["shelf", "genre"]
    failing(lambda info: Book(customer=info.context.customer, title="", pages=-1).full_clean(exclude=unwritten))

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert [(fault["path"], fault["code"]) for fault in refused["faults"]] == [
        (["input", "title"], "BLANK"),
        (["input", "pages"], "MIN_VALUE"),
    ]
    assert (refused["code"], refused["field"]) == ("INVALID_INPUT", "title")
    assert refused["message"].startswith("title: ") and " pages: " in refused["message"]


def test_what_is_wrong_with_the_whole_has_the_path_of_the_argument(world, failing):
    def refuse(info):
        raise ValidationError([ValidationError("Not on a Friday."), ValidationError("Not here.", code="place")])

    failing(refuse)

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert refused["faults"] == [
        {"path": ["input"], "message": "Not on a Friday.", "code": "INVALID_INPUT"},
        {"path": ["input"], "message": "Not here.", "code": "PLACE"},
    ]
    assert refused["field"] == ""


def test_an_invalid_value_is_refused_outside_of_an_operation_as_well(world, monkeypatch):
    def add_shelf(self, info, input):
        Shelf.objects.create(customer=info.context.customer, name=input.name)
        Shelf(customer=info.context.customer, name="").full_clean()

    add_shelf.__module__ = "shelf.schema"
    field = next(f for f in ShelfMutations.__strawberry_definition__.fields if f.python_name == "add_shelf")
    monkeypatch.setattr(field.base_resolver, "wrapped_func", add_shelf)

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert [fault["path"] for fault in refused["faults"]] == [["input", "name"]]
    assert not Shelf.objects.filter(name="new").exists()


def test_a_plugin_gathers_faults_of_its_own(world, failing):
    def check(info):
        faults = InputFaults()
        faults.add("This seat is taken.", "front_seats", 2, code="SEAT_TAKEN")
        with faults.gather("spare_books", 0):
            Book(customer=info.context.customer, title="").full_clean(exclude=["shelf", "genre"])
        with faults.gather():
            raise InvalidInput("Too late.", field="name", code="TOO_LATE")
        faults.refuse()

    failing(check)

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert [(fault["path"], fault["code"]) for fault in refused["faults"]] == [
        (["input", "frontSeats", "2"], "SEAT_TAKEN"),
        (["input", "spareBooks", "0", "title"], "BLANK"),
        (["input", "name"], "TOO_LATE"),
    ]
    assert (refused["code"], refused["field"]) == ("SEAT_TAKEN", "frontSeats")


def test_an_input_is_checked_when_it_is_made_as_well(world, monkeypatch):
    def check(self):
        faults = InputFaults()
        for field in ("name", "material"):
            faults.add("Not today.", field)
        faults.refuse()

    monkeypatch.setattr(AddShelfInput, "__init__", lambda self, **_: check(self))

    refused = world.client("acme-operator", "acme").data(FAULTS)["addShelf"]

    assert [fault["path"] for fault in refused["faults"]] == [["input", "name"], ["input", "material"]]


def test_several_faults_of_one_value_are_one_message_and_each_a_fault():
    with pytest.raises(InvalidInput) as caught:
        raise refuse_invalid(ValidationError({"name": ["Too short.", "Too plain."]}))

    assert caught.value.message == "Too short. Too plain."
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        (("name",), "Too short."),
        (("name",), "Too plain."),
    ]


def test_an_error_without_a_message_is_refused_as_well():
    assert [fault.message for fault in refuse_invalid(ValidationError([])).faults] == ["This is not acceptable."]


def test_nothing_is_refused_without_faults():
    faults = InputFaults()

    with faults.gather("name"):
        pass

    assert not faults
    faults.refuse()


def test_an_error_takes_the_change_back_and_is_recorded_as_failed(world, failing):
    def fail(info):
        raise ZeroDivisionError("a text that may be secret")

    failing(fail)

    assert (
        world.client("acme-operator", "acme").code('mutation { addShelf(input: {name: "new"}) { __typename } }')
        == "PLUGIN_FAILED"
    )

    assert not Shelf.objects.filter(name="new").exists()
    (row,) = rows_of("add shelf")
    assert (row.outcome, row.error_code, row.customer_slug) == ("failed", "OPERATION_FAILED", "acme")
    assert "secret" not in row.text


def test_what_was_so_already_is_not_recorded(world, failing):
    from webnet.sdk.context import PluginContext

    context = PluginContext.of("shelf", actor=_actor("acme-operator"), customer=world.acme)
    with context.operation("tidy up") as operation:
        operation.changed = False

    assert rows_of("tidy up") == []


def _actor(username):
    from tests.factories import actor_for
    from webnet.customers.models import User

    return actor_for(User.objects.get(username=username))
