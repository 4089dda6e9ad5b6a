"""What a requirement that came over the network may name: no file, folder or code of the server's own.

Data comes from data sets that were uploaded, or from places that `api_sources` begins; models and texts from
installed packages; work goes to clusters of `api_clusters`, which run what they are sent; and nothing is
written but to the project's own folder.
"""

import re
from collections.abc import Iterator, Sequence

from penstock.people.person import Person
from penstock.problems import NotAllowed
from projects.passwords import has_password, shown
from projects.requirement.model import Database, Requirement

AWAY = ("..", "%2e", "${", "\\")
PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
"""A name under which a package is installed, and never a path."""


def check_places(
    requirement: Requirement,
    sources: Sequence[str],
    person: Person,
    *,
    has_data: bool,
    clusters: Sequence[str] = (),
) -> None:
    """Refuse what must not be named.

    Args:
        requirement: As it was read.
        sources: The beginnings of places that may be read.
        person: Who asks; features of the store, which may be code, are for administrators.
        has_data: Whether a data set takes the place of `data_source`.
        clusters: The clusters that may be named.

    Raises:
        NotAllowed: The first of them.
    """
    for sentence in _refusals(requirement, sources, person, has_data=has_data):
        raise NotAllowed(sentence, code="place_not_allowed")
    cluster = requirement.compute.cluster
    if cluster and cluster not in clusters:
        known = ", ".join(clusters) if clusters else "none is open on this server"
        raise NotAllowed(
            f"compute names the cluster '{cluster:.120}', and what may be named from here: {known}; leave it"
            " out, or ask the operator for it in api_clusters",
            code="place_not_allowed",
        )


def sources_of(setting: str) -> tuple[str, ...]:
    """The beginnings of places, of the setting's text."""
    return tuple(part.strip() for part in setting.split(",") if part.strip())


def _refusals(
    requirement: Requirement, sources: Sequence[str], person: Person, *, has_data: bool
) -> Iterator[str]:
    named = [] if has_data else [("data_source", place) for place in _places(requirement.data_source)]
    batch = requirement.batch
    named += [(f"batch.{key}", place) for key in ("data", "output") if (place := getattr(batch, key))]
    for key, place in named:
        if has_password(place):
            yield (
                f"{key} holds a password, and what is asked for here is written down; leave it out: the "
                "server knows its own (`~/.pgpass`), or upload the data, and name it by dataset_id"
            )
        if not _is_open(place, sources):
            yield _unread(key, place, sources)
    code = (
        ("features.custom", bool(requirement.features.custom)),
        ("features.store", bool(requirement.features.store) and not person.is_admin),
    )
    for key, is_named in code:
        if is_named:
            yield f"{key} names code of the server's, which a requirement over the API may not; leave it out"
    if requirement.cleaning.plan:
        yield "cleaning.plan names a file of the server's; give the corrections as cleaning.columns instead"
    if requirement.cleaning.approve == "ask":
        yield "cleaning.approve must be auto here, for a job cannot ask; look at the data set's plan first"
    if requirement.tuning.resume:
        yield "tuning.resume names a file of the server's; leave it out"
    yield from _of_texts(requirement)


def _of_texts(requirement: Requirement) -> Iterator[str]:
    text = requirement.features.text
    for key in ("rules", "word2vec"):
        if getattr(text, key):
            yield f"features.text.{key} names a file of the server's; leave it out"
    for key in ("sentence_model", "entities", "language"):
        name = getattr(text, key)
        if name and not PACKAGE.fullmatch(name):
            yield f"features.text.{key} must name an installed package here, not '{name:.80}'; leave it out"


def _places(source: object) -> list[str]:
    if isinstance(source, Database):
        return [source.url]
    return [str(each) for each in source] if isinstance(source, tuple) else [str(source)]


def _is_open(place: str, sources: Sequence[str]) -> bool:
    """Whether a place may be read: it lies below one of the sources, and leads neither up nor to a secret."""
    leads_away = any(mark in place.casefold() for mark in AWAY) or not place.isprintable()
    return not leads_away and any(_is_below(place, source) for source in sources)


def _is_below(place: str, source: str) -> bool:
    rest = place.removeprefix(source) if place.startswith(source) else None
    return rest is not None and (not rest or source.endswith(("/", ":")) or rest.startswith(("/", "?")))


def _unread(key: str, place: str, sources: Sequence[str]) -> str:
    known = shown(", ".join(sources)) if sources else "none is open on this server"
    told = f"'{re.sub(r'//[^/@]*@', '//', place):.120}'" if place else "not given"
    return (
        f"{key} is {told}, and what may be read from here begins with: {known}; upload the data, and name it"
        " by dataset_id"
    )
