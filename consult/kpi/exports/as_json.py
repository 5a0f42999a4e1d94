"""JSON for other programmes: stable codes, ISO dates, numbers as numbers."""

import datetime as dt
import json
from typing import Any

from django.utils import timezone

from consult.kpi.exports.content import Content
from consult.kpi.report import Report, Row
from consult.models import Correction
from programme.fiscal import fiscal_year_name
from programme.models import PublishedFigure


def json_utf8(report: Report) -> Content:
    return Content(json.dumps(as_data(report), ensure_ascii=False, indent=2).encode())


def as_data(report: Report) -> dict[str, Any]:
    closing = report.closing
    return {
        "month": str(report.month),
        "fiscal_year": report.month.fiscal_year,
        "fiscal_year_name": fiscal_year_name(report.month.fiscal_year),
        "made_at": _moment(report.made_at),
        "is_over": report.is_over,
        "has_records": report.has_records,
        "closed_at": _moment(closing.closed_at) if closing else None,
        "closed_by": str(closing.closed_by) if closing else None,
        "sha256": closing.sha256 if closing else None,
        "figures": [_counted(row) for row in report.rows],
        "published": [_published(figure) for figure in report.published],
        "published_earlier": [_published(figure) for figure in report.earlier],
    }


def _moment(moment: dt.datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _counted(row: Row) -> dict[str, Any]:
    definition = row.definition
    return {
        "code": definition.code,
        "name": str(definition.name),
        "name_en": definition.name_en,
        "unit": definition.unit,
        "kind": definition.kind,
        "definition": {
            "version": definition.version,
            "since": definition.since.isoformat(),
            "words": str(definition.words),
        },
        "value": row.value,
        "year_to_date": row.year_to_date,
        "goal": {"value": row.goal.value, "source": row.goal.source} if row.goal else None,
        "share": None if row.share is None else float(row.share),
        "frozen": row.frozen,
        "corrections": [_correction(correction) for correction in row.corrections],
    }


def _correction(correction: Correction) -> dict[str, Any]:
    return {
        "old": correction.old,
        "new": correction.new,
        "reason": correction.reason,
        "at": _moment(correction.at),
        "by": str(correction.by),
    }


def _published(figure: PublishedFigure) -> dict[str, Any]:
    return {
        "code": figure.figure,
        "name": figure.name,
        "kind": figure.kind,
        "since": figure.since.isoformat() if figure.since else None,
        "as_of": figure.as_of.isoformat(),
        "value": figure.value,
        "unit": figure.unit,
        "source": figure.source,
        "note": figure.note,
    }
