"""サポーターの申込み: one form, in the order in which people think of it."""

import datetime as dt
import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.choices import FactChoice, FactChoices
from programme.models import Category, District, User
from programme.widgets import DateField, PostcodeField, ThreePartDate
from supporters.fields import DistrictMap, PhoneField
from supporters.forms.guardians import OwnAddresses
from supporters.forms.mypage import FreeTimesForm, offer_topics, skills_field
from supporters.models import SpecialNeed, Supporter, TravelBy
from supporters.services import Application, Guardian

# Hiragana, katakana, the long sign, spaces and dots; Latin letters for names that are written so.
KANA = re.compile(r"[ぁ-ゖァ-ヺー・゛゜A-Za-z'’. \-]+")
YOUNGEST, OLDEST = 10, 120  # years; beyond them somebody mistyped the year


def check_kana(typed: str) -> None:
    """ValidationError when there is a sign in ``typed`` that is no reading."""
    if not KANA.fullmatch(unicodedata.normalize("NFKC", typed)):
        raise ValidationError(_("ふりがなは、ひらがなかカタカナで入力してください。"), code="kana")


class RegistrationForm(FreeTimesForm):
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
    phone = PhoneField(
        label=_("電話番号"),
        required=False,
        help_text=_("急ぎの連絡に使います。固定電話でもかまいません。例 027-224-1111"),
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
    travel_by = forms.ChoiceField(
        label=_("会場へは、何で行きますか"),
        choices=TravelBy.choices,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "columns"}),
    )
    areas = FactChoices(
        label=_("活動できる地区"),
        queryset=District.objects.filter(active=True),
        required=False,
        widget=DistrictMap,
        help_text=_("一つも選ばないと、どの地区でもよいことになります。"),
    )
    skills = skills_field()
    brings = forms.MultipleChoiceField(
        label=_("あてはまることがあれば選んでください"),
        choices=SpecialNeed.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
        help_text=_("「手話で話してほしい」などの希望があるときに、お願いすることがあります。"),
    )
    guardian_name = forms.CharField(
        label=_("保護者のお名前"),
        max_length=100,
        required=False,
    )
    guardian_email = forms.EmailField(
        label=_("保護者のメールアドレス"),
        max_length=254,
        required=False,
        help_text=_("同意のお願いを送ります。メールを使わない方は、電話番号を書いてください。"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    guardian_phone = PhoneField(label=_("保護者の電話番号"), required=False, autocomplete="off")

    GUARDIAN = ("guardian_name", "guardian_email", "guardian_phone")
    # As on the page: errors are listed in this order.
    field_order = ["name", "kana", "birth_date", *GUARDIAN, "category", "phone", "brings"]
    field_order += ["home_district", "postcode", "address", "travel_by", "areas", "skills", "presets", "week"]

    def __init__(self, *args: Any, account: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.account = account
        offer_topics(self)

    def clean_birth_date(self) -> dt.date:
        born: dt.date = self.cleaned_data["birth_date"]
        age = Supporter(birth_date=born).age_on(timezone.localdate())
        if not YOUNGEST <= age <= OLDEST:
            raise ValidationError(_("生まれた年をご確認ください。"), code="implausible")
        return born

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.is_minor(cleaned):
            self._clean_guardian(cleaned)
        return cleaned

    @staticmethod
    def is_minor(cleaned: dict[str, Any]) -> bool:
        return "birth_date" in cleaned and Supporter(birth_date=cleaned["birth_date"]).needs_consent()

    def _clean_guardian(self, cleaned: dict[str, Any]) -> None:
        email, phone = cleaned.get("guardian_email"), cleaned.get("guardian_phone")
        if not cleaned.get("guardian_name"):
            self.add_error("guardian_name", _("18歳未満の方は、保護者のお名前を入力してください。"))
        if not email and not phone and not (self.errors.keys() & {"guardian_email", "guardian_phone"}):
            self.add_error("guardian_email", _("18歳未満の方は、保護者のメールアドレスか電話番号を入力してください。"))
        own = OwnAddresses.of_account(self.account, phones=[cleaned.get("phone") or ""])
        if own.has_email(email or ""):
            self.add_error(
                "guardian_email",
                _("ご自分のメールアドレスと同じです。保護者の方のアドレスか、電話番号を入力してください。"),
            )
        if own.has_mobile(phone or ""):
            self.add_error(
                "guardian_phone",
                _("ご自分の携帯電話の番号と同じです。保護者の方の番号か、メールアドレスを入力してください。"),
            )

    def application(self) -> Application:
        """The typed form as the service takes it."""
        cleaned = self.cleaned_data
        guardian = Guardian(*(cleaned[name] for name in self.GUARDIAN)) if self.is_minor(cleaned) else None
        return Application(
            name=cleaned["name"],
            kana=cleaned["kana"],
            birth_date=cleaned["birth_date"],
            category=cleaned["category"],
            home_district=cleaned["home_district"],
            phone=cleaned["phone"],
            postcode=cleaned["postcode"],
            address=cleaned["address"],
            travel_by=cleaned["travel_by"],
            areas=cleaned["areas"],
            skills=cleaned["skills"],
            free_times=self.free_times(),
            brings=cleaned["brings"],
            guardian=guardian,
        )
