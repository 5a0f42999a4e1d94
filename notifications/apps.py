from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("お知らせ")

    def ready(self) -> None:
        from notifications import own_data  # models are there only now

        own_data.register()
