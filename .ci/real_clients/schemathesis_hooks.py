"""What schemathesis cannot know from the description."""

import schemathesis

WORDS = {"true", "yes", "on", "y", "t", "false", "no", "off", "n", "f"}


def is_coerced(value):
    """Whether a number or a truth stands there as text, or one as the other: as the Python toolkit does, this server
    takes `"3"` for 3."""
    if isinstance(value, dict):
        return any(is_coerced(item) for item in value.values())
    if isinstance(value, list):
        return any(is_coerced(item) for item in value)
    if isinstance(value, str):
        return value.strip().lower() in WORDS or is_number(value)
    return value in (0, 1)


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


@schemathesis.hook
def filter_case(context, case):
    negative = case.meta is not None and case.meta.generation.mode.is_negative
    return not (negative and is_coerced(case.body))
