"""Forks the interpreters that tests start from one that has the libraries imported; a program of its own.

Orders come through a socket, as JSON with the file descriptors of the new process: stdin, stdout, stderr, and one that
its process id, once it leads a process group, and its exit code, once it has ended, are written to. Nothing of webnet
is imported before a fork, and no settings are read. When nobody holds the other end of the socket any more, all that
was started is killed, with all that it has started itself.
"""

from __future__ import annotations

import atexit
import compileall
import ctypes
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = (
    *("django.contrib.admin.sites", "django.contrib.staticfiles.storage", "django.core.handlers.wsgi"),
    *("django.core.management.commands.makemigrations", "django.core.management.commands.migrate", "django.test"),
    *("django.db.backends.sqlite3.base", "django.db.models.sql.compiler", "corsheaders.middleware"),
    *("whitenoise.middleware", "strawberry.federation.schema_directives", "strawberry.http", "strawberry.relay"),
    *("strawberry.schema", "strawberry_django", "a2wsgi", "h11", "uvicorn.main"),
    *(
        "uvicorn.lifespan.on",
        "uvicorn.protocols.http.auto",
        "cryptography.fernet",
        "dj_database_url",
        "dotenv.parser",
        "jsonschema",
        "nh3",
    ),
    *("email_validator", "orjson", "packaging.requirements", "psycopg", "pytest", "redis.asyncio"),
)
# What the forks import: compiled once, and not by each of them.
SOURCES = ("webnet", "examples", "tests/sample_plugins")
# Of Linux's prctl(2).
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LARGEST_ORDER = 1 << 20


@dataclass(frozen=True)
class Order:
    """One process: what follows `python` on its command line, or where it `is_cold` a whole command."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    is_cold: bool


class Nursery:
    """Starts what it is asked for, and answers how it ended."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._answers: dict[int, int] = {}
        self._ended, self._ends = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(self._ends, False)

    def work(self) -> Order | None:
        """Returns in each fork, with its order; and here at the end, with None."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._ends, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self._orders, self._ended], [], [])
            if self._ended in ready:
                os.read(self._ended, 1 << 16)
                self._answer()
            if self._orders in ready:
                message, handles, _, _ = socket.recv_fds(self._orders, LARGEST_ORDER, 4)
                if not message:
                    return None
                order = Order(**json.loads(message))
                if self._fork(handles):
                    return order

    def kill_all(self) -> None:
        """Kill the children until there are none; those of a killed one become our own, so theirs follow."""
        listed = Path(f"/proc/self/task/{os.getpid()}/children")
        while children := listed.read_text().split():
            for child in map(int, children):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)

    def _fork(self, handles: list[int]) -> bool:
        """Whether this is the fork."""
        parent, child = os.getpid(), os.fork()
        if child == 0:
            self._leave(parent, handles)
            return True
        for handle in handles[:3]:
            os.close(handle)
        self._answers[child] = handles[3]
        return False

    def _leave(self, parent: int, handles: list[int]) -> None:
        """In the fork: nothing of the nursery stays open, and it ends with it."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it ended before that could be asked for
        os.setsid()
        # By itself, and from now on: whoever kills its group sooner would find none.
        _write(handles[3], os.getpid())
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._orders.close()
        for handle, stream in zip(handles, (0, 1, 2), strict=False):
            os.dup2(handle, stream)
        for handle in (*handles, self._ended, self._ends, *self._answers.values()):
            os.close(handle)

    def _answer(self) -> None:
        """Say of each child that has ended how it did; those that were left to us by others only end."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                answer = self._answers.pop(ended[0], None)
                if answer is not None:
                    _write(answer, os.waitstatus_to_exitcode(ended[1]))
                    os.close(answer)


def _write(answer: int, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody waits any more
        os.write(answer, f"{number}\n".encode())


def live(order: Order) -> None:
    """The fork, as if it had been started by the order's command line."""
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    if order.is_cold:
        for each in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and an ignored signal stays ignored
            signal.signal(each, signal.SIG_DFL)
        os.execvpe(order.arguments[0], order.arguments, order.environment)  # noqa: S606 - no shell
    if "PYTHONUNBUFFERED" in order.environment:
        for name in ("stdout", "stderr"):
            _unbuffer(name)
    # A test may write a module twice in the same second, and a stale compiled one would look as new.
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    sys.path[:0] = [each for each in order.environment.get("PYTHONPATH", "").split(os.pathsep) if each]
    _run(order.arguments)


def _unbuffer(name: str) -> None:
    stream = getattr(sys, name)
    raw = open(stream.fileno(), "wb", buffering=0, closefd=False)  # noqa: SIM115 - it stays open
    unbuffered = io.TextIOWrapper(raw, encoding=stream.encoding, errors=stream.errors, write_through=True)
    setattr(sys, name, unbuffered)
    setattr(sys, f"__{name}__", unbuffered)


def _run(arguments: list[str]) -> None:
    """What `python` does with these arguments, of which it knows `-W error`, `-c`, `-m` and a script."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    match arguments:
        case ["-W", "error", *rest]:
            sys.warnoptions.append("error")
            warnings.simplefilter("error")
            _run(rest)
        case ["-c", code, *rest]:
            sys.argv = ["-c", *rest]
            sys.path.insert(0, "")
            exec(compile(code, "<string>", "exec"), main.__dict__)  # noqa: S102 - a test's own
        case ["-m", module, *rest]:
            sys.argv = ["-m", *rest]
            sys.path.insert(0, str(Path.cwd()))
            runpy._run_module_as_main(module)  # type: ignore[attr-defined] # what `python -m` calls
        case [script, *rest]:
            sys.argv = [script, *rest]
            sys.path.insert(0, str(Path(script).resolve().parent))
            main.__file__ = script
            exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)  # noqa: S102 - a test's own
        case _:
            raise ValueError(f"The nursery doesn't know how to run {arguments}.")


def run_to_end(order: Order) -> int:
    """The exit code of an interpreter that the code ends in this way."""
    try:
        live(order)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return (ended.code or 0) & 0xFF
        print(ended.code, file=sys.stderr)  # noqa: T201 - as Python does it
        return 1
    except BaseException as error:  # noqa: BLE001 - also an exit that somebody sneaked in
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def end(code: int) -> None:
    """All that an interpreter does at its end, but for taking apart every module, which takes a tenth of a second."""
    threading._shutdown()  # type: ignore[attr-defined] # Python's own: waits for threads that are no daemons
    atexit._run_exitfuncs()
    if settings.configured:
        # SQLite puts what is in its log into the database's file only when the last connection is closed.
        for connection in connections.all(initialized_only=True):
            connection.close()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def main() -> None:
    """Everything, in the nursery and in its forks."""
    sys.path.pop(0)  # our own folder
    orders = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest, which closes the socket
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for name in SOURCES:
        compileall.compile_dir(ROOT / name, quiet=2)
    for name in LIBRARIES:
        importlib.import_module(name)
    # What is there by now is no garbage: collecting it would copy its memory into each fork.
    gc.collect()
    gc.freeze()
    # Importing webnet makes many objects that stay: looking through them again and again takes a tenth of the start.
    gc.set_threshold(10_000)
    nursery = Nursery(orders)
    order = nursery.work()
    if order is None:
        nursery.kill_all()
    else:
        end(run_to_end(order))


if __name__ == "__main__":
    main()
