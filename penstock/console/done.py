"""What the console says after something was done; an address names a sentence and never brings one along."""

from collections.abc import Mapping

DONE: Mapping[str, str] = {
    "project": "The project is there. Bring it some data.",
    "uploaded": "The file is here. Its rows are being read.",
    "started": "The job waits for its turn or runs already.",
    "cancelled": "The job is being ended.",
    "changed": "It is kept.",
    "removed": "The data set is removed.",
    "deployed": "The model has a new version.",
    "staged_only": (
        "The model has a new version in Staging. It was not promoted: its gate or the model's policy asks "
        "for more; promote it here."
    ),
    "promoted": "The version is in Production.",
    "staged": "The version is in Staging.",
    "demoted": "The version has left Production.",
    "archived": "The version is in the archive.",
    "rolled_back": "The version before is in Production again.",
    "deleted": "The version is deleted.",
    "asked": "The promotion waits for a second person.",
    "approved": "The promotion is approved and done.",
    "agreed": "You have agreed; more people must.",
    "withdrawn": "The request is taken back.",
    "ended": "The A/B test has ended; its name is called no more.",
    "split": "The split is changed; the gateway follows within a second or two.",
    "declined": "The promotion is declined.",
    "routed": "The route is set; the gateway follows within a second or two.",
    "cleared": "The route is gone; all traffic goes to Production.",
    "test": "The A/B test is set.",
    "shared": "The project is shared.",
    "unshared": "The project is no longer shared with them.",
    "revoked": "The key is revoked.",
}
