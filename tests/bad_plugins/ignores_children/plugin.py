"""Ignores the ends of child processes, so that whoever waits for one never hears of it."""

import signal

from webnet.plugins.base import PluginBase

signal.signal(signal.SIGCHLD, signal.SIG_IGN)


class Plugin(PluginBase):
    name = "ignores_children"
    version = "1.0"
