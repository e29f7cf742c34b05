"""The rows of processes that serve: who counts as alive, and with which plugins."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.plugins.test_dependencies import plugin
from webnet.plugins.models import Worker
from webnet.plugins.runtime import workers

pytestmark = pytest.mark.django_db


def tokens(name):
    return [worker.token for worker in workers.find_workers(name)]


def age(token, seconds):
    Worker.objects.filter(token=token).update(seen_at=timezone.now() - timedelta(seconds=seconds))


def test_a_worker_is_found_by_the_plugins_whose_code_it_has(registered, failing_entry):
    registered(plugin("inventory"), failing_entry)

    workers.beat("one")

    assert (tokens("inventory"), tokens("broken"), tokens("other")) == (["one"], ["one"], [])
    assert Worker.objects.get().plugins == {"inventory": "1.0", "broken": ""}


def test_a_worker_that_was_not_seen_for_a_while_counts_as_dead_until_it_beats_again(registered):
    registered(plugin("inventory"))
    workers.beat("one")
    age("one", workers.DEAD_AFTER_SECONDS - 5)
    assert tokens("inventory") == ["one"]
    age("one", workers.DEAD_AFTER_SECONDS + 1)
    assert tokens("inventory") == []

    workers.beat("one")

    assert tokens("inventory") == ["one"]


def test_several_processes_keep_to_their_own_rows_and_a_new_one_clears_the_dead(registered):
    registered(plugin("inventory"))
    for token in ("one", "two", "three"):
        workers.beat(token)

    workers.leave("two")
    age("one", workers.DEAD_AFTER_SECONDS + 1)
    workers.beat("four")

    assert sorted(Worker.objects.values_list("token", flat=True)) == ["four", "three"]


def test_a_beat_makes_a_row_anew_that_somebody_took_away(registered):
    registered(plugin("inventory"))
    workers.beat("one")
    workers.leave("one")

    workers.beat("one")

    assert tokens("inventory") == ["one"]
