"""What the description says of errors: one form, told once, with an example for each status."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Responses = dict[int | str, dict[str, Any]]
_MEANINGS = {
    400: (
        "What was sent is no JSON or no form.",
        "bad_json",
        "the body is no JSON (line 1, column 2); mend it",
    ),
    401: ("Nobody is signed in.", "not_signed_in", "nobody is signed in; send a password or a key"),
    403: ("You may see it, but not do this.", "not_allowed", "to change project 'a/b' takes EDIT; ask anna"),
    404: ("It is not there, or not for you to know of.", "not_found", "there is no data set 'x'; list yours"),
    409: ("It is not in a state for this.", "conflict", "data set 'x' is still being read; ask again"),
    412: ("It is not what you have seen.", "changed", "it is not what you have seen; get it again"),
    413: ("More than is taken.", "too_large", "the body is larger than 1 MB; send less at once"),
    415: ("Of a kind that is not taken.", "wrong_content_type", "'application/json' was wanted; send JSON"),
    422: ("What was sent cannot be used.", "bad_request", "test_size: input should be less than 1, not 2"),
    429: ("More than one may have at a time.", "too_many", "2,000 of your jobs wait; wait for some"),
    500: ("A fault of ours.", "fault", "something went wrong on our side; tell an administrator"),
    503: (
        "What is needed is `away`, or it is told which: `mlflow_away`, `gateway_away`, `monitor_away`.",
        "gateway_away",
        "the gateway at http://127.0.0.1:8000 does not answer; start it, or try again in a moment",
    ),
    507: ("The disk is full.", "no_room", "the server's disk is full; try again when there is room"),
}
EVERYWHERE = (401, 403, 422, 429, 500, 503)


class ErrorTold(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(extra="allow")
    code: str = Field(description="For programs; stays when the sentence is rewritten.")
    message: str = Field(description="What was wanted, what came, what to do.")
    cause: str
    fix: str


class ErrorAnswer(BaseModel):
    """The one form of all errors."""

    status: str = Field(description="Always `error`.")
    error: ErrorTold


class Pending(BaseModel):
    """The work goes on as a job."""

    model_config = ConfigDict(extra="allow")
    status: str
    job_id: str
    message: str


def responses(*statuses: int, accepted: bool = False) -> Responses:
    """The errors that an endpoint may answer, beside those of every one.

    Args:
        statuses: Their statuses.
        accepted: Whether it may answer 202 with a job.
    """
    told: Responses = {status: _told(status) for status in sorted({*EVERYWHERE, *statuses})}
    if accepted:
        told[202] = {"model": Pending, "description": "The work goes on as a job."}
    return told


def _told(status: int) -> dict[str, Any]:
    meaning, code, sentence = _MEANINGS[status]
    cause, _, fix = sentence.rpartition("; ")
    error = {"code": code, "message": sentence, "cause": cause, "fix": fix}
    example = {"status": "error", "error": error}
    return {
        "model": ErrorAnswer,
        "description": meaning,
        "content": {"application/json": {"example": example}},
    }
