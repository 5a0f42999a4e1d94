"""The log over the API: cases sent singly or in batches, as often as a device likes. See docs/consultations-api.md."""

import io
import json
import uuid
from typing import Any, TypedDict, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consult.authentication import MayLog, TabletAuthentication, openings_of, places_of, tablet_of
from consult.codes import KNOWN
from consult.errors import NotYourDesk, PaperNeedsAccount, SheetEntered, TooLateForTablet
from consult.models import Consultation
from consult.models.devices import Tablet
from consult.models.intake import Case, Fate
from consult.paper import entered_among
from consult.serializers import SentCase, ShownCase, TakenBack
from programme.errors import Refused

ROWS_AT_MOST = 200

CREATED, EXISTS, REFUSED = "created", "exists", "refused"

# Made once: what a serializer costs is the copying of its fields. Checking a row leaves nothing behind in it.
SHAPE = SentCase(context={"codes": KNOWN})


class Result(TypedDict):
    """What became of one row that was sent. ``voided``: it is there, but was taken out of the figures since; ``errors``
    by field, empty unless refused; ``told``: good to know."""

    id: str | None
    status: str
    voided: bool
    errors: dict[str, Any]
    told: str


class WholeText(JSONParser):
    """JSON whose text can be stored and said again: half a sign ("\\ud800" alone) is an error of the sender."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        sent = stream.read()
        data = super().parse(io.BytesIO(sent), media_type, parser_context)
        if b"\\ud" in sent.lower():  # nothing but an escape makes one
            try:
                json.dumps(data, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                raise ParseError(_("読めない文字が入っています。その文字を消して、もう一度送ってください。")) from error
        return data


class DeskView(APIView):
    """Answers accounts and tablets, and says the server's time with each answer, refusals too."""

    parser_classes = [WholeText]
    authentication_classes = [TabletAuthentication, SessionAuthentication]
    permission_classes = [MayLog]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, RecursionError):  # a row is two levels deep, and nothing of it is stored before all are read
            exc = ParseError(_("送られた内容の入れ子が深すぎて、読めません。"))
        answer = super().handle_exception(exc)
        if isinstance(exc, AuthenticationFailed):  # the device says other things to a tablet that was taken out
            answer.data["code"] = exc.get_codes()
        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **options: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **options)
        answer.headers["X-Server-Time"] = timezone.now().isoformat(timespec="milliseconds")
        answer.headers["Cache-Control"] = "no-store"
        return answer


class Pages(PageNumberPagination):
    page_size = 100


class Consultations(DeskView, ListAPIView[Consultation]):
    """GET: the cases that the account may see, ``?opening=`` narrows them to one opening. Not for tablets.

    POST: one case or a list of up to 200; each is stored once however often it is sent, and each has its own
    result. 201 when all are new, 200 when all were there, 207 when the rows fared differently or a row of a
    list was refused, 400 for a single refused case.
    """

    serializer_class = ShownCase
    pagination_class = Pages

    def get_permissions(self) -> list[Any]:
        return [MayLog()] if self.request.method == "POST" else [IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Consultation]:
        rows = Consultation.objects.visible_to(self.request.user).prefetch_related("more_topics")
        if self.request.query_params.get("opening") is None:
            return rows.order_by("-happened_at", "pk")
        return rows.filter(opening=opening_asked(self.request)).order_by("-happened_at", "pk")

    def post(self, request: Request) -> Response:
        if isinstance(request.data, list):
            if len(request.data) > ROWS_AT_MOST:
                raise ParseError(_("一度に送れるのは%(count)s件までです。") % {"count": ROWS_AT_MOST})
            results = _store(request.data, request)
            return Response(results, status=_status_of({row["status"] for row in results}))
        [result] = _store([request.data], request)
        refused = result["status"] == REFUSED
        return Response(result, status=status.HTTP_400_BAD_REQUEST if refused else _status_of({result["status"]}))


class Summary(DeskView):
    """GET ``?opening=``: how many cases of one opening the server has, to compare with at closing time."""

    def get(self, request: Request) -> Response:
        opening = openings_of(request).filter(pk=opening_asked(request)).first()
        if opening is None:
            raise Http404
        rows = opening.consultations.order_by()
        counts = rows.aggregate(
            count=Count("pk", filter=Q(voided_at=None)),
            voided=Count("pk", filter=Q(voided_at__isnull=False)),
            paper=Count("pk", filter=Q(voided_at=None, source="paper")),
        )
        topics = rows.counted().values_list("topic").annotate(number=Count("pk"))
        by_topic = dict(topics.order_by("-number", "topic"))
        return Response({"opening": opening.pk, "day": opening.date, **counts, "by_topic": by_topic})


class Void(DeskView):
    """POST ``{"reason": …}``: take one case back. An account whatever it may see, a tablet what it sent itself
    within the last day."""

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        tablet = tablet_of(request)
        mine = tablet.may_take_back() if tablet else Consultation.objects.visible_to(request.user)
        case = mine.filter(pk=pk).first()
        if case is None:
            if tablet and tablet.cases.filter(pk=pk).exists():
                return _not_voided(pk, TooLateForTablet())
            raise Http404
        asked = TakenBack(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            case.void(by=None if tablet else request.user, tablet=tablet, reason=asked.validated_data["reason"])
        except Refused as refusal:
            return _not_voided(pk, refusal)
        return Response({"id": str(pk), "status": "voided", "errors": {}})


def _not_voided(pk: uuid.UUID, refusal: Refused) -> Response:
    answer = {"id": str(pk), "status": REFUSED, "errors": {"non_field_errors": [str(refusal)]}}
    return Response(answer, status=status.HTTP_400_BAD_REQUEST)


def opening_asked(request: Request) -> int:
    """``?opening=`` as a number. Raises ParseError."""
    text = request.query_params.get("opening", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ParseError(_("opening は番号で指定してください。"))
    return int(text)


def _status_of(fates: set[str]) -> int:
    if fates == {CREATED}:
        return status.HTTP_201_CREATED
    return status.HTTP_200_OK if fates <= {EXISTS} else status.HTTP_207_MULTI_STATUS


def _store(rows: list[Any], request: Request) -> list[Result]:
    """Store each row by itself: one that is refused holds up no other."""
    tablet = tablet_of(request)
    results: list[Result | None] = [None] * len(rows)
    read: dict[int, dict[str, Any]] = {}
    for turn, row in enumerate(rows):
        try:
            read[turn] = SHAPE.run_validation(row)
        except (serializers.ValidationError, DjangoValidationError) as error:
            results[turn] = _refused(_id_in(row), serializers.as_serializer_error(error))
    wanted = {facts["opening"] for facts in read.values()}
    places = places_of(request, wanted)
    cases: dict[int, Case] = {}
    for turn, facts in read.items():
        place = places.get(facts.pop("opening"))
        if place is None:
            results[turn] = _refused(str(facts["id"]), {"opening": [str(NotYourDesk())]})
        elif tablet and facts["source"] == Consultation.Source.PAPER:
            results[turn] = _refused(str(facts["id"]), {"source": [str(PaperNeedsAccount())]})
        else:
            more = tuple(facts.pop("more_topics"))
            cases[turn] = Case(pk=facts.pop("id"), place=place, more_topics=more, **facts)
    by = request.user if request.user.is_authenticated else None
    fates = _log(list(cases.values()), by=by, tablet=tablet) if cases else []
    for (turn, case), fate in zip(cases.items(), fates, strict=True):
        results[turn] = _result(case, fate)
    return cast(list[Result], results)


def _log(cases: list[Case], *, by: Any, tablet: Tablet | None) -> list[Fate]:
    """``log_many``; a new case from paper is refused once its day's sheet was entered: that says how many there are."""
    on_paper = [case for case in cases if case.source == Consultation.Source.PAPER]
    if not on_paper:
        return Consultation.objects.log_many(cases, by=by, tablet=tablet)
    with transaction.atomic():
        entered = entered_among({case.place.pk for case in on_paper})
        late = {case.pk for case in on_paper if case.place.pk in entered}
        late -= set(Consultation.objects.filter(pk__in=late).values_list("pk", flat=True))
        fates = iter(
            Consultation.objects.log_many([case for case in cases if case.pk not in late], by=by, tablet=tablet)
        )
        return [Fate(refusal=SheetEntered()) if case.pk in late else next(fates) for case in cases]


def _id_in(row: Any) -> str | None:
    sent_id = row.get("id") if isinstance(row, dict) else None
    return str(sent_id)[:40] if sent_id else None


def _refused(sent_id: str | None, errors: Any) -> Result:
    return Result(id=sent_id, status=REFUSED, voided=False, errors=dict(errors), told="")


def _result(case: Case, fate: Fate) -> Result:
    if fate.refusal:
        return _refused(str(case.pk), {"non_field_errors": [str(fate.refusal)]})
    status_now = CREATED if fate.is_new else EXISTS
    return Result(id=str(case.pk), status=status_now, voided=fate.is_void, errors={}, told=fate.told)
