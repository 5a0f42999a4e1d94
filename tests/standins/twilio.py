"""Twilio's Messages resource. Source: https://www.twilio.com/docs/messaging/api/message-resource"""

import asyncio
import base64
import re
import secrets
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from django.utils import timezone

from tests.standins import Fault, Faults, StandIn, no_faults

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-the-stand-in"
NUMBER = "+815012345678"
MOBILE = re.compile(r"\+81[789]0\d{8}")

ERRORS = {
    Fault.BUSY: (429, 20429, "Too Many Requests"),
    Fault.DOWN: (503, 20503, "Service Unavailable"),
    Fault.NO_SUCH: (400, 21211, "The 'To' number is not a valid phone number."),
    Fault.STOPPED: (400, 21610, "Attempt to send to unsubscribed recipient"),
}


class Twilio(StandIn):
    def __init__(self, faults: Faults = no_faults, **options: Any) -> None:
        super().__init__(faults, **options)
        self.messages: list[dict[str, Any]] = []

    def application(self) -> web.Application:
        app = web.Application()
        account = "/2010-04-01/Accounts/{account}"
        app.add_routes(
            [
                web.post(account + "/Messages.json", self.create),
                web.get(account + "/Messages.json", self.list),
                web.get(account + ".json", self.account),
            ]
        )
        return app

    def _known(self, request: web.Request) -> bool:
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        return request.match_info["account"] == ACCOUNT and request.headers.get("Authorization") == expected

    def _error(self, status: int, code: int, message: str) -> web.Response:
        more = f"https://www.twilio.com/docs/errors/{code}"
        return web.json_response({"code": code, "message": message, "more_info": more, "status": status}, status=status)

    async def create(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            return self._error(401, 20003, "Authenticate")
        form = await request.post()
        to, body = str(form.get("To", "")), str(form.get("Body", ""))
        if not body:
            return self._error(400, 21602, "Message body is required.")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return self._error(400, 21603, "A 'From' phone number is required.")
        if not MOBILE.fullmatch(to):
            return self._error(400, 21614, "'To' number is not a valid mobile number")
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.next_fault(to)
        if fault in ERRORS:
            return self._error(*ERRORS[fault])
        if fault == Fault.GATEWAY:
            return web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html")
        message = self._message(to, body, form)
        self.messages.append(message)
        self.accepted[to] += 1
        if fault == Fault.SILENT:
            await asyncio.sleep(self.silence)
        if fault == Fault.DROPPED and request.transport:
            request.transport.abort()
        return web.json_response(message, status=201)

    def _message(self, to: str, body: str, form: Any) -> dict[str, Any]:
        now = format_datetime(timezone.now())
        sid = "SM" + secrets.token_hex(16)
        return {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": now,
            "date_sent": now,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": str(-(-len(body) // 67)),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "accepted" if form.get("MessagingServiceSid") else "queued",
            "status_callback": form.get("StatusCallback"),
            "subresource_uris": {},
            "to": to,
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        }

    async def list(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return self._error(401, 20003, "Authenticate")
        found = [message for message in self.messages if message["to"] == request.query.get("To", message["to"])]
        size = int(request.query.get("PageSize", 50))
        return web.json_response({"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": None})

    async def account(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return self._error(401, 20003, "Authenticate")
        return web.json_response({"sid": ACCOUNT, "friendly_name": "Stand-in", "status": "active"})
