"""Signing in by allauth: our forms (settings.ACCOUNT_FORMS), mails and SMS, and who is whose account.

docs/adr/0033 says why there are four ways in and no password.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.signals import social_account_added
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications import links, outbox
from notifications.phones import e164, takes_sms
from programme import furigana
from programme.models import Programme, User
from programme.text import ascii_number
from programme.tries import Tries
from programme.widgets import MailField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TOO_MANY_CODES = _("コードを何度もお送りしました。5分ほど待ってから、もう一度お試しください。")
TOO_MANY_GUESSES = _("コードが何度も違いました。もう一度、コードを送ってください。")
TOO_MANY_SMS = _(
    "1日に送れるSMSのコードの数を超えました。明日もう一度お試しください。お急ぎのときは、メールアドレスを使うか、事務局にお電話ください。"
)
A_DAY = 24 * 60 * 60
log = logging.getLogger(__name__)


def in_easy(text: str) -> str:
    """``text`` with readings where the language in use is やさしい日本語."""
    return furigana.in_text(text) if get_language() == furigana.EASY else text


def _ceilings(number: str) -> list[tuple[Tries, HttpRequest | str]]:
    """What is counted of a code by SMS, and whose: each costs money, and anybody may ask for one to any number."""
    return [
        (Tries("code-to-number", settings.SMS_CODES_PER_NUMBER, A_DAY), number),
        (Tries("code-asked-from", settings.SMS_CODES_PER_CLIENT, A_DAY), context.request),
        (Tries("codes", settings.SMS_CODES_A_DAY, A_DAY), "all"),
    ]


def may_send_code(number: str) -> bool:
    """Whether one more code may go to ``number`` today, at the word of whoever asks."""
    over = [tries.name for tries, of in _ceilings(number) if tries.are_over(of)]
    if over:
        log.warning("no code by SMS: the ceiling of a day is reached (%s)", ", ".join(over))
    return not over


class CodeField(forms.CharField):
    """The code as people type or paste it: full-width digits and blanks do no harm."""

    def __init__(self) -> None:
        super().__init__(
            label=_("コード"),
            help_text=_("メールかSMSに書いてある数字です。"),
            widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "class": "short"}),
        )

    def to_python(self, value: Any) -> str:
        return ascii_number(super().to_python(value) or "")


class NumberField(forms.CharField):
    """A mobile number in any typed form; gives E.164."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            label=_("携帯電話の番号"),
            help_text=_("例 090-1234-5678。SMS(ショートメッセージ)でコードが届きます。"),
            required=required,
            max_length=40,
            widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        )

    def clean(self, value: Any) -> str:
        number = e164(super().clean(value))
        if number and not takes_sms(number):
            raise ValidationError(_("SMSが届く携帯電話の番号を入力してください。例 090-1234-5678"), code="mobile")
        if number and not may_send_code(number):
            raise ValidationError(TOO_MANY_SMS, code="too_many")
        return number


class MailOrNumber(forms.Form):
    """An address or a mobile number: one of them. Without SMS, an address."""

    def ask_for_one(self) -> None:
        self.fields["email"] = MailField(label=_("メールアドレス"), required=not settings.SIGN_IN_BY_SMS)
        if settings.SIGN_IN_BY_SMS:
            self.fields["phone"] = NumberField(required=False)
            both: list[Any] = [self.fields["email"], self.fields["phone"]]
            for field in both:
                field.is_one_of_several = True
        else:
            self.fields.pop("phone", None)

    def clean(self) -> dict[str, Any]:
        if self.data.get("email") and self.data.get("phone"):
            self.add_error("phone", _("メールアドレスか携帯電話の番号の、どちらか一つを入力してください。"))
            return self.cleaned_data
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error("email", _("メールアドレスか、携帯電話の番号を入力してください。"))
        return cleaned


class AskForCodeForm(MailOrNumber, allauth_forms.RequestLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ask_for_one()


class SignupForm(MailOrNumber, allauth_forms.SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ask_for_one()


class LoginCodeForm(allauth_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    code = CodeField()


class AddressCodeForm(allauth_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    code = CodeField()


class NumberCodeForm(allauth_forms.VerifyPhoneForm):  # type: ignore[misc]
    code = CodeField()


class AddressForm(allauth_forms.AddEmailForm):  # type: ignore[misc]
    """The mail address of somebody who is signed in."""

    email = MailField(label=_("新しいメールアドレス"))


class OtherAddressForm(allauth_forms.ChangeEmailForm):  # type: ignore[misc]
    """The mail address of somebody who mistyped it at signing up."""

    email = MailField(label=_("新しいメールアドレス"))


class NumberForm(allauth_forms.ChangePhoneForm):  # type: ignore[misc]
    """The mobile number of somebody who is signed in."""


class EmailStage(EmailVerificationStage):  # type: ignore[misc]
    """Who has no mail address has proved the mobile number in the stage before."""

    def handle(self) -> Any:
        if self.login.user and not self.login.user.email:
            return None, True
        return super().handle()


def back_to_sign_up(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Leads whoever could not prove the new address or number back to signing up; allauth leads to signing in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        gave_up = request.method == "POST" and not request.user.is_authenticated
        if gave_up and response.headers.get("Location") == reverse("account_login"):
            return redirect("account_signup")
        return response

    return guarded


def proved_addresses(user: Any) -> dict[str, str]:
    """Where a code reaches the person: "mail" and "sms", as far as they are there."""
    found = {"mail": user.email or "", "sms": user.mobile if user.mobile_proved_at and settings.SIGN_IN_BY_SMS else ""}
    return {way: address for way, address in found.items() if address}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Mails and SMS of signing in, in the language of the page that asked for them; the session that begins then."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": TOO_MANY_GUESSES,
        "rate_limited": TOO_MANY_CODES,
        "phone_taken": _("この番号は、ほかの人の登録に使われています。"),
    }

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        # Where a code is asked for, allauth says of the codes that were sent what it says elsewhere of wrong ones.
        error: ValidationError = super().validation_error(
            "rate_limited" if code == "too_many_login_attempts" else code, *args
        )
        return error

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        # Who had begun a form before signing in had a session for that form's time.
        request.session.set_expiry(None)

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        mail: EmailMessage = super().render_mail(*args, **kwargs)
        mail.subject, mail.body = in_easy(str(mail.subject)), in_easy(str(mail.body))
        return mail

    def get_login_stages(self) -> list[str]:
        stages = {"allauth.account.stages.EmailVerificationStage": "mdeji.accounts.EmailStage"}
        return [stages.get(stage, stage) for stage in super().get_login_stages()]

    # --- The mobile number -----------------------------------------------------------------------------
    def phone_form_field(self, **options: Any) -> NumberField:
        return NumberField(required=options.get("required", True))

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        # A number beside a mail address is proved where it is entered, not whenever somebody signs in.
        if not user.mobile or (user.email and not user.mobile_proved_at):
            return None
        return user.mobile, user.mobile_proved_at is not None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:  # noqa: FBT001  (allauth's signature)
        user.mobile, user.mobile_proved_at = phone, timezone.now() if verified else None
        user.save(update_fields=["mobile", "mobile_proved_at"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        before = proved_addresses(user)
        self.set_phone(user, phone, verified=True)
        if before.get("sms") != phone:
            self.tell_of_change(before, _("ログインに使う携帯電話の番号が登録されました。"))

    def get_user_by_phone(self, phone: str) -> User | None:
        return User.objects.filter(mobile=phone, is_active=True).first()

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        self._count_code(phone)
        # The last line lets the telephone offer the code for this site alone (WebOTP).
        host = urlsplit(settings.SITE_URL).hostname
        self._send_sms(phone, "sign_in_code", {"code": code, "host": host})

    def _count_code(self, phone: str) -> None:
        if not may_send_code(phone):  # sent again from the page of the code: the form was not asked
            messages.error(context.request, TOO_MANY_SMS)
            page = "ways_in" if context.request.user.is_authenticated else "account_request_login_code"
            raise ImmediateHttpResponse(redirect(page))
        for tries, of in _ceilings(phone):
            tries.count(of)

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        self._send_sms_once_a_day(phone, "sign_in_unknown", "account_signup")

    def send_account_already_exists_sms(self, phone: str) -> None:
        self._send_sms_once_a_day(phone, "sign_in_known", "account_request_login_code")

    def tell_of_change(self, told: Mapping[str, str], what: "StrOrPromise") -> None:
        """Say at the addresses that were there before (as ``proved_addresses`` has them) which way in is new."""
        words = {"what": what, "url": links.absolute(reverse("ways_in"))}
        if "mail" in told:
            self.send_mail("account/email/way_in_changed", told["mail"], words)
        if "sms" in told:
            self._send_sms(told["sms"], "way_in_changed", words)

    def _send_sms_once_a_day(self, phone: str, kind: str, page: str) -> None:
        self._count_code(phone)
        today = str(timezone.localdate())
        self._send_sms(phone, kind, {"url": links.absolute(reverse(page))}, occasion=today)

    def _send_sms(self, phone: str, kind: str, words: dict[str, Any], occasion: str = "") -> None:
        words["programme"] = Programme.objects.first()
        outbox.send_code(phone, kind=kind, template=f"account/sms/{kind}.txt", context=words, occasion=occasion)


class Passkeys(DefaultMFAAdapter):  # type: ignore[misc]
    """Passkeys are one more way in: nobody is asked for one after a code."""

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        return False

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002  (allauth's signature)
        return device_name(context.request.headers.get("User-Agent", ""))


class DigitalID(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Accounts of another place, such as the city's digital ID."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """Whose account it is by an address that was proved there and here. One that somebody only typed opens none."""
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        if found and EmailAddress.objects.filter(user=found[0], email__iexact=found[1], verified=True).exists():
            return found
        return None

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = (data.get("name") or "")[:100]
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("ways_in")


@receiver(email_changed)
def _tell_of_address(user: User, from_email_address: EmailAddress | None, **_kwargs: Any) -> None:
    told = proved_addresses(user)
    del told["mail"]  # which is the new one by now
    if from_email_address and from_email_address.verified:
        told["mail"] = from_email_address.email
    get_adapter().tell_of_change(told, _("ログインに使うメールアドレスが変わりました。"))


@receiver(social_account_added)
def _tell_of_digital_id(sociallogin: Any, **_kwargs: Any) -> None:
    what = _("%(name)sでログインできるようになりました。") % {"name": settings.OIDC_NAME}
    get_adapter().tell_of_change(proved_addresses(sociallogin.user), what)


# What a browser says of itself contains the first of these; the more special ones come first.
DEVICES = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
BROWSERS = ("Edg", "SamsungBrowser", "CriOS", "Firefox", "FxiOS", "Chrome", "Safari")
SPOKEN = {"Macintosh": "Mac", "CrOS": "Chromebook", "Edg": "Edge", "CriOS": "Chrome", "FxiOS": "Firefox"}
SPOKEN["SamsungBrowser"] = "Samsung"


def device_name(user_agent: str) -> str:
    """A device as its owner knows it: "iPhone Safari"."""
    said = [next((name for name in names if name in user_agent), "") for names in (DEVICES, BROWSERS)]
    return " ".join(SPOKEN.get(name, name) for name in said if name) or str(_("ほかの端末"))
