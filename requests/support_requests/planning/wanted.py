"""Whom to look for, over the latest plans: what the matcher found for each, as far as it still holds."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from programme.models import District, Topic
from programme.models.kept import kept_rows
from support_requests.models import Plan, PlannedTask, SupportRequest
from support_requests.planning.problem import task_key
from support_requests.planning.saying import say_recruit
from support_requests.planning.staffing import short_of_people

PLANS_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class Unserved:
    """A request or a shift for which nobody can be found yet, and when it would be."""

    title: str
    url: str
    starts_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """One more supporter, and what would be served with that person beside a plan as it is."""

    sentence: str
    district: str
    """code"""
    tasks: list[Unserved]
    plan: Plan


def wanted(now: dt.datetime) -> list[Wanted]:
    """Who would serve most first, in a fixed number of queries.

    A request or shift is spoken for by the newest plan that treats it, and only while it waits for people and the
    time found for it is to come. What is said of one plan is never added to another's: no plan was made of both.
    """
    days = Plan.objects.filter(mends=None, last__gte=timezone.localdate(now))
    made = days.filter(status__in=(Plan.Status.READY, Plan.Status.APPROVING, Plan.Status.APPROVED))
    plans = list(made.order_by("-created_at", "-pk")[:PLANS_LOOKED_AT])
    newest = _newest(plans)
    waiting = _waiting([key for plan in plans for one in plan.recruits for key in _keys(one)], now)
    topics = {topic.pk: str(topic) for topic in kept_rows(Topic.objects.all())}
    districts = {district.pk: str(district) for district in kept_rows(District.objects.all())}
    found = []
    for plan in plans:
        for one in plan.recruits:
            tasks = [
                Unserved(*waiting[task["key"]], starts_at)
                for task in one["tasks"]
                if (starts_at := dt.datetime.fromisoformat(task["starts_at"])) > now
                and task["key"] in waiting
                and newest[task["key"]] == plan.pk
            ]
            if tasks:
                found.append(Wanted(say_recruit(one, topics, districts), one["district"], tasks, plan))
    return sorted(found, key=lambda each: -len(each.tasks))


def _keys(recruit: Mapping[str, Any]) -> list[str]:
    return [task["key"] for task in recruit["tasks"]]


def _newest(plans: Iterable[Plan]) -> dict[str, int]:
    """By key of a task: the newest of ``plans`` that treats it."""
    rows = PlannedTask.objects.filter(plan__in=plans).order_by("plan__created_at", "plan")
    return {
        task_key(request_id=request, shift_id=shift): plan
        for plan, request, shift in rows.values_list("plan", "request", "shift")
    }


def _waiting(keys: Iterable[str], now: dt.datetime) -> dict[str, tuple[str, str]]:
    """Title and address of the page of those that still wait for people, by key."""
    asked = [(kind, int(pk)) for kind, _colon, pk in (key.partition(":") for key in keys)]
    requests = SupportRequest.objects.open().filter(pk__in=[pk for kind, pk in asked if kind == "request"])
    shifts = short_of_people(now).filter(pk__in=[pk for kind, pk in asked if kind == "shift"])
    return {
        task_key(request_id=one.pk): (str(one.group), reverse("support_requests:detail", args=[one.pk]))
        for one in requests.select_related("group")
    } | {task_key(shift_id=one.pk): (one.title, reverse("supporters:shift", args=[one.pk])) for one in shifts}
