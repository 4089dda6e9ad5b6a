"""The templates: made once, every text escaped, no name left undefined."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from penstock.console import job_words, words
from penstock.console.fields import shown

ROOM = Path(__file__).parent


@cache
def environment() -> Environment:
    """The templates' environment."""
    made = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,  # a process's pages and its code are of one age
    )
    for filter_ in (
        words.number,
        words.small,
        words.percent,
        words.size,
        words.duration,
        words.when,
        words.told_time,
        words.sentence,
        words.described,
    ):
        made.filters[filter_.__name__] = filter_
    made.globals.update(plural=words.plural, shown=shown, asset=asset)
    for function in (
        job_words.job_title,
        job_words.job_state,
        job_words.job_now,
        job_words.job_said,
        job_words.job_share,
    ):
        made.globals[function.__name__] = function
    return made


@cache
def asset(name: str) -> str:
    """A static file's address, which changes with its content, so that browsers may keep it."""
    digest = hashlib.sha256((ROOM / "static" / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def render(template: str, /, **told: object) -> str:
    """A template as text."""
    return environment().get_template(template).render(**told)
