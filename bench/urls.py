"""The project's addresses, and bare views to compare them with: what Django, and what the base template, cost."""

import datetime as dt
import json
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from consult.models import Consultation
from mdeji.urls import urlpatterns as ours


@csrf_exempt
def insert(request: HttpRequest) -> JsonResponse:
    """Nothing but the row of a case with one INSERT: no account, no check, no second look."""
    row = json.loads(request.body)
    Consultation(
        pk=uuid.UUID(row["id"]),
        desk_id=row["desk"],
        opening_id=row["opening"],
        date=dt.date.fromisoformat(row["day"]),
        happened_at=dt.datetime.fromisoformat(row["happened_at"]),
        device_time=dt.datetime.fromisoformat(row["device_time"]),
        sent_at=dt.datetime.fromisoformat(row["sent_at"]),
        logged_at=timezone.now(),
        topic_id=row["topic"],
        outcome_id=row["outcome"],
        device_id=row["device"],
        minutes=row["minutes"],
        note=row["note"],
    ).save(force_insert=True)
    return JsonResponse({"id": row["id"], "status": "created"}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    """Nothing but the base template."""
    return render(request, "base.html")


urlpatterns = [path("bare/insert/", insert), path("bare/page/", page), *ours]
