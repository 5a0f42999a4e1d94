"""Who somebody is and where they live: as they apply, as they put it right themselves, as the office does."""

import datetime as dt
import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.choices import FactChoice
from programme.models import Category, District
from programme.postcode import place_of
from programme.widgets import DateField, PostcodeField, ThreePartDate
from supporters.models import SpecialNeed, Supporter

# Hiragana, katakana, the long sign, spaces and dots; Latin letters for names that are written so.
KANA = re.compile(r"[ぁ-ゖァ-ヺー・゛゜A-Za-z'’. \-]+")
YOUNGEST, OLDEST = 10, 120  # years; beyond them somebody mistyped the year


def check_kana(typed: str) -> None:
    """ValidationError when there is a sign in ``typed`` that is no reading."""
    if not KANA.fullmatch(unicodedata.normalize("NFKC", typed)):
        raise ValidationError(_("ふりがなは、ひらがなかカタカナで入力してください。"), code="kana")


class OwnFacts(forms.Form):
    """What the person's own word settles."""

    name = forms.CharField(
        label=_("お名前"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("お名前を入力してください。")},
    )
    kana = forms.CharField(
        label=_("ふりがな"),
        max_length=100,
        validators=[check_kana],
        error_messages={"required": _("ふりがなを入力してください。")},
    )
    home_district = FactChoice(
        label=_("お住まいの地区"),
        queryset=District.objects.filter(active=True),
        empty_label=_("選んでください"),
        error_messages={"required": _("お住まいの地区を選んでください。")},
        help_text=_("市の外にお住まいの方は、いちばん近い地区を選んでください。"),
    )
    postcode = PostcodeField(label=_("郵便番号"), help_text=_("住所を空けて「次へ」を押すと、町の名前まで入ります。"))
    address = forms.CharField(
        label=_("住所"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    brings = forms.MultipleChoiceField(
        label=_("あてはまることがあれば選んでください"),
        choices=SpecialNeed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
        help_text=_("「手話で話してほしい」などの希望があるときに、お願いすることがあります。"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        postcode = cleaned.get("postcode")
        if postcode and not cleaned.get("address") and not place_of(postcode):
            self.add_error(
                "postcode", _("この郵便番号の町が見つかりません。番号をご確認いただくか、住所を入力してください。")
            )
        return cleaned


class CheckedFacts(forms.Form):
    """What the programme checks: consents and what is paid hang on it."""

    birth_date = DateField(
        label=_("生年月日"),
        help_text=_("例 1958年 4月 1日。昭和33年のようにも書けます。"),
        widget=ThreePartDate(birthday=True),
    )
    category = FactChoice(
        label=_("あてはまるもの"),
        queryset=Category.objects.filter(active=True),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("あてはまるものを一つ選んでください。")},
    )

    def clean_birth_date(self) -> dt.date:
        born: dt.date = self.cleaned_data["birth_date"]
        age = Supporter(birth_date=born).age_on(timezone.localdate())
        if not YOUNGEST <= age <= OLDEST:
            raise ValidationError(_("生まれた年をご確認ください。"), code="implausible")
        return born


class OwnFactsForm(OwnFacts):
    """The person's own, on マイページ. An entry of a code list that is in use no more stays theirs."""

    def __init__(self, data: Any = None, *, supporter: Supporter, prefix: str | None = None) -> None:
        known = {name: getattr(supporter, name) for name in self.base_fields if hasattr(supporter, name)}
        super().__init__(data, initial=known, prefix=prefix)
        for name in ("home_district", "category"):
            if field := self.fields.get(name):
                own = Q(active=True) | Q(pk=getattr(supporter, f"{name}_id"))
                field.queryset = field.queryset.model.objects.filter(own)  # type: ignore[attr-defined]
        self.fields["postcode"].help_text = _("住所を空けて保存すると、町の名前まで入ります。")


class PersonFactsForm(OwnFactsForm, CheckedFacts):
    """All of it, by the office's hand."""

    reason = forms.CharField(
        label=_("直す理由"),
        max_length=100,
        help_text=_("例 本人の電話で。運転免許証で確認"),
        error_messages={"required": _("直す理由を入力してください。")},
    )

    field_order = ["name", "kana", "birth_date", "category", "home_district", "postcode", "address", "brings", "reason"]

    def __init__(self, data: Any = None, *, supporter: Supporter, prefix: str | None = None) -> None:
        super().__init__(data, supporter=supporter, prefix=prefix)
        self.fields["postcode"].help_text = ""
        for name in ("name", "postcode", "address", "birth_date"):  # the coordinator's own are none of it
            for widget in getattr(self.fields[name].widget, "widgets", [self.fields[name].widget]):
                widget.attrs["autocomplete"] = "off"
