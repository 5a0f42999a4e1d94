"""The messages' part of what the system holds of a person. See programme/own_data.py."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models import (
    AddressChange,
    Attempt,
    Channel,
    Contact,
    LineCode,
    Mailing,
    Message,
    Preference,
    Suppression,
)
from programme import own_data
from programme.own_data import Holding, Person

GONE = _("消えます")


def _addresses(person: Person) -> Q:
    found = Q(pk=None)
    for contact in Contact.objects.filter(pk__in=person.contacts):
        for channel in Channel:
            found |= Q(channel=channel, address=contact.address_on(channel) or None)
    return found


def register() -> None:
    own_data.register(
        Holding(
            _("連絡先"),
            Contact,
            lambda person: Contact.objects.filter(pk__in=person.contacts),
            ["name", "email", "phone", "mobile", ("line_id", "LINE"), "language", "preferred"],
            [],
            GONE,
        ),
        Holding(
            _("お知らせの設定"),
            Preference,
            lambda person: Preference.objects.filter(contact__in=person.contacts),
            [("matter", _("お知らせの種類")), ("channel", _("お知らせの届け方")), ("wanted", _("受け取る"))],
            ["contact"],
            GONE,
        ),
        Holding(
            _("LINEとつなぐコード"),
            LineCode,
            lambda person: LineCode.objects.filter(contact__in=person.contacts),
            [("made_at", _("作った日時"))],
            ["contact"],
            GONE,
        ),
        Holding(
            _("送信を止めた宛先"),
            Suppression,
            lambda person: Suppression.objects.filter(_addresses(person)),
            [("address", _("宛先")), ("reason", _("理由")), ("since", _("日時"))],
            [],
            GONE,
        ),
        Holding(
            _("送信を止めた記録"),
            AddressChange,
            lambda person: AddressChange.objects.filter(_addresses(person)),
            [("address", _("宛先")), ("what", _("状態")), ("note", _("理由")), ("at", _("日時"))],
            [],
            GONE,
        ),
        Holding(
            _("お送りしたお知らせ"),
            Message,
            lambda person: Message.objects.filter(recipient__in=person.contacts),
            [
                ("created_at", _("日時")),
                ("title", _("件名")),
                ("body", _("本文")),
                ("short", _("SMSの文")),
                ("address", _("宛先")),
                ("state", _("状態")),
            ],
            ["recipient"],
            _("文と宛先は消えます。送った日と種類は、件数を数えるために残ります"),
        ),
        Holding(
            _("お知らせを送った記録"),
            Attempt,
            lambda person: Attempt.objects.filter(message__recipient__in=person.contacts),
            [
                ("started_at", _("日時")),
                ("channel", _("お知らせの届け方")),
                ("address", _("宛先")),
                ("outcome", _("結果")),
            ],
            [],
            _("宛先は消えます。送った日時は、件数を数えるために残ります"),
        ),
        deeds={
            (Suppression, "by"): _("送信を止めた宛先"),
            (AddressChange, "by"): _("送信を止めた記録"),
            (Message, "settled_by"): _("電話などで伝えたお知らせ"),
            (Mailing, "created_by"): _("作った一斉のお知らせ"),
            (Mailing, "sent_by"): _("送った一斉のお知らせ"),
        },
    )
