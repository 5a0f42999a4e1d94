"""What Django and allauth say in our forms. They know Japanese and English: for やさしい日本語 these sentences are
translated with our own. A plural is a pair.
"""

SENTENCES: tuple[str | tuple[str, str], ...] = (
    "This field is required.",
    "Select a valid choice. %(value)s is not one of the available choices.",
    "Select a valid choice. That choice is not one of the available choices.",
    "“%(pk)s” is not a valid value.",
    "Enter a list of values.",
    "Enter a valid email address.",
    "Enter a whole number.",
    "Enter a number.",
    "Enter a valid date.",
    "Enter a valid time.",
    "Ensure this value is less than or equal to %(limit_value)s.",
    "Ensure this value is greater than or equal to %(limit_value)s.",
    (
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    ),
    "Null characters are not allowed.",
    "%(model_name)s with this %(field_label)s already exists.",
    "Incorrect code.",
    "Too many failed login attempts. Try again later.",
    "Be patient, you are sending too many requests.",
    "A user is already registered with this email address.",
    "The email address is not assigned to any user account.",
    "This account is currently inactive.",
)
