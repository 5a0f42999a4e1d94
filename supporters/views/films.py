"""Films of courses, handed out in ranges, to people who are signed in, and never as a page."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Final

from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from programme.access import signed_in
from supporters.models import Lesson

TYPES: Final = {".mp4": "video/mp4", ".webm": "video/webm", ".vtt": "text/vtt; charset=utf-8"}
BLOCK: Final = 64 * 1024  # bytes
RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)$")
# Opened by itself it is a document, too: one that does nothing.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=86400",
    "Accept-Ranges": "bytes",
}


@require_safe
@signed_in
def film(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _hand_out(request, get_object_or_404(Lesson.objects.exclude(film=""), pk=pk).film)


@require_safe
@signed_in
def captions(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _hand_out(request, get_object_or_404(Lesson.objects.exclude(captions=""), pk=pk).captions)


def _hand_out(request: HttpRequest, file: "File[bytes]") -> HttpResponseBase:
    """The file, or the one range of bytes that is asked for (RFC 9110, 14): players ask for the part at hand."""
    kind, size = TYPES[PurePosixPath(file.name or "").suffix], file.size
    asked = RANGE.match(request.headers.get("Range", ""))
    if asked is None or not any(asked.groups()):
        response: HttpResponseBase = FileResponse(file.open("rb"), content_type=kind, headers=HEADERS)
        return response
    first, last = _bounds(asked, size)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    part = StreamingHttpResponse(_blocks(file.open("rb"), first, last), status=206, content_type=kind, headers=HEADERS)
    part.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    part.headers["Content-Length"] = str(last - first + 1)
    return part


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte; "-500" asks for the last 500. The first lies behind the last where nothing is there."""
    first, last = asked.groups()
    if not first:
        return max(size - int(last), 0) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _blocks(opened: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with opened:
        opened.seek(first)
        left = last - first + 1
        while left > 0 and (block := opened.read(min(BLOCK, left))):
            left -= len(block)
            yield block
