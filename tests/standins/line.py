"""LINE's Messaging API. Source: https://developers.line.biz/en/reference/messaging-api/"""

import asyncio
import secrets
from typing import Any

from aiohttp import web

from tests.standins import Fault, Faults, StandIn, no_faults

TOKEN = "a-channel-access-token"
SECRET = "a-channel-secret"

ERRORS = {
    Fault.BUSY: (429, "The API rate limit has been exceeded. Try again later."),
    Fault.DOWN: (503, "Service Unavailable"),
    Fault.NO_SUCH: (400, "Failed to send messages"),
    Fault.STOPPED: (429, "You have reached your monthly limit."),
    Fault.GATEWAY: (502, "Bad gateway"),
}


class Line(StandIn):
    def __init__(self, faults: Faults = no_faults, **options: Any) -> None:
        super().__init__(faults, **options)
        self.keys: dict[str, str] = {}
        self.pushed: list[dict[str, Any]] = []
        self.replied: list[dict[str, Any]] = []

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.post("/v2/bot/message/push", self.push),
                web.post("/v2/bot/message/reply", self.reply),
                web.get("/v2/bot/info", self.info),
            ]
        )
        return app

    def _answer(self, status: int, message: str, **headers: str) -> web.Response:
        headers = {"x-line-request-id": secrets.token_hex(16), **headers}
        return web.json_response({"message": message}, status=status, headers=headers)

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"

    async def push(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return self._answer(401, "Authentication failed")
        content = await request.json()
        to, key = content["to"], request.headers.get("X-Line-Retry-Key", "")
        if self.latency:
            await asyncio.sleep(self.latency)
        if key in self.keys:
            accepted = {"x-line-accepted-request-id": self.keys[key]}
            return self._answer(409, "The retry key is already accepted", **accepted)
        fault = self.next_fault(to)
        if fault in ERRORS:
            return self._answer(*ERRORS[fault])
        request_id = secrets.token_hex(16)
        if key:
            self.keys[key] = request_id
        self.accepted[to] += 1
        self.pushed.append(content)
        if fault == Fault.SILENT:
            await asyncio.sleep(self.silence)
        if fault == Fault.DROPPED and request.transport:
            request.transport.abort()
        sent = {"sentMessages": [{"id": str(number)} for number, _message in enumerate(content["messages"])]}
        return web.json_response(sent, headers={"x-line-request-id": request_id})

    async def reply(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return self._answer(401, "Authentication failed")
        self.replied.append(await request.json())
        return web.json_response({"sentMessages": [{"id": "1"}]})

    async def info(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return self._answer(401, "Authentication failed")
        facts = {"userId": "U0", "basicId": "@standin", "displayName": "Stand-in"}
        return web.json_response({**facts, "chatMode": "bot", "markAsReadMode": "auto"})
