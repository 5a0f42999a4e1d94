"""Taking a month's figures out of the system: every form from one report, every export recorded with its hash."""

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
from consult.kpi.report import Report, report
from consult.models import KpiExport
from programme.fiscal import Month

__all__ = ["FORMS", "Content", "Form", "export", "file_name", "form_of", "say_lost"]


@dataclass(frozen=True, slots=True)
class Form:
    suffix: str
    content_type: str
    render: Callable[[Report], Content]


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


def file_name(month: Month, form: str) -> str:
    return f"kpi-{month}.{FORMS[form].suffix}"


def export(month: Month, form: str, *, by: Any) -> Content:
    """The month's report in ``form`` (a key of FORMS). ``by`` is None for the command line."""
    # The city's files are in Japanese, whatever language the page is in from which they are fetched.
    with translation.override(settings.LANGUAGE_CODE):
        content = FORMS[form].render(report(month))
    KpiExport.objects.create(month=str(month), form=form, by=by, sha256=hashlib.sha256(content.data).hexdigest())
    return content
