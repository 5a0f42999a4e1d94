"""The coordinators' pages about supporters."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications.models import Message
from programme.access import coordinator_only
from programme.errors import Refused
from programme.models import Course, Limits
from programme.models.kept import kept_rows
from programme.records import record_of
from supporters.forms import ContactForm, FilterForm, FlagsForm, GuardianForm, PersonFactsForm, ReasonForm, TrainingForm
from supporters.history import history
from supporters.merging import keep_apart, known_already, look_alikes, merge
from supporters.models import Consent, Supporter
from supporters.services import ask_guardian, change_contact, put_right, record_paper_consent
from supporters.views.replies import told

PEOPLE_A_PAGE = 20
TOLD_AT_MOST = 5
FLAGS: list[Any] = [Supporter._meta.get_field(name) for name in FlagsForm.Meta.fields]


@coordinator_only
def people(request: HttpRequest) -> HttpResponse:
    """Everybody; by a part of the name, status, topic and level, district and free time."""
    form = FilterForm(request.GET)
    found = form.people() if form.is_valid() else Supporter.objects.all()
    rows = found.select_related("category", "home_district", "contact")
    page = Paginator(rows, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    applied = [one.pk for one in page if one.status == Supporter.Status.APPLIED]
    context = {
        "form": form,
        "page": page,
        "may_be_known": set(known_already(Supporter.objects.filter(pk__in=applied)).values_list("pk", flat=True)),
        "audience": form.query() if form.is_valid() and not form.cleaned_data["q"].strip() else "",
    }
    return render(request, "supporters/people.html", context)


def _supporter(request: HttpRequest, pk: int) -> Supporter:
    rows = Supporter.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("category", "home_district", "contact"), pk=pk)


def _show(request: HttpRequest, supporter: Supporter, **forms: Any) -> HttpResponse:
    today, limits = timezone.localdate(), Limits.current()
    consents = Prefetch("consents", Consent.objects.select_related("guardian", "recorded_by"))
    prefetch_related_objects([supporter], consents)
    courses = {course.pk: course for course in kept_rows(Course.objects.all())}
    done = dict(supporter.completions.values_list("course_id", "completed_on"))
    courses_left = [course for course in courses.values() if course.pk not in done]
    needs_consent, has_consent = supporter.is_minor_on(today, limits.adult_age), supporter.has_consent()
    do = request.GET.get("do") or ("training" if supporter.status == Supporter.Status.TRAINING else "")
    context = {
        "supporter": supporter,
        "age": supporter.age_on(today),
        "needs_consent": needs_consent,
        "has_consent": has_consent,
        "consents": supporter.consents.all(),
        "completions": [(courses[code], day) for code, day in done.items()],
        "missing_courses": [course for course in courses_left if course.required],
        "courses_left": courses_left,
        "brings": supporter.brought,
        "registrations": supporter.registrations.order_by("started_on"),
        "skills": supporter.skills.select_related("topic").order_by("topic__position"),
        "duties": supporter.assignments.upcoming().select_related("shift__venue")[:10],
        "moves": [(row, Supporter.Status(row.to_status).label) for row in supporter.moves.select_related("by")],
        "told": Message.objects.filter(recipient=supporter.contact)[:TOLD_AT_MOST],
        "look_alikes": look_alikes(supporter),
        "may": {str(to) for to in supporter.TRANSITIONS[Supporter.Status(supporter.status)]},
        "history": history(supporter, timezone.now(), limits),
        "flags": [field.verbose_name for field in FLAGS if getattr(supporter, field.name)],
        **_asked_for(do, supporter, today),
        "guardian_form": _guardian_form(supporter) if needs_consent and not has_consent else None,
        "record": partial(record_of, supporter, supporter.contact, *supporter.consents.all()),
    }
    return render(request, "supporters/person.html", context | forms)


def _asked_for(do: str, supporter: Supporter, today: dt.date) -> dict[str, Any]:
    """The form of what is rarely done: it is made when somebody follows its link."""
    match do:
        case "contact":
            return {"contact_form": ContactForm(instance=supporter.contact, prefix="contact")}
        case "flags":
            return {"flags_form": FlagsForm(instance=supporter, prefix="flags")}
        case "facts":
            return {"facts_form": PersonFactsForm(supporter=supporter, prefix="facts")}
        case "training":
            return {"training_form": TrainingForm(supporter=supporter, initial={"on": today}, prefix="training")}
        case "leave":
            return {"reason_form": ReasonForm(prefix="leave")}
    return {}


def _guardian_form(supporter: Supporter) -> GuardianForm:
    """Filled with the guardian who was asked last, if any."""
    known = {}
    for asked in supporter.consents.all():
        known = {name: getattr(asked.guardian, name) for name in ("name", "email", "phone")}
    return GuardianForm(prefix="guardian", minor=supporter, initial=known)


@coordinator_only
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """All about one supporter, and what may be done now."""
    return _show(request, _supporter(request, pk))


@require_POST
@coordinator_only
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the application, activate, pause, resume or withdraw."""
    supporter = _supporter(request, pk)
    form = ReasonForm(request.POST, prefix="leave")
    if not form.is_valid():
        return _show(request, supporter, reason_form=form)
    reason = form.cleaned_data["reason"]
    verbs: dict[str, tuple[Callable[[], None], str]] = {
        "accept": (lambda: supporter.accept_application(by=request.user), _("登録しました。研修に進みます。")),
        "activate": (lambda: supporter.activate(by=request.user), _("活動を始められるようにしました。")),
        "pause": (lambda: supporter.pause(by=request.user, reason=reason), _("休止にしました。")),
        "resume": (lambda: supporter.resume(by=request.user), _("活動を再開しました。")),
        "withdraw": (lambda: supporter.withdraw(by=request.user, reason=reason), _("退会にしました。")),
    }
    if request.POST.get("verb") not in verbs:
        raise Http404
    verb, done = verbs[request.POST["verb"]]
    if request.POST["verb"] == "withdraw" and not reason:
        form.add_error("reason", _("退会の理由を入力してください。"))
        return _show(request, supporter, reason_form=form)
    with told(request, done):
        verb()
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def training(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a course was finished."""
    supporter = _supporter(request, pk)
    form = TrainingForm(request.POST, supporter=supporter, prefix="training")
    if not form.is_valid():
        return _show(request, supporter, training_form=form)
    supporter.record_training(form.cleaned_data["course"], on=form.cleaned_data["on"], by=request.user)
    messages.success(request, _("研修の修了を記録しました。"))
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def flags(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead, may be paid, and what else the office knows about the person."""
    form = FlagsForm(request.POST, instance=_supporter(request, pk), prefix="flags")
    form.save()  # boxes only: any answer is a valid one
    messages.success(request, _("保存しました。"))
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What the person has told the office of themselves, also what only the office may put right."""
    supporter = _supporter(request, pk)
    form = PersonFactsForm(request.POST, supporter=supporter, prefix="facts")
    if not form.is_valid():
        return _show(request, supporter, facts_form=form)
    said = dict(form.cleaned_data)
    reason = said.pop("reason")
    with told(request, _("登録の内容を直しました。")):
        row = put_right(supporter, said, by=request.user, reason=reason)
        if row.needs_consent() and not row.has_consent():
            messages.warning(request, _("保護者の同意がまだありません。保護者の方に、お願いしてください。"))
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The person has told the office a new number or address."""
    supporter = _supporter(request, pk)
    form = ContactForm(request.POST, instance=supporter.contact, prefix="contact")
    if not form.is_valid():
        return _show(request, _supporter(request, pk), contact_form=form)
    change_contact(supporter, **form.cleaned_data, by=request.user)
    messages.success(request, _("連絡先を保存しました。これからのお知らせは、新しい連絡先に届きます。"))
    return redirect("supporters:person", pk)


@require_POST
@coordinator_only
def guardian(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a guardian by link, or note the guardian's signed sheet."""
    supporter = _supporter(request, pk)
    form = GuardianForm(request.POST, prefix="guardian", minor=supporter)
    if not form.is_valid():
        return _show(request, supporter, guardian_form=form)
    match request.POST.get("how"):
        case "ask":
            with told(request, _("保護者の方に、同意のお願いを送りました。")):
                ask_guardian(supporter, form.guardian())
        case "paper":
            with told(request, _("紙の同意書を記録しました。")):
                record_paper_consent(supporter, form.guardian(), by=request.user)
        case _other:
            raise Http404
    return redirect("supporters:person", pk)


@coordinator_only
def same(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two registrations side by side: one person's, or two people's."""
    one, two = _supporter(request, pk), _supporter(request, other)
    if one.pk == two.pk:
        raise Http404
    match request.POST.get("answer") if request.method == "POST" else None:
        case "merge":
            try:
                goes_on = merge(one, two, by=request.user)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return redirect("supporters:same", pk, other)
            messages.success(request, _("二つの登録を一つにまとめました。"))
            return redirect("supporters:person", goes_on.pk)
        case "apart":
            keep_apart(one, two, by=request.user)
            messages.success(request, _("別の人として記録しました。"))
            return redirect("supporters:person", pk)
    sides = [(person, person.assignments.held().count(), person.completions.count()) for person in (one, two)]
    return render(request, "supporters/same.html", {"supporter": one, "sides": sides})
