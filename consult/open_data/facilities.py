"""公共施設一覧: the halls where desks open and sessions are held."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from consult.open_data.issuer import Issuer, katakana, note_on_coordinates
from consult.open_data.tables import Record
from notifications.links import absolute
from programme.models import Venue

# POIコード of a 公民館. Source: 自治体標準オープンデータセット, POIコード一覧
COMMUNITY_HALL = "1307"


def facilities() -> Iterator[Record]:
    """One row for each hall in use, in the order of the districts. A group's own place is nobody else's business."""
    issuer = Issuer()
    today = timezone.localdate()
    halls = Venue.objects.filter(kind=Venue.Kind.HALL, active=True).select_related("closures")
    for hall in halls.prefetch_related("closures__closures").order_by("district__position", "pk"):
        closures = hall.closures.closures.all() if hall.closures else ()
        closed = [
            str(it) for it in closures if it.venue_id in (None, hall.pk) and (it.last is None or it.last >= today)
        ]
        yield {
            **issuer.head(f"C{hall.pk:08}"),
            **issuer.place(hall),
            "名称": hall.name,
            "名称_カナ": katakana(hall.kana),
            "POIコード": COMMUNITY_HALL,
            "電話番号": hall.phone or None,
            "開始時間": f"{hall.opens:%H:%M}" if hall.opens else None,
            "終了時間": f"{hall.closes:%H:%M}" if hall.closes else None,
            "利用可能日時特記事項": f"休館: {'、'.join(dict.fromkeys(closed))}" if closed else None,
            "URL": absolute(reverse("consult:finder")),
            "備考": note_on_coordinates(hall),
        }
