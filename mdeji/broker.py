"""kombu's filesystem transport, made whole: what it carries may be lost, but never stops the worker.

kombu opens a message's file before it writes it, so a reader can meet it empty, and a folder that is gone
ends the worker. Here a message appears under its name when it is complete, an unreadable one is passed over,
and folders are made again. Whatever is lost, the sweeps find by its row (docs/adr/0009).
"""

import json
import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu names it twice
        """Write the message aside and move it into place, so that nobody reads half of it."""
        name = f"{time.monotonic_ns()}_{uuid.uuid4()}.{queue}.msg"
        whole = self._folder(self.data_folder_out) / name
        aside = whole.with_suffix(".part")
        aside.write_text(json.dumps(payload))
        aside.replace(whole)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The next message of ``queue``. Taking it is one rename, which only one reader can do. Raises Empty."""
        folder = self._folder(self.data_folder_in)
        for waiting in sorted(folder.glob(f"*.{queue}.msg")):
            mine = waiting.with_suffix(f".{os.getpid()}")
            try:
                waiting.rename(mine)
                text = mine.read_text()
                mine.unlink()
                return json.loads(text)
            except FileNotFoundError:  # another reader was quicker
                continue
            except ValueError:
                log.warning("a message of the queue could not be read and is passed over: %s", waiting.name)
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in self._folder(self.data_folder_in).glob(f"*.{queue}.msg"))

    def _purge(self, queue: str) -> int:
        waiting = list(self._folder(self.data_folder_in).glob(f"*.{queue}.msg"))
        for message in waiting:
            message.unlink(missing_ok=True)
        return len(waiting)

    def _queue_bind(self, *args: Any) -> None:
        self._folder(self.control_folder)
        super()._queue_bind(*args)

    @staticmethod
    def _folder(path: str | Path) -> Path:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES["filesystem"] = "mdeji.broker:Transport"
