"""Pages of those who ask (by private links), of the office, and the report after a session."""

from django.urls import include, path

from support_requests.views import changing, draws, intake, office, phone, private, reports

app_name = "support_requests"

urlpatterns = [
    path("", intake.new, name="new"),
    path("new/<uuid:draft>/<slug:step>/", intake.IntakeView.as_view(), name="step"),
    path("paper/", intake.paper, name="paper"),
    path("thanks/<str:token>/", intake.thanks, name="thanks"),
    path("confirm/<str:token>/", private.confirm, name="confirm"),
    path("contact/<str:token>/", private.new_contact, name="new_contact"),
    path("status/<str:token>/", private.status, name="status"),
    path("status/<str:token>/again/", private.again, name="again"),
    path("status/<str:token>/withdraw/", private.withdraw, name="withdraw"),
    path("status/<str:token>/end-series/", private.end_series, name="end_series"),
    path("status/<str:token>/write/", private.write, name="write"),
    path("status/<str:token>/other-time/", changing.other_time, name="other_time"),
    path("status/<str:token>/change/<uuid:draft>/<slug:step>/", changing.change, name="change"),
    path("status/<str:token>/session.ics", private.calendar, name="calendar"),
    path("list/", office.request_list, name="list"),
    path("list/<int:pk>/", office.detail, name="detail"),
    path("list/<int:pk>/confirm/", office.confirm, name="confirm_for"),
    path("list/<int:pk>/contact/", office.confirm_contact, name="confirm_contact"),
    path("list/<int:pk>/withdraw/", office.withdraw, name="withdraw_for"),
    path("list/<int:pk>/decline/", office.decline, name="decline"),
    path("list/<int:pk>/reopen/", office.reopen, name="reopen"),
    path("list/<int:pk>/move/", office.move, name="move"),
    path("list/<int:pk>/fewer/", office.go_with_fewer, name="go_with_fewer"),
    path("list/<int:pk>/publish/", office.publish, name="publish"),
    path("list/<int:pk>/keep/", office.keep_to_group, name="keep_to_group"),
    path("list/inquiries/<int:pk>/", office.settle_inquiry, name="settle_inquiry"),
    path("list/<int:pk>/end-series/", office.end_series, name="end_series_for"),
    path("list/<int:pk>/revise/", phone.revise, name="revise"),
    path("list/<int:pk>/slip/", phone.slip, name="slip"),
    path("phone/", phone.phone_in, name="phone_in"),
    path("sessions/<int:pk>/report/", reports.report, name="report"),
    path("sessions/<int:pk>/report/<uuid:draft>/<slug:step>/", reports.step, name="report_step"),
    path("sessions/<int:pk>/report/correct/", reports.correct, name="correct_report"),
    path("draw/", draws.draws, name="draws"),
    path("plans/", include("support_requests.planning.urls")),
    path("board/", include("support_requests.board.urls")),
]
