"""The problems that a viewer can do something about."""

from __future__ import annotations

from dataclasses import replace

from webnet.api.request.reader import Reading
from webnet.customers.models import Role
from webnet.plugins.health.problems import Problem, find_customer_problems, find_platform_problems
from webnet.values.viewer_language import for_viewer


def find_problems(reading: Reading) -> list[Problem]:
    """Those of the platform for its operators; those of the customers of this view that the viewer operates."""
    if reading.view is None and reading.actor.is_platform_operator:
        return [translate(each) for each in find_platform_problems(reading.platform)]
    customers = list(reading.customers_with_role(Role.OPERATOR))
    reading.remember_customers(customers)
    return [translate(each) for each in find_customer_problems(reading.platform, customers)]


def translate(problem: Problem) -> Problem:
    """The problem in the viewer's language."""
    return replace(problem, message=for_viewer(problem.message), remedy=for_viewer(problem.remedy))
