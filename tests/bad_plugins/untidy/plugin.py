"""Leaves the process in another state than it found it: paths, streams, logging and more."""

import logging
import os
import sys

from webnet.plugins.base import PluginBase

sys.path.clear()
sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - as such plugins do
logging.root.handlers.clear()
logging.root.setLevel(logging.CRITICAL)
os.environ.clear()
os.chdir("/")


class Plugin(PluginBase):
    name = "untidy"
    version = "1.0"
