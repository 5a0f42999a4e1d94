from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsultConfig(AppConfig):
    name = "consult"
    verbose_name = _("よろず相談所")

    def ready(self) -> None:
        from consult.models import Opening
        from supporters import owners

        owners.register(Opening.PURPOSE, Opening.objects)
