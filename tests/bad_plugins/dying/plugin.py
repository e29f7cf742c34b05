"""Ends the process by force: in a resolver when it is asked to, and in the hooks that its settings name."""

import ctypes
import os
import signal

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase

ENDS = {
    "exit": lambda: os._exit(0),
    "abort": os.abort,
    "crash": lambda: ctypes.string_at(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    # Holds Python's lock for a minute, so that no thread of the process can do anything.
    "freeze": lambda: ctypes.PyDLL(None).sleep(60),
}


@strawberry.type
class DyingQueries:
    @strawberry.field
    def dying_answer(self, how: str) -> str:
        ENDS[how]()
        return "alive"


class Plugin(PluginBase):
    name = "dying"
    version = "1.0"

    def get_settings_schema(self):
        return {"type": "object", "properties": {"hooks": {"type": "object", "default": {}}}}

    def get_graphql_schema(self):
        return GraphQLExtension(query=DyingQueries)

    def on_enable(self, context):
        self.die_in("on_enable", context)

    def after_disable(self, context):
        self.die_in("after_disable", context)

    def health_check(self, context):
        self.die_in("health_check", context)

    def die_in(self, hook, context):
        if how := context.settings["hooks"].get(hook):
            ENDS[how]()
