from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportRequestsConfig(AppConfig):
    """Who asks. The folder above is a shelf, see docs/adr/0001."""

    name = "support_requests"
    verbose_name = _("出張サポート")

    def ready(self) -> None:
        from notifications import outbox
        from programme import own_reasons
        from support_requests import contacts, own_data
        from support_requests.models import Session, SupportRequest
        from supporters import owners

        owners.register(Session.PURPOSE, Session.objects)
        outbox.when_reached(contacts.fill_calendar)
        own_data.register()
        # What groups and teams are told where nobody typed a reason.
        status = SupportRequest.Status
        ours = (_("団体のご希望"), _("毎月のお申し込みをやめたため"), status.WITHDRAWN.label, status.DECLINED.label)
        own_reasons.register(ours)
