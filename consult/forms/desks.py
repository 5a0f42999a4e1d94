"""The coordinator's forms: a desk, its dates, other activities."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.models import Activity, Desk
from consult.models.desks import new_code
from consult.opening_days import WEEKS, OpeningDays
from programme.choices import FactChoice, FactChoices
from programme.models import District, Role, Room, Topic, User, Venue
from programme.widgets import WEEKDAYS, DateField, TimeField, WholeNumberField

if TYPE_CHECKING:  # these take their model in brackets for the reader of types only
    DeskModelForm = forms.ModelForm[Desk]
else:
    DeskModelForm = forms.ModelForm

# A period for which dates are made at once: no longer than a year and a day.
PERIOD_AT_MOST = dt.timedelta(days=366)


class DistrictField(FactChoice):
    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=District.objects.filter(active=True), **options)


class DeskForm(DeskModelForm):
    """A desk, its days in plain words. A rule that has none may be kept as it is."""

    WEEKLY, MONTHLY, AS_IT_IS = "weekly", "monthly", "as_it_is"

    # Made with the page of a new desk, so that a double tap makes it once.
    code = forms.RegexField(r"^desk-[0-9a-f]{8}$", required=False, widget=forms.HiddenInput, initial=new_code)
    name = forms.CharField(label=_("名称"), max_length=100, help_text=_("例 よろず相談所 上川淵"))
    venue = forms.ModelChoiceField(label=_("会場"), queryset=Venue.objects.none(), empty_label=_("選んでください"))
    repeat = forms.ChoiceField(
        label=_("開く日のくり返し"),
        choices=[(WEEKLY, _("毎週")), (MONTHLY, _("毎月 第何週か"))],
        widget=forms.RadioSelect,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("曜日"),
        required=False,
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "taps"}),
    )
    weeks = forms.TypedMultipleChoiceField(
        label=_("第何週"),
        required=False,
        coerce=int,
        choices=list(WEEKS),
        help_text=_("「毎月 第何週か」を選んだときに選びます。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "taps"}),
    )
    opens = TimeField(label=_("開始"), first=dt.time(8), last=dt.time(21), step=15)
    closes = TimeField(label=_("終了"), first=dt.time(8), last=dt.time(22), step=15)
    seats = WholeNumberField(label=_("担当の人数"), min_value=1, max_value=20, initial=2)
    room = forms.ModelChoiceField(
        label=_("部屋"),
        queryset=Room.objects.select_related("venue"),
        required=False,
        empty_label=_("決めない"),
        help_text=_("部屋を決めると、同じ時間にほかの活動が入りません。"),
    )
    slot_minutes = WholeNumberField(
        label=_("予約1回の時間(分)"), required=False, min_value=5, max_value=120, initial=20
    )
    slot_places = WholeNumberField(
        label=_("同じ時間に予約できる人数"),
        required=False,
        min_value=1,
        max_value=20,
        initial=1,
        help_text=_("予約のない方も来ます。担当の人数より少なくすると、お待たせしません。"),
    )
    emails = forms.CharField(
        label=_("端末のメールアドレス"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("会場のタブレットなどでログインするメールアドレス。1行に1つ。"),
    )

    class Meta:
        model = Desk
        fields = ["name", "venue", "opens", "closes", "seats", "needs_lead", "topics", "room"]
        fields += ["reservable", "slot_minutes", "slot_places", "active"]
        field_classes = {"topics": FactChoices}
        widgets = {"topics": forms.CheckboxSelectMultiple(attrs={"class": "taps"})}
        help_texts = {
            "topics": _("担当のだれかが知っていてほしい内容。選ばなくてもかまいません。"),
            "reservable": _("予約なしの方も、今までどおり来られます。"),
            "active": _("やめるときは外します。記録は残ります。"),
        }

    field_order = ["name", "venue", "repeat", "weekdays", "weeks", "opens", "closes", "seats", "needs_lead"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        halls = Venue.objects.filter(kind=Venue.Kind.HALL, active=True) | Venue.objects.filter(
            pk=self.instance.venue_id
        )
        self.fields["venue"].queryset = halls.select_related("district")  # type: ignore[attr-defined]
        self.fields["topics"].queryset = Topic.objects.filter(active=True)  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields["code"]
            self._fill_in()

    def _fill_in(self) -> None:
        """What the row says in other words than the form."""
        self.initial["emails"] = "\n".join(sorted(user.email for user in self.instance.accounts.all() if user.email))
        days = OpeningDays.read(self.instance.rule)
        if days:
            self.initial.update(weekdays=days.weekdays, weeks=days.weeks)
            self.initial["repeat"] = self.MONTHLY if days.weeks else self.WEEKLY
        else:
            repeat = self.fields["repeat"]
            repeat.choices += [(self.AS_IT_IS, _("今の規則のまま(%(rule)s)") % {"rule": self.instance.rule})]  # type: ignore[attr-defined]
            self.initial["repeat"] = self.AS_IT_IS

    def clean_emails(self) -> list[str]:
        emails = [line.strip().lower() for line in self.cleaned_data["emails"].split() if line.strip()]
        for email in emails:
            try:
                User._meta.get_field("email").run_validators(email)
            except ValidationError as error:
                raise ValidationError(
                    _("メールアドレスの形をご確認ください: %(email)s"), params={"email": email}
                ) from error
        used = User.objects.filter(Q(email__in=emails) | Q(emailaddress__email__in=emails))
        other = used.exclude(role=Role.DESK).order_by("email").first()
        if other:
            raise ValidationError(_("%(email)s は、ほかの役割で使われています。"), params={"email": other.email})
        return emails

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        # Left empty, the number that stands.
        for name in ("slot_minutes", "slot_places"):
            if name not in self.errors:
                data[name] = data.get(name) or getattr(self.instance, name)
        room, venue = data.get("room"), data.get("venue")
        if room and venue and room.venue_id != venue.pk:
            self.add_error("room", _("この部屋は、選んだ会場の部屋ではありません。"))
        opens, closes, repeat = data.get("opens"), data.get("closes"), data.get("repeat")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("終了は、開始より後の時刻にしてください。"))
        if repeat in (self.WEEKLY, self.MONTHLY) and not data.get("weekdays"):
            self.add_error("weekdays", _("曜日を1つ以上選んでください。"))
        if repeat == self.MONTHLY and not data.get("weeks"):
            self.add_error("weeks", _("第何週かを1つ以上選んでください。"))
        return data

    def _post_clean(self) -> None:
        """The database's own sentence about the hours would stand at no field; ours stands at the closing time."""
        if not self.errors:
            if self.cleaned_data["repeat"] != self.AS_IT_IS:
                weeks = self.cleaned_data["weeks"] if self.cleaned_data["repeat"] == self.MONTHLY else []
                self.instance.rule = OpeningDays(
                    tuple(sorted(self.cleaned_data["weekdays"])), tuple(week for week, _name in WEEKS if week in weeks)
                ).rrule
            self.instance.code = self.cleaned_data.get("code") or self.instance.code
            super()._post_clean()  # type: ignore[misc]  # django-stubs leaves it out

    def save(self, commit: bool = True) -> Desk:  # noqa: FBT001, FBT002  (Django's own signature)
        """The desk with its topics and accounts; for a page sent twice, the one that the first made."""
        try:
            with transaction.atomic():
                desk = super().save(commit=commit)
                desk.let_in(self.cleaned_data["emails"])
                return desk
        except IntegrityError:
            first = Desk.objects.filter(code=self.instance.code).exclude(pk=self.instance.pk).first()
            if first is None:
                raise
            return first


class PeriodForm(forms.Form):
    """From when to when dates are made."""

    first = DateField(label=_("いつから"))
    last = DateField(label=_("いつまで"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and first < timezone.localdate():
            self.add_error("first", _("今日からの日付を入力してください。"))
        if first and last and last < first:
            self.add_error("last", _("「いつから」より後の日付を入力してください。"))
        if first and last and last - first > PERIOD_AT_MOST:
            self.add_error("last", _("一度に作れるのは1年分までです。"))
        return data


class CallOffForm(forms.Form):
    reason = forms.CharField(
        label=_("中止の理由"),
        max_length=200,
        help_text=_("担当のサポーターへのお知らせに書かれます。"),
        error_messages={"required": _("中止の理由を入力してください。")},
    )


class ActivityForm(forms.Form):
    kind = forms.ChoiceField(label=_("種類"), choices=Activity.Kind.choices, widget=forms.RadioSelect)
    date = DateField(label=_("実施日"))
    name = forms.CharField(label=_("自治会名・講座名"), max_length=100)
    district = DistrictField(label=_("地区"), empty_label=_("選んでください"))
    attendees = WholeNumberField(label=_("参加した人数"), min_value=1, max_value=9999)
