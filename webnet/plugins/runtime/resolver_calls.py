"""Calls of plugins' resolvers: the same checks as for any other call, at a price that a list of many rows can pay."""

from __future__ import annotations

from contextvars import Token
from dataclasses import dataclass
from itertools import cycle
from threading import get_ident
from time import perf_counter
from types import TracebackType
from typing import TypeAlias

from webnet import black_box
from webnet.plugin_calls import PluginCaller, innermost
from webnet.plugins.runtime.calls import CheckedCall
from webnet.request_record import CodePlace, current_record


@dataclass(frozen=True, slots=True, eq=False)
class PluginResolver:
    """A resolver by the name of its field, such as "Book.label" as `place`; the same object at each of its calls."""

    plugin: str
    place: str


# What is being called here. There is a CheckedCall only of what uses the database, or what else has to know its caller.
Called: TypeAlias = PluginResolver | CheckedCall | None


TIMED_ONE_OF = 8
_turns = cycle(range(TIMED_ONE_OF))


class ResolverCalls:
    """Calls that one request makes on one thread, in turn: `with ResolverCalls(...) as calls: …`.

    Between the calls the host's own code runs. `customer_id` and `user_id` are None for the platform, and if no user
    is known.
    """

    def __init__(self, *, customer_id: int | None, user_id: int | None) -> None:
        self.thread = get_ident()
        self._customer_id = customer_id
        self._user_id = user_id
        self._called: Called = None
        self._slot = 0
        # Of the black box, if it has a slot for this; written here, since calling a method would double the time.
        self._words: memoryview | None = None
        self._numbers: dict[PluginResolver, int] = {}
        # Only one request of several is timed, for itself and the others: looking at the clock takes as long as all
        # else that is done for a call. One that is traced is timed for itself alone, and takes no turn of the others.
        record = current_record.get()
        is_traced = record is not None and record.trace is not None
        self._weight = 1 if is_traced else TIMED_ONE_OF if next(_turns) == 0 else 0
        self._entered_at = 0.0

    def __enter__(self) -> ResolverCalls:
        self._token: Token[PluginCaller | None] = innermost.set(self)
        if (box := black_box.own) is not None:
            self._slot = box.enter(0, self._customer_id or 0, self._user_id or 0)
            self._words = box.words if self._slot else None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if (box := black_box.own) is not None:
            box.leave(self._slot)
        innermost.reset(self._token)

    def enter(self, resolver: PluginResolver) -> Called:
        """A resolver is about to be called. Returns what is to be passed on to `leave`."""
        outer = self._called
        self._called = resolver
        if (words := self._words) is not None:
            words[self._slot] = self._numbers.get(resolver) or self._find_number(resolver)
        if self._weight and outer is None:
            self._entered_at = perf_counter()
        return outer

    def leave(self, resolver: PluginResolver, outer: Called, error: BaseException | None = None) -> None:
        """The resolver has returned, or raised the error; raises what `CheckedCall.finish` does."""
        left = self._called
        self._called = outer
        if (words := self._words) is not None:
            words[self._slot] = self._find_number(outer) if outer is not None else 0
        if self._weight and outer is None and (record := current_record.get()) is not None:
            record.plugin_use(resolver.plugin).seconds += (perf_counter() - self._entered_at) * self._weight
            if record.trace is not None:
                place = CodePlace(resolver.plugin, resolver.place)
                record.trace.add_call(place, began=self._entered_at, error=error)
        if left is resolver and error is None:
            return
        call = left if isinstance(left, CheckedCall) else self.make_call(resolver)
        call.finish(error)

    def find_call(self) -> CheckedCall | None:
        """The call that is being made, so that it can be noted what it does; None while the host's own code runs."""
        called = self._called
        if not isinstance(called, PluginResolver):
            return called
        call = self.make_call(called)
        if get_ident() == self.thread:  # not of code that has taken this context to a thread of its own
            self._called = call
        return call

    def make_call(self, resolver: PluginResolver) -> CheckedCall:
        """A call on its own, for what goes on after the resolver has returned."""
        return CheckedCall(resolver.plugin, resolver.place, self._customer_id, self._user_id)

    def _find_number(self, called: PluginResolver | CheckedCall) -> int:
        """The number of its text in the black box; 0 where there is none."""
        box = black_box.own
        number = box.find_number(called.plugin, called.place) if box is not None else 0
        if isinstance(called, PluginResolver):
            self._numbers[called] = number
        return number
