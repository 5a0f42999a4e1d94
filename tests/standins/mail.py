"""A mail server that greylists, bounces, stalls and drops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from tests.standins import Fault, StandIn


class MailServer(StandIn):
    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.fault = self.next_fault(address)
        match envelope.fault:
            case Fault.BUSY:
                return "451 4.7.1 Greylisted, please try again later"
            case Fault.DOWN:
                return "421 4.3.2 Service not available"
            case Fault.NO_SUCH:
                return "550 5.1.1 No such user here"
            case Fault.STOPPED:
                return "550 5.7.1 Message rejected by policy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.latency:
            await asyncio.sleep(self.latency)
        for address in envelope.rcpt_tos:
            self.accepted[address] += 1
        if envelope.fault == Fault.SILENT:
            await asyncio.sleep(self.silence)
        if envelope.fault in (Fault.DROPPED, Fault.SILENT):
            server.transport.abort()
        return "250 OK"


@contextmanager
def receiving(server: MailServer, port: int) -> Iterator[str]:
    """The server on ``port`` of loopback; gives its EMAIL_URL."""
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
