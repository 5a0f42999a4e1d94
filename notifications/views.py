"""The page /sent/ of development: every mail that would have left, with its links and attachments."""

from io import BytesIO

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from notifications import mailbox


def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "notifications/sent.html", {"mails": mailbox.messages(newest=50)})


def sent_mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "notifications/sent_mail.html", {"mail": _mail(name)})


def sent_attachment(request: HttpRequest, name: str, number: int) -> FileResponse:
    """The attachment as a download. ``number`` counts from 1."""
    attachments = _mail(name).attachments
    if not 1 <= number <= len(attachments):
        raise Http404
    attachment = attachments[number - 1]
    return FileResponse(
        BytesIO(attachment.content),
        content_type=attachment.content_type,
        as_attachment=True,
        filename=attachment.filename,
    )


def _mail(name: str) -> mailbox.Mail:
    mail = mailbox.Mail(mailbox.named(name))
    if not mail.path.is_file():
        raise Http404
    return mail
