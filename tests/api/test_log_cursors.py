"""Cursors of the audit log: they reveal nothing, belong to a view, and notice another log, in lists and in streams."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import OPERATOR, cut_off, find_faults, write_rows
from webnet.api.errors import LogReplaced
from webnet.api.events.feed import LogPlace, read_after, read_end
from webnet.api.events.log_tail import Tailer
from webnet.audit import retention
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Membership, Role

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = """query($first: Int, $after: String, $last: Int, $before: String, $filter: PluginAuditLogFilter) {
  pluginAuditLogs(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { reason } } pageInfo { endCursor hasNextPage } } }"""
NESTED = "query($after: String) { customers { edges { node { auditLogs(after: $after) { edges { cursor } } } } } }"
ROWS = 8


@pytest.fixture
def acme():
    return make_customer("acme")


@pytest.fixture
def root(acme):
    """The platform operator, with a log of which every second row is Acme's."""
    write_rows(ROWS, customers=[None, acme])
    return GraphQLClient.of(make_operator())


def page(client, **arguments):
    return client.data(PAGE, **arguments)["pluginAuditLogs"]


def cursors(client, **arguments):
    return [edge["cursor"] for edge in page(client, **arguments)["edges"]]


def reasons(client, **arguments):
    return [edge["node"]["reason"] for edge in page(client, **arguments)["edges"]]


def replace_last(count, *, customers):
    """The log with other rows at its end, at the same positions."""
    end = read_end().position
    cut_off(after=end - count)
    write_rows(count, customers=customers)


def test_a_cursor_is_always_the_same_and_reveals_nothing(root):
    found = cursors(root)

    assert cursors(root) == found and len(set(found)) == ROWS
    assert {len(cursor) for cursor in found} == {len(found[0])}
    for cursor in found:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert b"position" not in sealed and not sealed.isascii()
    # Nothing of two neighbours is alike, as it would be if the position were encoded only.
    assert found[0][:8] != found[1][:8] and found[0][-8:] != found[1][-8:]


def test_a_cursor_belongs_to_the_view_that_it_was_read_in(root):
    of_platform = cursors(root, filter={"customer": ["acme"]})
    of_acme = cursors(root.at("acme"))

    assert not set(of_platform) & set(of_acme)
    assert root.code(PAGE, after=of_acme[0]) == "BAD_CURSOR"
    assert root.at("acme").code(PAGE, after=of_platform[0]) == "BAD_CURSOR"


def test_lists_that_show_the_same_row_have_the_same_cursor(root):
    (customer,) = root.at("acme").data(NESTED)["customers"]["edges"]

    nested = [edge["cursor"] for edge in customer["node"]["auditLogs"]["edges"]]
    assert nested == cursors(root.at("acme")) != []


def test_a_cursor_is_good_for_another_role_and_another_user(root, acme):
    oscar = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR), view="acme")
    cursor = page(oscar, first=2)["pageInfo"]["endCursor"]
    expected = reasons(oscar, after=cursor)

    Membership.objects.filter(user__username="oscar").update(role=Role.ADMIN)

    assert reasons(oscar, after=cursor) == reasons(root.at("acme"), after=cursor) == expected != []


def test_a_cursor_is_good_while_its_key_is_among_the_former_ones(root, settings):
    cursor = page(root, first=2)["pageInfo"]["endCursor"]
    former = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [former]
    assert len(reasons(root, after=cursor)) == ROWS - 2
    assert read_after(cursor, view="").position == ROWS - 1
    assert page(root, first=2)["pageInfo"]["endCursor"] != cursor

    settings.SECRET_KEY_FALLBACKS = []
    assert root.code(PAGE, after=cursor) == "BAD_CURSOR"


@pytest.mark.parametrize("argument", ["after", "before"])
@pytest.mark.parametrize("row", [0, 2])
def test_a_list_notices_that_the_row_of_a_cursor_is_another(root, acme, argument, row):
    cursor, of_acme = cursors(root)[row], cursors(root.at("acme"))[row // 2]

    replace_last(row + 1, customers=[acme])

    assert root.code(PAGE, **{argument: cursor}) == "LOG_REPLACED"
    assert root.at("acme").code(PAGE, **{argument: of_acme}) == "LOG_REPLACED"
    if argument == "after":
        assert root.at("acme").code(NESTED, after=of_acme) == "LOG_REPLACED"
    with pytest.raises(LogReplaced):
        read_after(cursor, view="")
    assert find_faults() == []


@pytest.mark.parametrize("argument", ["after", "before"])
def test_a_list_notices_that_the_log_ends_before_the_row_of_a_cursor(root, argument):
    cursor = cursors(root)[0]

    cut_off(after=ROWS - 1)

    assert root.code(PAGE, **{argument: cursor}) == "LOG_REPLACED"
    with pytest.raises(LogReplaced):
        read_after(cursor, view="")


def test_a_search_continues_with_a_cursor_of_the_same_log_only(root, monkeypatch):
    monkeypatch.setattr("webnet.audit.search_range.SEARCHED_ROWS", 3)
    cursor = page(root, filter={"search": "ticket 0"})["pageInfo"]["endCursor"]
    assert page(root, filter={"search": "ticket 0"}, after=cursor)["pageInfo"]["hasNextPage"]

    replace_last(3, customers=[None])

    assert root.code(PAGE, filter={"search": "ticket 0"}, after=cursor) == "LOG_REPLACED"


def test_pruned_rows_are_not_taken_for_another_log(root, settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path
    oldest = cursors(root)[-1]
    retention.make_checkpoint()
    write_rows(2)

    retention.prune(before=timezone.now(), actor=OPERATOR)
    write_rows(2)

    assert PluginAuditLog.objects.order_by("position").first().position > 1
    assert reasons(root, after=oldest) == []
    assert len(reasons(root, before=oldest)) == PluginAuditLog.objects.count()
    assert read_after(oldest, view="").position == 1


def test_a_page_after_a_cursor_needs_no_statement_more(root):
    cursor = page(root, first=2)["pageInfo"]["endCursor"]

    with CaptureQueriesContext(connection) as first:
        page(root, first=2)
    with CaptureQueriesContext(connection) as second:
        page(root, first=2, after=cursor)

    assert len(second) == len(first)


class TestOpenStreams:
    """What the tailer sees of a log that is replaced while streams follow it."""

    @pytest.fixture
    def tailer(self, root):
        tailer = Tailer()
        tailer.place = read_end()
        return tailer

    def look(self, tailer):
        return tailer._look(())

    def test_new_rows_follow_the_last_one(self, tailer, acme):
        write_rows(2, customers=[acme])

        with CaptureQueriesContext(connection) as asked:
            found = self.look(tailer)

        assert [row.position for row in found.rows] == [ROWS + 1, ROWS + 2] and found.new_end is None
        assert sum("plugins_pluginauditlog" in query["sql"] for query in asked) == 1

    def test_a_shorter_log_is_another_one(self, tailer):
        cut_off(after=ROWS - 4)

        found = self.look(tailer)

        assert not found.rows and found.new_end == read_end()

    def test_a_log_with_another_row_at_this_place_is_another_one(self, tailer, acme):
        cut_off(after=ROWS - 4)
        write_rows(9, customers=[acme])

        found = self.look(tailer)

        assert not found.rows and found.new_end == read_end()

    def test_an_empty_log_is_another_one(self, tailer):
        cut_off(after=0)

        assert self.look(tailer).new_end == LogPlace(position=0, hash="")

    def test_a_pruned_row_does_not_make_it_another_log(self, tailer, settings, tmp_path):
        settings.WEBNET_DATA_DIR = tmp_path
        retention.make_checkpoint()
        write_rows(1)
        retention.prune(before=PluginAuditLog.objects.first().created_at, actor=OPERATOR)

        found = self.look(tailer)

        assert found.new_end is None and [row.position for row in found.rows] == [ROWS + 1, ROWS + 2]

    def test_the_streams_that_follow_the_log_end_and_others_go_on(self, tailer):
        ended = []
        follower = SimpleNamespace(feed=object(), end=ended.append)
        other = SimpleNamespace(feed=None, end=ended.append)
        tailer._watches = [follower, other]

        tailer._leave_log(LogPlace(position=3, hash="x"))

        assert [reason.code for reason in ended] == ["LOG_REPLACED"]
        assert tailer.position == 3
