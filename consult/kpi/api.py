"""Figures for other programmes: GET /api/v1/kpi/<period>/. docs/kpi-api.md describes the answer."""

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from consult.kpi import exports
from consult.kpi.reporting_period import Period


class Figures(APIView):
    """The JSON file of the period, recorded like it. For coordinators and officers; others find nothing."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request, period: Period) -> HttpResponse:
        user: Any = request.user
        if not (user.is_coordinator or user.is_officer) or not period.is_there:
            raise Http404
        return HttpResponse(exports.export(period, "json", by=user).data, content_type="application/json")
