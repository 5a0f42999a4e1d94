"""What a process has begun and heard, in a file that outlives it.

Messages are noted as handed over in groups, before the first of them leaves, and their answers in groups, after the
last has come. Of a process that was killed in between, its file tells which ones it never began, and what was answered
about others; only what was with providers at that moment stays unknown. What the kernel has survives a process, not a
power cut: a file counts only until its machine starts anew. See docs/adr/0037.
"""

import errno
import json
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.conf import settings

from notifications.channels import Outcome, Receipt
from notifications.models import Attempt

try:
    import fcntl

    BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
except (ImportError, OSError):  # another system than Linux: what a killed process had noted stays unknown
    BOOT = ""


log = logging.getLogger(__name__)

OLD = 24 * 60 * 60
"""seconds"""


class Journal:
    """It only helps: what cannot be written, as on a full disk, holds nothing up. Then there is no journal any more."""

    def __init__(self, file: int, path: Path) -> None:
        self._file, self._path = file, path

    def noted(self, attempts: Iterable[Attempt]) -> None:
        """They will leave."""
        with suppress(OSError):
            self._write("noted", *(_key(attempt) for attempt in attempts))

    def begun(self, attempt: Attempt) -> None:
        """From now on its provider may have it. Raises OSError where it would still count as never begun."""
        self._write("begun", _key(attempt))

    def answered(self, attempt: Attempt, receipt: Receipt) -> None:
        with suppress(OSError):
            self._write("answered", _key(attempt), asdict(receipt))

    def _write(self, *words: Any) -> None:
        """Raises OSError where a journal without this line would be found."""
        line = (json.dumps(words) + "\n").encode()
        try:
            # One call for a line, so that several threads may write; nothing is kept back in this process.
            if os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            log.exception("the journal of the outbox cannot be written")
            self._path.unlink(missing_ok=True)


@dataclass
class Left:
    """What a dead process had noted: what it never began, and what it was answered."""

    never_begun: set[str] = field(default_factory=set)
    answered: dict[str, Receipt] = field(default_factory=dict)

    def matching(self, attempts: Iterable[Attempt]) -> "Iterator[tuple[Attempt, Receipt | None]]":
        """Those of ``attempts`` that it was; None for an answer where it never began."""
        for attempt in attempts:
            key = _key(attempt)
            if key in self.never_begun or key in self.answered:
                yield attempt, self.answered.get(key)

    @property
    def keys(self) -> list[int]:
        return [int(key.partition(" ")[0]) for key in (*self.never_begun, *self.answered)]


def _key(attempt: Attempt) -> str:
    """With the message's own id: the file may be older than the database."""
    return f"{attempt.pk} {attempt.message.uuid}"


@contextmanager
def writing() -> Iterator[Journal]:
    """A journal of this process. It is gone when all went well, else it waits for ``left_behind``."""
    path = _folder() / f"{BOOT}.{uuid4()}"
    with _begin(path) as file:
        yield Journal(file.fileno(), path)
        _forget(path)


def _begin(path: Path) -> IO[bytes]:
    if BOOT:
        # Locked before it has its name: as long as this process lives, nobody else may read it.
        new = path.with_name(f"new.{path.name}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as unless_locked:
                file = unless_locked.enter_context(new.open("ab", buffering=0))
                fcntl.flock(file, fcntl.LOCK_EX)
                new.rename(path)
                unless_locked.pop_all()
            return file
        except OSError:
            log.exception("the outbox is delivered without a journal")
    return Path(os.devnull).open("ab", buffering=0)


def left_behind() -> Iterator[Left]:
    """What processes of this machine left that died; each is forgotten when the next is asked for."""
    for path in sorted(_folder().glob(f"{BOOT}.*")) if BOOT else ():
        try:
            file = path.open("rb")
        except FileNotFoundError:  # its process, or another sweep, was quicker
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # its process lives
                continue
            yield _read(file.read().splitlines())
            _forget(path)
    for path in _folder().glob("*"):  # of before the machine started anew; a journal lasts some minutes
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - OLD:
                _forget(path)


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "outbox"


def _read(lines: Sequence[bytes]) -> Left:
    left, torn = Left(), False
    for line in lines:
        try:
            word, *rest = json.loads(line)
        except ValueError:  # it may have been the beginning of any
            torn = True
            continue
        match word:
            case "noted":
                left.never_begun.update(rest)
            case "begun":
                left.never_begun.discard(rest[0])
            case "answered":
                left.answered[rest[0]] = Receipt(**{**rest[1], "outcome": Outcome(rest[1]["outcome"])})
    if torn:
        left.never_begun.clear()
    return left
