from supporters.forms.mypage import AbsenceForm, FreeTimesForm, LimitsForm, ReasonForm, SkillsForm
from supporters.forms.office import FilterForm, FlagsForm, GuardianForm, TrainingForm
from supporters.forms.registration import RegistrationForm

__all__ = [
    "AbsenceForm",
    "FilterForm",
    "FlagsForm",
    "FreeTimesForm",
    "GuardianForm",
    "LimitsForm",
    "ReasonForm",
    "RegistrationForm",
    "SkillsForm",
    "TrainingForm",
]
