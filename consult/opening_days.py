"""On which days a desk opens, in plain words and as an RFC 5545 RRULE."""

import re
from dataclasses import dataclass
from typing import Self

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST_WEEK = -1
WEEKS = (
    (1, gettext_lazy("第1")),
    (2, gettext_lazy("第2")),
    (3, gettext_lazy("第3")),
    (4, gettext_lazy("第4")),
    (5, gettext_lazy("第5")),
    (LAST_WEEK, gettext_lazy("最後の")),
)


@dataclass(frozen=True, slots=True)
class OpeningDays:
    """Weekdays (0 is Monday) of every week, or of the given weeks of a month (1 to 5, -1 is the last)."""

    weekdays: tuple[int, ...]
    weeks: tuple[int, ...] = ()

    @classmethod
    def read(cls, rule: str) -> Self | None:
        """The days that ``rule`` names, or None for a rule that has no plain words here."""
        parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
        kind = parts.get("FREQ")
        days = re.findall(r"(?:^|,)([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)(?=,|$)", parts.get("BYDAY", ""))
        if set(parts) != {"FREQ", "BYDAY"} or len(days) != len(parts["BYDAY"].split(",")):
            return None
        weekdays = tuple(sorted({DAY_CODES.index(day) for _week, day in days}))
        if kind == "WEEKLY" and not any(week for week, _day in days):
            return cls(weekdays)
        if kind != "MONTHLY" or not all(week for week, _day in days):
            return None
        weeks = {int(week) for week, _day in days}
        # "1st Monday and 3rd Tuesday" is not "1st and 3rd, Monday and Tuesday".
        if len(set(days)) != len(weekdays) * len(weeks) or not weeks <= {week for week, _name in WEEKS}:
            return None
        return cls(weekdays, tuple(week for week, _name in WEEKS if week in weeks))

    @property
    def rrule(self) -> str:
        if not self.weeks:
            return "FREQ=WEEKLY;BYDAY=" + ",".join(DAY_CODES[day] for day in self.weekdays)
        return "FREQ=MONTHLY;BYDAY=" + ",".join(
            f"{week}{DAY_CODES[day]}" for day in self.weekdays for week in self.weeks
        )

    def __str__(self) -> str:
        weekdays = pgettext("並べる", "・").join(str(WEEKDAYS[day]) for day in self.weekdays)
        if not self.weeks and len(self.weekdays) == len(WEEKDAYS):
            return _("毎日")
        if not self.weeks:
            return _("毎週 %(weekdays)s") % {"weekdays": weekdays}
        weeks = pgettext("並べる", "・").join(str(name) for week, name in WEEKS if week in self.weeks)
        return _("毎月 %(weeks)s%(weekdays)s") % {"weeks": weeks, "weekdays": weekdays}


def say_rule(rule: str) -> str:
    """ "毎月 第1・第3月曜日"; a rule that has no plain words is given as it is."""
    return str(OpeningDays.read(rule) or rule)
