"""Fills an empty database with rows of the wanted sizes, as the application writes them; runs in a process of its own.

    python -m benchmarks.bench.made_data PLUGINS CUSTOMERS AUDIT_ROWS

The environment names the database and the plugins. Equal sizes give equal rows, but for times and generations.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from time import monotonic
from typing import Any

from benchmarks.bench.sizes import CUSTOMER, PLUGIN, USERS, Sizes, name_customer, name_plugin
from benchmarks.django_process import set_up_django

BATCH = 5_000
# Secrets of the API tokens: of the customer's operator, and of the operator of the platform.
CUSTOMER_TOKEN = "wn_made-customer-token"  # noqa: S105 - of made data
PLATFORM_TOKEN = "wn_made-platform-token"  # noqa: S105 - of made data
# So many pairs of customer and plugin in a hundred have a choice, and so many of these are on.
CHOSEN = ON = 70


def fill_database(sizes: Sizes) -> None:
    """Migrate, and write all rows."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from benchmarks.audit_rows import Cast, fill

    call_command("migrate", verbosity=0)
    if connection.vendor == "sqlite":  # The file is worth nothing until it is complete.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-500000")  # in KiB: all indexes of the log, which grow everywhere
    with transaction.atomic():
        users = make_users()
        customers = make_customers(sizes.customers)
        say(f"{len(users)} users and {len(customers)} customers")
    plugins = [name_plugin(number) for number in range(sizes.plugins)]
    sync_plugins()  # first, since its row of the log is as long as hundreds of others
    fill(sizes.audit_rows, Cast(customers=[None, *customers], plugins=plugins, actors=users))
    say(f"{sizes.audit_rows:,} audit rows")
    with transaction.atomic():
        say(f"{make_configs(customers):,} choices of customers about {sizes.plugins} plugins")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def make_users() -> list[tuple[int, str]]:
    """Users without passwords, as (id, name)."""
    from webnet.customers.models import User

    User.objects.bulk_create(User(username=f"user-{number:03}", password="!") for number in range(USERS))  # noqa: S106 - nobody's
    return list(User.objects.order_by("pk").values_list("pk", "username"))


def make_customers(count: int) -> list[Any]:
    """Customers with their generations; one has an operator with a token, and the platform has one, too."""
    from tests.factories import make_member, make_operator, make_token
    from webnet.audit.models import Generation
    from webnet.customers.access import Role
    from webnet.customers.models import Customer

    made = (Customer(slug=name_customer(number), name=f"Customer {number}") for number in range(count))
    Customer.objects.bulk_create(made, batch_size=BATCH)
    customers = list(Customer.objects.order_by("pk"))
    Generation.objects.bulk_create((Generation(customer=each) for each in customers), batch_size=BATCH)
    make_token(make_member("operator", customers[CUSTOMER], Role.OPERATOR), secret=CUSTOMER_TOKEN)
    make_token(make_operator("platform"), secret=PLATFORM_TOKEN)
    return customers


def sync_plugins() -> None:
    """Let webnet write the plugins' rows."""
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager

    report = manager.sync(actor=Actor.system("benchmark"))
    if report.failed:
        raise RuntimeError(f"These plugins don't work: {', '.join(report.failed)}")
    say(f"{len(report.added)} plugins synced")


def make_configs(customers: list[Any]) -> int:
    """Enable all plugins globally, and let customers choose; returns how many choices there are."""
    from webnet.plugins.models import CustomerPluginConfig, PluginConfig

    plugins = list(PluginConfig.objects.order_by("name"))
    for number, plugin in enumerate(plugins):
        plugin.enabled = True
        plugin.settings = {"timeout": number, "mode": "auto", "tags": ["x", "y"], "limit": number * 10}
    PluginConfig.objects.bulk_update(plugins, ["enabled", "settings"])
    written = CustomerPluginConfig.objects.bulk_create(_draw_configs(customers, plugins), batch_size=BATCH)
    return len(written)


def _draw_configs(customers: list[Any], plugins: list[Any]) -> Iterator[Any]:
    """The pair that is toggled always has a choice, and is on."""
    from webnet.plugins.models import CustomerPluginConfig

    draw = random.Random(1)  # noqa: S311 - the same rows each time
    toggled = (customers[CUSTOMER].pk, plugins[PLUGIN].pk)
    for customer in customers:
        for plugin in plugins:
            is_toggled = (customer.pk, plugin.pk) == toggled
            if draw.randrange(100) >= CHOSEN and not is_toggled:
                continue
            yield CustomerPluginConfig(
                customer=customer,
                plugin=plugin,
                enabled=is_toggled or draw.randrange(100) < ON,
                settings={"timeout": draw.randint(1, 99)},
            )


_started = monotonic()


def say(done: str) -> None:
    print(f"    {monotonic() - _started:5.1f} s: {done}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    set_up_django()
    fill_database(Sizes(*(int(each) for each in sys.argv[1:])))
