"""The project's addresses as they are when OIDC_NAME is set."""

from mdeji.urls import DIGITAL_ID
from mdeji.urls import handler400 as handler400
from mdeji.urls import urlpatterns as all_others

urlpatterns = [*DIGITAL_ID, *all_others]
