from support_requests.forms.feedback import FeedbackForm
from support_requests.forms.intake import IntakeForm
from support_requests.forms.office import (
    AnswerForm,
    CalledOffForm,
    InquiryForm,
    OtherTimeForm,
    PeopleForm,
    PublicForm,
    ReasonForm,
    RequestFilter,
    RescheduleForm,
)
from support_requests.forms.reports import CorrectionForm, ReportForm
from support_requests.forms.wishes import PhoneInForm, RevisionForm

__all__ = [
    "AnswerForm",
    "CalledOffForm",
    "CorrectionForm",
    "FeedbackForm",
    "InquiryForm",
    "IntakeForm",
    "OtherTimeForm",
    "PeopleForm",
    "PhoneInForm",
    "PublicForm",
    "ReasonForm",
    "ReportForm",
    "RequestFilter",
    "RescheduleForm",
    "RevisionForm",
]
