"""The host's own migrations, with rows that an older webnet has written."""

from tests.plugins.lifecycle.installation import plugin_py

LEDGER = plugin_py("ledger", more="def get_settings_schema(self):\n    return {'properties': {}}")


def test_settings_and_the_log_become_text_with_the_numbers_as_they_were_given(installation):
    installation.write("ledger", plugin=LEDGER)

    seen = installation.run(
        """
        from webnet.audit import log, triggers
        from webnet.audit.models import PluginAuditLog

        # As older versions did: members sorted in the log's text, and below, JSON columns in the tables.
        written, log.hashed_text = log.hashed_text, lambda row: written(row, sort_members=True)
        manager.sync(actor=ME)
        for slug in ("acme", "globex", "hooli"):
            customers.create(actor=ME, slug=slug, name=slug.title())
        given = {"z": {"b": 1, "a": 2}, "large": 1e20, "whole": 1e16, "zero": -0.0, "list": [1e22, 2.0, 3]}
        for slug in (None, "acme"):
            manager.update_settings("ledger", actor=ME, customer=slug, patch=given)
        # One whose change was pruned, and one that sets nothing.
        CustomerPluginConfig.objects.create(
            customer=Customer.objects.get(slug="globex"), plugin=PluginConfig.objects.get(),
            settings={"large": 1e20}, settings_revision=7)
        CustomerPluginConfig.objects.create(
            customer=Customer.objects.get(slug="hooli"), plugin=PluginConfig.objects.get())
        log.hashed_text = written
        report["back"] = run("migrate", "plugins", "0011", verbosity=0)
        report["triggers after the way back"] = triggers.are_installed(connection)

        report["migrate"] = run("migrate", "plugins", verbosity=0)

        own = [PluginConfig.objects.get().settings]
        own += CustomerPluginConfig.objects.order_by("pk").values_list("settings", flat=True)
        logged = PluginAuditLog.objects.filter(action__contains="settings").order_by("position")
        report["settings"] = [{name: repr(value) for name, value in sorted(settings.items())} for settings in own]
        report["logged"] = [repr(row.after["settings"]["list"]) for row in logged]
        again = [manager.update_settings("ledger", actor=ME, customer=slug, patch=given) for slug in (None, "acme")]
        report["again"] = [change.changed for change in again]
        report["reset"] = [CustomerPluginConfig.objects.get(customer__slug="hooli").overrides]
        report["verify"] = run("verify_audit_log")
        report["triggers"] = triggers.are_installed(connection)
        """,
        plugins=("ledger",),
    )

    given = {
        "z": seen["settings"][0]["z"],
        "large": "1e+20",
        "whole": "1e+16",
        "zero": "-0.0",
        "list": "[1e+22, 2.0, 3]",
    }
    assert seen["migrate"] == ["", 0]
    assert seen["settings"] == [given, given, {"large": "1e+20"}, {}]
    assert seen["logged"] == ["[1e+22, 2.0, 3]"] * 2
    assert seen["again"] == [False, False]
    assert seen["reset"] == [False]
    assert seen["verify"][1] == 0, seen["verify"]
    assert seen["triggers"]
    assert seen["back"] == ["", 0]
    assert seen["triggers after the way back"]
