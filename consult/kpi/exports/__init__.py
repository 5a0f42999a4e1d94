"""Taking figures out of the system: every form from one report, every export recorded with its hash."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation

from consult.kpi.exports.as_csv import csv_cp932, csv_utf8
from consult.kpi.exports.as_json import json_utf8
from consult.kpi.exports.as_xlsx import xlsx
from consult.kpi.exports.content import Content, say_lost
from consult.kpi.period_reports import PeriodReport, period_report
from consult.kpi.reporting_period import Period
from consult.models import KpiExport

__all__ = [
    "FORMS",
    "Content",
    "Form",
    "export",
    "file_name",
    "form_of",
    "record",
    "say_lost",
    "sees_no_small_cells",
]


@dataclass(frozen=True, slots=True)
class Form:
    suffix: str
    content_type: str
    render: Callable[[PeriodReport], Content]


FORMS = {
    "csv": Form("csv", "text/csv; charset=utf-8", csv_utf8),
    "csv-cp932": Form("csv", "text/csv; charset=windows-31j", csv_cp932),
    "xlsx": Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx),
    "json": Form("json", "application/json", json_utf8),
}


def form_of(suffix: str, encoding: str) -> str:
    """The key into FORMS for a file's suffix and encoding ("" is the usual one). KeyError for what there is not."""
    form = suffix if encoding in ("", "utf-8") else f"{suffix}-{encoding}"
    if form not in FORMS or FORMS[form].suffix != suffix:
        raise KeyError(form)
    return form


def file_name(period: Period, form: str) -> str:
    return f"kpi-{str(period).replace('..', '_')}.{FORMS[form].suffix}"


def export(period: Period, form: str, *, by: Any, suppressed: bool | None = None) -> Content:
    """The period's report in ``form`` (a key of FORMS). ``by`` is None for the command line.

    ``suppressed``: without small cells. Left out, an officer's file is without them, others have them.
    """
    suppressed = sees_no_small_cells(by) if suppressed is None else suppressed
    # The city's files are in Japanese, whatever language the page is in from which they are fetched.
    with translation.override(settings.LANGUAGE_CODE):
        content = FORMS[form].render(period_report(period, suppressed=suppressed))
    record(period, form, content.data, by=by)
    return content


def sees_no_small_cells(user: Any) -> bool:
    """Officers see figures, and no numbers behind which there are only a few people."""
    return user is not None and not user.is_coordinator


def record(period: Period, form: str, data: bytes, *, by: Any) -> None:
    KpiExport.objects.create(period=str(period), form=form, by=by, sha256=hashlib.sha256(data).hexdigest())
