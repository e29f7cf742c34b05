"""Customers removed for good, whatever became of the plugins that have rows of them."""

from tests.plugins.lifecycle.installation import plugin_py, write_shelf

GHOST_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Note(CustomerOwnedModel):
        book = models.ForeignKey("shelf.Book", models.CASCADE, null=True)

    class Line(GlobalModel):
        note = models.ForeignKey(Note, models.CASCADE)
"""
GHOST_INITIAL = """
    from django.db import migrations, models

    def key():
        return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

    class Migration(migrations.Migration):
        dependencies = [("customers", "0001_initial"), ("shelf", "0001_initial")]
        operations = [
            migrations.CreateModel("Note", [
                ("id", key()),
                ("customer", models.ForeignKey("customers.customer", models.CASCADE)),
                ("book", models.ForeignKey("shelf.book", models.CASCADE, null=True)),
            ]),
            migrations.CreateModel("Line", [
                ("id", key()),
                ("note", models.ForeignKey("ghost.note", models.CASCADE)),
            ]),
        ]
"""
ATTIC_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Box(CustomerOwnedModel):
        sent_by = models.ForeignKey("customers.User", models.SET_NULL, null=True)
"""
ATTIC_INITIAL = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = [("customers", "0001_initial")]
        operations = [
            migrations.CreateModel("Box", [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("customer", models.ForeignKey("customers.customer", models.CASCADE)),
                ("sent_by", models.ForeignKey("customers.user", models.SET_NULL, null=True)),
            ]),
        ]
"""
PARTNER_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel, GlobalModel

    class Deal(CustomerOwnedModel):
        partner = models.ForeignKey("customers.Customer", models.SET_NULL, null=True, related_name="+")

    class Guard(CustomerOwnedModel):
        watched = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")

    class Leash(CustomerOwnedModel):
        deal = models.ForeignKey(Deal, models.PROTECT)
"""
PARTNER_INITIAL = """
    from django.db import migrations, models

    def fields(**more):
        key = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
        owner = models.ForeignKey("customers.customer", models.CASCADE, related_name="+")
        return [("id", key), ("customer", owner), *more.items()]

    def customer(on_delete, **options):
        return models.ForeignKey("customers.customer", on_delete, related_name="+", **options)

    class Migration(migrations.Migration):
        dependencies = [("customers", "0001_initial")]
        operations = [
            migrations.CreateModel("Deal", fields(partner=customer(models.SET_NULL, null=True))),
            migrations.CreateModel("Guard", fields(watched=customer(models.PROTECT))),
            migrations.CreateModel("Leash", fields(deal=models.ForeignKey("attic.deal", models.PROTECT))),
        ]
"""
FILL = """
    call_command("sync_plugins", migrate=True)
    manager.enable("shelf", actor=ME, availability=Availability.DEFAULT_ON)
    from ghost.models import Line, Note
    from shelf.models import Book
    for slug in ("acme", "globex"):
        customer = customers.create(actor=ME, slug=slug, name=slug)
        book = Book.objects.create(customer=customer, title=slug)
        for target in (book, None):
            Line.objects.create(note=Note.objects.create(customer=customer, book=target))
"""


COUNT = """
    with connection.cursor() as cursor:
        for name in ("customers_customer", "shelf_book", "ghost_note", "ghost_line"):
            cursor.execute("SELECT COUNT(*) FROM " + name)
            report[name] = cursor.fetchone()[0]
"""


def test_a_purge_removes_all_rows_past_missing_and_unmigrated_plugins(installation):
    write_shelf(installation)
    installation.write("ghost", plugin=plugin_py("ghost", "1.0", "shelf"), models=GHOST_MODELS)
    installation.write("ghost", migrations__0001_initial=GHOST_INITIAL)
    installation.run(FILL, plugins=("shelf", "ghost"))
    installation.write("attic", plugin=plugin_py("attic"), models=ATTIC_MODELS)
    installation.write("attic", migrations__0001_initial=ATTIC_INITIAL)

    seen = installation.run(
        """
        call_command("sync_plugins")
        report["status"] = {name: status for name, (_, status, _) in plugins().items()}
        report["preview"] = run("purge_customer", "acme")
        report["purge"] = run("purge_customer", "acme", yes=True, reason="asked for it")
        report["again"] = run("purge_customer", "acme", yes=True)
        log = PluginAuditLog.objects.get(action="purge_customer", outcome="succeeded")
        report["log"] = [log.chain, log.reason, log.before, log.after["passedBy"]]
        report["user"] = str(customers.update(actor=ME, customer="globex", is_active=False).changed)
        """,
        COUNT,
        plugins=("shelf", "attic"),
    )

    assert seen["status"] == {"attic": "needs_migration", "ghost": "missing", "shelf": "loaded"}
    told, code = seen["preview"]
    assert (code, told.splitlines()[-1]) == (1, "Nothing was deleted: add --yes to delete 'acme'.")
    lines = [line.split(maxsplit=1) for line in seen["purge"][0].splitlines()]
    assert ["2", "ghost_line"] in lines
    assert ["2", "ghost_note"] in lines
    assert ["1", "shelf_book"] in lines
    assert ["-", "attic_box (the table does not exist: its plugin is not migrated)"] in lines
    assert (seen["purge"][1], seen["again"]) == (0, ["There is no customer 'acme'.", 1])
    assert seen["log"] == [
        "platform",
        "asked for it",
        {"slug": "acme", "name": "acme", "is_active": True},
        ["attic_box"],
    ]
    assert [seen["customers_customer"], seen["shelf_book"], seen["ghost_note"], seen["ghost_line"]] == [1, 1, 2, 2]


def test_without_the_passing_by_the_same_deletion_breaks(installation):
    """The negative control of the test above: Django's own deletion, past an unmigrated and a missing plugin."""
    write_shelf(installation)
    installation.write("ghost", plugin=plugin_py("ghost", "1.0", "shelf"), models=GHOST_MODELS)
    installation.write("ghost", migrations__0001_initial=GHOST_INITIAL)
    installation.run(FILL, plugins=("shelf", "ghost"))
    installation.write("attic", plugin=plugin_py("attic"), models=ATTIC_MODELS)
    installation.write("attic", migrations__0001_initial=ATTIC_INITIAL)
    script = """
        from django.db import DatabaseError
        try:
            with transaction.atomic():
                Customer.objects.get(slug="acme").delete()
        except DatabaseError as error:
            report = type(error).__name__
    """

    unmigrated = installation.run(script, plugins=("shelf", "attic"))
    missing = installation.run(script, plugins=("shelf",))

    assert unmigrated in ("OperationalError", "ProgrammingError")
    assert missing == "IntegrityError"


def test_rows_that_others_have_and_that_only_mention_the_customer_stay(installation):
    installation.write("attic", plugin=plugin_py("attic"), models=PARTNER_MODELS)
    installation.write("attic", migrations__0001_initial=PARTNER_INITIAL)

    seen = installation.run(
        """
        call_command("sync_plugins", migrate=True)
        from attic.models import Deal, Guard, Leash
        acme, globex = (customers.create(actor=ME, slug=slug, name=slug) for slug in ("acme", "globex"))
        Deal.objects.create(customer=globex, partner=acme)
        Leash.objects.create(customer=acme, deal=Deal.objects.create(customer=acme))  # protects what goes with it
        guard = Guard.objects.create(customer=globex, watched=acme)
        report["refused"] = run("purge_customer", "acme", yes=True)
        guard.delete()
        report["done"] = run("purge_customer", "acme", yes=True)[1]
        report["deals"] = list(Deal.objects.values_list("customer__slug", "partner"))
        """,
        plugins=("attic",),
    )

    assert seen["refused"] == ["Rows of plugins refer to it (1 of attic.Guard): delete those first.", 1]
    assert (seen["done"], seen["deals"]) == (0, [["globex", None]])
