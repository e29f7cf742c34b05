"""A plugin's own threads: few, reused while there is work, and never another plugin's."""

from __future__ import annotations

import threading
from concurrent.futures import wait

import pytest
from django.urls import reverse, set_script_prefix

from webnet.plugins.runtime.thread_lanes import Lane, LaneBlocked
from webnet.request_record import RequestRecord, current_record

PATIENT, IMPATIENT = 60.0, 0.0


@pytest.fixture
def hanging():
    """Work that hangs until the test is over; the next test finds none of its threads."""
    before, release = set(threading.enumerate()), threading.Event()
    yield lambda: release.wait(30)
    release.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)


def lane_threads(name: str) -> int:
    return sum(thread.name == f"lane-{name}" for thread in threading.enumerate())


def test_work_is_done_on_another_thread_and_what_it_raises_is_told():
    lane = Lane("a", patience_seconds=PATIENT)

    here, raising = lane.start(threading.current_thread), lane.start(lambda: 1 / 0)

    assert here.result(10) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        raising.result(10)


def test_addresses_begin_with_the_path_of_the_request_that_started_the_work():
    lane = Lane("a", threads=1, patience_seconds=PATIENT)
    set_script_prefix("/webnet/")

    try:
        inside = lane.start(lambda: reverse("home"))
    finally:
        set_script_prefix("/")

    assert (inside.result(10), lane.start(lambda: reverse("home")).result(10)) == ("/webnet/", "/")


def test_work_counts_for_the_request_that_started_it_and_the_next_on_its_thread_does_not():
    lane, record = Lane("a", threads=1, patience_seconds=PATIENT), RequestRecord()
    token = current_record.set(record)

    try:
        inside = lane.start(current_record.get)
    finally:
        current_record.reset(token)

    assert inside.result(10) is record
    assert lane.start(current_record.get).result(10) is None


def test_an_exit_ends_no_process_and_no_thread():
    lane = Lane("a", threads=1, patience_seconds=PATIENT)

    left = lane.start(lambda: (_ for _ in ()).throw(SystemExit(3)))

    assert isinstance(left.exception(10), SystemExit)
    assert lane.start(lambda: "next").result(10) == "next"


def test_work_beyond_the_threads_waits_for_one_and_is_done():
    lane = Lane("busy", threads=2, patience_seconds=PATIENT)

    done, _ = wait([lane.start(lambda n=n: n) for n in range(50)], timeout=10)

    assert sorted(future.result() for future in done) == list(range(50))


def test_no_more_threads_hang_than_the_lane_has(hanging):
    lane = Lane("stuck", threads=2, patience_seconds=PATIENT)

    futures = [lane.start(hanging) for _ in range(10)]

    assert lane_threads("stuck") == 2
    assert [future.cancel() for future in futures[2:]] == [True] * 8


def test_a_lane_whose_threads_all_hang_refuses_at_once(hanging):
    lane = Lane("stuck", threads=1, patience_seconds=IMPATIENT)
    lane.start(hanging)

    with pytest.raises(LaneBlocked, match="'stuck' is still busy"):
        lane.start(hanging)


def test_a_lane_recovers_when_what_hung_returns():
    release = threading.Event()
    lane = Lane("recovering", threads=1, patience_seconds=IMPATIENT)
    stuck = lane.start(lambda: release.wait(30))
    with pytest.raises(LaneBlocked):
        lane.start(list)

    release.set()
    stuck.result(10)
    (thread,) = [each for each in threading.enumerate() if each.name == "lane-recovering"] or [None]
    if thread is not None:
        thread.join(10)

    assert lane.start(lambda: "again").result(10) == "again"


def test_cancelled_work_is_not_done():
    release, begun = threading.Event(), []
    lane = Lane("a", threads=1, patience_seconds=PATIENT)
    first = lane.start(lambda: release.wait(30))
    second = lane.start(lambda: begun.append("second"))

    assert second.cancel()
    release.set()

    assert first.result(10) and lane.start(lambda: "third").result(10) == "third"
    assert begun == []
