"""Where people can be reached, by which way they like to be, and what does not work any more."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications import links
from notifications.phones import e164, takes_sms
from programme.models.records import RecordedQuerySet, recorded


class Channel(models.TextChoices):
    """The ways to tell somebody, in the order of the ladder: what fails on one goes to the next."""

    LINE = "line", _("LINE")
    EMAIL = "email", _("メール")
    SMS = "sms", _("SMS(ショートメッセージ)")
    PHONE = "phone", _("電話(コーディネーターがかけます)")


class Matter(models.TextChoices):
    """What kinds of messages have in common for their reader, who may do without some and not without others."""

    DUTY = "duty", _("活動のお願い・決定・変更・予定の確認")
    FEEDBACK = "feedback", _("活動のあとのアンケート")
    NEWS = "news", _("事務局からのお知らせ")


def as_stored(channel: str, address: str) -> str:
    """An address as the tables keep it: one of mail is the same however it is capitalised."""
    return address.lower() if channel == Channel.EMAIL else address


def language_in_use() -> str:
    """The language of the page, for the contact that is entered on it."""
    return get_language() or settings.LANGUAGE_CODE


@recorded(
    leave_out=("phone_e164", "mobile_e164", "line_id", "erased_at"),
    names={
        "email_proved_at": _("メールを本人が確かめた時"),
        "sms_proved_at": _("携帯電話を本人が確かめた時"),
        "line_linked_at": _("LINEとつながった時"),
    },
    personal=True,
)
class Contact(models.Model):
    """Where somebody can be reached. Several people may share an address or a number: neither is a key."""

    name = models.CharField(_("名前"), max_length=100)
    email = models.EmailField(_("メールアドレス"), blank=True)
    phone = models.CharField(_("電話番号"), max_length=40, blank=True)
    phone_e164 = models.CharField(max_length=16, blank=True, editable=False, db_index=True)
    # Only where it is another one than ``phone``.
    mobile = models.CharField(_("携帯電話の番号"), max_length=40, blank=True)
    mobile_e164 = models.CharField(max_length=16, blank=True, editable=False, db_index=True)
    line_id = models.CharField(max_length=50, blank=True, editable=False, db_index=True)
    # When each address was seen to be this person's: by a link, by a code, or by a call.
    email_proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    sms_proved_at = models.DateTimeField(null=True, blank=True, editable=False)
    line_linked_at = models.DateTimeField(null=True, blank=True, editable=False)
    language = models.CharField(
        _("お知らせのことば"), max_length=10, choices=settings.LANGUAGES, default=language_in_use
    )
    preferred = models.CharField(_("お知らせの届け方"), max_length=10, choices=Channel.choices, blank=True)
    # When the person had their data erased: nobody is behind this row any more (notifications/erasing.py).
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RecordedQuerySet.as_manager()

    class Meta:
        verbose_name = _("連絡先")
        verbose_name_plural = _("連絡先")
        indexes = [models.Index(Upper("email"), name="contact_email")]
        constraints = [
            models.CheckConstraint(
                name="contact_reachable_or_erased",
                condition=Q(erased_at__isnull=False, name="", email="", phone="", mobile="", line_id="")
                | Q(erased_at=None) & ~Q(email="", phone="", mobile="", line_id=""),
            ),
            models.CheckConstraint(
                name="contact_linked_with_time",
                condition=Q(line_id="", line_linked_at=None) | (~Q(line_id="") & Q(line_linked_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.mobile and not takes_sms(e164(self.mobile)):
            raise ValidationError({"mobile": _("携帯電話の番号を入力してください。例:090-1234-5678")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalise()
        super().save(*args, **kwargs)

    def normalise(self) -> None:
        """Make equal what is the same: capitals in an address of mail, and every way to type a number.

        For rows that ``save`` does not write.
        """
        self.email = as_stored(Channel.EMAIL, self.email)
        self.phone_e164, self.mobile_e164 = e164(self.phone), e164(self.mobile)

    @property
    def settings_path(self) -> str:
        """Where whoever has the link chooses how this contact is told, as long as the contact has these addresses."""
        key = f"{self.pk}-{self.marks}"
        return reverse("messages:settings", args=[links.token(links.LANGUAGE, key)])

    @property
    def new_settings_path(self) -> str:
        """Where a link to the settings is asked for, which goes to the contact's own address."""
        return reverse("messages:settings", args=[links.token(links.LANGUAGE, self.pk)])

    def has_all(self, marks: str) -> bool:
        """Whether each address that a link to the settings names is still this contact's."""
        return set(filter(None, marks.split("-"))) <= set(self.marks.split("-"))

    @property
    def marks(self) -> str:
        """One for each address that messages go to, which does not tell it."""
        ways = ((channel, self.address_on(channel)) for channel in Channel if channel != Channel.PHONE)
        return "-".join(
            salted_hmac(links.LANGUAGE, f"{way}:{address}").hexdigest()[:8] for way, address in ways if address
        )

    @property
    def sms_number(self) -> str:
        """The E.164 number that takes an SMS, "" when there is none: 027 and other landlines never do."""
        return next((number for number in (self.mobile_e164, self.phone_e164) if takes_sms(number)), "")

    def address_on(self, channel: str) -> str:
        """Where ``channel`` reaches the person, "" when it does not."""
        match channel:
            case Channel.LINE:
                return self.line_id
            case Channel.EMAIL:
                return self.email
            case Channel.SMS:
                return self.sms_number
            case _:
                return self.phone or self.mobile

    def is_proved_on(self, channel: str) -> bool:
        """Whether the address there was seen to be this person's; who rings hears who answers."""
        match channel:
            case Channel.EMAIL:
                return self.email_proved_at is not None
            case Channel.SMS:
                return self.sms_proved_at is not None
            case _:
                return True

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL if self.email else Channel.PHONE

    @property
    def address(self) -> str:
        return self.email or self.phone


class Preference(models.Model):
    """What a person wishes for one matter: another channel, or not to be told. A duty's messages cannot be off."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="preferences")
    matter = models.CharField(max_length=10, choices=Matter.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    wanted = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contact", "matter"], name="preference_once"),
            models.CheckConstraint(name="preference_duty_is_told", condition=~Q(matter="duty", wanted=False)),
        ]

    def __str__(self) -> str:
        return f"{self.matter}: {self.channel or '-'} {self.wanted}"


class Suppression(models.Model):
    """An address to which nothing is sent any more, for everybody who shares it, until somebody lifts it."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("届きませんでした")
        STOPPED = "stopped", _("本人が止めました")
        SUSPENDED = "suspended", _("事務局が止めました")

    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    since = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=500, blank=True)  # the provider's words, or the office's
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("送信を止めた宛先")
        verbose_name_plural = _("送信を止めた宛先")
        ordering = ["-since"]
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="suppression_once")]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display()}"


class AddressChange(models.Model):
    """When and why nothing was sent to an address any more, and when it was taken up again: kept after it is lifted."""

    LIFTED = "lifted"

    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    what = models.CharField(max_length=10, choices=[*Suppression.Reason.choices, (LIFTED, _("また送ります"))])
    note = models.CharField(max_length=500, blank=True)  # the provider's words, or the office's
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("送信を止めた記録")
        verbose_name_plural = _("送信を止めた記録")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["address", "channel"], name="address_change_of")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.what}"


class LineCode(models.Model):
    """What somebody types into a chat with our LINE account, so that we know who writes there."""

    LIFETIME = dt.timedelta(days=1)

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="line_code")
    code = models.CharField(max_length=8, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.contact}"
