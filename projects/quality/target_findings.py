"""What a person should know of the target: gaps, one class, few rows of a class, imbalance, leakage."""

from collections.abc import Iterable

from projects.quality.model import Finding, Profile, Severity, Suspect, TargetProfile
from projects.quality.wording import amount, names, share

FEWEST_OF_A_CLASS = 10
"""With five folds and a held-out fifth a class needs so many rows to be in all parts."""
RARE, IMBALANCED = 0.02, 0.1
"""The share of the smallest class of two."""
MANY_CLASSES = 50


def target_findings(profile: Profile) -> Iterable[Finding]:
    """Return what was found about the target, if it is known."""
    target = profile.target
    if target is None:
        return
    yield from (_of_suspect(suspect) for suspect in profile.suspects)
    yield from _of_gaps(target, profile.rows)
    if target.task != "regression":
        yield from _of_classes(target)
    elif profile.column(target.name).is_constant and target.missing < profile.rows:
        yield _one_value(target.name)


def _of_suspect(suspect: Suspect) -> Finding:
    those = names(suspect.columns)
    one = len(suspect.columns) == 1
    if suspect.certainty == "certain":
        gives, advice = "gives" if one else "give", "left out by cleaning.leakage: drop (the default)"
        what = f"{those} {gives} the target away: {suspect.why}"
        return Finding("high", what, f"{'it is' if one else 'they are'} {advice}", suspect.columns)
    what = f"{those} may give the target away: {suspect.why}"
    advice = "if it is not known when a prediction is asked for, leave it out with features.drop"
    return Finding("high", what, advice, suspect.columns)


def _of_gaps(target: TargetProfile, rows: int) -> Iterable[Finding]:
    if target.missing == rows:
        what = f"the target '{target.name}' is missing in every row"
        yield Finding("high", what, "name another target, or look at the source", (target.name,))
    elif target.missing:
        severity: Severity = "medium" if target.missing > 0.05 * rows else "low"
        part = f"{amount(target.missing, 'row')} ({share(target.missing / rows)})"
        what = f"the target '{target.name}' is missing in {part}"
        yield Finding(severity, what, "these rows are not learned from", (target.name,))


def _of_classes(target: TargetProfile) -> Iterable[Finding]:
    where = (target.name,)
    if len(target.classes) == 1:
        yield _one_value(target.name)
    if len(target.classes) < 2:
        return
    label, fewest = target.classes[-1]
    total = sum(count for _, count in target.classes)
    small = [name for name, count in target.classes if count < FEWEST_OF_A_CLASS]
    if small:
        have = "has" if len(small) == 1 else "have"
        what = f"{names(small)} of '{target.name}' {have} under {FEWEST_OF_A_CLASS} rows"
        yield Finding("high", what, "collect more of them, or join them with another class", where)
    elif len(target.classes) == 2 and fewest < IMBALANCED * total:
        what = (
            f"the classes are imbalanced: '{label:.60}' is {share(fewest / total)} ({amount(fewest, 'row')})"
        )
        advice = "judge by roc_auc or average_precision, not accuracy, and set evaluation.threshold: auto"
        yield Finding("high" if fewest < RARE * total else "medium", what, advice, where)
    elif len(target.classes) > 2 and fewest * 10 < target.classes[0][1]:
        first, most = target.classes[0]
        what = f"the classes are imbalanced: '{first:.60}' has {amount(most, 'row')}"
        what += f", '{label:.60}' {amount(fewest)}"
        yield Finding("medium", what, "judge by f1_macro or balanced_accuracy, not accuracy", where)
    if len(target.classes) > MANY_CLASSES:
        yield Finding(
            "medium", f"'{target.name}' has {len(target.classes)} classes or more", "join rare ones", where
        )


def _one_value(name: str) -> Finding:
    what = f"the target '{name}' holds one value only"
    return Finding("high", what, "nothing can be learned; look at the source or name another target", (name,))
