"""Finds plugins whose types don't build, in forked processes: a failed build leaves its classes unusable."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from webnet.api.engine.contributions import Contribution
from webnet.containment import LoadFailure, attempt
from webnet.sentences import sentence
from webnet.values.stored_sentences import read_sentence, write_sentence

Build = Callable[[Sequence[Contribution]], object]

TIMEOUT_SECONDS = 60


def find_failures(contributions: Sequence[Contribution], build: Build) -> Mapping[str, LoadFailure]:
    """Why the parts of some plugins don't build; if two clash, the one that comes later in the given order has failed.

    Plugins that depend on a failed one are not tried. It forks, so the process must have only one thread.
    """
    if not contributions or _try(contributions, build) is None:
        return {}
    failures: dict[str, LoadFailure] = {}
    accepted: list[Contribution] = []
    for contribution in without(failures, contributions):
        failure = _try([*accepted, contribution], build)
        if failure is None:
            accepted.append(contribution)
        else:
            failures[contribution.plugin] = failure
    return failures


def without(failed: Collection[str], contributions: Sequence[Contribution]) -> Iterator[Contribution]:
    """The contributions except those of failed plugins and their dependents; lazily, since `failed` may still grow."""
    return (each for each in contributions if each.plugin not in failed and each.needs.isdisjoint(failed))


def _try(contributions: Sequence[Contribution], build: Build) -> LoadFailure | None:
    """Build in a child process; the last contribution is the one that is tested."""
    doing = sentence("Building the GraphQL types of '{plugin}'", plugin=contributions[-1].plugin)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _send(attempt(lambda: build(contributions), doing=doing), writing)
    os.close(writing)
    try:
        return _receive(reading, doing=doing)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)  # Its result was read, or it hangs.
        os.waitpid(child, 0)


def _send(found: object, writing: int) -> None:
    failure = None
    if isinstance(found, LoadFailure):
        failure = {"reason": write_sentence(found.reason), "traceback": found.traceback}
    with os.fdopen(writing, "w") as pipe:
        json.dump(failure, pipe)
    os._exit(0)  # Skips the exit handlers, which belong to the parent.


def _receive(reading: int, *, doing: str) -> LoadFailure | None:
    received = b""
    while select.select([reading], [], [], TIMEOUT_SECONDS)[0]:
        part = os.read(reading, 65_536)
        if not part:
            if not received:
                return LoadFailure(reason=sentence("{doing} crashed the process.", doing=doing))
            failure = json.loads(received)
            if failure is None:
                return None
            return LoadFailure(reason=read_sentence(failure["reason"]), traceback=failure["traceback"])
        received += part
    return LoadFailure(reason=sentence("{doing} took longer than {seconds} s.", doing=doing, seconds=TIMEOUT_SECONDS))
