"""`/api/ml/models/predict`, what became of predictions, and the log of them."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf, person_of
from penstock.api.body import Body, example
from penstock.api.paging import PageOf
from penstock.calling.asked import LONGEST_NAME, read
from penstock.calling.switchboard import Predicted
from penstock.problems import BadRequest
from penstock.services import feedback as feedbacks
from penstock.services import predictions
from serving.prediction_log.record import LATEST_TS_S

router = APIRouter(tags=["predictions"])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LeanRoute(APIRoute):
    """Leaves out the framework's reading of classes, which takes longer than all of the platform's own work.

    What the endpoint declares stands in the description of the API; `_predicted` is what answers.
    """

    def get_route_handler(self) -> Handler:
        """What answers requests."""
        return _predicted


class Features(Body):
    """What is to be predicted."""

    model_config = example(
        model_id="6f1c0d52-8a0b-5c7e-9a44-2b1d0e7f3c11",
        features={"age": 41, "tenure": 3.5, "plan_type": "basic"},
        user_id="customer-17",
    )
    model_id: str | None = Field(None, description="The id of a deployed version.")
    ab_test_name: str | None = Field(None, description="The name of an A/B test or route, in place of it.")
    features: dict[str, Any] | list[dict[str, Any]] = Field(
        description="Values by column; a list of such objects for several rows.",
        examples=[{"age": 41, "tenure": 3.5, "plan_type": "basic"}],
    )
    user_id: str | int | None = Field(None, description="Who is predicted for: one user meets one variant.")


class Prediction(Body):
    """What was predicted."""

    status: str = "success"
    model_id: str = Field(description="The id of the version that answered.")
    prediction: list[Any] = Field(description="One a row.", examples=[[1]])
    prediction_proba: list[list[float]] | None = Field(
        description="A list a row; null for models without.", examples=[[[0.2, 0.8]]]
    )
    prediction_id: str = Field(description="What feedback names; a list's rows are `<id>-0`, `<id>-1`, ...")
    variant: str = Field(description="The variant of a test or route that answered.")


async def _predicted(request: Request) -> Response:
    state = request.scope.get("state", {})
    desk, person = request.app.state.desk, await person_of(request)
    body = state.get("body") or await request.body()
    found = await predictions.predict(desk, person, read(body))
    return Response(orjson.dumps(_shown(found)), media_type="application/json")


def _shown(found: Predicted) -> dict[str, object]:
    return {
        "status": "success",
        "model_id": found.model_id,
        "prediction": found.prediction,
        "prediction_proba": found.prediction_proba,
        "prediction_id": found.prediction_id,
        "variant": found.variant,
    }


async def predict(asked: Features) -> None:
    """Have rows scored by a deployed version, or by whichever version an A/B test or route chooses."""


router.add_api_route(
    "/api/ml/models/predict",
    predict,
    methods=["POST"],
    response_model=Prediction,
    summary="Predict",
    route_class_override=LeanRoute,
)


class Outcome(Body):
    """What became of one prediction."""

    model_config = example(prediction_id="01K0Z7Q4V8J9C5X2T6N3B1M0RA", label=1, value=12.5)
    prediction_id: str = Field(max_length=64, description="The answer's; of a list's row `<id>-0` and so on.")
    # Without int, a large whole number would become the double next to it.
    label: bool | int | float | str | None = Field(
        None, description="What turned out to be true.", examples=[1]
    )
    value: float | None = Field(None, description="What it was worth.")
    ts: float | str | None = Field(None, description="When it was so, if it was not just now.")


class Outcomes(Body):
    """What became of predictions."""

    model_config = example(outcomes=[{"prediction_id": "01K0Z7Q4V8J9C5X2T6N3B1M0RA-0", "label": 1}])
    outcomes: list[Outcome] = Field(min_length=1, max_length=1000)


class OutcomesTaken(Body):
    """How many outcomes were taken."""

    status: str = "success"
    accepted: int
    rejected: list[dict[str, Any]] = Field(description="Of each of the others its index and what was wrong.")


@router.post("/api/ml/feedback", summary="Tell what became of predictions")
async def feedback(sent: Outcome | Outcomes, desk: DeskOf, person: PersonOf) -> OutcomesTaken:
    """Tell labels or values of predictions, one or a list; quality is measured by them."""
    outcomes = sent.outcomes if isinstance(sent, Outcomes) else [sent]
    plain = [outcome.model_dump(exclude_none=True) for outcome in outcomes]
    taken = await feedbacks.feedback(desk, person, plain)
    return OutcomesTaken(accepted=taken.accepted, rejected=[dict(each) for each in taken.rejected])


class LoggedPrediction(Body):
    """A prediction as the log holds it, with what became of it."""

    prediction_id: str
    model_id: str
    model: str
    version: str = Field(description="The registry's number.")
    variant: str
    created_at: str
    features: dict[str, Any] | None
    prediction: Any
    prediction_proba: list[float] | None
    latency_ms: float
    request_id: str | None
    user_key: str | None = Field(description="The hashed user.")
    label: Any
    value: float | None


@router.get("/api/ml/predictions", summary="List logged predictions")
def logged(
    desk: DeskOf,
    person: PersonOf,
    page: PageOf,
    *,
    model_id: Annotated[str, Query(max_length=LONGEST_NAME, description="Only of this version.")] = "",
    model: Annotated[str, Query(max_length=LONGEST_NAME, description="Only of this registered model.")] = "",
    variant: Annotated[str, Query(max_length=64, description="Only of this variant, such as `test.a`.")] = "",
    since: Annotated[str, Query(max_length=40, description="Only since then: ISO 8601, or seconds.")] = "",
) -> list[LoggedPrediction]:
    """Logged predictions of the models that you may see, newest first; that you read them is recorded."""
    place = page.after(int, str)
    before = (int(place[0]), str(place[1])) if place else None
    wanted = predictions.Wanted(model_id, model, variant, _seconds(since), before, page.asked)
    found = page.shown(predictions.logged(desk, person, wanted), lambda each: each.place)
    return [_told(each) for each in found]


def _told(each: predictions.Logged) -> LoggedPrediction:
    return LoggedPrediction(**{name: getattr(each, name) for name in LoggedPrediction.model_fields})


def _seconds(text: str) -> float | None:
    """A moment in seconds since 1970."""
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        try:
            time = datetime.fromisoformat(text)
        except ValueError as error:
            raise BadRequest(
                f"since must be a time such as 2026-07-31T12:00:00Z, or seconds since 1970, not '{text}'"
            ) from error
        found = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if not 0 <= found < LATEST_TS_S:
        raise BadRequest(f"since must lie between 1970 and the year 10000, not at '{text}'")
    return found
