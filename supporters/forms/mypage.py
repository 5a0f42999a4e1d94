"""What a supporter tells about the own time and skills, and what somebody answers to an offer."""

import datetime as dt
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.fiscal import span
from programme.models import Topic
from programme.models.kept import kept_rows
from programme.widgets import WEEK_BANDS, DateField, TimeField, WeekTimesField, WholeNumberField
from supporters.fields import DistrictMap, SkillsField
from supporters.models import Absence, Supporter, TravelBy
from supporters.services import WeekTime

WEEKDAYS, WEEKEND = range(5), range(5, 7)
MORNING, AFTERNOON, EVENING = ((start, end) for _name, start, end in WEEK_BANDS)
# One tap for many cells: (name, days, (first minute, end minute) of each band).
PRESETS = {
    "weekday_mornings": (_("平日の午前なら、だいたい"), WEEKDAYS, (MORNING,)),
    "weekday_afternoons": (_("平日の午後なら、だいたい"), WEEKDAYS, (AFTERNOON,)),
    "weekday_evenings": (_("平日の夜なら、だいたい"), WEEKDAYS, (EVENING,)),
    "weekends": (_("土曜と日曜なら、だいたい"), WEEKEND, (MORNING, AFTERNOON, EVENING)),
}


class FreeTimesForm(forms.Form):
    """A usual week. What is chosen by a preset is added to what is ticked in the table."""

    presets = forms.MultipleChoiceField(
        label=_("まとめて選ぶ"),
        help_text=_("あてはまるものを押してください。下の表を一つずつ押さなくてもかまいません。"),
        choices=[(code, name) for code, (name, _days, _bands) in PRESETS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
    )
    week = WeekTimesField(
        label=_("曜日と時間で選ぶ"),
        help_text=_("活動できる曜日と時間を押してください。だいたいでかまいません。あとで変えられます。"),
        required=False,
    )

    def free_times(self) -> list[WeekTime]:
        """The presets' and the table's times together: as if every cell of a preset were ticked in the table."""
        times = list(self.cleaned_data["week"])
        for code in self.cleaned_data["presets"]:
            _name, days, bands = PRESETS[code]
            times += [(day, start, end) for day in days for start, end in bands]
        week: Any = self.fields["week"]
        return cast(list[WeekTime], week.clean(week.prepare_value(times)))

    @staticmethod
    def times_of(supporter: Supporter) -> list[WeekTime]:
        """The usual week as the form's ``initial`` takes it."""
        return [(window.weekday, _minute(window.starts), _minute(window.ends)) for window in supporter.windows.all()]


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def offer_topics(form: forms.Form, *, beside: set[str] | None = None) -> None:
    """Fill the form's ``skills`` with the topics in use, and those ``beside`` that somebody has already."""
    topics = kept_rows(Topic.objects.all())
    skills: Any = form.fields["skills"]
    skills.offer([one for one in topics if (one.active and one.in_scope) or one.pk in (beside or ())])


def skills_field() -> SkillsField:
    return SkillsField(
        label=_("教えられること"),
        help_text=_(
            "あてはまるものを押すと、どこまでかを選べます。LINEでいうと、「基本」はメッセージを読む・送る、"
            "「活用」は写真やグループを使う、「高度」は機種変更の引き継ぎまで、です。"
        ),
        required=False,
    )


class SkillsForm(forms.Form):
    skills = skills_field()

    def __init__(self, data: Any, *, supporter: Supporter) -> None:
        known = {skill.topic_id: skill.level for skill in supporter.skills.all()}
        super().__init__(data, initial={"skills": known})
        offer_topics(self, beside=set(known))


FARTHEST_AHEAD = 2 * 366  # days; beyond them somebody mistyped the year


class AbsenceForm(forms.Form):
    """Days on which somebody cannot come after all, or a part of them."""

    first = DateField(label=_("いつから"), required=False, help_text=_("書かないと、今日からです。"))
    since = TimeField(
        label=_("何時から"), first=dt.time(7), last=dt.time(22), required=False, help_text=_("選ばないと、朝からです。")
    )
    last = DateField(label=_("いつまで"), required=False, help_text=_("1日だけのときは、書かなくてかまいません。"))
    until = TimeField(
        label=_("何時まで"), first=dt.time(7), last=dt.time(22), required=False, help_text=_("選ばないと、夜までです。")
    )
    reason = forms.CharField(
        label=_("理由"), required=False, max_length=100, help_text=_("書かなくてもかまいません。事務局だけが見ます。")
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        if not cleaned["first"] and not cleaned["last"]:
            self.add_error("first", _("「いつから」か「いつまで」の日付を入力してください。"))
            return cleaned
        first = cleaned["first"] = cleaned["first"] or timezone.localdate()
        last = cleaned["last"] = cleaned["last"] or first
        if last < first:
            self.add_error("last", _("「いつから」より後の日付を入力してください。"))
        elif last < timezone.localdate():
            self.add_error("first", _("今日より後の日付を入力してください。"))
        elif (first - timezone.localdate()).days > FARTHEST_AHEAD:
            self.add_error("first", _("「いつから」の年をご確認ください。2年より先の日は入れられません。"))
        elif first == last and cleaned["since"] and cleaned["until"] and cleaned["until"] <= cleaned["since"]:
            self.add_error("until", _("「何時から」より後の時刻を選んでください。"))
        elif self._times(cleaned)[1] <= timezone.now():
            self.add_error("until", _("もう過ぎた時刻です。"))
        elif (last - first).days > 366:
            self.add_error("last", _("1年以内の日付を入力してください。長く休むときは「お休みする」を使ってください。"))
        return cleaned

    @staticmethod
    def _times(cleaned: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
        """Whole days, less what the times of the first and the last day leave free."""
        starts_at, ends_at = span(cleaned["first"], cleaned["last"])
        if cleaned["since"]:
            starts_at = timezone.make_aware(dt.datetime.combine(cleaned["first"], cleaned["since"]))
        if cleaned["until"]:
            ends_at = timezone.make_aware(dt.datetime.combine(cleaned["last"], cleaned["until"]))
        return starts_at, ends_at

    def save_for(self, supporter: Supporter) -> Absence:
        starts_at, ends_at = self._times(self.cleaned_data)
        return Absence.objects.create(
            supporter=supporter, starts_at=starts_at, ends_at=ends_at, reason=self.cleaned_data["reason"]
        )


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    """How often, and how far."""

    week_limit = WholeNumberField(label=_("1週間に何回まで"), min_value=1, max_value=7)
    month_limit = WholeNumberField(label=_("1か月に何回まで"), min_value=1, max_value=31)
    travel_limit = WholeNumberField(
        label=_("移動は片道何分まで"), min_value=5, max_value=180, help_text=_("お住まいの地区から会場までの時間です。")
    )

    travel_by = forms.ChoiceField(
        label=_("会場へは、何で行きますか"), choices=[("", _("決めていません")), *TravelBy.choices], required=False
    )

    class Meta:
        model = Supporter
        fields = ["week_limit", "month_limit", "travel_limit", "travel_by", "areas"]
        labels = {"areas": _("活動できる地区")}
        help_texts = {"areas": _("一つも選ばないと、どの地区でもよいことになります。")}
        widgets = {"areas": DistrictMap}


class ReasonForm(forms.Form):
    """What may go with a no, with "I can't come" and with leaving."""

    reason = forms.CharField(
        label=_("理由"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("書かなくてもかまいません。事務局だけが見ます。"),
    )
