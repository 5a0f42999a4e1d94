from support_requests.forms.office import ReasonForm, RequestFilter
from support_requests.forms.reports import ReportForm
from support_requests.forms.wishes import IntakeForm, PhoneInForm, RevisionForm

__all__ = ["IntakeForm", "PhoneInForm", "ReasonForm", "ReportForm", "RequestFilter", "RevisionForm"]
