"""What must hold of bookings after every step, whatever the steps were; and random steps of many people."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from django.utils import timezone

from notifications.models import Message
from programme.models import Limits
from support_requests.models import Session, SupportRequest
from supporters.models import Assignment, Claim, RoomClaim, Seat, Shift
from supporters.models.claims import cells

Status = Assignment.Status
Asked = SupportRequest.Status


def broken() -> list[str]:
    """What the database holds that it must not; empty when all is well."""
    return [*_seats(), *_claims(), *_rooms(), *_requests(), *_minors(), *_histories(), *_messages()]


def _seats() -> Iterator[str]:
    """No shift is overfilled, no seat is lost, who has none holds none, nobody is live on a cancelled shift."""
    for shift in Shift.objects.all():
        rows = list(shift.assignments.all())
        held = [row for row in rows if row.is_held]
        if len({row.seat_id for row in held}) != len(held) or any(row.seat_id for row in rows if not row.is_held):
            yield f"{shift}: seats of {rows}"
        if Seat.objects.filter(shift=shift).count() < shift.needed:
            yield f"{shift}: a seat is lost"
        if shift.cancelled_at and any(row.status in Assignment.LIVE for row in rows):
            yield f"{shift}: called off, but not for all"


def _claims() -> Iterator[str]:
    """Everybody who has a seat claims the very time of the shift, and nobody else claims anything."""
    held = Assignment.objects.held().select_related("shift")
    wanted = Counter((row.pk, cell) for row in held for cell in cells(row.shift.starts_at, row.shift.ends_at))
    found = Counter(Claim.objects.values_list("assignment_id", "cell"))
    if wanted != found:
        yield f"claims: missing {wanted - found}, orphans {found - wanted}"


def _rooms() -> Iterator[str]:
    booked = Shift.objects.standing().exclude(room=None)
    wanted = Counter((row.pk, row.room_id, cell) for row in booked for cell in cells(row.starts_at, row.ends_at))
    found = Counter(RoomClaim.objects.values_list("shift_id", "room_id", "cell"))
    if wanted != found:
        yield f"rooms: missing {wanted - found}, orphans {found - wanted}"


def _requests() -> Iterator[str]:
    """A booked request has its whole team on a standing shift; one that is planned has a standing shift."""
    for session in Session.objects.select_related("request", "shift"):
        status, shift = session.request.status, session.shift
        if status in (Asked.PLANNED, Asked.BOOKED) and shift.cancelled_at:
            yield f"{session.request}: {status}, but called off"
        if status == Asked.BOOKED and not shift.is_staffed():
            yield f"{session.request}: booked without its team"
        if status not in (Asked.PLANNED, Asked.BOOKED, Asked.HELD, Asked.REPORTED) and not shift.cancelled_at:
            yield f"{session.request}: {status}, but its shift stands"


def _minors() -> Iterator[str]:
    """No minor has a seat on a shift to come without an adult who has one or is being asked."""
    adult_age = Limits.current().adult_age
    for shift in Shift.objects.standing().filter(starts_at__gt=timezone.now()):
        rows = shift.assignments.select_related("supporter")
        minors, adults = [], []
        for row in rows:
            (minors if row.supporter.is_minor_on(shift.local_date, adult_age) else adults).append(row)
        if any(row.is_held for row in minors) and not any(
            row.is_held or row.status == Status.OFFERED for row in adults
        ):
            yield f"{shift}: a minor alone"


def _histories() -> Iterator[str]:
    """Each state has been reached by moves that are written down."""
    for row in Assignment.objects.prefetch_related("moves"):
        moves = list(row.moves.all())
        if moves and moves[-1].to_status != row.status:
            yield f"{row}: {row.status}, but the last move was to {moves[-1].to_status}"


# What a message says was done, by its kind: there are no more of them than times that it was done.
SAID = {
    "offer": {Status.OFFERED},
    "accepted": {Status.ACCEPTED},
    "released": {Status.RELEASED},
    "not_chosen": {Status.NOT_CHOSEN},
    **{kind: {Status.CANCELLED} for kind in ("cancelled", "stood_down", "taken_off", "moved_off")},
    "request_received": {Asked.CONFIRMED},
    "request_booked": {Asked.BOOKED},
    "request_reopened": {Asked.CONFIRMED},
    "request_closed": {Asked.WITHDRAWN, Asked.DECLINED},
}


def _messages() -> Iterator[str]:
    """Who has a seat was told so, once for each time that it was given; nobody is told more than was done."""
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for subject, kind in Message.objects.filter(kind__in=SAID).values_list("subject", "kind"):
        told[subject][kind] += 1
    for row in Assignment.objects.held():
        if told[f"assignment:{row.pk}"]["accepted"] != 1:
            yield f"{row}: told {told[f'assignment:{row.pk}']['accepted']} times of the seat"
    for name, rows in (("assignment", Assignment.objects.all()), ("request", SupportRequest.objects.all())):
        for row in rows.prefetch_related("moves"):  # type: ignore[attr-defined]
            done = Counter(move.to_status for move in row.moves.all())
            for kind, number in told[f"{name}:{row.pk}"].items():
                if number > sum(done[one] for one in SAID[kind]):
                    yield f"{row}: {number} × {kind}, but {dict(done)}"
