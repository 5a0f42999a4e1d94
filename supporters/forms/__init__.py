from supporters.forms.mypage import AbsenceForm, FreeTimesForm, LimitsForm, ReasonForm, SkillsForm
from supporters.forms.office import (
    AudienceForm,
    ContactForm,
    DraftForm,
    FilterForm,
    FlagsForm,
    GuardianForm,
    JoiningForm,
    MailingForm,
    TrainingForm,
)
from supporters.forms.registration import RegistrationForm

__all__ = [
    "AbsenceForm",
    "AudienceForm",
    "ContactForm",
    "DraftForm",
    "FilterForm",
    "FlagsForm",
    "FreeTimesForm",
    "GuardianForm",
    "JoiningForm",
    "LimitsForm",
    "MailingForm",
    "ReasonForm",
    "RegistrationForm",
    "SkillsForm",
    "TrainingForm",
]
