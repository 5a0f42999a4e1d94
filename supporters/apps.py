from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportersConfig(AppConfig):
    name = "supporters"
    verbose_name = _("サポーター")

    def ready(self) -> None:
        from notifications import outbox
        from supporters import chat, own_data, services  # models are there only now

        outbox.when_reached(services.fill_calendar)
        chat.register()
        own_data.register()
