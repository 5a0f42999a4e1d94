from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportRequestsConfig(AppConfig):
    """Who asks. The folder above is a shelf, see docs/adr/0001."""

    name = "support_requests"
    verbose_name = _("出張サポート")

    def ready(self) -> None:
        from support_requests import own_data
        from support_requests.models import Session
        from supporters import owners

        owners.register(Session.PURPOSE, Session.objects)
        own_data.register()
