"""The providers' stand-ins as a process of their own: ``python -m bench.standins TWILIO_PORT LINE_PORT MAIL_PORT …``.

What they accepted is asked at ``GET /standin`` on Twilio's port: by address how often, and when the first and the
last one came. ``POST /standin/forget`` starts anew.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import md5

from aiohttp import web

from tests.standins import Fault, serving
from tests.standins.line import Line
from tests.standins.mail import MailServer, receiving
from tests.standins.twilio import Twilio

# Of ten thousand addresses: how many fail in which way at their first request.
SHARES = ((Fault.BUSY, 250), (Fault.DOWN, 250), (Fault.NO_SUCH, 100), (Fault.SILENT, 50))


def stormy(address: str) -> Sequence[Fault]:
    """5 % transient errors, 1 % permanent ones, 0.5 % without an answer after acceptance; the same in each run."""
    number = int.from_bytes(md5(address.encode()).digest()[:4], "big") % 10_000
    for fault, share in SHARES:
        if number < share:
            return (fault,)
        number -= share
    return ()


def calm(address: str) -> Sequence[Fault]:
    return ()


class Timed(Twilio):
    """Notes when the first and the last message came."""

    def __init__(self, others: Sequence[Line | MailServer], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.others = others
        self.first = self.last = 0.0

    def application(self) -> web.Application:
        app = super().application()
        app.add_routes([web.get("/standin", self.count), web.post("/standin/forget", self.forget)])
        return app

    async def create(self, request: web.Request) -> web.StreamResponse:
        self.first = self.first or time.monotonic()
        answer = await super().create(request)
        self.last = time.monotonic()
        return answer

    async def count(self, request: web.Request) -> web.Response:
        accepted = dict(self.accepted)
        for other in self.others:
            accepted |= other.accepted
        if request.query.get("total"):
            return web.json_response({"total": sum(accepted.values())})
        return web.json_response({"accepted": accepted, "seconds": self.last - self.first})

    async def forget(self, request: web.Request) -> web.Response:
        self.accepted.clear()
        self.messages.clear()
        self.first = self.last = 0.0
        return web.Response()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ports", type=int, nargs=3)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--storm", action="store_true")
    arguments = parser.parse_args()
    faults = stormy if arguments.storm else calm
    options = {"latency": arguments.latency, "silence": 10.0}
    line, mail = Line(faults, **options), MailServer(faults, **options)
    twilio = Timed([line, mail], faults=faults, **options)
    with ExitStack() as stack:
        stack.enter_context(serving(twilio, arguments.ports[0]))
        stack.enter_context(serving(line, arguments.ports[1]))
        stack.enter_context(receiving(mail, arguments.ports[2]))
        print("ready", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
