"""Django's admin as this project has it: an entry of INSTALLED_APPS instead of ``django.contrib.admin``."""

from django.contrib.admin.apps import AdminConfig


class OfficeAdminConfig(AdminConfig):
    default_site = "programme.office_site.OfficeSite"
