from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsultConfig(AppConfig):
    name = "consult"
    verbose_name = _("よろず相談所")

    def ready(self) -> None:
        # No signal between apps: the framework's own word that the tables are as they should be.
        from django.db.models.signals import post_migrate  # noqa: TID251

        from consult import own_data
        from consult.kpi.closed import is_closed
        from consult.kpi.watch import after_migrate
        from consult.models import Opening
        from consult.own_reasons import OURS
        from programme import own_reasons
        from support_requests import months
        from supporters import owners

        owners.register(Opening.PURPOSE, Opening.objects)
        months.register(is_closed)
        own_data.register()
        own_reasons.register(OURS)
        post_migrate.connect(after_migrate, sender=self)
