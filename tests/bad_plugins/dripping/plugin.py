"""Has pages that are streamed and never end, or stop coming, or fail halfway."""

import asyncio
import logging
import time
from threading import Event

from django.db import transaction
from django.http import StreamingHttpResponse

from webnet.plugins.base import PluginBase

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 0.05


def drip():
    try:
        while True:
            yield b"drip\n"
            time.sleep(PAUSE_SECONDS)
    finally:
        logger.warning("drip was closed")


async def drip_async():
    try:
        while True:
            yield b"drip\n"
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        logger.warning("async_drip was closed")


def hang():
    yield b"drip\n"
    Event().wait()


async def hang_async():
    try:
        yield b"drip\n"
        await asyncio.Event().wait()
    finally:
        logger.warning("async_hang was closed")


def fail():
    yield b"drip\n"
    raise SystemExit("the secret of dripping")


def lock():
    with transaction.atomic():
        yield b"drip\n"
        yield b"drip\n"


def page(name, pieces):
    return {"name": name, "path": f"{name}/", "view": lambda _: StreamingHttpResponse(pieces())}


def async_page(name, pieces):
    async def view(_):
        return StreamingHttpResponse(pieces())

    return {"name": name, "path": f"{name}/", "view": view}


class Plugin(PluginBase):
    name = "dripping"
    version = "1.0"

    def get_ui_views(self):
        return [
            page("drip", drip),
            async_page("async_drip", drip_async),
            page("hang", hang),
            async_page("async_hang", hang_async),
            page("fail", fail),
            page("lock", lock),
        ]
