"""The guide's migrations move a model out of the core, and its rows stay where they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from tests.docs.documents import ROOT, Document
from tests.factories import make_customer
from webnet.customers.models import Customer

GUIDE = Document.read(ROOT / "docs" / "plugin-development.md")


def read_migrations() -> dict[str, migrations.Migration]:
    """The migrations that the guide shows, by app."""
    found = {}
    for block in GUIDE.blocks():
        if "class Migration(" in block.text:
            names: dict[str, type[migrations.Migration]] = {}
            exec(compile(block.text, block.place, "exec"), names)  # noqa: S102 - our own documentation
            path = block.text.split("\n", 1)[0].removeprefix("# ").split("/")
            found[path[0]] = names["Migration"](path[2].removesuffix(".py"), path[0])
    return found


@pytest.fixture
def before(db: None) -> Iterator[ProjectState]:
    """A core that has the model, with one row in its table."""
    state = ProjectState.from_apps(apps)
    fields = {
        "id": models.BigAutoField(primary_key=True),
        "customer": models.ForeignKey("customers.Customer", on_delete=models.CASCADE),
        "text": models.TextField(),
    }
    state.add_model(ModelState("core", "Announcement", list(fields.items())))
    announcement = state.apps.get_model("core", "Announcement")
    with connection.schema_editor() as editor:
        editor.create_model(announcement)
    announcement.objects.create(customer_id=make_customer().pk, text="Still here")
    yield state
    with connection.schema_editor() as editor:
        editor.delete_model(announcement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.changes_tables
@pytest.mark.parametrize("order", [("announcements", "core"), ("core", "announcements")])
def test_the_moved_model_has_the_rows_it_had(before: ProjectState, order: tuple[str, str]) -> None:
    moves, state = read_migrations(), before

    for app in order:
        with connection.schema_editor() as editor:
            state = moves[app].apply(state, editor)

    moved = state.apps.get_model("announcements", "Announcement")
    assert list(moved.objects.values_list("customer__slug", "text")) == [("acme", "Still here")]
    assert ("core", "announcement") not in state.models
    assert Customer._meta.label_lower in {key[0] + "." + key[1] for key in state.models}
