"""Where an assignment stands, from a proposal to having been there."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssignmentStatus(models.TextChoices):
    PROPOSED = "proposed", _("案")
    APPLIED = "applied", _("応募中")
    OFFERED = "offered", _("お願い中")
    ACCEPTED = "accepted", _("引き受け済み")
    DECLINED = "declined", _("辞退")
    LAPSED = "lapsed", _("期限切れ")
    STANDING_IN_WANTED = "standing_in_wanted", _("代わりの人を探しています")
    RELEASED = "released", _("交代済み")
    CANCELLED = "cancelled", _("中止")
    ATTENDED = "attended", _("参加")
    ABSENT = "absent", _("欠席")
    NOT_CHOSEN = "not_chosen", _("ほかの方に決定")


# Those who hold a seat and claim their time.
HELD = (AssignmentStatus.ACCEPTED, AssignmentStatus.STANDING_IN_WANTED, AssignmentStatus.ATTENDED)
# Those of them who will come: somebody who wants a stand-in holds the place, but the place is to be filled.
STAYING = (AssignmentStatus.ACCEPTED, AssignmentStatus.ATTENDED)
# Those for whom the shift is not over and done with.
LIVE = (
    AssignmentStatus.PROPOSED,
    AssignmentStatus.APPLIED,
    AssignmentStatus.OFFERED,
    AssignmentStatus.ACCEPTED,
    AssignmentStatus.STANDING_IN_WANTED,
)
