"""What synthetic customers write about, and how much each topic moves a customer to leave.

The weights are log-odds of leaving that a note of this topic adds. They are chosen, not measured: complaints
about money and a rival's offer weigh most, questions nothing, praise and new plans speak for staying.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """What a note is about.

    Attributes:
        name: Of the topic.
        weight: Log-odds of leaving that it adds.
        share: How often it comes up, relative to the others.
        reports: How the agent writes down what the customer said.
        actions: What was done.
    """

    name: str
    weight: float
    share: float
    reports: tuple[str, ...]
    actions: tuple[str, ...]


TOPICS = (
    Topic(
        "billing dispute", 1.3, 1.2,
        (
            "Customer was charged twice for {month} and wants the amount of {money} back",
            "Invoice for {month} shows {money} more than agreed, customer calls it an overcharge",
            "Customer disputes a late fee of {money} although the payment was on time",
            "The discount that was promised in {month} is missing on the bill again",
        ),
        (
            "Refund request was sent to finance", "Explained the line items, customer remained unhappy",
            "Escalated to the billing team",
        ),
    ),
    Topic(
        "outage", 0.9, 1.2,
        (
            "Service was down for {days} days, customer could not work from home",
            "Connection drops every evening since {month}, third call about the same fault",
            "Customer reports an outage in the area and lost a whole day of business",
            "Speed test shows a tenth of what the plan promises",
        ),
        (
            "Technician visit booked", "Line was reset, fault came back within {days} days",
            "Opened an incident with network operations",
        ),
    ),
    Topic(
        "rival's offer", 1.6, 0.7,
        (
            "Customer has an offer from a competitor at {money} a month and asked us to match it",
            "A neighbour switched provider and pays {money} less, customer is comparing",
            "Customer asked how a number can be ported to another carrier",
        ),
        (
            "Retention offer was declined", "Sent the retention team a note",
            "Could not match the price of the competitor",
        ),
    ),
    Topic(
        "cancellation question", 2.0, 0.6,
        (
            "Customer asked when the contract ends and how to cancel it",
            "Wants to know the notice period and whether a termination fee applies",
            "Customer said they are thinking about leaving after the last price increase",
        ),
        (
            "Explained the notice period of {days} days",
            "Offered a discount, customer wants to think about it",
        ),
    ),
    Topic(
        "rude support", 1.1, 0.7,
        (
            "Customer complained that the last agent hung up on them",
            "Waited {days} days for a call back that never came, very frustrated",
            "Customer was transferred five times and had to repeat the story each time",
        ),
        (
            "Apologised and logged a complaint", "Promised a call back from a team lead",
        ),
    ),
    Topic(
        "how-to", 0.0, 1.6,
        (
            "Customer asked how to change the wireless password",
            "Needed help to set up the app on a new phone",
            "Customer could not find last month's invoice in the portal",
            "Asked which cable goes into which port of the router",
        ),
        (
            "Walked through the settings together", "Sent a link to the guide", "Solved on the first call",
        ),
    ),
    Topic(
        "change of details", 0.0, 1.3,
        (
            "Customer moved house and gave a new address",
            "Bank details were updated at the customer's request",
            "Customer married and asked to change the name on the account",
        ),
        (
            "Record updated, confirmation sent", "Documents checked and filed",
        ),
    ),
    Topic(
        "feature request", -0.3, 0.8,
        (
            "Customer would like a family view in the app", "Asked for a dark theme and weekly usage mails",
            "Suggested that roaming can be paused for {days} days",
        ),
        (
            "Passed on to the product team", "Added the vote to the existing request",
        ),
    ),
    Topic(
        "upgrade", -1.0, 0.9,
        (
            "Customer wants a faster plan for the whole family",
            "Asked for a second line for a daughter who starts school in {month}",
            "Customer ordered the larger data bundle for {money}",
        ),
        (
            "Upgrade activated the same day", "New contract of two years was signed",
        ),
    ),
    Topic(
        "praise", -1.4, 0.8,
        (
            "Customer thanked the technician who came in {month}, everything works perfectly",
            "Customer is very happy with the service and recommended us to a friend",
            "Issue from {month} was resolved quickly, customer was delighted",
        ),
        (
            "Forwarded the kind words to the team", "No action needed",
        ),
    ),
)  # fmt: skip
OPENINGS = (
    "Inbound call.", "Chat transcript summary.", "Email received.", "Follow-up on an earlier ticket.",
    "Walk-in at the shop.", "Social media message.",
)  # fmt: skip
FILLERS = (
    "Identity was verified with the security question.", "Account number confirmed.",
    "Customer prefers to be contacted in the afternoon.", "Call lasted {days} minutes.",
    "Survey link was sent.", "Customer called from a mobile number.", "Language of the call was English.",
    "Weather and holidays were talked about.", "The customer's dog barked during the call.",
)  # fmt: skip
CLOSINGS = (
    "Ticket closed.",
    "Ticket left open.",
    "Will check again in {days} days.",
    "Customer was informed by mail.",
)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
