"""Plugins with every fault that the conformance check knows, written where a test wants them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

PLUGIN = """
from webnet.plugins.base import PluginBase

class Plugin(PluginBase):
    name = "{name}"
    version = "1.0"
"""

MODELS = """
from django.db import models
from webnet.sdk.models import CustomerOwnedModel

class Note(CustomerOwnedModel):
    text = models.CharField(max_length=100)
    code = models.CharField(max_length=40, unique=True)

class Comment(CustomerOwnedModel):
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="comments")
    text = models.CharField(max_length=100)

class Odd(CustomerOwnedModel):
    def save(self, *args, **kwargs):
        raise ValueError("there is never a row of this")
"""

MIGRATION = """
from django.db import migrations, models

def owner():
    return models.ForeignKey("customers.customer", models.CASCADE, related_name="%(app_label)s_%(class)s_set")

def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

class Migration(migrations.Migration):
    initial = True
    dependencies = [("customers", "0001_initial")]
    operations = [
        migrations.CreateModel("Note", [
            ("id", key()), ("text", models.CharField(max_length=100)),
            ("code", models.CharField(max_length=40, unique=True)), ("customer", owner()),
        ]),
        migrations.CreateModel("Comment", [
            ("id", key()), ("text", models.CharField(max_length=100)), ("customer", owner()),
            ("note", models.ForeignKey("careless.note", models.CASCADE, related_name="comments")),
        ]),
        migrations.CreateModel("Odd", [("id", key()), ("customer", owner())]),
        migrations.RunPython(lambda apps, editor: None),
    ]
"""

SCHEMA = """
import asyncio
from collections.abc import AsyncIterator

import strawberry
import strawberry_django

from careless import models
from webnet.plugins.base import GraphQLExtension
from webnet.api.vocabulary.node import global_id, read_global_id
from webnet.sdk import graphql

def key_of(id):
    return (read_global_id(id) or ("", "0"))[1]

@graphql.filter
class CarelessNoteFilter:
    text: str | None
    half: int | None = graphql.lookup()

    def apply(self, rows):
        return rows if self.half is graphql.UNSET else rows.filter(pk__lt=1 // 0)

@graphql.type(models.Note, filter=CarelessNoteFilter, order=("text", "code"))
class CarelessNote(graphql.Node):
    text: str

    @graphql.field
    @staticmethod
    def comment_count(root: graphql.Parent[models.Note]) -> int:
        return root.comments.count()

@strawberry_django.type(models.Comment)
class CarelessComment(graphql.Node):
    text: strawberry.auto

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("CarelessComment", self.pk)

    @staticmethod
    def find_nodes(info, keys):
        return {str(each.pk): each for each in models.Comment.objects.filter(pk__in=keys)}

@graphql.type
class Queries:
    careless_notes: graphql.Connection[CarelessNote] = graphql.connection()

    @graphql.field
    @staticmethod
    def careless_count(of: int | None = None) -> int:
        '''Of everybody.'''
        return models.Note.objects.count()

    @graphql.field
    @staticmethod
    def careless_texts() -> list[str]:
        '''Of everybody.'''
        return [note.text for note in models.Note.objects.order_by("-pk")]

    @graphql.field
    @staticmethod
    def careless_text(id: graphql.ID) -> str | None:
        '''Of whomever.'''
        found = models.Note.objects.filter(pk=key_of(id)).first()
        return found.text if found else None

    @graphql.field
    @staticmethod
    def careless_beside(note: graphql.ID | None = None) -> list[str]:
        '''Of whomever, and of nobody where it is left out.'''
        key = key_of(note) if note else None
        return [found.text for found in models.Note.objects.filter(pk=key)]

    @graphql.field
    @staticmethod
    def careless_latest() -> list[CarelessNote]:
        '''Of everybody.'''
        return list(models.Note.objects.order_by("-pk"))

    @graphql.field
    @staticmethod
    def careless_failing() -> int:
        '''Never.'''
        return 1 // 0

    @graphql.field(deprecation_reason="Don't.")
    @staticmethod
    def careless_old() -> int:
        '''One.'''
        return 1

    @graphql.field(deprecation_reason="Use none. Deprecated since 0.8, removed in 1.0.")
    @staticmethod
    def careless_older() -> int:
        '''One.'''
        return 1

    @graphql.field
    def careless_unguarded(self, info: graphql.Info, count: int = 7) -> int:
        '''The row that is not there.'''
        return info.context.rows(models.Note).get(pk=-count).pk

@graphql.extend(graphql.Customer)
class CustomerFields:
    careless_note_count: int = graphql.count(models.Note, description="Of the customer.")

    @graphql.field
    @staticmethod
    def careless_greeting() -> str:
        '''Always.'''
        return "welcome"

    @graphql.field
    @staticmethod
    def careless_hint() -> str | None:
        '''Sometimes.'''
        return None

@graphql.input
class CarelessChangeInput:
    id: graphql.ID

@graphql.input
class CarelessAddInput:
    text: str
    code: str | None = None

@graphql.type
class CarelessAddPayload:
    '''Done.'''
    note: CarelessNote

@graphql.type
class CarelessChangePayload:
    '''Done.'''
    changed: bool

@graphql.type
class Mutations:
    @graphql.mutation()
    @staticmethod
    def careless_add(info: graphql.Info, input: CarelessAddInput) -> CarelessAddPayload:
        '''The row itself, if it has a code.'''
        note = models.Note.objects.create(customer=info.context.customer, text=input.text, code=input.code or "none")
        return note if input.code else CarelessAddPayload(note=note)

    @graphql.mutation()
    @staticmethod
    def careless_change(info: graphql.Info, input: CarelessChangeInput) -> CarelessChangePayload:
        '''Whosever it is.'''
        key = key_of(input.id)
        models.Note.objects.filter(pk=key).update(text="changed")
        return CarelessChangePayload(changed=True)

@graphql.type
class Subscriptions:
    @graphql.subscription()
    @staticmethod
    async def careless_stream() -> AsyncIterator[str]:
        '''Of everybody.'''
        async for note in models.Note.objects.order_by("-pk"):
            yield note.text

    @graphql.subscription()
    @staticmethod
    async def careless_note_stream(note: graphql.ID | None = None) -> AsyncIterator[list[CarelessNote]]:
        '''Of whomever.'''
        key = key_of(note) if note else None
        yield [found async for found in models.Note.objects.filter(pk=key)]

    @graphql.subscription()
    @staticmethod
    async def careless_broken_stream() -> AsyncIterator[int]:
        '''Never.'''
        yield 1
        raise ZeroDivisionError("division by zero")

    @graphql.subscription()
    @staticmethod
    async def careless_silent_stream() -> AsyncIterator[int]:
        '''Nothing, for ever.'''
        await asyncio.Event().wait()
        yield 1

    @graphql.subscription()
    @staticmethod
    async def careful_stream(info: graphql.Info) -> AsyncIterator[list[CarelessNote]]:
        '''Of the customer.'''
        yield [found async for found in info.context.rows(models.Note)]

extension = GraphQLExtension(
    query=Queries,
    mutation=Mutations,
    subscription=Subscriptions,
    types=(CarelessComment,),
    extends=graphql.extends(CustomerFields),
)
"""

CARELESS = """
from django.http import HttpResponse

from webnet.plugins.base import DashboardWidget, PluginBase, UIView

SCRIPTED = '''<script>run()</script><script nonce="%s">run()</script><p onclick="run()">x</p>
<img src="https://cdn.example/x.png">'''

class Plugin(PluginBase):
    name = "careless"
    version = "1.0"

    def get_settings_schema(self):
        return {"type": "object", "properties": {"limit": {"type": "integer", "default": 1}}}

    def get_graphql_schema(self):
        from careless.schema import extension
        return extension

    def get_dashboard_widgets(self):
        return [
            DashboardWidget(name="everybody", title="Everybody", data=lambda: self.texts()),
            DashboardWidget(name="broken", title="Broken", data=lambda: {}["nothing"]),
        ]

    def get_ui_views(self):
        return [
            UIView(name="everybody", path="", view=lambda request: HttpResponse("<br>".join(self.texts()))),
            UIView(name="scripted", path="scripted/", view=lambda request: HttpResponse(SCRIPTED % request.csp_nonce)),
            UIView(name="broken", path="broken/", view=lambda request: {}["nothing"]),
        ]

    def texts(self):
        from careless.models import Note
        return [f"{note.text}: {note.comments.count()}" for note in Note.objects.all()]

    def health_check(self, context):
        return {"status": "healthy", "message": context.customer.name, "details": {"notes": len(self.texts())}}

    def on_disable(self, context):
        raise ValueError("I stay")

    def on_unload(self):
        raise ValueError("I stay")
"""

OTHERS = {
    "refusing": PLUGIN + '    def on_enable(self, context):\n        raise ValueError("not on a Monday")\n',
    "unloadable": PLUGIN + '    def on_load(self):\n        raise ValueError("not on a Monday")\n',
    "broken": "import no_such_module\n",
    "ending": PLUGIN + "    def on_enable(self, context):\n        import os\n        os._exit(3)\n",
    "ownerless": PLUGIN,
    "dependent": PLUGIN + '    dependencies = ("no_such_plugin",)\n',
    "misspelt": PLUGIN
    + "    def get_graphql_schema(self):\n        from misspelt import schema\n\n        return schema.extension\n",
    "unmigrated": PLUGIN
    + "    def get_settings_schema(self):\n"
    + '        return {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}}\n',
}
OWNERLESS_MODELS = """
from django.db import models

class Loose(models.Model):
    text = models.TextField()
"""
UNMIGRATED_MODELS = """
from django.db import models
from webnet.sdk.models import CustomerOwnedModel

class Note(CustomerOwnedModel):
    text = models.TextField()
"""
MISSPELT_SCHEMA = """
from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql

@graphql.type
class MisspeltQueries:
    misspelt: int = graphql.field()

extension = GraphQLExtension(query=MisspeltQueries)
"""
FAILING_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    operations = [migrations.RunSQL("SELECT no_such_column", "SELECT 1")]
"""


# What it added to the schema in an earlier version, by (plugin, version).
STORED = {
    ("careless", "1.0rc1"): """
extend type Query { carelessLost: Int carelessCount: Int! carelessText: String }
enum CarelessGone { ONE }
""",
    ("refusing", "0.9"): "extend type Query { refusingLost: Int }",
}


def write_plugins(folder: Path) -> list[str]:
    """Write all of them there; returns their modules."""
    _write(folder / "careless", {"plugin": CARELESS, "models": MODELS, "schema": SCHEMA, "migrations/0001": MIGRATION})
    for name, text in OTHERS.items():
        _write(folder / name, {"plugin": text.replace("{name}", name)})
    _write(folder / "ownerless", {"models": OWNERLESS_MODELS})
    _write(folder / "misspelt", {"schema": MISSPELT_SCHEMA})
    _write(folder / "unmigrated", {"models": UNMIGRATED_MODELS, "migrations/0001": FAILING_MIGRATION})
    for (name, version), sdl in STORED.items():
        (folder / name / "schemas").mkdir()
        (folder / name / "schemas" / f"{version}.graphql").write_text(sdl, encoding="utf-8")
    return ["careless", *OTHERS]


def _write(package: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = package / f"{name.replace('0001', '0001_initial')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(dedent(text).lstrip(), encoding="utf-8")
    (package / "__init__.py").touch()
