"""How many people must agree before a version goes to Production: the part of a policy that says so.

    promotion.people     of how many people a promotion to Production takes the yes, whoever asks included; 1
    promotion.comment    true: each says why

Where more than one is asked for, nothing moves a version to Production by itself: no training, no canary, no
retraining. What cannot be read asks for two, so that a broken policy lets nobody through alone.
"""

import json
from dataclasses import dataclass

ALONE = 1
MOST = 5


@dataclass(frozen=True, slots=True)
class Approval:
    """What a promotion to Production takes.

    Attributes:
        people: How many must agree, whoever asks included.
        comment: Whether each must say why.
        problems: What in the policy could not be used, as sentences.
    """

    people: int = ALONE
    comment: bool = False
    problems: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether one person is not enough."""
        return self.people > ALONE


def read_approval(text: str | None, *, model: str) -> Approval:
    """Read what a promotion takes from a policy's text.

    Args:
        text: The tag's JSON; None where there is no tag.
        model: Whose policy it is, for the sentences.
    """
    try:
        policy = json.loads(text or "{}")
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        return _guarded(f"the policy of '{model}' must be a JSON object")
    section = policy.get("promotion")
    if section is None:
        return Approval()
    if not isinstance(section, dict):
        return _guarded(f"the policy of '{model}': promotion must be an object, not {section!r:.60}")
    people, comment = section.get("people", ALONE), section.get("comment", False)
    if isinstance(people, bool) or not isinstance(people, int) or not ALONE <= people <= MOST:
        return _guarded(
            f"the policy of '{model}': promotion.people must be {ALONE} to {MOST}, not {people!r:.60}"
        )
    if not isinstance(comment, bool):
        return _guarded(
            f"the policy of '{model}': promotion.comment must be true or false, not {comment!r:.60}"
        )
    return Approval(people, comment)


def _guarded(problem: str) -> Approval:
    return Approval(2, comment=True, problems=(f"{problem}; two people must agree until it is mended",))
