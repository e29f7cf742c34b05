"""Finds the plugins whose types don't build, in forks: a failed build spoils the classes that it touched."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from webnet.api.engine.contributions import Contribution
from webnet.containment import LoadFailure, attempt

Build = Callable[[Sequence[Contribution]], object]

DOING = "Building the GraphQL types of '{}'"
TIMEOUT_SECONDS = 60
CRASHED = "ended the process."
HUNG = f"took longer than {TIMEOUT_SECONDS} s."


def find_failures(contributions: Sequence[Contribution], build: Build) -> Mapping[str, LoadFailure]:
    """The plugins whose part does not build, with the reasons; in the order given, so that the later one is at fault.

    Those that need one of them are not tried. Meant for the start of a process, which has one thread then.
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
    """The contributions but for those of the failed plugins, and of plugins that need them; asked one by one."""
    return (each for each in contributions if each.plugin not in failed and each.needs.isdisjoint(failed))


def _try(contributions: Sequence[Contribution], build: Build) -> LoadFailure | None:
    """Build in a child of ours, which takes its classes with it; the last one is on trial."""
    doing = DOING.format(contributions[-1].plugin)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(attempt(lambda: build(contributions), doing=doing), writing)
    os.close(writing)
    try:
        return _listen(reading, doing=doing)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)  # it has said all it has to say
        os.waitpid(child, 0)


def _tell(found: object, writing: int) -> None:
    failure = {"reason": found.reason, "traceback": found.traceback} if isinstance(found, LoadFailure) else None
    with os.fdopen(writing, "w") as pipe:
        json.dump(failure, pipe)
    os._exit(0)


def _listen(reading: int, *, doing: str) -> LoadFailure | None:
    said = b""
    while select.select([reading], [], [], TIMEOUT_SECONDS)[0]:
        part = os.read(reading, 65_536)
        if not part:
            failure = json.loads(said) if said else {"reason": f"{doing} {CRASHED}"}
            return LoadFailure(**failure) if failure else None
        said += part
    return LoadFailure(reason=f"{doing} {HUNG}")
