"""Signing in by allauth: our forms (settings.ACCOUNT_FORMS), mails and SMS, and who is whose account.

docs/adr/0033 says why there are four ways in and no password.
"""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from notifications import links, outbox
from notifications.phones import e164, takes_sms
from programme import furigana
from programme.models import Programme, User
from programme.text import ascii_number

TOO_MANY_CODES = _("コードを何度もお送りしました。5分ほど待ってから、もう一度お試しください。")


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
        return number


class MailOrNumber(forms.Form):
    """An address or a mobile number: one of them. Without SMS, an address."""

    def ask_for_one(self) -> None:
        email: Any = self.fields["email"]
        email.label = _("メールアドレス")
        if settings.SIGN_IN_BY_SMS:
            email.required = False
            self.fields["phone"] = NumberField(required=False)
        else:
            email.required = True
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


class NumberForm(allauth_forms.ChangePhoneForm):  # type: ignore[misc]
    """The mobile number of somebody who is signed in."""


class EmailStage(EmailVerificationStage):  # type: ignore[misc]
    """Who has no mail address has proved the mobile number in the stage before."""

    def handle(self) -> Any:
        if self.login.user and not self.login.user.email:
            return None, True
        return super().handle()


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Mails and SMS of signing in, in the language of the page that asked for them; the session that begins then."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        # Nobody failed: it is the codes that are counted.
        "too_many_login_attempts": TOO_MANY_CODES,
        "rate_limited": TOO_MANY_CODES,
        "phone_taken": _("この番号は、ほかの人の登録に使われています。"),
    }

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        # Who had begun a form before signing in had a session for that form's time.
        request.session.set_expiry(None)

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        mail: EmailMessage = super().render_mail(*args, **kwargs)
        if get_language() == furigana.EASY:
            mail.subject, mail.body = furigana.in_text(str(mail.subject)), furigana.in_text(str(mail.body))
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
        self.set_phone(user, phone, verified=True)

    def get_user_by_phone(self, phone: str) -> User | None:
        return User.objects.filter(mobile=phone, is_active=True).first()

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        # The last line lets the telephone offer the code for this site alone (WebOTP).
        host = urlsplit(settings.SITE_URL).hostname
        self._send_sms(phone, "sign_in_code", {"code": code, "host": host})

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        self._send_sms_once_a_day(phone, "sign_in_unknown", "account_signup")

    def send_account_already_exists_sms(self, phone: str) -> None:
        self._send_sms_once_a_day(phone, "sign_in_known", "account_request_login_code")

    def _send_sms_once_a_day(self, phone: str, kind: str, page: str) -> None:
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


# What a browser says of itself contains the first of these; the more special ones come first.
DEVICES = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "CrOS", "Linux")
BROWSERS = ("Edg", "SamsungBrowser", "CriOS", "Firefox", "FxiOS", "Chrome", "Safari")
SPOKEN = {"Macintosh": "Mac", "CrOS": "Chromebook", "Edg": "Edge", "CriOS": "Chrome", "FxiOS": "Firefox"}
SPOKEN["SamsungBrowser"] = "Samsung"


def device_name(user_agent: str) -> str:
    """A device as its owner knows it: "iPhone Safari"."""
    said = [next((name for name in names if name in user_agent), "") for names in (DEVICES, BROWSERS)]
    return " ".join(SPOKEN.get(name, name) for name in said if name) or str(_("ほかの端末"))
