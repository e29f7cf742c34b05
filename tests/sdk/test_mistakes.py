"""Each mistake of an author is one sentence that names the plugin, the place and the way out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import models as django_models
from shelf import models

from webnet.customers.models import Customer
from webnet.errors import PluginDefinitionError
from webnet.plugins import checks
from webnet.plugins.base import GraphQLExtension, PluginBase
from webnet.plugins.kernel.manifest import read_manifest
from webnet.sdk import graphql


def plugin(declare: Callable[[], object], declaration: str = "get_graphql_schema") -> PluginBase:
    """A plugin that makes what it declares when it is asked, as those that import their schema then."""
    attributes = {"name": "careless", "version": "1.0", declaration: lambda self: declare()}
    return type("Plugin", (PluginBase,), attributes)()


def untyped_resolver() -> GraphQLExtension:
    @graphql.type
    class Queries:
        @graphql.field
        def broken(self):
            return 1

    return GraphQLExtension(query=Queries)


def untyped_column() -> GraphQLExtension:
    @graphql.type(models.Book)
    class Book:
        title = graphql.field(permission="read")

    return GraphQLExtension(types=(Book,))


def untyped_argument() -> GraphQLExtension:
    @graphql.type
    class Queries:
        @graphql.field
        def broken(self, number) -> int:
            return number

    return GraphQLExtension(query=Queries)


def untyped_mutation() -> GraphQLExtension:
    @graphql.type
    class Mutations:
        @graphql.mutation()
        def break_it(self, info: graphql.Info):
            return None

    return GraphQLExtension(mutation=Mutations)


def unknown_refusal() -> GraphQLExtension:
    @graphql.type
    class Payload:
        number: int

    @graphql.type
    class Mutations:
        @graphql.mutation(refusals=[ValueError])
        @staticmethod
        def break_it(info: graphql.Info) -> Payload:
            return Payload(number=1)

    return GraphQLExtension(mutation=Mutations)


def untenanted() -> GraphQLExtension:
    @graphql.type(Customer)
    class Tenant:
        slug: str

    return GraphQLExtension(types=(Tenant,))


def unknown_column() -> GraphQLExtension:
    @graphql.type(models.Book)
    class Book:
        titel: graphql.auto

    return GraphQLExtension(types=(Book,))


def unorderable() -> GraphQLExtension:
    @graphql.type(models.Book, order=("genre",))
    class Book:
        title: str

    return GraphQLExtension(types=(Book,))


def row_instead_of_payload() -> GraphQLExtension:
    @graphql.type
    class Mutations:
        @graphql.mutation()
        def break_it(self, info: graphql.Info) -> models.Book:
            return models.Book()

    return GraphQLExtension(mutation=Mutations)


@graphql.type
class Payload:
    number: int


def list_of_payloads() -> GraphQLExtension:
    @graphql.type
    class Mutations:
        @graphql.mutation()
        def break_it(self, info: graphql.Info) -> list[Payload]:
            return []

    return GraphQLExtension(mutation=Mutations)


def number_instead_of_payload() -> GraphQLExtension:
    @graphql.type
    class Mutations:
        @graphql.mutation()
        def break_it(self, info: graphql.Info) -> int | None:
            return 1

    return GraphQLExtension(mutation=Mutations)


def unknown_order() -> GraphQLExtension:
    @graphql.type(models.Book, order=("title", "titel"))
    class Book:
        title: str

    return GraphQLExtension(types=(Book,))


MISTAKES = {
    unknown_order: r"the type 'Book': 'shelf\.Book' has no column 'titel' to order by",
    row_instead_of_payload: r"the mutation 'break_it': it returns Book, which can't be its payload: return a class",
    list_of_payloads: r"the mutation 'break_it': it returns list\[.*Payload\], which can't be its payload",
    number_instead_of_payload: r"the mutation 'break_it': it returns int, which can't be its payload",
    untyped_resolver: r"the type 'Queries': the field 'broken' has no type: write 'def broken\(…\) -> str'",
    untyped_column: r"the type 'Book': the field 'title' has no type: write .* or 'title: str' for a column",
    untyped_argument: r"the field 'broken': the argument 'number' has no type: write 'number: str'",
    untyped_mutation: r"the mutation 'break_it': it has no type: write 'def break_it\(…\) -> SomePayload'",
    unknown_refusal: r"the mutation 'break_it': 'ValueError' is not a refusal: use one from webnet\.sdk\.errors",
    untenanted: r"the type 'Tenant': the model 'Customer' does not declare who owns its rows: extend Customer",
    unknown_column: r"the type 'Book': Book has no field named 'titel'",
    unorderable: r"the type 'Book': rows can't be ordered by 'genre', a ForeignKey: it must be text, a number",
}


@pytest.mark.parametrize("declare", MISTAKES)
def test_a_mistake_in_the_schema_is_told_with_plugin_place_and_way_out(declare):
    with pytest.raises(PluginDefinitionError) as mistake:
        read_manifest(plugin(declare))

    sentence = mistake.value.message
    place = re.match(r"Plugin 'careless', get_graphql_schema\(\): in '(.*?)', line (\d+), ", sentence)
    assert place and __file__.endswith(place[1])
    lines, first = inspect.getsourcelines(declare)
    assert first < int(place[2]) < first + len(lines)
    assert re.search(MISTAKES[declare], sentence)
    assert sentence.endswith((".", "?")) and "\n" not in sentence and sentence.count(". ") == 0


@pytest.mark.parametrize(
    ("declaration", "declared", "words"),
    [
        ("get_graphql_schema", "Query", "must be a GraphQLExtension or an equivalent dict, not str"),
        ("get_graphql_schema", {"query": "Query"}, "'query' must be a class, not str"),
        ("get_navigation_items", {"label": "A"}, "must return a list of NavigationItem, not dict"),
        ("get_ui_views", "pages", "must return a list of UIView, not str"),
        ("get_dashboard_widgets", [{"name": "a"}], "title"),
        ("get_permissions", ["edit"], "item 1: must be a Permission or an equivalent dict, not str"),
        ("get_models", "Device", "must return a list of model classes"),
        ("get_settings_schema", ["limit"], "the settings schema"),
    ],
)
def test_a_declaration_of_the_wrong_type_is_told(declaration, declared, words):
    with pytest.raises(PluginDefinitionError) as mistake:
        read_manifest(plugin(lambda: declared, declaration))

    assert mistake.value.message.startswith(f"Plugin 'careless', {declaration}()")
    assert words.lower() in mistake.value.message.lower() and mistake.value.message.endswith(".")


def test_a_connection_of_something_else_is_told():
    @graphql.type
    class Plain:
        number: int

    field = graphql.connection()
    field.python_name, field.type = "plains", graphql.Connection[Plain]

    with pytest.raises(PluginDefinitionError, match=r"the connection 'plains': write it as 'devices: graphql\.Conn"):
        _ = field.arguments


@pytest.mark.parametrize("kind", [graphql.Customer, graphql.Plugin, graphql.User])
def test_a_connection_of_the_hosts_rows_is_refused(kind):
    """They have no scope, so that it would show the rows of everybody."""
    field = graphql.connection()
    field.python_name, field.type = "everything", graphql.Connection[kind]

    with pytest.raises(PluginDefinitionError, match="the connection 'everything': write it as"):
        _ = field.arguments


def test_a_connection_whose_relation_is_not_clear_is_told():
    field = graphql.connection()
    field.python_name = "books"

    with pytest.raises(PluginDefinitionError, match="'Book' must have one foreign key to 'Book', or name its access"):
        field._find_column(models.Book, models.Book)


@pytest.mark.django_db(transaction=True)
def test_a_resolver_that_raises_is_told_in_the_log(world, broken, caplog):
    broken(ZeroDivisionError("division by zero"))

    world.client("acme-viewer", "acme").run("{ firstBook { title } }")

    (record,) = (each for each in caplog.records if each.name == "webnet.api")
    assert record.getMessage().endswith(
        "plugin 'shelf' failed in Query.firstBook, at ['firstBook']: fix it there, or raise a refusal of "
        "webnet.sdk.errors."
    )
    assert isinstance(record.exc_info[1], ZeroDivisionError)


# A model without tenancy: the plugin is set aside, and Django's check says why.


@pytest.fixture
def careless_model(monkeypatch):
    """`shelf` with one more model that says nothing of tenancy."""
    meta = type("Meta", (), {"app_label": "elsewhere"})
    model = type("Loose", (django_models.Model,), {"__module__": "shelf.models", "Meta": meta})
    apps.all_models.pop("elsewhere")
    apps.clear_cache()
    with monkeypatch.context() as patch:
        patch.setattr(apps.get_app_config("shelf"), "get_models", lambda *_, **__: [models.Shelf, model])
        yield model
    apps.clear_cache()  # what Django has kept since then knows of these two models only


@pytest.mark.usefixtures("careless_model")
@pytest.mark.django_db  # the check asks the database what it can do
def test_the_check_refuses_a_model_without_tenancy():
    with pytest.raises(SystemCheckError) as refused:
        call_command("check")

    (error,) = checks.check_tenancy()
    assert str(refused.value) == str(error)
    assert error.id == "webnet.E001" and error.is_serious()
    assert error.msg == "Plugin 'shelf': the model 'elsewhere.Loose' does not declare who owns its rows."
    assert "CustomerOwnedModel" in error.hint and "GlobalModel" in error.hint


@pytest.mark.usefixtures("careless_model")
def test_a_plugin_with_such_a_model_is_set_aside():
    found = checks.find_untenanted_plugins()

    assert set(found) == {"shelf"}
    assert found["shelf"].reason == (
        "Plugin 'shelf': the model 'elsewhere.Loose' does not declare who owns its rows: extend CustomerOwnedModel of "
        "webnet.sdk.models, or GlobalModel if its rows are shared by all customers."
    )


def test_models_with_tenancy_are_taken():
    assert checks.check_tenancy() == [] and checks.find_untenanted_plugins() == {}
