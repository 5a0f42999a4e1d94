from programme.models.codes import AgeBand, Category, Device, District, Level, Outcome, Picture, Topic, Visit
from programme.models.facts import Course, Figure, Goal, Limit, Limits, LoadedFact, Programme, PublishedFigure
from programme.models.places import Closure, ClosureCalendar, Room, Venue
from programme.models.records import Entry
from programme.models.users import Role, User

__all__ = [
    "AgeBand",
    "Category",
    "Closure",
    "ClosureCalendar",
    "Course",
    "Device",
    "District",
    "Entry",
    "Figure",
    "Goal",
    "Level",
    "Limit",
    "Limits",
    "LoadedFact",
    "Outcome",
    "Picture",
    "Programme",
    "PublishedFigure",
    "Role",
    "Room",
    "Topic",
    "User",
    "Venue",
    "Visit",
]
