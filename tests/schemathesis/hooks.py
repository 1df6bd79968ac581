"""What schemathesis cannot know by itself of this API."""

import json
import os
import re
import zlib

import schemathesis

KNOWN = json.loads(os.environ.get("ANLAO_KNOWN", "{}"))
UUID = re.compile("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every other id is one that stands for something, so that more is tried than what does not exist."""
    parts = case.operation.path.split("/")
    known = KNOWN.get(parts[3] if len(parts) > 3 else "", [])
    given = str((case.path_parameters or {}).get("id", ""))
    chance = zlib.crc32(given.encode())
    if known and UUID.match(given) and chance % 2:
        case.path_parameters["id"] = known[chance // 2 % len(known)]


# Reasons that no description of single fields can give: they speak of other fields, the records, the clock.
BEYOND = {
    "unknown_reference",  # names something that does not exist, or is out of sight
    "check_character",
    "in_future",
    "too_early",
    "too_late",
    "mismatch",
    "not_allowed_here",
    "duplicate",
    "control_character",  # said in words: texts hold no control characters
}
# Needed where another field, or the document that is meant, asks for them.
NEEDED_BY_OTHERS = {"/reason", "/effective_to", "/owner_area_id"}
# Whole refusals of that sort.
# The throttle of logins is meant to shut; any other 429 would mean that too little was tried.
BEYOND_WHOLE = {"invalid_cursor", "weak_password", "login_throttled"}


@schemathesis.check
def refused_for_its_meaning_only(ctx, response, case):
    """What fits the description is never refused for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422, 429):
        return
    problem = json.loads(response.content)
    if problem["code"] in BEYOND_WHOLE:
        return
    wrong = [error for error in problem.get("errors", []) if not beyond(case, error)]
    if wrong or not problem.get("errors"):
        raise AssertionError(f"A request that fits the description was refused for its form: {problem}")


def beyond(case, error):
    pointer, code = error["pointer"], error["code"]
    if code in BEYOND:
        return True
    # Which fields a step needs depends on its kind, a fix on the spot needs its measure, what failed its hazard, a joint
    # inspection its departments; what a notice must say depends on its template, and a step of one on its kind: said in words.
    depends = ("/measure", "/hazard_id", "/departments", "/criterion", "/no_criterion_because")
    by_kind = "/actions/" in case.operation.path or "/notices/" in case.operation.path
    if code == "required" and (by_kind or pointer.endswith(depends) or pointer in NEEDED_BY_OTHERS):
        return True
    # What a rule document must hold is a language of its own; its faults have lines.
    if pointer == "/text" and code != "too_long" and case.operation.path.endswith("/rules/{document}/{version}"):
        return True
    # To a JSON schema 1.0 is a whole number. To us whole numbers are written without a fraction.
    value = at(case.body, pointer)
    return code == "bad_format" and isinstance(value, float) and value.is_integer()


def at(body, pointer):
    """What a JSON pointer leads to, if anything."""
    for part in pointer.split("/")[1:]:
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body
