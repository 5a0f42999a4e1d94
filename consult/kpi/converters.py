"""Periods in addresses: ``<period:period>``. Importing this module makes the converter known."""

from typing import Any

from django.urls import register_converter

from consult.kpi.reporting_period import Period


class PeriodConverter:
    regex = r"[0-9]{4}(?:FY|H[12]|-[0-9]{2}(?:\.\.[0-9]{4}-[0-9]{2})?)"

    def to_python(self, text: str) -> Period:
        return Period.parse(text)

    def to_url(self, period: Any) -> str:
        return str(period)


register_converter(PeriodConverter, "period")
