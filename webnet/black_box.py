"""A black box for each process: a file in memory that says which plugins' code it runs, for those who find it dead.

The file is mapped into memory, so what was written survives however the process ends: `os._exit()`, a crash in C code,
SIGKILL. The process holds a lock on it, which the system releases with the process: a box that can be locked is that of
a dead process. It is read once, and removed.
"""

from __future__ import annotations

import fcntl
import glob
import logging
import mmap
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from struct import Struct
from tempfile import mkstemp
from threading import Lock, get_ident
from time import monotonic_ns

logger = logging.getLogger(__name__)

# Below WEBNET_DATA_DIR.
FOLDER = "processes"

# The file is an array of 64-bit numbers and, behind it, the legend: texts of plugins and places, by their number.
WORD_BYTES = 8
FORMAT, PROCESS, BEAT, IS_ENDING, IS_HUNG = range(5)
HEADER_WORDS = 8
CURRENT_FORMAT = 1
# Calls at one time, those on all threads and nested ones; more are not noted.
SLOTS = 512
NUMBER, CUSTOMER, USER, SINCE, THREAD = range(5)
SLOT_WORDS = 5
write_slot = Struct(f"{SLOT_WORDS}Q").pack_into
LEGEND_START = (HEADER_WORDS + SLOTS * SLOT_WORDS) * WORD_BYTES
TEXT_BYTES = 192
TEXTS = 512
SIZE = LEGEND_START + TEXTS * TEXT_BYTES
SEPARATOR = "\0"
NANOSECONDS = 1e9


@dataclass(frozen=True, kw_only=True)
class OpenCall:
    """A call of plugin code that had not returned; `since` is by the monotonic clock, which all processes share."""

    plugin: str
    place: str
    customer_id: int | None
    user_id: int | None
    since: float


@dataclass(frozen=True, kw_only=True)
class Death:
    """A process that has ended; `was_ending` if it had been told to, and the innermost call on each of its threads."""

    process: int
    was_ending: bool
    calls: tuple[OpenCall, ...]


class BlackBox:
    """The box of this process. Making it writes the file; entering and leaving a call changes a few words of memory.

    `words` is the array; the one at a slot's place is the number of the call's text, and 0 while there is no call.
    """

    def __init__(self, folder: Path) -> None:
        """Raises OSError, for example when the disk is full."""
        folder.mkdir(parents=True, exist_ok=True)
        self.process = os.getpid()
        handle, name = mkstemp(prefix=_prefix(self.process), suffix=".draft", dir=folder)
        try:
            # Written, not only enlarged: a page that the disk has no room for would crash the process later.
            os.write(handle, bytes(SIZE))
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._memory = mmap.mmap(handle, SIZE)
            # Renamed once it is locked, so that nobody takes it for that of a dead process. The descriptor stays open,
            # since closing it would release the lock.
            self.path = Path(name).rename(Path(name).with_suffix(".box"))
        except OSError:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
            raise
        self.words = memoryview(self._memory)[:LEGEND_START].cast("Q")
        self.words[FORMAT], self.words[PROCESS] = CURRENT_FORMAT, self.process
        self._free = [HEADER_WORDS + SLOT_WORDS * slot for slot in range(SLOTS)]
        self._numbers: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def beat(self) -> None:
        """Note that the event loop is alive."""
        self.words[BEAT] = monotonic_ns()

    def announce_end(self) -> None:
        """Note that the process has been told to end: whatever ends it from now on is nobody's fault."""
        self.words[IS_ENDING] = 1

    def ask_for_replacement(self) -> None:
        """Note that a thread hangs, so that another process has to take the place of this one."""
        self.words[IS_HUNG] = 1

    def find_number(self, plugin: str, place: str) -> int:
        """The number of the text that stands for calls of this plugin at this place; 0 if there is no room for it."""
        return self._numbers.get((plugin, place)) or self._add_text(plugin, place)

    def enter(self, number: int, customer_id: int, user_id: int) -> int:
        """Note a call of this thread, and return its slot; 0 if none is free. Ids are 0 where there are none."""
        try:
            slot = self._free.pop()  # atomic, as `append` is
        except IndexError:
            return 0
        write_slot(self._memory, slot * WORD_BYTES, number, customer_id, user_id, monotonic_ns(), get_ident())
        return slot

    def leave(self, slot: int) -> None:
        """The call has returned."""
        if slot:
            self.words[slot] = 0
            self._free.append(slot)

    def close(self) -> None:
        """Remove the file: the process ends in an ordinary way."""
        if self.process == os.getpid():  # not in a fork of it
            self.path.unlink(missing_ok=True)

    def _add_text(self, plugin: str, place: str) -> int:
        with self._lock:
            number = len(self._numbers) + 1
            if number > TEXTS:
                # The plugin matters more than the place, and it has other places that are known.
                return next((known for (name, _), known in self._numbers.items() if name == plugin), 0)
            text = f"{plugin}{SEPARATOR}{place}".encode(errors="replace")[:TEXT_BYTES]
            start = LEGEND_START + (number - 1) * TEXT_BYTES
            self._memory[start : start + len(text)] = text
            self._numbers[plugin, place] = number
            return number


def open_box(folder: Path) -> None:
    """Make this process's box. Where that is not possible, webnet goes on without, and logs a warning."""
    global own  # noqa: PLW0603 - one for each process
    if own is not None:
        return
    try:
        own = BlackBox(folder)
    except OSError as problem:
        logger.warning("There is no black box, so a plugin that ends this process will not be named: %s", problem)
        return
    # Unlike `atexit`, this also runs in processes that `multiprocessing` starts, such as granian's workers.
    Finalize(None, own.close, exitpriority=0)
    os.register_at_fork(after_in_child=_forget)  # a fork would write into the memory of its parent's box


def beat() -> None:
    """Note that the event loop of this process is alive."""
    if own is not None:
        own.beat()


def announce_end() -> None:
    """Note that this process has been told to end: whatever ends it from now on is nobody's fault."""
    if own is not None:
        own.announce_end()


def ask_for_replacement() -> bool:
    """Note that a thread hangs, so that another process has to take the place of this one; False if there is no box."""
    if own is None:
        return False
    own.announce_end()
    own.ask_for_replacement()
    return True


def _forget() -> None:
    global own  # noqa: PLW0603 - as above
    own = None


# The box of this process, if it has been opened; read by each call of a plugin's code.
own: BlackBox | None = None


def take_deaths(folder: Path) -> Iterator[Death]:
    """Processes that have ended. The box of each is removed when the next one is asked for, so when it was handled.

    Of several processes that look at the same time, one finds each.
    """
    for path in sorted(folder.glob("*.box")):
        if own is not None and path == own.path:
            continue  # closing any file descriptor of it would release this process's lock
        with suppress(FileNotFoundError), path.open("r+b") as box:
            try:
                fcntl.lockf(box, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # it lives, or another process reads its box
            # Another process may have read and removed it between opening and locking it here.
            if os.fstat(box.fileno()).st_nlink:
                if (death := _read(box.read())) is not None:
                    yield death
                path.unlink()


def read_beat(folder: Path, process: int) -> float | None:
    """When the event loop of this host's process was last alive, by the monotonic clock; None before it serves."""
    words = next((_read_words(path) for path in _find(folder, process)), None)
    return words[BEAT] / NANOSECONDS if words is not None and words[BEAT] else None


def asks_for_replacement(folder: Path, process: int) -> bool:
    """Whether a thread of this host's process hangs."""
    return any(words is not None and words[IS_HUNG] for words in map(_read_words, _find(folder, process)))


def announce_end_of(folder: Path, process: int) -> None:
    """Note in another process's box, on this host, that it is told to end."""
    for path in _find(folder, process):
        with suppress(OSError), path.open("r+b") as box:
            box.seek(IS_ENDING * WORD_BYTES)
            box.write((1).to_bytes(WORD_BYTES, sys.byteorder))


def _find(folder: Path, process: int) -> Iterator[Path]:
    return folder.glob(f"{glob.escape(_prefix(process))}*.box")


def _prefix(process: int) -> str:
    return f"{socket.gethostname()}-{process}-"


def _read_words(path: Path) -> memoryview | None:
    try:
        with path.open("rb") as box:
            return memoryview(box.read(LEGEND_START)).cast("Q")
    except OSError:  # it has ended since
        return None


def _read(content: bytes) -> Death | None:
    """None for a box that was written by another version of webnet."""
    if len(content) != SIZE:
        return None
    words, legend = memoryview(content)[:LEGEND_START].cast("Q"), content[LEGEND_START:]
    if words[FORMAT] != CURRENT_FORMAT:
        return None
    innermost: dict[int, OpenCall] = {}
    for slot in range(HEADER_WORDS, len(words), SLOT_WORDS):
        if 0 < words[slot] <= TEXTS:
            start = (words[slot] - 1) * TEXT_BYTES
            text = legend[start : start + TEXT_BYTES].rstrip(b"\0").decode(errors="replace")
            plugin, _, place = text.partition(SEPARATOR)
            call = OpenCall(
                plugin=plugin,
                place=place,
                customer_id=words[slot + CUSTOMER] or None,
                user_id=words[slot + USER] or None,
                since=words[slot + SINCE] / NANOSECONDS,
            )
            thread = words[slot + THREAD]
            if thread not in innermost or innermost[thread].since <= call.since:
                innermost[thread] = call
    return Death(process=words[PROCESS], was_ending=bool(words[IS_ENDING]), calls=tuple(innermost.values()))
