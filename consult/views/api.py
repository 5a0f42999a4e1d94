"""The log over the API: cases sent singly or in batches, as often as a device likes."""

from typing import Any, TypedDict

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

from consult.codes import Codes
from consult.errors import NotYourDesk
from consult.models import Consultation, Opening
from consult.serializers import SentCase, ShownCase
from programme.errors import Refused

ROWS_AT_MOST = 200

CREATED, EXISTS, REFUSED = "created", "exists", "refused"


class Result(TypedDict):
    """What became of one row that was sent. ``errors`` by field, empty unless refused."""

    id: str | None
    status: str
    errors: dict[str, Any]


class Pages(PageNumberPagination):
    page_size = 100


class Consultations(ListAPIView[Consultation]):
    """GET: the cases that the account may see, ``?opening=`` narrows them to one opening.

    POST: one case or a list of up to 200; each is stored once however often it is sent, and each has its own
    result. 201 when all are new, 200 when all were there, 207 when the rows fared differently or a row of a
    list was refused, 400 for a single refused case.
    """

    serializer_class = ShownCase
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Consultation]:
        rows = Consultation.objects.visible_to(self.request.user).prefetch_related("more_topics")
        opening = self.request.query_params.get("opening")
        if opening is None:
            return rows.order_by("-happened_at", "pk")
        if not (opening.isascii() and opening.isdigit() and len(opening) < 19):
            raise ParseError(_("opening は番号で指定してください。"))
        return rows.filter(opening=int(opening)).order_by("-happened_at", "pk")

    def post(self, request: Request) -> Response:
        if isinstance(request.data, list):
            if len(request.data) > ROWS_AT_MOST:
                raise ParseError(_("一度に送れるのは%(count)s件までです。") % {"count": ROWS_AT_MOST})
            results = _store(request.data, request.user)
            return Response(results, status=_status_of({row["status"] for row in results}))
        [result] = _store([request.data], request.user)
        refused = result["status"] == REFUSED
        return Response(result, status=status.HTTP_400_BAD_REQUEST if refused else _status_of({result["status"]}))


def _status_of(fates: set[str]) -> int:
    if fates == {CREATED}:
        return status.HTTP_201_CREATED
    return status.HTTP_200_OK if fates <= {EXISTS} else status.HTTP_207_MULTI_STATUS


def _store(rows: list[Any], user: Any) -> list[Result]:
    """Store each row by itself: one that is refused holds up no other."""
    context = {"codes": Codes.load()}
    sent = [SentCase(data=row, context=context) for row in rows]
    wanted = {case.validated_data["opening"] for case in sent if case.is_valid()}
    openings = Opening.objects.visible_to(user).select_related("desk", "shift").in_bulk(wanted)
    return [_store_one(case, openings, user) for case in sent]


def _store_one(case: SentCase, openings: dict[int, Opening], user: Any) -> Result:
    sent_id = case.initial_data.get("id") if isinstance(case.initial_data, dict) else None
    if case.errors:
        return Result(id=str(sent_id)[:40] if sent_id else None, status=REFUSED, errors=dict(case.errors))
    facts = dict(case.validated_data)
    pk = facts.pop("id")
    opening = openings.get(facts.pop("opening"))
    if opening is None:
        return Result(id=str(pk), status=REFUSED, errors={"opening": [str(NotYourDesk())]})
    try:
        _row, is_new = Consultation.objects.log(pk=pk, opening=opening, by=user, **facts)
    except Refused as refusal:
        return Result(id=str(pk), status=REFUSED, errors={"non_field_errors": [str(refusal)]})
    return Result(id=str(pk), status=CREATED if is_new else EXISTS, errors={})
