"""What a course is made of: lessons to watch and questions to answer; and how far a supporter has come.

Whether a course was finished is ``TrainingCompletion``, which may also be noted by hand.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import FileSystemStorage, storages
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import Course
from programme.models.records import recorded
from supporters.errors import LessonsLeft
from supporters.models.people import Supporter, SupporterQuerySet

OPTIONS_AT_MOST = 4


def film_storage() -> FileSystemStorage:
    """Where films lie: outside of what the web server hands out by itself (supporters/views/films.py does)."""
    return storages["films"]  # type: ignore[return-value]  # settings.STORAGES


def _anew(_lesson: "Lesson", name: str) -> str:
    """A name that tells nothing and that nobody chose; the ending was checked by the form."""
    return f"{uuid.uuid4().hex}{PurePosixPath(name).suffix.lower()}"


@recorded(leave_out=("course", "position"), made=True)
class Lesson(models.Model):
    """A film of a course: a link to another site, or a file of ours, which has captions."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")
    position = models.PositiveSmallIntegerField(_("順番"), default=1)
    title = models.CharField(_("題名"), max_length=100)
    words = models.TextField(_("内容"), max_length=2000, blank=True)
    link = models.URLField(_("動画のアドレス"), max_length=500, blank=True)
    film = models.FileField(_("動画のファイル"), storage=film_storage, upload_to=_anew, blank=True)
    captions = models.FileField(_("字幕のファイル(WebVTT)"), storage=film_storage, upload_to=_anew, blank=True)

    class Meta:
        verbose_name = _("研修の動画")
        verbose_name_plural = _("研修の動画")
        ordering = ["course", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="lesson_is_a_link_or_a_film_with_captions",
                condition=Q(film="", captions="") & ~Q(link="") | Q(link="") & ~Q(film="") & ~Q(captions=""),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @transaction.atomic
    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """The row, and its files with it."""
        files = [(file.storage, file.name) for file in (self.film, self.captions) if file.name]
        found = super().delete(*args, **options)
        for storage, name in files:
            transaction.on_commit(partial(storage.delete, name), robust=True)
        return found


@recorded(leave_out=("course", "position"), made=True)
class Question(models.Model):
    """A question of a course with two to four answers, of which one is right."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(_("順番"), default=1)
    text = models.CharField(_("問題"), max_length=200)
    options: Any = models.JSONField(_("答え"), default=list)  # strings, in the order in which they are shown
    right = models.PositiveSmallIntegerField(_("正しい答え"), default=0)  # its place, from 0
    why = models.CharField(_("説明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("研修の問題")
        verbose_name_plural = _("研修の問題")
        ordering = ["course", "position", "pk"]
        constraints = [
            models.CheckConstraint(name="question_right_is_an_option", condition=Q(right__lt=OPTIONS_AT_MOST))
        ]

    def __str__(self) -> str:
        return self.text


class LessonSeen(models.Model):
    """Somebody says that they have watched a film."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="lessons_seen")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="seen")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supporter", "lesson"], name="lesson_seen_once")]

    def __str__(self) -> str:
        return f"{self.supporter} {self.lesson}"


class QuizTry(models.Model):
    """One time that somebody answered all questions of a course."""

    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="quiz_tries")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="quiz_tries")
    at = models.DateTimeField(default=timezone.now)
    right = models.PositiveSmallIntegerField()
    asked = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(name="quiz_try_right_of_asked", condition=Q(right__lte=models.F("asked")))
        ]

    def __str__(self) -> str:
        return f"{self.supporter} {self.course} {self.right}/{self.asked}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody has come in a course."""

    course: Course
    lessons: int
    seen: int
    questions: int
    done_on: dt.date | None

    @property
    def may_answer(self) -> bool:
        return self.done_on is None and self.seen == self.lessons

    @property
    def is_taught_here(self) -> bool:
        """Whether there is anything to watch or to answer; else a coordinator notes that the course was finished."""
        return bool(self.lessons or self.questions)


def lacking(course: Course) -> SupporterQuerySet:
    """Those who train or are active and have not finished ``course``."""
    going = [Supporter.Status.TRAINING, Supporter.Status.ACTIVE]
    return Supporter.objects.filter(status__in=going).exclude(completions__course=course)


def progress_of(supporter: Supporter) -> list[Progress]:
    """In every course, in its order. In a constant number of queries."""
    rows = Course.objects.prefetch_related("lessons", "questions").order_by("follow_up", "-required", "code")
    seen = set(supporter.lessons_seen.values_list("lesson_id", flat=True))
    done = dict(supporter.completions.values_list("course_id", "completed_on"))
    return [
        Progress(
            course=course,
            lessons=len(course.lessons.all()),
            seen=sum(1 for lesson in course.lessons.all() if lesson.pk in seen),
            questions=len(course.questions.all()),
            done_on=done.get(course.pk),
        )
        for course in rows
    ]


@transaction.atomic
def watch(supporter: Supporter, lesson: Lesson, *, by: Any) -> None:
    """The person has watched the film. Of a course without questions the last film finishes it. Twice is once."""
    LessonSeen.objects.get_or_create(supporter=supporter, lesson=lesson)
    course = lesson.course
    if not course.questions.exists() and not _lessons_left(supporter, course):
        supporter.record_training(course, on=timezone.localdate(), by=by)


@transaction.atomic
def answer(supporter: Supporter, course: Course, given: Mapping[int, int], *, by: Any) -> QuizTry:
    """The person's answers to all questions, by question the place of the option; all right finishes the course.

    Raises LessonsLeft while a film has not been watched.
    """
    if _lessons_left(supporter, course):
        raise LessonsLeft
    questions = list(course.questions.all())
    right = sum(1 for question in questions if given.get(question.pk) == question.right)
    row = QuizTry.objects.create(supporter=supporter, course=course, right=right, asked=len(questions))
    if right == len(questions):
        supporter.record_training(course, on=timezone.localdate(), by=by)
    return row


def _lessons_left(supporter: Supporter, course: Course) -> bool:
    return course.lessons.exclude(seen__supporter=supporter).exists()
