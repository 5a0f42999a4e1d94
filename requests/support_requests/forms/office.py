"""What coordinators type in on the pages of a request."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from programme.widgets import DateField, TimeField
from programme.wording import say_list, say_moment
from support_requests.models import SupportRequest
from support_requests.rescheduling import OtherTime
from supporters.models import Shift


class ReasonForm(forms.Form):
    """Why a request is declined or taken back. The team that was to come is told, too, unless ``told`` says no."""

    reason = forms.CharField(
        label=_("理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("代表の方と、決まっていたサポーターに伝わります。"),
        error_messages={"required": _("理由を入力してください。")},
    )

    def __init__(self, *args: Any, required: bool = True, told: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
        if not told:
            self.fields["reason"].help_text = _("記録だけに残り、だれにも送られません。")


class CalledOffForm(ReasonForm):
    """The same where a time falls: each cause is told in its own words."""

    cause = forms.ChoiceField(
        label=_("何のために"), choices=Shift.Cause.choices, initial=Shift.Cause.OFFICE, widget=forms.RadioSelect
    )
    field_order = ["cause", "reason"]


class OtherTimeField(forms.ChoiceField):
    """To when a session moves.

    The time that it has already, ``now``, is not offered, and is no mistake either: a button pressed twice sends it.
    """

    default_error_messages = {
        "required": _("新しい日時を選んでください。"),
        "invalid_choice": _("その日時は、今は選べません。別の日時を選んでください。"),
    }
    now: dt.datetime

    def valid_value(self, value: Any) -> bool:
        return super().valid_value(value) or _read(value) == self.now


def _read(sent: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(sent)
    except ValueError:
        return None


class RescheduleForm(forms.Form):
    """To when a session moves: one of the group's wishes, each with who of the team can come then, or another time."""

    OTHER = "other"

    wish = OtherTimeField(label=_("新しい日時"), widget=forms.RadioSelect)
    date = DateField(label=_("ほかの日"), required=False)
    time = TimeField(label=_("始まる時間"), required=False, first=dt.time(8), last=dt.time(21), step=15)
    reason = forms.CharField(
        label=_("変更の理由"),
        max_length=200,
        help_text=_("代表の方と、サポーターへのお知らせに書かれます。"),
        error_messages={"required": _("変更の理由を入力してください。")},
    )

    def __init__(self, *args: Any, now: dt.datetime, times: Iterable[OtherTime], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wish: Any = self.fields["wish"]
        wish.now = now
        wish.choices = [*((one.starts_at.isoformat(), _say(one)) for one in times), (self.OTHER, _("ほかの日時"))]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("wish") == self.OTHER:
            for name in ("date", "time"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("日と時間を選んでください。"))
        return data

    @property
    def starts_at(self) -> dt.datetime:
        """The chosen time of a valid form."""
        data = self.cleaned_data
        if data["wish"] == self.OTHER:
            return timezone.make_aware(dt.datetime.combine(data["date"], data["time"]))
        return dt.datetime.fromisoformat(data["wish"])


def _say(one: OtherTime) -> str:
    who = [] if one.leaving or one.doubtful else [gettext("全員が行けます")]
    if one.leaving:
        who.append(gettext("行けない人: %(names)s") % {"names": say_list(it.name for it in one.leaving)})
    if one.doubtful:
        names = say_list(it.name for it in one.doubtful)
        who.append(gettext("いつもの曜日・時間や場所の外の人: %(names)s") % {"names": names})
    return gettext("%(moment)s(%(who)s)") % {"moment": say_moment(one.starts_at), "who": say_list(who)}


class OtherTimeForm(forms.Form):
    """To when a group moves its own session: one of the times at which everybody of its team can come."""

    starts_at = OtherTimeField(label=_("新しい日時"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, now: dt.datetime, starts: Iterable[dt.datetime], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["starts_at"]
        field.now = now
        field.choices = [(start.isoformat(), say_moment(start)) for start in starts]

    def clean_starts_at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.cleaned_data["starts_at"])


class InquiryForm(forms.Form):
    """What a group writes to the office."""

    text = forms.CharField(
        label=_("事務局への連絡"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("パスワードやマイナンバーは書かないでください。"),
        error_messages={"required": _("伝えたいことを入力してください。")},
    )


class AnswerForm(forms.Form):
    """The office's answer; without one the matter was settled by telephone."""

    answer = forms.CharField(
        label=_("返事"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("メールなどで届きます。お電話で話が済んだときは、空けたまま押してください。"),
    )


class PublicForm(forms.Form):
    """Under which name a session is published for anybody to come."""

    title = forms.CharField(
        label=_("催しの名前"),
        max_length=100,
        help_text=_("だれでも見られます。団体の名前や個人の名前は、団体がよいと言ったときだけ入れてください。"),
        error_messages={"required": _("催しの名前を入力してください。")},
    )


class PeopleForm(forms.Form):
    """Whom a coordinator looks for."""

    q = forms.CharField(label=_("名前・ふりがな"), required=False, max_length=100)


class RequestFilter(forms.Form):
    """Narrows the office's list."""

    UNDER_WAY, ALL, INQUIRIES = "under_way", "all", "inquiries"

    status = forms.ChoiceField(
        label=_("状態"),
        required=False,
        choices=[
            (UNDER_WAY, _("進行中のもの")),
            (INQUIRIES, _("連絡が来ているもの")),
            (ALL, _("すべて")),
            *SupportRequest.Status.choices,
        ],
    )
    words = forms.CharField(label=_("団体の名前・受付番号・電話番号"), required=False, max_length=100)
