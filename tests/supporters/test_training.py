"""Courses: films and questions, what finishes them, who sees which file, and certificates that can be checked."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications.models import Message
from programme.models import Course, Limit, User
from programme.wording import say_day
from supporters.errors import LessonsLeft, TrainingMissing
from supporters.messages import tell_required
from supporters.models import Lesson, LessonSeen, Question, QuizTry, Registration, Supporter, TrainingCompletion
from supporters.models.training import answer, film_storage, progress_of, watch
from supporters.rules import check
from tests.factories import SupporterFactory, a_shift, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.000\nこんにちは\n".encode()


@pytest.fixture(autouse=True)
def _films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of tests go with the test."""
    monkeypatch.setattr(film_storage(), "location", str(tmp_path))
    monkeypatch.setattr(film_storage(), "base_location", str(tmp_path))


@pytest.fixture
def course() -> Course:
    """The required course, with two films elsewhere and two questions, of which the answers are 1 and 0."""
    row = Course.objects.get(code="video")
    for number in (1, 2):
        Lesson.objects.create(course=row, position=number, title=f"動画{number}", link=f"https://example.jp/{number}")
    Question.objects.create(course=row, position=1, text="だれの操作?", options=["自分", "本人"], right=1)
    Question.objects.create(course=row, position=2, text="料金は?", options=["無料", "有料", "不明"], right=0)
    return row


@pytest.fixture
def trainee(client: Client) -> Supporter:
    row = SupporterFactory(name="見本 髙志", kana="みほん たかし", status="training", ready=False)
    Registration.objects.create(supporter=row, started_on=timezone.localdate())
    client.force_login(row.user)
    return row


def answers(course: Course, *places: int) -> dict[str, int]:
    return {f"question_{row.pk}": place for row, place in zip(course.questions.all(), places, strict=True)}


def a_film(course: Course) -> Lesson:
    return Lesson.objects.create(
        course=course,
        title="基本",
        film=SimpleUploadedFile("../../Movie.MP4", FILM),
        captions=SimpleUploadedFile("movie.vtt", CAPTIONS),
    )


# --- Finishing a course ----------------------------------------------------------------------------------
def test_films_and_right_answers_finish_a_course_and_open_the_way(
    client: Client, trainee: Supporter, course: Course, coordinator: User
) -> None:
    page = reverse("supporters:course", args=[course.pk])
    assert "動画をすべて見ると" in client.get(page).content.decode()
    for lesson in course.lessons.all():
        client.post(page, {"lesson": lesson.pk})
    wrong = client.post(page, answers(course, 1, 2)).content.decode()
    assert "あと1問です" in wrong
    assert not trainee.completions.exists()
    client.post(page, answers(course, 1, 0))
    assert trainee.completions.get().completed_on == timezone.localdate()
    assert [(row.right, row.asked) for row in trainee.quiz_tries.all()] == [(1, 2), (2, 2)]
    trainee.activate(by=coordinator)
    assert trainee.status == "active"


def test_who_has_not_finished_a_required_course_takes_no_duty(trainee: Supporter, course: Course) -> None:
    Supporter.objects.filter(pk=trainee.pk).update(status="active")
    trainee.refresh_from_db()
    shift = a_shift()
    with pytest.raises(TrainingMissing):
        check(trainee, shift)


def test_nobody_answers_before_all_films_are_watched(trainee: Supporter, course: Course) -> None:
    watch(trainee, course.lessons.all()[0], by=trainee.user)
    with pytest.raises(LessonsLeft):
        answer(trainee, course, {}, by=trainee.user)


def test_a_course_without_questions_is_finished_by_its_last_film(trainee: Supporter, course: Course) -> None:
    course.questions.all().delete()
    first, last = course.lessons.all()
    watch(trainee, first, by=trainee.user)
    assert not trainee.completions.exists()
    watch(trainee, last, by=trainee.user)
    watch(trainee, last, by=trainee.user)
    assert trainee.completions.count() == 1
    assert LessonSeen.objects.count() == 2


def test_an_answer_left_out_is_asked_for(client: Client, trainee: Supporter, course: Course) -> None:
    for lesson in course.lessons.all():
        watch(trainee, lesson, by=trainee.user)
    half = dict(list(answers(course, 1, 0).items())[:1])
    page = client.post(reverse("supporters:course", args=[course.pk]), half).content.decode()
    assert "error-summary" in page
    assert not trainee.quiz_tries.exists()


def test_follow_up_courses_keep_nobody_from_a_duty(trainee: Supporter) -> None:
    Course.objects.create(code="more", name="もっと", required=False, follow_up=True)
    assert "more" not in {row.code for row in trainee.missing_courses()}
    with pytest.raises(IntegrityError, match="course_follow_up_is_not_required"), transaction.atomic():
        Course.objects.filter(code="more").update(required=True)


def test_the_list_asks_as_often_for_three_courses_as_for_one(
    trainee: Supporter, course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(5):
        progress_of(trainee)
    for code in ("b", "c"):
        Lesson.objects.create(course=Course.objects.create(code=code, name=code), title="動画", link="https://e.jp/")
    with django_assert_num_queries(5):
        assert len(progress_of(trainee)) == 3


# --- Films -----------------------------------------------------------------------------------------------
def typed(**given: Any) -> dict[str, Any]:
    return {"do": "lesson", **{f"lesson-{name}": value for name, value in given.items()}}


def test_a_coordinator_uploads_a_film_with_captions(client: Client, coordinator: User, course: Course) -> None:
    client.force_login(coordinator)
    files = {"film": SimpleUploadedFile("a.mp4", FILM), "captions": SimpleUploadedFile("a.vtt", CAPTIONS)}
    client.post(reverse("supporters:course_edit", args=[course.pk]), typed(title="基本", **files))
    lesson = course.lessons.get(title="基本")
    folder = Path(film_storage().location)
    kept = [(folder / file.name).read_bytes() for file in (lesson.film, lesson.captions)]
    assert (lesson.position, kept) == (3, [FILM, CAPTIONS])
    name = lesson.film.name
    client.post(reverse("supporters:remove_part", args=[course.pk]), {"part": f"lesson-{lesson.pk}"})
    assert not course.lessons.filter(title="基本").exists()
    assert film_storage().exists(name)  # until the transaction ends, which in a test it does not


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "どちらか一つ"),
        ({"link": "http://example.jp/"}, "https://"),
        ({"link": "https://example.jp/", "film": ("a.mp4", FILM), "captions": ("a.vtt", CAPTIONS)}, "どちらか一つ"),
        ({"film": ("a.mp4", FILM)}, "字幕のファイルも付けて"),
        ({"film": ("a.mp4", b"<html><script>alert(1)</script>"), "captions": ("a.vtt", CAPTIONS)}, "ではないようです"),
        ({"film": ("a.html", FILM), "captions": ("a.vtt", CAPTIONS)}, "ではないようです"),
        ({"film": ("a.mp4", FILM), "captions": ("a.vtt", b"<script>")}, "WebVTTの字幕では"),
        ({"film": ("a.mp4", FILM), "captions": ("a.vtt", CAPTIONS.decode().encode("cp932"))}, "UTF-8"),
    ],
)
def test_what_is_no_film_with_captions_is_refused(
    client: Client, coordinator: User, course: Course, given: dict[str, Any], said: str
) -> None:
    client.force_login(coordinator)
    files = {name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value for name, value in given.items()}
    page = client.post(reverse("supporters:course_edit", args=[course.pk]), typed(title="基本", **files))
    assert said in page.content.decode()
    assert not course.lessons.filter(title="基本").exists()


def test_a_film_that_is_too_large_is_refused(client: Client, coordinator: User, course: Course) -> None:
    Limit.objects.filter(code="film_megabytes").update(value=1)
    client.force_login(coordinator)
    files = {"film": SimpleUploadedFile("a.mp4", FILM * 120), "captions": SimpleUploadedFile("a.vtt", CAPTIONS)}
    page = client.post(reverse("supporters:course_edit", args=[course.pk]), typed(title="基本", **files))
    assert "1MBまで" in page.content.decode()


def test_the_database_holds_no_film_without_captions(course: Course) -> None:
    with pytest.raises(IntegrityError, match="lesson_is_a_link_or_a_film_with_captions"), transaction.atomic():
        Lesson.objects.create(course=course, title="字幕なし", film="a.mp4")


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/10252"),
        ("bytes=10000-", 206, slice(10000, None), "bytes 10000-10251/10252"),
        ("bytes=-12", 206, slice(-12, None), "bytes 10240-10251/10252"),
        ("bytes=10250-99999", 206, slice(10250, None), "bytes 10250-10251/10252"),
        ("bytes=99999-", 416, None, "bytes */10252"),
        ("bytes=5-2", 416, None, "bytes */10252"),
        ("bytes=-0", 416, None, "bytes */10252"),
        ("bytes=a-b", 200, slice(None), None),
        ("", 200, slice(None), None),
    ],
)
def test_players_get_the_part_that_they_ask_for(
    client: Client, trainee: Supporter, course: Course, asked: str, status: int, part: Any, said: str | None
) -> None:
    film = reverse("supporters:film", args=[a_film(course).pk])
    response = client.get(film, headers={"Range": asked} if asked else {})
    assert (response.status_code, response.headers.get("Content-Range")) == (status, said)
    if part is not None:
        content = b"".join(response.streaming_content)
        assert content == FILM[part]
        assert int(response.headers["Content-Length"]) == len(content)


def test_a_file_is_never_a_page_and_nobody_else_gets_it(client: Client, trainee: Supporter, course: Course) -> None:
    lesson = a_film(course)
    for page, kind in (("film", "video/mp4"), ("captions", "text/vtt; charset=utf-8")):
        response = client.get(reverse(f"supporters:{page}", args=[lesson.pk]))
        assert response.headers["Content-Type"] == kind
        b"".join(response.streaming_content)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert Client().get(reverse(f"supporters:{page}", args=[lesson.pk])).status_code == 302
    assert "Movie" not in lesson.film.name
    assert "/" not in lesson.film.name


def test_a_films_title_is_corrected_and_nothing_typed_is_lost(
    client: Client, coordinator: User, course: Course
) -> None:
    client.force_login(coordinator)
    lesson = course.lessons.all()[0]
    part = f"lesson-{lesson.pk}"
    where = reverse("supporters:course_edit", args=[course.pk])
    refused = client.post(where, {"do": part, f"{part}-title": "", f"{part}-words": "新しい説明"}).content.decode()
    assert "新しい説明" in refused
    assert f"「{lesson.title}」を取り除きますか" in refused
    client.post(where, {"do": part, f"{part}-title": "直した題名", f"{part}-words": ""})
    kept = course.lessons.get(pk=lesson.pk)
    assert (kept.title, kept.words, kept.link) == ("直した題名", "", lesson.link)


# --- Questions -------------------------------------------------------------------------------------------
def test_a_coordinator_writes_a_question(client: Client, coordinator: User, course: Course) -> None:
    client.force_login(coordinator)
    page = reverse("supporters:course_edit", args=[course.pk])
    given = {"text": "どれ?", "option_0": "ア", "option_1": "イ", "option_3": "エ", "right": "3", "why": "説明"}
    client.post(page, {"do": "question", **{f"question-{name}": value for name, value in given.items()}})
    row = course.questions.get(text="どれ?")
    assert (row.position, row.options, row.right) == (3, ["ア", "イ", "エ"], 2)
    given["right"] = "2"
    said = client.post(page, {"do": "question", **{f"question-{name}": value for name, value in given.items()}})
    assert "書かれていません" in said.content.decode()


def test_a_coordinator_makes_a_course(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    page = reverse("supporters:courses")
    client.post(page, {"code": "line-2", "name": "LINEの応用", "follow_up": "on"})
    assert Course.objects.get(code="line-2").follow_up
    assert "もう使われています" in client.post(page, {"code": "line-2", "name": "同じ"}).content.decode()
    # A new course keeps nobody from a duty.
    client.post(page, {"code": "line-3", "name": "まだ空", "required": "on"})
    assert not Course.objects.get(code="line-3").required
    both = {"do": "facts", "name": "両方", "follow_up": "on", "required": "on"}
    assert "必修にできません" in client.post(f"{page}line-3/", both).content.decode()


def test_a_course_is_required_when_somebody_has_read_whom_it_keeps_from_duties(
    client: Client, coordinator: User, trainee: Supporter
) -> None:
    active, done = SupporterFactory.create(), SupporterFactory.create()
    SupporterFactory.create(status="paused")
    course = Course.objects.create(code="new", name="新しい研修", required=False)
    TrainingCompletion.objects.create(supporter=done, course=course, completed_on=timezone.localdate())
    duty = an_offer(a_shift(), active)
    duty.accept(by=None)
    client.force_login(coordinator)
    page = reverse("supporters:course_edit", args=[course.pk])
    given = {"name": "新しい研修", "required": "on"}
    asked = client.post(page, {**given, "do": "facts"}).content.decode()
    assert "活動中の人: 1人" in asked
    assert "お知らせを送る人: 2人" in asked
    assert "動画も問題もありません" in asked
    course.refresh_from_db()
    assert not course.required
    assert not Message.objects.filter(kind="course_required").exists()

    for _twice in range(2):
        client.post(page, {**given, "do": "require"})
    course.refresh_from_db()
    duty.refresh_from_db()
    assert (course.required, duty.status) == (True, "accepted")
    told = Message.objects.filter(kind="course_required")
    assert {message.recipient_id for message in told} == {trainee.contact_id, active.contact_id}
    assert "終わるまで、新しい活動をお願いできません" in told[0].body

    client.post(page, {"name": "新しい研修", "do": "facts"})
    assert set(told.values_list("state", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("people", [1, 3])
def test_telling_of_a_required_course_asks_as_often_for_three_people_as_for_one(
    people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SupporterFactory.create_batch(people)
    course = Course.objects.create(code="new", name="新しい研修")
    with django_assert_num_queries(17):
        tell_required(course, before=False)


def test_the_office_sees_who_has_done_what(
    client: Client, coordinator: User, course: Course, trainee: Supporter, django_assert_num_queries: Any
) -> None:
    watch(trainee, course.lessons.all()[0], by=trainee.user)
    for _again in range(2):
        QuizTry.objects.create(supporter=trainee, course=course, right=1, asked=2)
    done = SupporterFactory(name="終わった人")
    client.force_login(coordinator)
    page = reverse("supporters:course_people", args=[course.pk])
    with django_assert_num_queries(6):
        seen = client.get(page).content.decode()
    assert seen.index("見本 髙志") < seen.index("終わった人")
    assert "<td>1/2</td>" in seen
    assert f"<td>2 ({say_day(timezone.localdate())})</td>" in seen
    assert done.name not in client.get(page, {"open": "1"}).content.decode()
    for _one_more in range(2):
        SupporterFactory()
    with django_assert_num_queries(6):
        client.get(page)
    Supporter.objects.filter(pk=trainee.pk).update(status="withdrawn")
    assert trainee.name not in client.get(page, {"open": "1"}).content.decode()


# --- Certificates ----------------------------------------------------------------------------------------
def test_a_certificate_shows_others_what_the_person_chose(client: Client) -> None:
    person = SupporterFactory(name="見本 髙志", kana="みほん たかし")
    client.force_login(person.user)
    own = reverse("supporters:certificate", args=["video"])
    page = client.get(own)
    assert "見本 髙志" in page.content.decode()
    path = page.context["url"].partition("localhost:8000")[2]
    stranger = Client()
    first = stranger.get(path).content.decode()
    assert "み." in first
    assert "髙志" not in first
    assert "みほん" not in first
    client.post(own, {"shown_as": "kana"})
    assert "みほん たかし" in stranger.get(path).content.decode()
    assert stranger.get(path.replace("certificate/", "certificate/9")).status_code == 404


def test_a_certificate_ends_with_the_data_of_its_person(client: Client) -> None:
    person = SupporterFactory()
    client.force_login(person.user)
    path = client.get(reverse("supporters:certificate", args=["video"])).context["url"].partition("localhost:8000")[2]
    Supporter.objects.filter(pk=person.pk).update(
        status="withdrawn", user=None, erase_on=dt.date(2026, 1, 1), erased_at=timezone.now()
    )
    assert Client().get(path).status_code == 404


def test_there_is_no_certificate_for_what_was_not_finished(client: Client, trainee: Supporter, course: Course) -> None:
    assert client.get(reverse("supporters:certificate", args=[course.pk])).status_code == 404
    assert not TrainingCompletion.objects.exists()
