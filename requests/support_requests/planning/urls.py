"""Plans, in the office. Included by support_requests/urls.py, whose namespace they share."""

from django.urls import path

from support_requests.planning import views

urlpatterns = [
    path("", views.plans, name="plans"),
    path("given-up/", views.given_up, name="given_up"),
    path("<int:pk>/", views.plan, name="plan"),
    path("<int:pk>/tasks/<int:task>/", views.plan_task, name="plan_task"),
]
