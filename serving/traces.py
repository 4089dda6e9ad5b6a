"""A traceback for a log that must hold no values of requests: types and places, without messages.

An exception's message is where a model's code quotes what it was given.
"""

import traceback


def traced(error: BaseException, *, shows_values: bool) -> str:
    """An exception and what it came from.

    Args:
        error: The exception.
        shows_values: Whether messages may be shown, whatever they hold.
    """
    if shows_values:
        return "".join(traceback.format_exception(error)).rstrip("\n")
    return "\n".join(_chain(traceback.TracebackException.from_exception(error, lookup_lines=False)))


def _chain(found: traceback.TracebackException) -> list[str]:
    earlier = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    lines = [*_chain(earlier), "and then, from it or while it was handled:"] if earlier else []
    places = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in found.stack]
    kind = found.exc_type.__name__ if found.exc_type else "an exception"
    hint = "(its message may hold values of the request; PENSTOCK_LOG_VALUES=1 shows it)"
    return [*lines, "Traceback, without messages:", *places, f"{kind} {hint}"]
