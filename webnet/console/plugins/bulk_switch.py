"""The customers of a plugin, and switching it for many of them: a chunk with each request, as often as is needed.

All that is known of a run is in its form, and each chunk states what shall hold. So nothing is lost if a page is loaded
again or a process is killed: what was done already is found to be so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from webnet.api.http.in_process import DocumentFailed
from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.page_frame import Frame, Refused
from webnet.console.frame.paging import LONGEST_TEXT, check_choice, read_page
from webnet.console.plugins.lists import YES_OR_NO, as_boolean, without_nulls

# A page of the API's, and what it writes in one transaction: it takes some tenths of a second.
CUSTOMERS_PER_CHUNK = 100
# More are counted only: who was refused is also in the audit log.
MOST_REFUSALS = 200
ACTIONS: Mapping[str, str | Promise] = {
    "ENABLE": gettext_lazy("Switch on"),
    "DISABLE": gettext_lazy("Switch off"),
    "RESET": gettext_lazy("Forget the choice"),
}


@dataclass(frozen=True, kw_only=True)
class CustomerChoice:
    """Which customers a list shows: `effective` and `active` are "yes", "no" or empty for all, `problem` never "no"."""

    q: str = ""
    effective: str = ""
    problem: str = ""
    active: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> CustomerChoice:
        """As it is in the address, or in a form. Raises UnknownChoice: left out, it would stand for all customers."""
        names = [each.name for each in fields(cls)]
        read = cls(**{name: given.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT] for name in names})
        check_choice(read.effective, YES_OR_NO, label=_("State"))
        check_choice(read.problem, ("yes",), label=_("Problem"))
        check_choice(read.active, YES_OR_NO, label=_("Customer"))
        return read

    @property
    def values(self) -> dict[str, str]:
        """As it is put into an address, or into a form."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def address(self) -> str:
        """The end of the list's address."""
        return f"?{urlencode(self.values)}" if self.values else ""

    def filter_of(self, plugin: str) -> dict[str, Any]:
        """The API's filter."""
        is_effective, has_problem = as_boolean(self.effective), as_boolean(self.problem)
        wanted = {
            "search": self.q or None,
            "isActive": as_boolean(self.active),
            "withEffectivePlugin": plugin if is_effective is True else None,
            "withoutEffectivePlugin": plugin if is_effective is False else None,
            "withProblemOf": plugin if has_problem else None,
        }
        return without_nulls(wanted)


@dataclass(frozen=True, kw_only=True)
class BulkRun:
    """What is to be done for whom, and how far it is; `customers` are those chosen, None for all that match.

    `after` is the place in the list of those that match. `refusals` are the first, as (slug, sentence).
    """

    action: str
    cascade: bool
    reason: str
    choice: CustomerChoice
    customers: tuple[str, ...] | None
    after: str = ""
    total: int = 0
    done: int = 0
    changed: int = 0
    refused: int = 0
    refusals: tuple[tuple[str, str], ...] = ()
    is_over: bool = False

    @classmethod
    def read(cls, request: HttpRequest) -> BulkRun:
        """From the form that starts it or goes on with it."""
        given = request.POST
        slugs = [slug[:LONGEST_TEXT] for slug in given.getlist("customers")]
        return cls(
            action=given.get("action", ""),
            cascade=bool(given.get("cascade")),
            reason=given.get("reason", "").replace("\0", "")[:1_000],
            choice=CustomerChoice.read(given.dict()),
            customers=tuple(dict.fromkeys(slugs)) if given.get("scope") != "all" else None,
            after=given.get("after", ""),
            total=_read_number(given.get("total", "")),
            done=_read_number(given.get("done", "")),
            changed=_read_number(given.get("changed", "")),
            refused=_read_number(given.get("refused", "")),
            refusals=_read_refusals(given.get("refusals", "")),
        )

    @property
    def action_word(self) -> str | Promise:
        return ACTIONS[self.action]

    @property
    def same(self) -> int:
        """For how many it was so already."""
        return self.done - self.changed - self.refused

    @property
    def refusals_text(self) -> str:
        """Those so far, for the form."""
        return json.dumps(self.refusals)

    @property
    def has_more_refusals(self) -> bool:
        return self.refused > len(self.refusals)


@require_http_methods(["GET", "HEAD", "POST"])
@for_platform
def list_plugin_customers(request: HttpRequest, frame: Frame, plugin: str) -> HttpResponse:
    """All customers with what the plugin is for them; a form switches it for some of them, or all that match."""
    if not frame.is_platform_operator:
        return not_found(request)
    if request.method != "POST":
        return _show_customers(request, frame, plugin, CustomerChoice.read(request.GET.dict()))
    run = BulkRun.read(request)
    if run.action not in ACTIONS:
        return _show_customers(request, frame, plugin, run.choice, problem=_("Choose what to do."))
    if run.customers == ():
        problem = _("Choose some of the customers, or all that match.")
        return _show_customers(request, frame, plugin, run.choice, problem=problem)
    if request.POST.get("step") != "run":
        return _show_confirmation(request, frame, plugin, run)
    return _continue(frame, plugin, run)


def _show_customers(
    request: HttpRequest, frame: Frame, plugin: str, choice: CustomerChoice, *, problem: str = ""
) -> HttpResponse:
    found = frame.run("plugin_customers", {"plugin": plugin, "filter": choice.filter_of(plugin), **read_page(request)})
    if found["plugin"] is None:
        return not_found(request)
    rows = [(each, config) for each in found["customers"]["nodes"] for config in each["pluginConfigs"]["nodes"]]
    context = {
        "plugin": found["plugin"],
        "customers": found["customers"],
        "rows": rows,
        "choice": choice,
        "is_filtered": bool(choice.values),
        "actions": ACTIONS,
        "problem": problem,
    }
    return frame.render("webnet/plugins/customers.html", context, status=422 if problem else 200)


def _show_confirmation(request: HttpRequest, frame: Frame, plugin: str, run: BulkRun) -> HttpResponse:
    asked = {"plugin": plugin, "filter": run.choice.filter_of(plugin), "first": 1, "isCounted": run.customers is None}
    found = frame.run("matching_customers", asked)
    if found["plugin"] is None:
        return not_found(request)
    total = found["customers"]["totalCount"] if run.customers is None else len(run.customers)
    return _render(frame, found["plugin"], replace(run, total=total))


def _continue(frame: Frame, plugin: str, run: BulkRun) -> HttpResponse:
    """Do the next chunk, and show how far it is."""
    shown: Mapping[str, Any] = {"name": plugin, "verboseName": plugin}
    try:
        if run.customers is None:
            asked = {"plugin": plugin, "filter": run.choice.filter_of(plugin), "isCounted": False}
            asked |= {"first": CUSTOMERS_PER_CHUNK, "after": run.after or None}
            found = frame.run("matching_customers", asked)
            shown = found["plugin"] or shown
            slugs = [each["slug"] for each in found["customers"]["nodes"]]
            page = found["customers"]["pageInfo"]
            following = replace(run, after=page["endCursor"] or run.after, is_over=not page["hasNextPage"])
        else:
            slugs = list(run.customers[run.done : run.done + CUSTOMERS_PER_CHUNK])
            following = replace(run, is_over=run.done + len(slugs) >= len(run.customers))
            if not frame.htmx:  # which has the heading already
                named = frame.run("named_plugins", {"names": [plugin]})["plugins"]["nodes"]
                shown = named[0] if named else shown
        if slugs:
            following = _add(following, _switch(frame, plugin, run, slugs))
    except Refused as refused:
        return _render(frame, shown, run, refusal=refused.data, status=422)
    except DocumentFailed as failed:
        if failed.code != "RATE_LIMITED":
            raise
        # Nothing of the chunk was done: the same form goes on when there are points again.
        return _render(frame, shown, run, wait_seconds=failed.extensions["retryAfterSeconds"])
    return _render(frame, shown, following, is_running=not following.is_over)


def _switch(frame: Frame, plugin: str, run: BulkRun, slugs: list[str]) -> dict[str, Any]:
    values = {"plugin": plugin, "customers": slugs, "action": run.action, "cascade": run.cascade}
    return frame.change("set_plugin_for_customers", {"input": {**values, "reason": run.reason or None}})


def _add(run: BulkRun, payload: Mapping[str, Any]) -> BulkRun:
    outcomes = payload["outcomes"]
    refused = tuple((each["customerSlug"], each["refusal"]["message"]) for each in outcomes if each["refusal"])
    done = run.done + len(outcomes)
    return replace(
        run,
        # Customers that were created since the run began match as well.
        total=max(run.total, done),
        done=done,
        changed=run.changed + payload["changedCount"],
        refused=run.refused + payload["refusedCount"],
        refusals=(*run.refusals, *refused)[:MOST_REFUSALS],
    )


def _render(
    frame: Frame,
    plugin: Mapping[str, Any],
    run: BulkRun,
    *,
    refusal: Mapping[str, Any] | None = None,
    wait_seconds: int = 0,
    is_running: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "plugin": plugin,
        "run": run,
        "refusal": refusal,
        "wait_seconds": wait_seconds,
        "goes_on": is_running or bool(wait_seconds),
    }
    template = "webnet/plugins/bulk_progress.html" if frame.htmx else "webnet/plugins/bulk.html"
    return frame.render(template, context, status=status)


def _read_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _read_refusals(text: str) -> tuple[tuple[str, str], ...]:
    """Those of the chunks before; only shown to who sent them."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return ()
    if not isinstance(found, list):
        return ()
    pairs = (each for each in found if isinstance(each, list) and len(each) == 2)
    return tuple((str(slug), str(sentence)) for slug, sentence in pairs)[:MOST_REFUSALS]
