from django.apps import AppConfig


class MdejiConfig(AppConfig):
    """The project as an app: base templates, the design system, the home page and the office."""

    name = "mdeji"
