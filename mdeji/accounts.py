"""Signing in: the forms in which the code from a mail is typed (settings.ACCOUNT_FORMS), and its mails."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from programme import furigana
from programme.text import ascii_number

TOO_MANY_CODES = _("コードを何度もお送りしました。5分ほど待ってから、もう一度お試しください。")


class CodeField(forms.CharField):
    """The code as people type or paste it: full-width digits and blanks do no harm."""

    def __init__(self) -> None:
        super().__init__(
            label=_("コード"),
            help_text=_("メールに書いてある数字です。"),
            widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "class": "short"}),
        )

    def to_python(self, value: Any) -> str:
        return ascii_number(super().to_python(value) or "")


class LoginCodeForm(allauth_forms.ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    code = CodeField()


class AddressCodeForm(allauth_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    code = CodeField()


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The mails of signing in, in the language of the page that asked for them; the session that begins then."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        # Nobody failed: it is the codes that are counted.
        "too_many_login_attempts": TOO_MANY_CODES,
        "rate_limited": TOO_MANY_CODES,
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
