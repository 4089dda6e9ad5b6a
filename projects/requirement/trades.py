"""What belongs to which trade: deposits fit a bank's table, and the prices of houses do not."""

from projects.requirement.cues import LIGHT, MEASURES, NAMES_TOO, OUTRIGHT, SORTING
from projects.requirement.lexicon import THINGS
from projects.requirement.words import stem


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


RELATED = (
    ("subscribe subscription term deposit respond response conversion accept offer sign call contact",
     "bank campaign marketing contact offer promotion lead"),
    ("fraud fraudulent fraudster scam chargeback suspicious legitimate genuine fake stolen",
     "transaction card payment fraud claim"),
    ("rain rainy rainfall snow storm wet dry precipitation sunny", "weather climate meteo meteorology noaa"),
    ("diabetes diabetic disease sick ill illness healthy cancer tumor malignant benign diagnosis",
     "patient glucose insulin blood diabetes medical heart tumor cancer clinical cholesterol"),
    ("poisonous poison toxic edible eat", "mushroom fungus"),
    ("spam ham phishing junk", "sms email mail message inbox"),
    ("drink potable drinkable", "water potability"),
    ("default repay arrears delinquent insolvent creditworthy", "credit loan borrower lending debtor"),
    ("churn leave cancel quit unsubscribe attrition", "churn subscriber attrition telco telecom"),
    ("fail failure break breakdown crash malfunction fault", "maintenance failure machine sensor"),
)  # fmt: skip
"""What is asked for, and words of tables in which a column called `target` may well hold it."""
ABOUT = (
    ("medical health hospital treatment", "insurance insured"),
    ("flower plant blossom", "iris petal sepal"),
    ("helpdesk desk support it incident service", "ticket service helpdesk"),
)  # fmt: skip
"""What a table is about, and words of its name and columns that say so."""
TRADES = tuple((_stems(asked), _stems(table)) for asked, table in RELATED)
SUBJECTS = tuple((_stems(asked), _stems(table)) for asked, table in ABOUT)

PAST_DOUBT = _stems("""
    usage use load activity performance behaviour thing go up down rise fall increase decrease class category
    label kind sort group target outcome answer result output positive negative good bad yes true false say
    utilization utilisation one zero flag busy belong handle contain
""")
NEUTRAL = PAST_DOUBT | MEASURES | LIGHT | SORTING | OUTRIGHT | NAMES_TOO
"""Words that any answer may be asked for with."""
DIRECTIONS = _stems("up down rise fall increase decrease higher lower drop climb grow")

CHANGES = _stems("change growth difference delta ratio trend elasticity increase decrease drop rise decline")
"""Beside an amount they ask for another one: `price change`, `increase in charges`."""
SPANS = {"total": "total", "overall": "total", "unit": "unit", "single": "unit", "month": "month",
         "week": "week",
         "day": "day", "hour": "hour", "year": "year", "annu": "year", "annual": "year", "maximum": "maximum",
         "minimum": "minimum"}  # fmt: skip
"""What an amount is of; two of them that differ are two amounts: the `total price` is no `UnitPrice`."""

OBJECTS = tuple(
    frozenset(stem(word) for thing in line for word in thing.split())
    for line in THINGS
    if {"house", "car", "shuttle", "bike", "energy", "movie"} & set(line)
)
"""Things of which a table holds one kind: the price of shuttles is not the price of houses."""

PEOPLE = tuple(
    frozenset(stem(word) for word in line)
    for line in THINGS
    if {"customer", "employee", "student", "patient", "passenger"} & set(line)
)
"""People of whom a table holds one kind: the churn of customers is not the churn of employees."""

HARMLESS = _stems("""
    fair realistic likely expected typical usual usually reasonable right proper exact final real true actual
    overall average mean median net gross yearly annual hourly daily weekly monthly quarterly total whole full
    current future present next last new old good bad high low maximum minimum max min approximate rough
    precise exact correct estimated predicted future upcoming raw single individual personal own given certain
    specific particular respective market selling sale retail asking purchase per unit
    each hour day week month year quarter time date period numeric numerical continuous main key column field
    somebody someone public private big small large little
    test held data table row record entry line best worst possible optimal normal standard basic regular
    county country city town region state place area district
    incoming arriving automated smart
    relative absolute historic historical past later early late today tomorrow start end
""")
"""Words that narrow an amount without making it another one."""
