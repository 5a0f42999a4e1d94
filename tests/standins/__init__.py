"""Stand-ins for Twilio, LINE and a mail server on loopback, to which the real SDKs talk.

They check what the real ones check, keep what they took, and fail as they are told: ``faults`` gives, for an address,
what goes wrong at its first requests, one after the other; afterwards everything goes well.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

from aiohttp import web


class Fault(StrEnum):
    BUSY = "busy"  # 429, or a mail server's 4xx
    DOWN = "down"  # 503
    NO_SUCH = "no such"  # the address does not exist
    STOPPED = "stopped"  # the person has asked for nothing more
    SILENT = "silent"  # accepted, and no answer ever comes
    DROPPED = "dropped"  # accepted, and the connection breaks
    GATEWAY = "gateway"  # a gateway's page instead of the provider's own word; nothing was accepted


Faults = Callable[[str], Sequence[Fault]]


def no_faults(address: str) -> Sequence[Fault]:
    return ()


class StandIn:
    """What the stand-ins have in common: what was ``accepted``, by (address, text), and whose turn it is to fail."""

    def __init__(self, faults: Faults = no_faults, *, latency: float = 0.0, silence: float = 60.0) -> None:
        self.faults, self.latency, self.silence = faults, latency, silence
        self.asked: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()

    def next_fault(self, address: str) -> Fault | None:
        turn = self.asked[address]
        self.asked[address] += 1
        plan = self.faults(address)
        return plan[turn] if turn < len(plan) else None


class Application(Protocol):
    def application(self) -> web.Application: ...


@contextmanager
def serving(standin: Application, port: int) -> Iterator[str]:
    """The stand-in on ``port`` of loopback, in a thread of its own; gives its address."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    runner = web.AppRunner(standin.application(), access_log=None, shutdown_timeout=0)

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(runner.setup())
        loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", port).start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
