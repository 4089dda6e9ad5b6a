"""The route's text at each step of a canary: with a share for the challenger, and as it is afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from serving.lifecycle.canary.scene import Scene
from serving.lifecycle.routes import InvalidRouteError
from serving.lifecycle.stages import STAGING
from serving.routing import edit
from serving.routing.route import RouteError

CHAMPION_AND_ONE = 2


def with_share(scene: Scene, variant: str, percent: float) -> str:
    """The text that gives a variant a share; where the route has none of that name, the version in Staging.

    Raises:
        InvalidRouteError: The champion has not so much to give.
    """
    text = scene.text
    with _refused():
        if scene.challenger(variant) is None:
            text = edit.with_variant(text, variant=variant, stage=STAGING)
        return edit.with_share(text, name=scene.name, model=scene.model, variant=variant, percent=percent)


def without(scene: Scene, variant: str, *, is_added: bool, had_route: bool) -> str | None:
    """The text after a canary; None for no tag.

    Args:
        scene: The route as it is.
        variant: The challenger.
        is_added: Whether the canary brought it: then it goes; else it stays, without a share.
        had_route: Whether there was a tag before.
    """
    if scene.challenger(variant) is None:
        return scene.tag
    with _refused():
        if not is_added:
            return with_share(scene, variant, 0)
        is_straight = len(scene.route.variants) == CHAMPION_AND_ONE and not scene.route.shadows
        if is_straight and not had_route:
            return None
        return edit.without_variant(scene.text, name=scene.name, model=scene.model, variant=variant)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except RouteError as error:
        raise InvalidRouteError((str(error),)) from error
