"""JSON for other programmes: stable codes, ISO dates, numbers as numbers. docs/kpi-api.md says what each key means."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from django.utils import timezone

from consult.kpi.definitions import Definition
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.exports.content import Content
from consult.kpi.period_reports import PeriodReport, PeriodRow
from consult.kpi.words import latest
from consult.models import Correction
from programme.fiscal import Month, fiscal_year_name
from programme.models import PublishedFigure


def json_utf8(report: PeriodReport) -> Content:
    return Content(json.dumps(as_data(report), ensure_ascii=False, indent=2).encode())


def as_data(report: PeriodReport) -> dict[str, Any]:
    year = report.period.fiscal_year
    return {
        "period": str(report.period),
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "fiscal_year": year,
        "fiscal_year_name": fiscal_year_name(year) if year else None,
        "made_at": _moment(report.made_at),
        "is_over": report.is_over,
        "is_closed": report.is_closed,
        "has_records": report.has_records,
        "suppressed": report.suppressed,
        "months": [_month(report, month) for month in report.months],
        "figures": [_counted(report, row) for row in report.rows],
        "published": [_published(figure) for figure in report.published],
        "published_earlier": [_published(figure) for figure in report.earlier],
        "corrections_made": [
            {"month": str(each.report), "code": each.figure, **_correction(each, latest(each.figure))}
            for each in report.corrections_made
        ],
    }


def _moment(moment: dt.datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _month(report: PeriodReport, month: Month) -> dict[str, Any]:
    closing = report.closings.get(month)
    return {
        "month": str(month),
        "closed_at": _moment(closing.closed_at) if closing else None,
        "closed_by": str(closing.closed_by) if closing else None,
        "sha256": closing.sha256 if closing else None,
    }


def _plain(number: int | Decimal | None) -> int | float | None:
    return float(number) if isinstance(number, Decimal) else number


def _counted(report: PeriodReport, row: PeriodRow) -> dict[str, Any]:
    definition = row.definition

    def number(value: int | None) -> int | float | None:
        return _plain(definition.number(value))

    return {
        "code": definition.code,
        "name": str(definition.name),
        "name_en": definition.name_en,
        "area": definition.area,
        "unit": definition.unit,
        "kind": definition.kind,
        "definition": {
            "version": definition.version,
            "since": definition.since.isoformat(),
            "measure": definition.measure,
            "words": str(definition.words),
            "cutoff": str(definition.cutoff),
            "source": definition.source,
        },
        "value": number(row.value),
        "year_to_date": number(row.year_to_date),
        "goal": {"value": row.goal.value, "source": row.goal.source} if row.goal else None,
        "share": _plain(row.share),
        "frozen": number(row.frozen),
        "unaccounted": number(row.unaccounted),
        "months": {str(month): number(row.by_month[month]) for month in report.months},
        "breakdowns": [
            {
                "code": code,
                "name": str(DIMENSIONS[code].name),
                "overlapping": DIMENSIONS[code].overlapping,
                "cells": [
                    {
                        "key": each.key,
                        "label": each.label,
                        "value": number(each.value),
                        "year_to_date": number(each.year_to_date),
                        "kept_back": each.kept_back,
                    }
                    for each in cells
                ],
            }
            for code, cells in row.cells.items()
        ],
        "corrections": [{"month": str(each.report), **_correction(each, definition)} for each in row.corrections],
    }


def _correction(correction: Correction, definition: Definition) -> dict[str, Any]:
    return {
        "old": _plain(definition.number(correction.old)),
        "new": _plain(definition.number(correction.new)),
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
