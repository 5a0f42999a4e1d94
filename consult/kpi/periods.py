"""The months and fiscal years that have figures: from the programme's first to the present one."""

from django.utils import timezone

from consult.kpi.definitions import PROGRAMME_BEGAN
from programme.fiscal import Month, fiscal_year


def present() -> Month:
    return Month.of(timezone.localdate())


def has_figures(month: Month) -> bool:
    return Month.of(PROGRAMME_BEGAN) <= month <= present()


def fiscal_years() -> list[int]:
    """Latest first."""
    return list(range(present().fiscal_year, fiscal_year(PROGRAMME_BEGAN) - 1, -1))


def months_of(year: int) -> list[Month]:
    """The months of a fiscal year that have begun, latest first."""
    months = [Month(year, month) for month in range(4, 13)] + [Month(year + 1, month) for month in range(1, 4)]
    return [month for month in reversed(months) if has_figures(month)]
