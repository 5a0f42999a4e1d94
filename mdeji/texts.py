"""Every text that the system sends by itself, with sample data: as a mail and as an SMS, in each language.

The samples stand here because this layer alone knows all apps. A template without a sample fails a test.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mdeji.accounts import in_easy
from notifications import links, segments
from notifications.models import Contact
from notifications.outbox import CODE_BY_SMS
from notifications.writing import Letter, Writer
from programme.access import coordinator_only
from programme.fiscal import Month
from programme.models import Programme, Venue

TEXTS_A_PAGE = 6
RECIPIENT = "見本 花子"
# Others whom a mail may name to the recipient and an SMS, which anybody may read on a locked screen, must not.
THIRD = "見本 三郎"
# As long as a signed link is.
SIGNED = "1234.1xUo88.5-8doUvScpXiLVAgSFuHOOhhIG21rshnuEqdEl1vYR8"

SUPPORTERS = _("サポーターへ")
GUARDIANS = _("保護者へ")
GROUPS = _("団体へ")
VISITORS = _("相談を予約した方へ")
OFFICE = _("コーディネーターへ")
EVERYBODY = _("連絡先を登録した方へ")
ACCOUNTS = _("ログインする方へ")
READERS = {
    "supporters/messages/": (
        SUPPORTERS,
        [
            "applied",
            "activated",
            "offer",
            "offer_reminder",
            "accepted",
            "reminder_week",
            "reminder_day",
            "reminder_morning",
            "moved",
            "moved_off",
            "released",
            "cancelled",
            "not_chosen",
            "stood_down",
            "taken_off",
            "of_age",
            "consent_revoked",
            "consent_needed",
            "course_required",
            "erasure",
        ],
    ),
    "support_requests/messages/report": (SUPPORTERS, ["_due"]),
    "consult/messages/stand": (SUPPORTERS, ["ing"]),
    "supporters/messages/consent": (GUARDIANS, ["", "_reminder", "_ending"]),
    "support_requests/messages/": (
        GROUPS,
        ["confirm", "contact", "received", "booked", "reminder", "moved", "reopened", "closed", "answered", "feedback"],
    ),
    "consult/messages/": (VISITORS, ["reserved", "moved", "off", "given_up"]),
    "consult/messages/month": (OFFICE, ["_draft"]),
    "notifications/": (EVERYBODY, ["prove_mail", "prove_mobile", "settings_link", "calendar_entry"]),
}
# Of signing in: allauth sends these mails (mdeji/accounts.py), and these SMS instead where there is no address.
ACCOUNT_MAILS = [
    "login_code",
    "email_confirmation",
    "unknown_account",
    "account_already_exists",
    "way_in_changed",
    "proof_code",
]
ACCOUNT_SMS = ["sign_in_code", "sign_in_unknown", "sign_in_known", "way_in_changed"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A text that is sent, whatever the language."""

    template: str
    name: str
    reader: str | Promise


KINDS = (
    *(Kind(f"{folder}{name}.txt", name, reader) for folder, (reader, names) in READERS.items() for name in names),
    *(Kind(f"account/email/{name}_message.txt", name, ACCOUNTS) for name in ACCOUNT_MAILS),
    *(Kind(f"account/sms/{name}.txt", name, ACCOUNTS) for name in ACCOUNT_SMS),
)


@dataclass(frozen=True, slots=True)
class Text:
    """One text in one language. ``size`` is that of the SMS; None where none is sent."""

    template: str
    reader: str
    title: str
    body: str
    short: str
    size: segments.Size | None


def texts(language: str, kinds: Sequence[Kind] = KINDS, *, writer: Writer | None = None) -> Iterator[Text]:
    """The texts of ``kinds`` in ``language``, with sample data, in five queries; in one with a ``writer``."""
    writer = writer or Writer([])
    recipient = Contact(pk=0, name=RECIPIENT, email="hanako@example.jp", phone="090-0000-0000", language=language)
    sample, of_account = _sample(), _account_sample(recipient)
    for kind in kinds:
        if kind.reader == ACCOUNTS:
            with translation.override(language):
                text = _account_text(kind, of_account)
            yield text
            continue
        message = writer.write(Letter(recipient, kind.name, "sample:0", kind.template, sample))
        size = segments.size(message.short) if message.short else None
        yield Text(kind.template, str(kind.reader), message.title, message.body, message.short, size)


def _account_text(kind: Kind, sample: dict[str, Any]) -> Text:
    """In the language in use, as mdeji.accounts.Adapter writes them."""
    if kind.template.startswith("account/sms/"):
        short = render_to_string(kind.template, sample).strip()
        return Text(kind.template, str(kind.reader), str(CODE_BY_SMS), "", short, segments.size(short))
    paths = (kind.template.replace("_message.txt", "_subject.txt"), kind.template)
    subject, body = (in_easy(render_to_string(path, sample).strip()) for path in paths)
    return Text(kind.template, str(kind.reader), subject, body, "", None)


def _account_sample(recipient: Contact) -> dict[str, Any]:
    host = urlsplit(settings.SITE_URL)
    return {
        "recipient": recipient,
        "programme": Programme.objects.first(),
        "email": recipient.email,
        "code": "123456",
        "host": host.hostname,
        "request": SimpleNamespace(scheme=host.scheme, get_host=host.netloc),
        "signup_url": links.absolute(reverse("account_signup")),
        "url": links.absolute(reverse("account_request_login_code")),
        "what": _("ログインに使うメールアドレスが変わりました。"),
    }


def _sample() -> dict[str, Any]:
    """What the templates ask for, all of it made up."""
    day = timezone.localdate() + dt.timedelta(days=9)
    start = timezone.make_aware(dt.datetime.combine(day, dt.time(13, 30)))
    end = start + dt.timedelta(hours=2)
    venue = Venue(
        name="上川淵公民館",
        kana="かみかわぶちこうみんかん",
        name_en="Kamikawabuchi Community Hall",
        address="前橋市後閑町1-1",
        phone="027-000-0000",
    )
    shift = SimpleNamespace(
        title="出張サポート ひまわり会",
        venue=venue,
        room=SimpleNamespace(name="会議室"),
        starts_at=start,
        ends_at=end,
        note="",
        cancel_reason="会場の都合",
        cancel_cause="venue",
    )
    request = SimpleNamespace(
        number="2026-0012",
        group="ひまわり会",
        venue=venue,
        participants=5,
        status="withdrawn",
        times=SimpleNamespace(all=[SimpleNamespace(starts_at=start)]),
    )
    private = links.absolute(f"/requests/status/{SIGNED}/")
    return {
        "shift": shift,
        "shifts": [shift],
        "session": SimpleNamespace(shift=shift),
        "assignment": SimpleNamespace(shift=shift, answer_by=start - dt.timedelta(days=2), is_held=True),
        "before": (start - dt.timedelta(days=1), end - dt.timedelta(days=1)),
        "reason": "会場の都合",
        "why": "同じ時間に、ほかの活動があります。",
        "consent": SimpleNamespace(supporter=SimpleNamespace(name=THIRD)),
        "ends_on": day,
        "course": "スマホの安全",
        "erase_on": day,
        "adult_age": 18,
        "minor": True,
        "request": request,
        "team_complete": True,
        "inquiry": SimpleNamespace(text="人数が2人増えました。", answer="承知しました。お待ちしております。"),
        "reservation": SimpleNamespace(starts_at=start, number="0012-1"),
        "opening": SimpleNamespace(shift=shift),
        "desk": SimpleNamespace(name="よろず相談所", title="よろず相談所"),
        "month": Month.of(day),
        "points": [],
        "about": shift.title,
        "url": links.absolute(f"/supporters/offer/{SIGNED}/"),
        "confirm_url": private,
        "feedback_url": private,
        "finder_url": links.absolute("/desks/"),
        "map_url": venue.map_url("前橋市"),
    }


@coordinator_only
def texts_page(request: HttpRequest) -> HttpResponse:
    """Texts in one language, and how long each SMS is in every language."""
    languages = dict(settings.LANGUAGES)
    chosen = request.GET.get("language", "")
    chosen = chosen if chosen in languages else translation.get_language()
    readers = list(dict.fromkeys(str(kind.reader) for kind in KINDS))
    number = request.GET.get("reader", "")
    reader = readers[int(number)] if number in map(str, range(len(readers))) else ""
    kinds = [kind for kind in KINDS if reader in ("", str(kind.reader))]
    page = Paginator(kinds, TEXTS_A_PAGE).get_page(request.GET.get("page"))
    writer = Writer([])
    written = {language: list(texts(language, list(page), writer=writer)) for language in languages}
    sizes = zip(*([text.size for text in written[language]] for language in languages), strict=True)
    rows = [
        (text, list(zip(languages.values(), of_each, strict=True)))
        for text, of_each in zip(written[chosen], sizes, strict=True)
    ]
    context = {
        "rows": rows,
        "page": page,
        "offered": languages.items(),
        "chosen": chosen,
        "readers": list(enumerate(readers)),
        "reader": reader,
    }
    return render(request, "mdeji/texts.html", context)
