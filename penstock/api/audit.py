"""`/api/ml/audit`: who did what, when and from where; exported, and looked at whether it is whole."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.paging import PageOf
from penstock.audit.entries import SOURCES, Entry, Place, Wanted
from penstock.services import audit

router = APIRouter(prefix="/api/ml/audit", tags=["audit"])
Text = Annotated[str, Query(max_length=400)]
Time = Annotated[datetime | None, Query(description="With its zone, such as `2026-07-31T12:00:00Z`.")]
EXAMPLE = {
    "source": "audit",
    "sequence": 17,
    "time": "2026-07-31T12:00:00.123456+00:00",
    "actor": "ana",
    "address": "127.0.0.1",
    "action": "model.promote",
    "project": "ana/churn",
    "subject": "model churn version 3",
    "outcome": "done",
    "details": {"reason": "better on July"},
    "previous_sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "sha256": "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
}


def wanted_of(
    *,
    actor: Text = "",
    action: Annotated[str, Query(max_length=40, description="`model.promote`, or `model.` for all.")] = "",
    project: Text = "",
    subject: Annotated[str, Query(max_length=400, description="A part of what it was done to.")] = "",
    outcome: Literal["", "done", "refused", "failed", "begun"] = "",
    source: Annotated[
        Literal["", "audit", "lifecycle", "routes"],
        Query(description="Only of the trail, or of the journal of moves or of routes; by default of all."),
    ] = "",
    since: Time = None,
    until: Time = None,
) -> Wanted:
    """The entries that a request asks for."""
    sources = (source,) if source else SOURCES
    return Wanted(actor, action, project, subject, outcome, sources, since, until)


WantedOf = Annotated[Wanted, Depends(wanted_of)]


@router.get(
    "",
    summary="Who did what, newest first",
    responses={200: {"content": {"application/json": {"example": [EXAMPLE]}}}},
)
def listed(desk: DeskOf, person: PersonOf, page: PageOf, wanted: WantedOf) -> list[dict[str, Any]]:
    """Administrators see all, managers what is about their projects and models, everybody their own."""
    after = page.after(str, str, int)
    before = Place(str(after[0]), str(after[1]), int(after[2])) if after else None
    found = audit.listed(desk, person, wanted, before=before, most=page.asked)
    return [asdict(entry) for entry in page.shown(found, _place)]


@router.get("/export", summary="The same as JSON lines, oldest first", response_class=StreamingResponse)
def exported(desk: DeskOf, person: PersonOf, wanted: WantedOf) -> StreamingResponse:
    """One entry a line, all of them; that they were exported is itself an entry."""
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    lines = audit.exported(desk, person, wanted)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


@router.get("/verify", summary="Whether the trail is whole")
def verified(desk: DeskOf, person: PersonOf) -> dict[str, Any]:
    """Looks at every entry's hash, and at the hashes that are kept elsewhere; for administrators."""
    verdict = audit.verified(desk, person)
    return {"status": "success", "is_intact": verdict.problem is None, **asdict(verdict)}


def _place(entry: Entry) -> tuple[str, str, int]:
    return entry.time, entry.source, entry.sequence
