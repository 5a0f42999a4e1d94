from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupportersConfig(AppConfig):
    name = "supporters"
    verbose_name = _("サポーター")

    def ready(self) -> None:
        from supporters import chat, own_data  # models are there only now

        chat.register()
        own_data.register()
