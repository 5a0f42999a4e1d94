from django.apps import AppConfig

from mdeji import catalogues


class MdejiConfig(AppConfig):
    """The project as an app: base templates, the design system, the home page and the office."""

    name = "mdeji"

    def ready(self) -> None:
        from mdeji import accounts, own_data  # noqa: F401  (models are there only now; accounts listen to allauth)

        catalogues.compile_changed()
        own_data.register()
