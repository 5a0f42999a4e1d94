"""Signing in: the forms in which the code from a mail is typed (settings.ACCOUNT_FORMS)."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from programme.text import ascii_number


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
