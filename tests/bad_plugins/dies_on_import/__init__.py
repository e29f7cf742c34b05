"""Ends the process at once, past everything that Python could do about it."""

import os

os._exit(7)
