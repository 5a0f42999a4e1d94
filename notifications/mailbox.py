"""Mail into files: each message one ``.eml`` file in ``settings.MAILBOX_DIR``, named after its Message-ID.

A file is there whole or not at all, and the same message written twice is one file. So whoever does not
know whether a mail has left (its sender died) can ask ``find``.
"""

import email
import email.policy
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as Parsed
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

LONGEST_NAME = 200  # bytes; file systems take 255


@dataclass(frozen=True)
class Attachment:
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A mail as it was written. ``name`` is its file's name without ".eml"."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC)

    @cached_property
    def parsed(self) -> Parsed:
        return email.message_from_bytes(self.path.read_bytes(), policy=email.policy.default)

    @property
    def to(self) -> str:
        return str(self.parsed["To"] or "")

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"] or "")

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.parsed.items()]

    @property
    def text(self) -> str:
        body = self.parsed.get_body(("plain",))
        return str(body.get_content()) if body else ""

    @property
    def attachments(self) -> list[Attachment]:
        """Every part besides the text: files, and alternatives such as an invitation."""
        body = self.parsed.get_body(("plain",))
        parts = [part for part in self.parsed.walk() if not part.is_multipart() and part is not body]
        return [
            Attachment(
                filename=part.get_filename() or f"part-{number}.{part.get_content_subtype()[:10]}",
                content_type=part.get_content_type(),
                content=bytes(part.get_payload(decode=True) or b""),
            )
            for number, part in enumerate(parts, start=1)
        ]


class EmailBackend(BaseEmailBackend):
    """Django's mail backend for development: nothing leaves, everything can be read on the page /sent/."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            mime = message.message()
            write(mime["Message-ID"], mime.as_bytes())
        return len(email_messages)


def write(message_id: str, content: bytes) -> Path:
    """Put the mail into the mailbox in one step, durably; a mail that is already there stays as it is."""
    path = path_of(message_id)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    _fsync_directory(path.parent)
    return path


def find(message_id: str) -> Path | None:
    """The file of the mail with this Message-ID (with or without <>), or None when it was never written."""
    path = path_of(message_id)
    return path if path.exists() else None


def messages(newest: int = 50) -> list[Mail]:
    """The ``newest`` mails, newest first."""
    paths = Path(settings.MAILBOX_DIR).glob("*.eml")
    return [Mail(path) for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)[:newest]]


def path_of(message_id: str) -> Path:
    """Where the mail with this Message-ID lies or would lie: no two ids share a name, no id leads elsewhere."""
    name = quote(message_id.strip().strip("<>"), safe="@").replace("%", "=")
    if len(name) > LONGEST_NAME:
        name = sha256(name.encode()).hexdigest()
    return named(name)


def named(name: str) -> Path:
    return Path(settings.MAILBOX_DIR) / f"{name}.eml"


def _fsync_directory(folder: Path) -> None:
    """Make the new name itself survive a power cut. Windows cannot do it and need not."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
