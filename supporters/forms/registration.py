"""サポーターの申込み: one form, in the order in which people think of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.choices import FactChoices
from programme.models import District, User
from programme.widgets import MailField
from supporters.fields import DistrictMap, PhoneField
from supporters.forms.facts import CheckedFacts, OwnFacts
from supporters.forms.guardians import OwnAddresses
from supporters.forms.mypage import FreeTimesForm, offer_topics, skills_field
from supporters.models import Supporter, TravelBy
from supporters.services import Application, Guardian


class RegistrationForm(FreeTimesForm, OwnFacts, CheckedFacts):
    phone = PhoneField(
        label=_("電話番号"),
        required=False,
        help_text=_("急ぎの連絡に使います。固定電話でもかまいません。例 027-224-1111"),
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
    guardian_name = forms.CharField(
        label=_("保護者のお名前"),
        max_length=100,
        required=False,
    )
    guardian_email = MailField(
        label=_("保護者のメールアドレス"),
        required=False,
        help_text=_("同意のお願いを送ります。メールを使わない方は、電話番号を書いてください。"),
        autocomplete="off",
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
