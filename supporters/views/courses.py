"""The coordinators' pages about courses: what they are made of, and who has come how far."""

from copy import copy
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, F, FilteredRelation, Max, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from programme.access import coordinator_only
from programme.models import Course
from programme.models.records import note
from programme.records import record_of
from supporters.forms import CourseForm, LessonForm, LessonWordsForm, NewCourseForm, QuestionForm
from supporters.messages import tell_required
from supporters.models import Lesson, LessonSeen, QuizTry, Supporter
from supporters.models.training import lacking

PEOPLE_A_PAGE = 20
IN_TRAINING = (Supporter.Status.TRAINING, Supporter.Status.ACTIVE, Supporter.Status.PAUSED)


@coordinator_only
def courses(request: HttpRequest) -> HttpResponse:
    """All courses with their sizes and how many have finished, and a form for one more."""
    form = NewCourseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.instance.source = _("事務局で追加")
        course = form.save()
        messages.success(request, _("研修を作りました。動画と問題を入れてください。必修にするのは、そのあとです。"))
        return redirect("supporters:course_edit", course.pk)
    here = Q(completions__supporter__status__in=IN_TRAINING)
    rows = Course.objects.annotate(
        films=Count("lessons", distinct=True),
        asked=Count("questions", distinct=True),
        done=Count("completions", filter=here, distinct=True),
    ).order_by("follow_up", "-required", "code")
    everybody = Supporter.objects.filter(status__in=IN_TRAINING).count()
    return render(request, "supporters/courses.html", {"courses": rows, "everybody": everybody, "form": form})


@coordinator_only
def course_edit(request: HttpRequest, code: str) -> HttpResponse:
    """One course: its facts, its films, its questions."""
    course = get_object_or_404(Course.objects.prefetch_related("lessons", "questions"), code=code)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    # Copies: what was typed wrongly is not what the headings show.
    facts = CourseForm(request.POST if do in ("facts", "require") else None, instance=copy(course))
    held_up = None
    lesson = LessonForm(*((request.POST, request.FILES) if do == "lesson" else ()), prefix="lesson")
    words = {it: _words_form(it, request.POST if do == f"lesson-{it.pk}" else None) for it in course.lessons.all()}
    question = QuestionForm(request.POST if do == "question" else None, prefix="question")
    if facts.is_bound and facts.is_valid():
        if facts.instance.required and not course.required and do == "facts":
            held_up = held_up_by(course)
        if not held_up:
            with transaction.atomic():
                facts.save()
                tell_required(facts.instance, before=course.required)
            return _saved(request, code)
    if do == "lesson" and lesson.is_valid():
        lesson.save_to(course)
        return _saved(request, code)
    if do == "question" and question.is_valid():
        question.save_to(course)
        return _saved(request, code)
    for form in words.values():
        if form.is_valid():
            form.save()
            return _saved(request, code)
    parts = [*course.lessons.all(), *course.questions.all()]
    context: dict[str, Any] = {
        "course": course,
        "lessons": words.items(),
        "record": partial(record_of, course, *parts, called={part: str(part) for part in parts}),
        "facts": facts,
        "held_up": held_up,
        "lesson_form": lesson,
        "question_form": question,
    }
    return render(request, "supporters/course_edit.html", context)


def held_up_by(course: Course) -> dict[str, int]:
    """How many could be asked for nothing, and how many would have to learn, if ``course`` were required; or empty."""
    count = lacking(course).aggregate(told=Count("pk"), active=Count("pk", filter=Q(status=Supporter.Status.ACTIVE)))
    return count if count["told"] else {}


def _words_form(lesson: Lesson, data: QueryDict | None) -> LessonWordsForm:
    return LessonWordsForm(data, instance=copy(lesson), prefix=f"lesson-{lesson.pk}")


def _saved(request: HttpRequest, code: str) -> HttpResponse:
    messages.success(request, _("保存しました。"))
    return redirect("supporters:course_edit", code)


@require_POST
@coordinator_only
def remove_part(request: HttpRequest, code: str) -> HttpResponse:
    """Take a film or a question out; twice is once. Who has finished the course has finished it."""
    course = get_object_or_404(Course, code=code)
    parts: dict[str, Any] = {"lesson": course.lessons, "question": course.questions}
    kind, _dash, key = request.POST.get("part", "").partition("-")
    if kind in parts and key.isdecimal() and (part := parts[kind].filter(pk=key).first()):
        with transaction.atomic():
            note(course, {"parts": (str(part), "")})
            part.delete()
        messages.success(request, _("取り除きました。"))
    return redirect("supporters:course_edit", code)


@coordinator_only
def course_people(request: HttpRequest, code: str) -> HttpResponse:
    """Who has finished the course, and how far the others have come; those who have not stand first."""
    course = get_object_or_404(Course.objects.annotate(films=Count("lessons")), code=code)
    seen = LessonSeen.objects.filter(lesson__course=course, supporter=OuterRef("pk")).order_by().values("supporter")
    tries = QuizTry.objects.filter(course=course, supporter=OuterRef("pk")).order_by().values("supporter")
    rows = (
        Supporter.objects.filter(status__in=IN_TRAINING)
        .annotate(completion=FilteredRelation("completions", condition=Q(completions__course=course)))
        .annotate(done_on=F("completion__completed_on"))
        .order_by(F("done_on").asc(nulls_first=True), "kana", "pk")
    )
    if "open" in request.GET:
        rows = rows.filter(done_on=None)
    page: Any = Paginator(rows.values("pk"), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    # What is counted of a person is counted for those on the page alone.
    people = (
        rows.filter(pk__in=page.object_list)
        .annotate(
            seen=Subquery(seen.annotate(count=Count("pk")).values("count")),
            tried=Subquery(tries.annotate(count=Count("pk")).values("count")),
            tried_at=Subquery(tries.annotate(last=Max("at")).values("last")),
        )
        .only("name", "status", "is_promoter")
    )
    context = {"course": course, "page": page, "people": people}
    return render(request, "supporters/course_people.html", context)
