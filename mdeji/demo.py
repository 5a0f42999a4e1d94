"""The demo programme: synthetic people and rows on Maebashi's real districts, halls and topics.

Nobody here exists: every name begins with 見本 ("sample") and every address ends in example.jp. Figures counted
from these rows are not the city's; the published ones stand apart with their sources.
"""

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from consult.models import Activity, Consultation, Desk, Opening, StandingTeam
from consult.reserving import Wish, reserve
from notifications.mailings import write_drafts
from notifications.models import AddressChange, Channel, Contact, Mailing
from programme.errors import Refused
from programme.fiscal import Month
from programme.models import (
    AgeBand,
    Category,
    Course,
    Device,
    District,
    Outcome,
    Programme,
    Role,
    Topic,
    User,
    Venue,
    Visit,
)
from support_requests.board.sandbox import propose
from support_requests.models import (
    Again,
    Draw,
    Feedback,
    Group,
    Helpful,
    PreferredTime,
    Report,
    RequestTopic,
    Session,
    SupportRequest,
)
from supporters.choosing import choices
from supporters.honoraria import approvable, approve_lines, count_of, draw_up, pay
from supporters.models import (
    Assignment,
    CheckIn,
    Claim,
    Consent,
    Lesson,
    Question,
    Registration,
    Shift,
    Skill,
    Supporter,
    TrainingCompletion,
    TravelBy,
    WeeklyWindow,
)
from supporters.models.claims import cells

LOGINS = {
    "コーディネーター": "coordinator@example.jp",
    "市職員 (officer)": "officer@example.jp",
    "サポーター": "supporter@example.jp",
    "相談所の端末 (desk)": "desk@example.jp",
}
SYNTHETIC = "デモ用の架空の記録です。"
DAYS_BACK = 75
DAYS_AHEAD = 40

# (title, address) of films, and (question, answers with the right one first): both made up, with the demo's wording.
LESSONS = [
    ("サポーターの心がまえ", "https://example.jp/films/1"),
    ("個人情報をまもる", "https://example.jp/films/2"),
]
QUESTIONS = [
    ("操作に困っている人がいます。だれが画面にさわりますか。", ["本人。横で言葉で伝える", "サポーター。早く終わる"]),
    ("パスワードを聞かれました。どうしますか。", ["聞かない・預からない", "メモしておく", "代わりに入力する"]),
]

MORNINGS = [(day, 9, 12) for day in range(5)]
AFTERNOONS = [(day, 13, 17) for day in range(5)]
WEEKDAYS = [(day, 9, 17) for day in range(5)]
WEEKEND = [(day, 9, 17) for day in (5, 6)]
EVENINGS = [(day, 17, 20) for day in range(5)]


@dataclass(frozen=True)
class Person:
    """Somebody of the demo; 見本 (みほん) stands before the name."""

    name: str
    kana: str
    age: int
    category: str
    district: str
    topics: dict[str, int]
    free: list[tuple[int, int, int]]
    lead: bool = False
    status: str = Supporter.Status.ACTIVE
    months_ago: int = 6  # when registered


BASICS = {"T01": 2, "T02": 2, "T03": 2, "T04": 2, "T11": 2}
SOCIAL = {"T05": 3, "T06": 2, "T07": 2, "T08": 2}
CITY = {"T12": 2, "T14": 2, "T15": 2, "T17": 2}
PROCEDURES = {"T13": 3, "T16": 3, "T18": 2, "T19": 3, "T10": 2}
PEOPLE = [
    Person("花子", "はなこ", 62, "learner", "上川淵", BASICS | SOCIAL | {"T12": 2}, WEEKDAYS, lead=True, months_ago=8),
    Person("一郎", "いちろう", 68, "citizen", "桂萱", BASICS | CITY, WEEKDAYS + WEEKEND, lead=True, months_ago=8),
    Person("髙志", "たかし", 55, "body_staff", "南橘", SOCIAL | PROCEDURES, AFTERNOONS, lead=True, months_ago=7),
    Person("𠮷美", "よしみ", 71, "learner", "富士見", BASICS | SOCIAL, MORNINGS, months_ago=7),
    Person("德子", "とくこ", 66, "learner", "大胡", BASICS | {"T05": 2}, WEEKDAYS, lead=True, months_ago=6),
    Person("健", "けん", 21, "university", "元総社", SOCIAL | PROCEDURES, EVENINGS + WEEKEND, months_ago=5),
    Person("さくら", "さくら", 20, "university", "総社", BASICS | SOCIAL, AFTERNOONS + WEEKEND, months_ago=4),
    Person("誠", "まこと", 47, "city_staff", "本庁管内", CITY | PROCEDURES, EVENINGS, lead=True, months_ago=4),
    Person("恵子", "けいこ", 59, "citizen", "下川淵", BASICS | SOCIAL, WEEKDAYS, months_ago=3),
    Person("勇", "いさむ", 73, "citizen", "芳賀", BASICS | {"T20": 3}, MORNINGS + WEEKEND, lead=True, months_ago=2),
    Person("葵", "あおい", 16, "high_school", "桂萱", SOCIAL, WEEKEND + EVENINGS, months_ago=2),
    Person("清", "きよし", 64, "learner", "城南", BASICS | CITY, WEEKDAYS, months_ago=1),
    Person("涼", "りょう", 35, "citizen", "永明", SOCIAL, EVENINGS, status=Supporter.Status.TRAINING, months_ago=0),
    Person("美咲", "みさき", 28, "citizen", "東", BASICS, WEEKEND, status=Supporter.Status.APPLIED, months_ago=0),
]
# The hall's district, the rule of its days, the hour at which it opens.
DESKS = [
    ("上川淵", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 9),
    ("桂萱", "FREQ=WEEKLY;BYDAY=TU", 10),
    ("南橘", "FREQ=WEEKLY;BYDAY=WE", 10),
    ("富士見", "FREQ=MONTHLY;BYDAY=2TH,4TH", 13),
    ("大胡", "FREQ=WEEKLY;BYDAY=FR", 13),
]


# The hall whose desk takes reservations.
RESERVABLE = "桂萱"


@transaction.atomic
def load_demo() -> None:
    """Fill an empty database with the demo. The same day gives the same rows."""
    chance = random.Random(2026)  # noqa: S311  (a demo, not a secret)
    Programme.objects.filter(phone="").update(phone="027-000-0000", phone_hours="平日9:00から17:00まで(見本)")
    coordinator = _account(LOGINS["コーディネーター"], "見本 コーディネーター", Role.COORDINATOR)
    _account(LOGINS["市職員 (officer)"], "見本 職員", Role.OFFICER)
    tablet = _account(LOGINS["相談所の端末 (desk)"], "上川淵の端末(見本)", Role.DESK)
    supporters = [_supporter(number, person, coordinator) for number, person in enumerate(PEOPLE)]
    _applies_again(supporters[1])
    _courses()
    active = [supporter for supporter in supporters if supporter.status == Supporter.Status.ACTIVE]
    desks = [_desk(hall, rule, opens, tablet) for hall, rule, opens in DESKS]
    _past_openings(desks, active, chance)
    _past_sessions(active, coordinator)
    _unreported_session(active)
    _coming_openings(desks, active, coordinator)
    _open_requests(coordinator)
    Draw.objects.commit()
    _board(coordinator)
    _reservation(next(desk for desk in desks if desk.reservable))
    _team(desks[-1], active, coordinator)
    _activities(coordinator)
    _honoraria(coordinator)
    _messages(supporters[0].contact, active, coordinator)


def _account(email: str, name: str, role: str) -> User:
    user = User.objects.create_user(email, name=name, role=role)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _contact(name: str, email: str = "", phone: str = "") -> Contact:
    return Contact.objects.create(
        name=name, email=email, phone=phone, email_proved_at=timezone.now() if email else None
    )


def _supporter(number: int, person: Person, coordinator: User) -> Supporter:
    today = timezone.localdate()
    email = LOGINS["サポーター"] if number == 0 else f"supporter{number}@example.jp"
    name, kana = f"見本 {person.name}", f"みほん {person.kana}"
    category = Category.objects.get(code=person.category)
    supporter = Supporter.objects.create(
        user=_account(email, name, Role.MEMBER),
        contact=_contact(name, email),
        name=name,
        kana=kana,
        birth_date=today.replace(year=today.year - person.age, month=1, day=15),
        category=category,
        home_district=District.objects.get(name=person.district),
        status=person.status,
        may_be_paid=category.may_be_paid,
        is_lead=person.lead,
        week_limit=3,
        month_limit=8,
        travel_limit=60,
    )
    Skill.objects.bulk_create(
        Skill(supporter=supporter, topic_id=topic, level=level) for topic, level in person.topics.items()
    )
    WeeklyWindow.objects.bulk_create(
        WeeklyWindow(supporter=supporter, weekday=day, starts=dt.time(start), ends=dt.time(end))
        for day, start, end in person.free
    )
    if person.status != Supporter.Status.APPLIED:
        registered = today - dt.timedelta(days=30 * person.months_ago)
        Registration.objects.create(supporter=supporter, started_on=registered)
        if person.status == Supporter.Status.ACTIVE:
            for course in Course.objects.filter(required=True):
                TrainingCompletion.objects.create(
                    supporter=supporter, course=course, completed_on=registered, recorded_by=coordinator
                )
    if supporter.is_minor_on(today):
        guardian = _contact("見本 保護者", "guardian@example.jp")
        Consent.objects.create(supporter=supporter, guardian=guardian, given_at=timezone.now())
    return supporter


def _courses() -> None:
    """Films and questions of the required course, and a course for those who are active."""
    required = Course.objects.filter(required=True)[0]
    follow_up = Course.objects.create(
        code="demo-follow-up", name="フォローアップ研修(見本)", required=False, follow_up=True, source=SYNTHETIC
    )
    for course, films in ((required, LESSONS), (follow_up, LESSONS[1:])):
        Lesson.objects.bulk_create(
            Lesson(course=course, position=place, title=title, link=link)
            for place, (title, link) in enumerate(films, start=1)
        )
    Question.objects.bulk_create(
        Question(course=required, position=place, text=text, options=options[1:] + options[:1], right=len(options) - 1)
        for place, (text, options) in enumerate(QUESTIONS, start=1)
    )


def _applies_again(known: Supporter) -> None:
    """Somebody who is registered fills in the form once more, with another address."""
    email = "ichiro.again@example.jp"
    Supporter.objects.create(
        user=_account(email, known.name, Role.MEMBER),
        contact=_contact(known.name, email),
        name=known.name,
        kana=known.kana,
        birth_date=known.birth_date,
        category=known.category,
        home_district=known.home_district,
        travel_by=TravelBy.CAR,
    )


def _desk(hall: str, rule: str, opens: int, tablet: User) -> Desk:
    venue = Venue.objects.get(kind=Venue.Kind.HALL, district__name=hall)
    desk = Desk.objects.create(
        code=f"demo-{venue.code}",
        name=f"よろず相談所 {hall}(見本)",
        venue=venue,
        rule=rule,
        opens=dt.time(opens),
        closes=dt.time(opens + 2),
        seats=2,
        reservable=hall == RESERVABLE,
    )
    desk.topics.set(Topic.objects.filter(code="T01"))
    if hall == DESKS[0][0]:
        desk.accounts.add(tablet)
    return desk


def _attend(shift: Shift, supporters: list[Supporter]) -> None:
    """Write that ``supporters`` were there, as it stands after a report."""
    for seat, supporter in zip(shift.seats.all(), supporters, strict=False):
        if Claim.objects.filter(supporter=supporter, cell__in=cells(shift.starts_at, shift.ends_at)).exists():
            continue
        attended = Assignment.objects.create(
            shift=shift, supporter=supporter, status=Assignment.Status.ATTENDED, seat=seat
        )
        Claim.stake(attended, shift)
        _note_yes(attended)
        attended.moves.create(
            from_status=Assignment.Status.ACCEPTED, to_status=Assignment.Status.ATTENDED, at=shift.ends_at
        )


def _note_yes(assignment: Assignment) -> None:
    """Write into the history that the person said yes, a week before."""
    assignment.moves.create(
        from_status=Assignment.Status.OFFERED,
        to_status=Assignment.Status.ACCEPTED,
        at=assignment.shift.starts_at - dt.timedelta(days=7),
        by=assignment.supporter.user,
    )


def _past_openings(desks: list[Desk], active: list[Supporter], chance: random.Random) -> None:
    today = timezone.localdate()
    topics = list(Topic.objects.filter(in_scope=True))
    common = [topics[i] for i in (0, 1, 2, 3, 4, 4, 4, 7, 8, 9)]
    outcomes = Outcome.objects.in_bulk()
    devices, bands, visits = list(Device.objects.all()), list(AgeBand.objects.all()), list(Visit.objects.all())
    cases = []
    for desk in desks:
        for opening in desk.open_dates(today - dt.timedelta(days=DAYS_BACK), today - dt.timedelta(days=1)):
            _attend(opening.shift, chance.sample(active, 2))
            for _ in range(chance.randint(0, 4)):
                minute = chance.randrange(0, 110, 5)
                happened = opening.shift.starts_at + dt.timedelta(minutes=minute)
                cases.append(
                    Consultation(
                        desk=desk,
                        opening=opening,
                        date=opening.date,
                        happened_at=happened,
                        logged_at=happened,
                        topic=chance.choice(common),
                        outcome=outcomes[chance.choice(["solved", "solved", "solved", "partly", "referred"])],
                        device=chance.choice(devices),
                        age_band=chance.choice(bands[6:10]),
                        visit=chance.choice(visits[:2]),
                        minutes=chance.choice([10, 15, 20, 30]),
                    )
                )
    Consultation.objects.bulk_create(cases)


def _coming_openings(desks: list[Desk], active: list[Supporter], coordinator: User) -> None:
    """Openings ahead; those of the first days have people on them, the later ones wait for a plan."""
    today = timezone.localdate()
    for desk in desks:
        desk.open_dates(today, today + dt.timedelta(days=DAYS_AHEAD))
    adults = [supporter for supporter in active if not supporter.is_minor_on(today)]
    _attend(_todays_opening(desks[0]).shift, adults[:2])
    coming = Opening.objects.filter(date__range=(today + dt.timedelta(days=1), today + dt.timedelta(days=6)))
    for turn, opening in enumerate(coming.select_related("shift__venue__district").order_by("date", "pk")):
        for supporter in (adults[turn % len(adults)], adults[(turn + 3) % len(adults)]):
            _win(opening.shift, supporter, coordinator)


def _reservation(desk: Desk) -> None:
    opening = Opening.objects.standing().coming().filter(desk=desk).select_related("desk", "shift")[0]
    reserve(Wish(uuid.uuid4(), opening, 0, "見本 住民", phone="027-000-0001", topic=Topic.objects.get(code="T05")))


def _team(desk: Desk, active: list[Supporter], coordinator: User) -> None:
    """The same two people each 2nd week, one of whom need not be asked."""
    team = StandingTeam.objects.create(desk=desk, rule="FREQ=MONTHLY;BYDAY=2FR")
    team.put(active[4], agrees=True, by=coordinator)
    team.put(active[0], agrees=False, by=coordinator)


def _todays_opening(desk: Desk) -> Opening:
    """Today's, even where the hall is closed today: somebody who tries the demo can log a case."""
    today = timezone.localdate()
    there = desk.openings.filter(date=today).first()
    if there:
        return there
    starts_at = _at(0, desk.opens.hour)
    shift = Shift.plan(
        purpose=Opening.PURPOSE,
        joining=Shift.Joining.FIRST_COME,
        title=desk.name,
        venue=desk.venue,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2),
        needed=desk.seats,
    )
    return Opening.objects.create(desk=desk, date=today, shift=shift)


def _win(shift: Shift, supporter: Supporter, coordinator: User) -> None:
    """Ask somebody, who says yes; where a rule stands against it the place stays empty."""
    try:
        with transaction.atomic():
            asked = Assignment.objects.create(shift=shift, supporter=supporter)
            asked.offer(by=coordinator, answer_by=timezone.now() + dt.timedelta(days=1))
            asked.accept(by=supporter.user)
    except Refused:
        pass


def _request(
    group: str, district: str, participants: int, topics: dict[str, int], *, phone: str = "", status: str
) -> SupportRequest:
    contact = _contact(f"見本 代表({group})", "" if phone else f"group-{Group.objects.count()}@example.jp", phone)
    request = SupportRequest.objects.create(
        group=Group.objects.create(name=group, district=District.objects.get(name=district), contact=contact),
        status=status,
        intake=SupportRequest.Intake.PHONE if phone else SupportRequest.Intake.WEB,
        participants=participants,
        venue=Venue.objects.get(kind=Venue.Kind.HALL, district__name=district),
        minutes=90,
        note=SYNTHETIC,
    )
    RequestTopic.objects.bulk_create(
        RequestTopic(request=request, topic_id=topic, level=level) for topic, level in topics.items()
    )
    return request


def _past_sessions(active: list[Supporter], coordinator: User) -> None:
    held = [
        ("見本 スマホを楽しむ会", "桂萱", 6, 12, {"T05": 2}),
        ("見本 第一自治会", "富士見", 9, 33, {"T12": 1}),
        ("見本 健康クラブ", "南橘", 5, 55, {"T01": 1, "T04": 1}),
    ]
    thanks = {
        "見本 スマホを楽しむ会": (Helpful.VERY, Again.VERY, "ゆっくり教えてくださり、LINEで孫と話せました。(見本)"),
        "見本 第一自治会": (Helpful.YES, Again.YES, ""),
    }
    for group, district, people, days_ago, topics in held:
        request = _request(group, district, people, topics, status=SupportRequest.Status.REPORTED)
        received = timezone.now() - dt.timedelta(days=days_ago + 20)
        SupportRequest.objects.filter(pk=request.pk).update(received_at=received)
        shift = _shift_of(request, _at(-days_ago, 10), needed=2)
        session = Session.objects.create(request=request, shift=shift)
        _attend(shift, active[:2])
        report = Report.objects.create(session=session, attendees=people, note=SYNTHETIC, reported_by=coordinator)
        report.topics.set(Topic.objects.filter(code__in=topics))
        if said := thanks.get(group):
            Feedback.give(session, helpful=said[0], again=said[1], thanks=said[2])


def _unreported_session(active: list[Supporter]) -> None:
    """Yesterday's: its team was there, and nobody has told yet what it was like."""
    request = _request("見本 写真の会", "総社", 5, {"T04": 1}, status=SupportRequest.Status.BOOKED)
    shift = _shift_of(request, _at(-1, 18), needed=1)
    Session.objects.create(request=request, shift=shift)
    _promise(shift, active[0])


def _promise(shift: Shift, supporter: Supporter) -> None:
    """Write that ``supporter`` said yes and was there, as it stands before a report."""
    promised = Assignment.objects.create(
        shift=shift, supporter=supporter, status=Assignment.Status.ACCEPTED, seat=shift.seats.all()[0]
    )
    Claim.stake(promised, shift)
    _note_yes(promised)
    CheckIn.objects.create(
        assignment=promised,
        at=shift.starts_at - dt.timedelta(minutes=10),
        way=CheckIn.Way.CODE,
        by=supporter.user,
    )


def _shift_of(request: SupportRequest, starts_at: dt.datetime, *, needed: int) -> Shift:
    return Shift.plan(
        purpose=Session.PURPOSE,
        title=request.title,
        venue=request.venue,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=request.minutes),
        needed=needed,
        topics=[(need.topic, need.level) for need in request.topics.select_related("topic")],
    )


def _open_requests(coordinator: User) -> None:
    """What waits for a plan, one that waits for its confirmation, and one whose team is being won."""
    waiting = [
        ("見本 ひまわり会", "上川淵", 5, {"T05": 2, "T04": 1}, ""),
        ("見本 ことぶき会", "大胡", 7, {"T01": 1, "T03": 1}, "027-283-0000"),
        ("見本 第二自治会", "芳賀", 12, {"T12": 2}, ""),
    ]
    for number, (group, district, people, topics, phone) in enumerate(waiting):
        request = _request(group, district, people, topics, phone=phone, status=SupportRequest.Status.CONFIRMED)
        _wish(request, 16 + number)
    _wish(_request("見本 手話サークル", "永明", 4, {"T08": 1}, status=SupportRequest.Status.RECEIVED), 20)

    request = _request("見本 図書館友の会", "上川淵", 6, {"T05": 2}, status=SupportRequest.Status.PLANNED)
    _wish(request, 9)
    shift = _shift_of(request, request.times.all()[0].starts_at, needed=1)
    Session.objects.create(request=request, shift=shift)
    asked = Assignment.objects.create(shift=shift, supporter=Supporter.objects.get(contact__email=LOGINS["サポーター"]))
    asked.offer(by=coordinator, answer_by=timezone.now() + dt.timedelta(days=3))


def _board(coordinator: User) -> None:
    """Two steps on the coordinator's week board: somebody is taken off the next duty, somebody else is asked."""
    coming = Assignment.objects.filter(status=Assignment.Status.ACCEPTED, shift__starts_at__gt=timezone.now())
    row = coming.select_related("shift__venue__district", "supporter").order_by("shift__starts_at", "pk")[0]
    monday = row.shift.local_date - dt.timedelta(days=row.shift.local_date.weekday())
    facts: dict[str, Any] = {"by": coordinator, "monday": monday, "how": "ask", "reason": ""}
    propose(supporter=row.supporter, leaves=row.shift, goes=None, **facts)
    there = row.shift.assignments.values("supporter")
    others = choices(Supporter.objects.active().exclude(pk__in=there).order_by("pk"), [row.shift])
    best = next((one for one in others if not one.against), others[0])
    propose(supporter=best.supporter, leaves=None, goes=row.shift, **facts)


def _wish(request: SupportRequest, days: int) -> None:
    """Three times on days on which the venue is open."""
    rank = 0
    while rank < 3:
        starts_at = _at(days, (10, 13, 14)[rank])
        days += 1
        if request.venue.closed_on(timezone.localdate(starts_at)) is None:
            rank += 1
            PreferredTime.objects.create(request=request, rank=rank, starts_at=starts_at)


def _at(days: int, hour: int) -> dt.datetime:
    day = timezone.localdate() + dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def _honoraria(coordinator: User) -> None:
    """Two months ago is paid, last month waits for the coordinator's approval: a second one drew both up."""
    second = User.objects.create_user("coordinator2@example.jp", name="見本 コーディネーター2", role=Role.COORDINATOR)
    last = Month.of(timezone.localdate()).previous
    for month in (last.previous, last):
        draw_up(month, by=second)
    approve_lines(last.previous, by=coordinator, seen=count_of(approvable(last.previous, by=coordinator)))
    pay(by=coordinator)


def _messages(contact: Contact, active: list[Supporter], coordinator: User) -> None:
    """An address that had bounced and works again, and a text to many that waits as drafts."""
    bounced, lifted = timezone.now() - dt.timedelta(days=20), timezone.now() - dt.timedelta(days=18)
    facts = {"channel": Channel.EMAIL, "address": contact.email}
    AddressChange.objects.create(**facts, what="bounced", note="550 5.1.1 User unknown(見本)", at=bounced)
    AddressChange.objects.create(**facts, what="lifted", note="本人に電話で確かめた(見本)", at=lifted, by=coordinator)
    mailing = Mailing.objects.create(
        title="スマートフォン講座のお手伝い(見本)",
        body="来月の講座で、お手伝いいただける方を探しています。\nご都合のよい日を、マイページに入れてください。",
        created_by=coordinator,
    )
    write_drafts(mailing, (supporter.contact for supporter in active))


def _activities(coordinator: User) -> None:
    today = timezone.localdate()
    rows = [
        (Activity.Kind.ASSOCIATION_TABLET, "見本 第三自治会", "総社", 1, 20),
        (Activity.Kind.ASSOCIATION_TABLET, "見本 第四自治会", "城南", 1, 41),
        (Activity.Kind.HALL_COURSE, "はじめてのスマホ講座(見本)", "東", 14, 26),
        (Activity.Kind.PREVENTION_COURSE, "介護予防サポーター講座(見本)", "本庁管内", 18, 47),
    ]
    Activity.objects.bulk_create(
        Activity(
            kind=kind,
            name=name,
            district=District.objects.get(name=district),
            attendees=attendees,
            date=today - dt.timedelta(days=days_ago),
            logged_by=coordinator,
        )
        for kind, name, district, attendees, days_ago in rows
    )
