"""Courses for supporters: to watch, to answer, and the certificate that somebody else may check."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import links
from notifications.own import bad_link
from programme.errors import Refused
from programme.models import Course
from programme.qr import qr_code
from supporters.forms import QuizForm, ShownForm
from supporters.messages import CERTIFICATE
from supporters.models import Supporter, TrainingCompletion
from supporters.models.training import answer, progress_of, watch
from supporters.views.mypage import supporter_only
from supporters.views.replies import told


@supporter_only
def mine(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Every course, with how far the person has come."""
    rows = progress_of(supporter)
    context = {
        "supporter": supporter,
        "first": [row for row in rows if not row.course.follow_up],
        "follow_up": [row for row in rows if row.course.follow_up],
    }
    return render(request, "supporters/training.html", context)


@supporter_only
def course(request: HttpRequest, supporter: Supporter, code: str) -> HttpResponse:
    """The films of a course, and its questions when all of them have been watched."""
    row = get_object_or_404(Course.objects.prefetch_related("lessons", "questions"), code=code)
    if "lesson" in request.POST:
        key = request.POST["lesson"]
        lesson = get_object_or_404(row.lessons.all(), pk=key if key.isdecimal() else 0)
        watch(supporter, lesson, by=request.user)
        return redirect(f"{reverse('supporters:course', args=[code])}#lesson-{lesson.pk}")
    form = QuizForm(request.POST or None, course=row)
    wrong: list[Any] = []
    if request.method == "POST" and form.is_valid():
        given = form.given()
        with told(request):
            result = answer(supporter, row, given, by=request.user)
            if result.right == result.asked:
                messages.success(request, _("全問正解です。研修が終わりました。"))
                return redirect("supporters:course", code)
            wrong = [question for question in row.questions.all() if given[question.pk] != question.right]
    progress = next(each for each in progress_of(supporter) if each.course.pk == row.pk)
    context = {
        "course": row,
        "progress": progress,
        "form": form,
        "wrong": wrong,
        "again": ngettext(
            "あと%(count)s問です。もう一度答えてください。", "あと%(count)s問です。もう一度答えてください。", len(wrong)
        )
        % {"count": len(wrong)},
        "seen": set(supporter.lessons_seen.values_list("lesson_id", flat=True)),
    }
    return render(request, "supporters/course.html", context)


@supporter_only
def certificate(request: HttpRequest, supporter: Supporter, code: str) -> HttpResponse:
    """The person's certificate, to show or to print; how it names them to others is theirs to choose."""
    row = get_object_or_404(supporter.completions.select_related("course", "supporter"), course=code)
    form = ShownForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("修了証の名前の出し方を保存しました。"))
        return redirect("supporters:certificate", code)
    url = links.absolute(reverse("supporters:proof", args=[links.token(CERTIFICATE, row.pk)]))
    context = {"row": row, "form": form, "url": url, "code": qr_code(url, title=_("修了証を確かめるQRコード"))}
    return render(request, "supporters/certificate.html", context)


@never_cache
@require_safe
def proof(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR code leads to: who finished which course when, as the person wants to be named."""
    try:
        key = links.read(CERTIFICATE, token)
    except Refused as refusal:
        return bad_link(request, refusal)
    row = get_object_or_404(
        TrainingCompletion.objects.filter(supporter__erased_at=None).select_related("course", "supporter"), pk=key
    )
    return render(request, "supporters/proof.html", {"row": row})
