"""The report after a session."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.widgets import WholeNumberField
from programme.wording import say_list
from support_requests.fields import TopicTiles, topics_in_scope
from support_requests.models import Report, Session
from supporters.models import Assignment


class TeamTiles(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Members of a team to tap, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.supporter)

    def say(self, value: Any) -> str:
        return say_list(one.supporter for one in value)


class ReportForm(forms.Form):
    """What was, after a session. The team's members are ticked from the start: most come."""

    field_order = ["attendees", "topics", "present", "went", "follow_up", "note"]

    attendees = WholeNumberField(
        label=_("参加した人数"),
        min_value=0,
        max_value=999,
        help_text=_("サポーターは数えません。どなたも来なかったときは 0 と入力してください。"),
        error_messages={"required": _("参加した人数を入力してください。どなたも来なかったときは 0 です。")},
    )
    topics = TopicTiles(topics_in_scope(), label=_("学んだこと"), required=False)
    present = TeamTiles(
        Assignment.objects.none(),
        label=_("来たサポーター"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "columns"}),
        help_text=_("来られなかった人は、しるしを外してください。"),
    )
    note = forms.CharField(
        label=_("気づいたこと"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("参加した方のお名前や連絡先は書かないでください。"),
    )
    went = forms.ChoiceField(
        label=_("ようす"),
        choices=Report.Went.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("どちらかを選んでください。")},
    )
    follow_up = forms.BooleanField(label=_("続きの回があるとよい"), required=False)

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = cast(TeamTiles, self.fields["present"])
        present.queryset = session.shift.assignments.held().select_related("supporter")
        present.initial = [assignment.pk for assignment in present.queryset]
        self.fields["topics"].initial = [wanted.topic_id for wanted in session.request.topics.all()]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("attendees") == 0:
            self.cleaned_data["topics"] = []  # ticked before it was said that nobody came
        if self.cleaned_data.get("attendees") and not self.cleaned_data.get("topics") and "topics" not in self.errors:
            self.add_error("topics", _("学んだことを、1つ以上選んでください。"))
        return self.cleaned_data


class CorrectionForm(ReportForm):
    """What was reported, to be put right, and why."""

    reason = forms.CharField(
        label=_("直す理由"),
        max_length=100,
        help_text=_("記録に残ります。"),
        error_messages={"required": _("理由を入力してください。")},
    )

    def __init__(self, *args: Any, session: Session, **kwargs: Any) -> None:
        super().__init__(*args, session=session, **kwargs)
        report = session.report
        team = session.shift.assignments.filter(status__in=(Assignment.Status.ATTENDED, Assignment.Status.ABSENT))
        present = cast(TeamTiles, self.fields["present"])
        present.queryset = team.select_related("supporter")
        present.initial = [row.pk for row in team if row.status == Assignment.Status.ATTENDED]
        self.fields["topics"].initial = [topic.pk for topic in report.topics.all()]
        for name in ("attendees", "note", "follow_up", "went"):
            self.fields[name].initial = getattr(report, name)
