"""What coordinators type about supporters."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact, Mailing
from programme.choices import FactChoice
from programme.models import Course, District, Topic
from programme.widgets import DateField, MailField
from supporters.fields import PhoneField
from supporters.forms.guardians import OwnAddresses
from supporters.models import Shift, Skill, Supporter, WeeklyWindow
from supporters.models.people import WEEKDAYS, SupporterQuerySet
from supporters.services import Guardian

# Parts of a day, as hours: who is free for some time within.
PARTS_OF_DAY = {"morning": (9, 12), "afternoon": (12, 17), "evening": (17, 21)}


class AudienceForm(forms.Form):
    """Which supporters are meant: for a text, or in the list. Each answer that is left out leaves nobody out."""

    status = forms.ChoiceField(label=_("状態"), choices=[("", _("すべて")), *Supporter.Status.choices], required=False)
    district = FactChoice(
        label=_("お住まいの地区"), queryset=District.objects.all(), required=False, empty_label=_("すべて")
    )
    topic = FactChoice(label=_("教えられること"), queryset=Topic.objects.all(), required=False, empty_label=_("すべて"))
    level = forms.TypedChoiceField(
        label=_("教えられるレベル"),
        choices=[("", _("すべて")), (2, _("L2以上")), (3, "L3")],
        coerce=int,
        empty_value=None,
        required=False,
    )
    area = FactChoice(
        label=_("活動できる地区"), queryset=District.objects.all(), required=False, empty_label=_("すべて")
    )
    weekday = forms.TypedChoiceField(
        label=_("空いている曜日"), choices=[("", _("すべて")), *WEEKDAYS], coerce=int, empty_value=None, required=False
    )
    part = forms.ChoiceField(
        label=_("空いている時間"),
        choices=[("", _("すべて")), ("morning", _("午前")), ("afternoon", _("午後")), ("evening", _("夕方から夜"))],
        required=False,
    )

    def people(self) -> SupporterQuerySet:
        """Those who have left are never written to."""
        return self._chosen(Supporter.objects.exclude(status=Supporter.Status.WITHDRAWN).order_by("pk"))

    def _chosen(self, found: SupporterQuerySet) -> SupporterQuerySet:
        chosen = self.cleaned_data
        if chosen["status"]:
            found = found.filter(status=chosen["status"])
        if chosen["district"]:
            found = found.filter(home_district=chosen["district"])
        if chosen["topic"] or chosen["level"]:
            skills = Skill.objects.filter(supporter=OuterRef("pk"), level__gte=chosen["level"] or 1)
            found = found.filter(Exists(skills.filter(topic=chosen["topic"]) if chosen["topic"] else skills))
        if chosen["area"]:  # who has named none goes anywhere
            found = found.filter(Q(areas=None) | Q(areas=chosen["area"])).distinct()
        if chosen["weekday"] is not None or chosen["part"]:
            windows = WeeklyWindow.objects.filter(supporter=OuterRef("pk"))
            if chosen["weekday"] is not None:
                windows = windows.filter(weekday=chosen["weekday"])
            if chosen["part"]:
                first, end = (dt.time(hour) for hour in PARTS_OF_DAY[chosen["part"]])
                windows = windows.filter(starts__lt=end, ends__gt=first)
            found = found.filter(Exists(windows))
        return found.select_related("contact")

    def query(self) -> str:
        """The answers, to be kept with the text."""
        return self._query(self.cleaned_data)

    @staticmethod
    def _query(answers: Mapping[str, Any]) -> str:
        given = {name: getattr(value, "pk", value) for name, value in answers.items()}
        return urlencode({name: value for name, value in given.items() if value not in (None, "")})


class FilterForm(AudienceForm):
    """The same in the list, and by a part of the name; also those who have left."""

    q = forms.CharField(label=_("名前・ふりがな"), required=False, max_length=100)

    field_order = ["q"]

    def people(self) -> SupporterQuerySet:
        found = self._chosen(Supporter.objects.all())
        return found.found_by(self.cleaned_data["q"]) if self.cleaned_data["q"].strip() else found

    def query_without_name(self) -> str:
        """To be kept: a searched name would be somebody's."""
        return self._query({name: value for name, value in self.cleaned_data.items() if name != "q"})

    @classmethod
    def for_shift(cls, shift: Shift) -> str:
        """The query that finds who could serve on ``shift``: active, free then, near, and knowing its first topic."""
        starts_at = timezone.localtime(shift.starts_at)
        part = next((name for name, (_first, end) in PARTS_OF_DAY.items() if starts_at.hour < end), "evening")
        wanted = shift.topics.order_by("-level", "topic__position").first()
        level = wanted.level if wanted and wanted.level > 1 else None
        return urlencode(
            {
                "status": Supporter.Status.ACTIVE,
                "area": shift.venue.district_id,
                "weekday": starts_at.weekday(),
                "part": part,
                **({"topic": wanted.topic_id} if wanted else {}),
                **({"level": level} if level else {}),
            }
        )


class MailingForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    class Meta:
        model = Mailing
        fields = ["title", "body", "short", "title_en", "body_en", "short_en"]
        widgets = {
            "body": forms.Textarea(attrs={"rows": 8}),
            "short": forms.Textarea(attrs={"rows": 3}),
            "body_en": forms.Textarea(attrs={"rows": 8}),
            "short_en": forms.Textarea(attrs={"rows": 3}),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        english = [cleaned.get(name) for name in ("title_en", "body_en", "short_en")]
        if any(english) and not all(english[:2]):
            self.add_error("title_en", _("英語で送るときは、英語の件名と本文の両方を入力してください。"))
        return cleaned


class DraftForm(forms.Form):
    """The words of a mailing for one person."""

    title = forms.CharField(label=_("件名"), max_length=200)
    body = forms.CharField(label=_("本文"), max_length=8000, widget=forms.Textarea(attrs={"rows": 8}))
    short = forms.CharField(
        label=_("SMSの文"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("書かないと、SMSでは送りません。"),
    )


class FlagsForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    class Meta:
        model = Supporter
        fields = ["is_lead", "may_be_paid", "is_promoter", "is_community"]


class JoiningForm(forms.Form):
    """How an open place of a shift is filled."""

    joining = forms.ChoiceField(
        label=_("空いた所の決め方"),
        choices=Shift.Joining.choices,
        widget=forms.RadioSelect,
        help_text=_("サポーターは、自分が行ける活動だけを見て、選んだり応募したりします。"),
    )


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    """Where somebody can be reached: by one of them at least."""

    email = MailField(
        label=_("メール"),
        autocomplete="off",
        required=False,
        help_text=_("お知らせの届け先です。サインインに使うアドレスは変わりません。"),
    )
    phone = PhoneField(label=_("電話"), required=False, autocomplete="off")
    mobile = PhoneField(label=_("携帯電話(電話とちがうとき)"), required=False, autocomplete="off")

    class Meta:
        model = Contact
        fields = ["email", "phone", "mobile"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(cleaned.values()) and not self.instance.line_id:
            self.add_error("email", _("メールアドレスか電話番号を入力してください。"))
        return cleaned


class TrainingForm(forms.Form):
    """Which course ``supporter`` has finished: what is required and not done yet comes first."""

    course = forms.ModelChoiceField(label=_("研修"), queryset=Course.objects.all(), empty_label=None)
    on = DateField(label=_("修了日"))

    def __init__(self, *args: Any, supporter: Supporter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        done = supporter.completions.filter(course=OuterRef("pk"))
        course = cast("forms.ModelChoiceField[Course]", self.fields["course"])
        course.queryset = Course.objects.order_by(Exists(done), "-required", "code")

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("今日までの日付を入力してください。"), code="future")
        return day


class GuardianForm(forms.Form):
    """Whom to ask for ``minor``, or whose signed sheet has come."""

    name = forms.CharField(label=_("保護者のお名前"), max_length=100)
    email = MailField(label=_("保護者のメールアドレス"), required=False, autocomplete="off")
    phone = PhoneField(label=_("保護者の電話番号"), required=False, autocomplete="off")

    def __init__(self, *args: Any, minor: Supporter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minor = minor

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        email, phone = cleaned.get("email", ""), cleaned.get("phone", "")
        if not self.errors and not email and not phone:
            self.add_error("email", _("メールアドレスか電話番号を入力してください。"))
        own = OwnAddresses.of(self.minor)
        if own.has_email(email):
            self.add_error(
                "email", _("本人のメールアドレスと同じです。保護者のアドレスか、電話番号を入力してください。")
            )
        if own.has_mobile(phone):
            self.add_error(
                "phone", _("本人の携帯電話の番号と同じです。保護者の番号か、メールアドレスを入力してください。")
            )
        return cleaned

    def guardian(self) -> Guardian:
        return Guardian(**self.cleaned_data)
