from supporters.forms.facts import OwnFactsForm, PersonFactsForm
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
from supporters.forms.training import (
    CourseForm,
    LessonForm,
    LessonWordsForm,
    NewCourseForm,
    QuestionForm,
    QuizForm,
    ShownForm,
)

__all__ = [
    "AbsenceForm",
    "AudienceForm",
    "ContactForm",
    "CourseForm",
    "DraftForm",
    "FilterForm",
    "FlagsForm",
    "FreeTimesForm",
    "GuardianForm",
    "JoiningForm",
    "LessonForm",
    "LessonWordsForm",
    "LimitsForm",
    "MailingForm",
    "NewCourseForm",
    "OwnFactsForm",
    "PersonFactsForm",
    "QuestionForm",
    "QuizForm",
    "ReasonForm",
    "RegistrationForm",
    "ShownForm",
    "SkillsForm",
    "TrainingForm",
]
