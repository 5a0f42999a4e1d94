"""Fields and widgets that every app's forms share. Their look is in the design system: docs/design-system.md."""

import datetime as dt
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from programme.models import Topic
from programme.postcode import read_postcode, say_postcode
from programme.wording import read_whole_number, read_year, say_day, say_list

# Monday is 0, as date.weekday() has it.
WEEKDAYS = (
    pgettext_lazy("曜日", "月"),
    pgettext_lazy("曜日", "火"),
    pgettext_lazy("曜日", "水"),
    pgettext_lazy("曜日", "木"),
    pgettext_lazy("曜日", "金"),
    pgettext_lazy("曜日", "土"),
    pgettext_lazy("曜日", "日"),
)
# The time bands that people are asked about: (name, first minute of the day, end minute).
WEEK_BANDS = (
    (_("午前"), 9 * 60, 12 * 60),
    (_("午後"), 13 * 60, 17 * 60),
    (_("夜"), 17 * 60 + 30, 20 * 60),
)


def topic_tile(topic: Topic, hint: str = "") -> SafeString:
    """What stands on a topic's tile: its picture, its name, a hint."""
    picture = format_html(
        '<svg class="picture" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("programme/topics.svg"),
        topic.picture,
    )
    small = format_html(" <small>{}</small>", hint) if hint else ""
    return format_html("{}{}{}", picture if topic.picture else "", topic, small)


class DigitsInput(forms.TextInput):
    """A short text field that brings up the keyboard of digits. Not ``type=number``: that one changes on a scroll."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "numeric", "autocomplete": "off", "class": "short", **(attrs or {})})


class WholeNumberField(forms.IntegerField):
    """An integer, typed as people type it: "３", "3人", "1,200"."""

    widget = DigitsInput
    default_error_messages = {"invalid": _("数字で入力してください(例 3)。")}

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip():
            value = read_whole_number(value)
            if value is None:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class MailField(forms.EmailField):
    """A mail address; full-width signs, which no address has, become what was meant.

    Not ``type=email``: browsers write a full-width address anew while one types it.
    """

    def __init__(self, *, autocomplete: str = "email", **options: Any) -> None:
        attrs = {"inputmode": "email", "autocomplete": autocomplete}
        super().__init__(max_length=254, widget=forms.TextInput(attrs), **options)

    def to_python(self, value: Any) -> Any:
        return super().to_python(unicodedata.normalize("NFKC", value) if isinstance(value, str) else value)


class PostcodeField(forms.CharField):
    """A postcode, however it is typed; gives its seven digits, or ""."""

    default_error_messages = {"invalid": _("郵便番号は、7けたの数字で入力してください。例:371-0027")}

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "postal-code", "class": "short"}
        super().__init__(required=False, max_length=20, widget=forms.TextInput(attrs), **options)

    def clean(self, value: Any) -> str:
        digits = read_postcode(super().clean(value))
        if digits is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return digits

    def say(self, value: str) -> str:
        return say_postcode(value)


class ThreePartDate(forms.MultiWidget):
    """Year, month and day, each typed into its own field. Value: the three texts, or a date to begin with.

    ``birthday=True`` lets the browser fill in the person's birthday.
    """

    template_name = "programme/widgets/three_part_date.html"

    def __init__(self, *, birthday: bool = False, attrs: dict[str, Any] | None = None) -> None:
        fills = ("bday-year", "bday-month", "bday-day") if birthday else ("off", "off", "off")
        parts = zip(("year", "month", "day"), fills, strict=True)
        super().__init__({name: DigitsInput({"autocomplete": fill}) for name, fill in parts}, attrs)

    def decompress(self, value: Any) -> list[str]:
        return [str(value.year), str(value.month), str(value.day)] if isinstance(value, dt.date) else ["", "", ""]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (_("年"), _("月"), _("日")), strict=True):
            part["label"] = label
        return context


class DateField(forms.Field):
    """A date in three parts. Digits may be full-width, the year may be an era's: "昭和33". Gives a date or None."""

    widget = ThreePartDate
    default_error_messages = {
        "required": _("年・月・日を入力してください。"),
        "incomplete": _("%(missing)sを入力してください。"),
        "invalid": _("年・月・日は数字で入力してください(例 2026年 4月 1日)。"),
        "short_year": _("年は4けたの西暦で入力してください(例 1958)。元号でも入力できます(例 昭和33)。"),
        "no_such_day": _("その日付はありません。年・月・日をご確認ください。"),
    }

    def to_python(self, value: Any) -> dt.date | None:
        if not value or isinstance(value, dt.date):
            return value or None
        texts = [(text or "").strip() for text in value]
        if not any(texts):
            return None
        names = (_("年"), _("月"), _("日"))
        missing = [str(name) for name, text in zip(names, texts, strict=True) if not text]
        if missing:
            raise self._wrong("incomplete", missing=pgettext("並べる", "・").join(missing))
        year, month, day = read_year(texts[0]), read_whole_number(texts[1]), read_whole_number(texts[2])
        if year is None or month is None or day is None:
            raise self._wrong("invalid")
        if year < 1000:
            raise self._wrong("short_year")
        try:
            return dt.date(year, month, day)
        except (ValueError, OverflowError) as error:
            raise self._wrong("no_such_day") from error

    def say(self, value: dt.date | None) -> str:
        return say_day(value) if value else ""

    def _wrong(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params)


class TimeField(forms.TypedChoiceField):
    """A time of day, chosen from a list: ``first`` to ``last`` in steps of ``step`` minutes. Gives a time or None."""

    def __init__(
        self, *, first: dt.time = dt.time(9), last: dt.time = dt.time(21), step: int = 30, **options: Any
    ) -> None:
        minutes = range(first.hour * 60 + first.minute, last.hour * 60 + last.minute + 1, step)
        choices = [("", _("選んでください")), *((clock(minute), clock(minute)) for minute in minutes)]
        super().__init__(choices=choices, coerce=dt.time.fromisoformat, empty_value=None, **options)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H:%M}" if isinstance(value, dt.time) else value


class WeekTimes(forms.CheckboxSelectMultiple):
    """A week as a table: a row for each day, a column for each time band, a box to tick in each cell."""

    template_name = "programme/widgets/week_times.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        cells = [option for _group, options, _index in context["widget"]["optgroups"] for option in options]
        days: dict[str, list[Any]] = {}
        for cell in cells:
            days.setdefault(cell["value"].partition("-")[0], []).append(cell)
        context["widget"]["bands"] = [(name, clock(start), clock(end)) for name, start, end in WEEK_BANDS]
        context["widget"]["days"] = [(WEEKDAYS[int(day)], row) for day, row in days.items()]
        return context


class WeekTimesField(forms.MultipleChoiceField):
    """When somebody is free in a usual week: (weekday, first minute, end minute) triples, also as ``initial``."""

    widget = WeekTimes

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_week_choices, **options)

    def clean(self, value: Any) -> list[tuple[int, int, int]]:
        ticked = set(super().clean(value))
        times: list[tuple[int, int, int]] = []
        for day in range(len(WEEKDAYS)):
            before = False
            for _band, start, end in WEEK_BANDS:
                now = f"{day}-{start}" in ticked
                if now and before:  # who ticks the morning and the afternoon is free at noon too
                    times[-1] = (day, times[-1][1], end)
                elif now:
                    times.append((day, start, end))
                before = now
        return times

    def say(self, value: list[tuple[int, int, int]]) -> str:
        """ "月 09:00–12:00、水 13:00–17:00"."""
        return say_list(f"{WEEKDAYS[day]} {clock(start)}–{clock(end)}" for day, start, end in value)

    def prepare_value(self, value: Any) -> Any:
        """Ticks for triples: each band that lies within one of them."""
        if not value or isinstance(value[0], str):
            return value
        return [
            f"{day}-{start}"
            for day, since, until in value
            for _band, start, end in WEEK_BANDS
            if since <= start and end <= until
        ]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def _week_choices() -> list[tuple[str, str]]:
    """Asked for anew with each form: a name that was written once would stay in that moment's language."""
    return [
        (f"{day}-{start}", f"{name} {band} {clock(start)}–{clock(end)}")
        for day, name in enumerate(WEEKDAYS)
        for band, start, end in WEEK_BANDS
    ]


def clock(minute: int) -> str:
    """Minutes after 00:00 as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"
