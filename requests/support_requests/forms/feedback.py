"""The two questions to a group after its session, each answered by a face with words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from support_requests.models.feedback import THANKS_LENGTH, Again, Feedback, Helpful

# How the mouth is drawn, from a broad smile (4) to its opposite (1). The words say it; the face says it louder.
MOUTHS = {4: "M8 18q8 10 16 0z", 3: "M9 19q7 6 14 0", 2: "M10 22q6-3 12 0", 1: "M9 24q7-8 14 0"}


def _face(score: int, words: str) -> SafeString:
    return format_html(
        '<span class="face"><svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">'
        '<circle cx="16" cy="16" r="14"/><circle class="eye" cx="11" cy="12" r="1.8"/>'
        '<circle class="eye" cx="21" cy="12" r="1.8"/><path d="{}"/></svg><span>{}</span></span>',
        MOUTHS[score],
        words,
    )


_lazy_face = lazy(_face, SafeString)


def _faces(choices: Iterable[Any]) -> list[tuple[int, Any]]:
    return [(score, _lazy_face(score, words)) for score, words in choices]


class FeedbackForm(forms.Form):
    """``given`` is what the group answered before, if it did."""

    helpful = forms.TypedChoiceField(
        label=_("役に立ちましたか"),
        choices=_faces(Helpful.choices),
        coerce=int,
        widget=forms.RadioSelect(attrs={"class": "columns"}),
        error_messages={"required": _("役に立ったかどうか、1つ選んでください。")},
    )
    again = forms.TypedChoiceField(
        label=_("また来てほしいですか"),
        choices=_faces(Again.choices),
        coerce=int,
        widget=forms.RadioSelect(attrs={"class": "columns"}),
        error_messages={"required": _("また来てほしいかどうか、1つ選んでください。")},
    )
    thanks = forms.CharField(
        label=_("サポーターへのひとこと"),
        required=False,
        max_length=THANKS_LENGTH,
        help_text=_("当日のサポーターに伝えます。お名前や電話番号は書かないでください。"),
    )

    def __init__(self, data: Any = None, *, given: Feedback | None = None) -> None:
        initial = {"helpful": given.helpful, "again": given.again, "thanks": given.thanks} if given else None
        super().__init__(data, initial=initial)
