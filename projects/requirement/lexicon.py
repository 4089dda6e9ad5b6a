"""The words of the trades: what means the same, what an abbreviation stands for, what is said of a column."""

from dataclasses import dataclass
from typing import Literal

Expects = Literal["classes", "number", ""]

IRREGULAR = {
    "left": "leave", "leaving": "leave", "leaver": "leave", "leavers": "leave", "leaves": "leave",
    "bought": "buy", "sold": "sell", "paid": "pay", "paying": "pay", "pays": "pay", "lost": "lose",
    "losing": "lose", "died": "die", "dying": "die", "dies": "die", "dead": "die", "death": "die",
    "deaths": "die", "deceased": "die", "went": "go", "gone": "go", "broke": "break", "broken": "break",
    "spent": "spend", "spending": "spend", "quitting": "quit", "quits": "quit", "fell": "fall",
    "subscription": "subscribe", "subscriptions": "subscribe", "conversion": "convert",
    "conversions": "convert", "consumption": "consume", "retention": "retain", "fraudulent": "fraud",
    "fraudster": "fraud", "fraudsters": "fraud", "frauds": "fraud", "daily": "day", "exited": "exit",
    "cancellation": "cancel", "cancellations": "cancel", "cancelled": "cancel", "cancelling": "cancel",
    "canceled": "cancel", "canceling": "cancel", "sales": "sale", "people": "person", "persons": "person",
    "mortality": "die", "failure": "fail", "failures": "fail", "sick": "sick", "illness": "ill",
    "women": "woman", "men": "man", "children": "child",
    "colour": "color", "labour": "labor", "behaviour": "behavior", "tumour": "tumor", "programme": "program",
    "centre": "center", "expenditure": "expense", "approval": "approve", "arrival": "arrive",
    "departure": "depart", "strength": "strength", "temperature": "temperature", "priced": "price",
    "pricing": "price", "used": "use", "using": "use", "uses": "use", "rated": "rate", "pressure": "pressure",
    "earnings": "earn", "rentals": "rent", "rental": "rent", "hires": "hire", "hired": "hire",
    "renting": "rent",
    "diagnoses": "diagnosis", "diagnosed": "diagnosis", "diagnose": "diagnosis", "delinquency": "delinquent",
    "delinquencies": "delinquent", "response": "respond", "responses": "respond", "stopped": "stop",
    "satisfaction": "satisfy", "resolution": "resolve", "resolutions": "resolve", "decision": "decide",
    "decisions": "decide", "admission": "admit", "admissions": "admit", "success": "succeed",
    "delivery": "deliver",
    "deliveries": "deliver", "recovery": "recover", "occupancy": "occupy", "efficiency": "efficient",
    "popularity": "popular", "severity": "severe", "intensity": "intense", "profitability": "profit",
    "profitable": "profit", "productivity": "productive", "length": "length", "choice": "choose",
    "chosen": "choose",
    "chose": "choose", "won": "win", "winner": "win", "winners": "win", "winning": "win", "wins": "win",
    "lengths": "length", "slept": "sleep", "drank": "drink", "ate": "eat", "grown-up": "adult",
    "wrote": "write",
    "accidents": "accident", "toxic": "poison", "poisonous": "poison", "toxicity": "poison", "birth": "birth",
    "completion": "complete", "complained": "complain", "complaint": "complain", "complaints": "complain",
    "grew": "grow", "grown": "grow", "growth": "grow", "lateness": "late", "yields": "yield",
}  # fmt: skip
"""Forms that no suffix rule brings together."""

ABBREVIATIONS = {
    "cnt": "count", "qty": "quantity", "amt": "amount", "num": "number", "nbr": "number", "avg": "average",
    "temp": "temperature", "hum": "humidity", "pct": "percent", "perc": "percent", "bal": "balance",
    "acct": "account", "cust": "customer", "emp": "employee", "trans": "transaction", "txn": "transaction",
    "dept": "department", "yr": "year", "yrs": "years", "mnth": "month", "hr": "hour", "hrs": "hours",
    "mins": "minutes", "secs": "seconds", "desc": "description", "cat": "category", "categ": "category",
    "prod": "product", "sal": "salary", "rev": "revenue", "inc": "income", "exp": "experience",
    "dur": "duration", "prob": "probability", "val": "value", "lvl": "level", "loc": "location",
    "addr": "address", "dob": "birthdate", "tot": "total", "freq": "frequency", "dist": "distance",
    "wt": "weight", "ht": "height", "diag": "diagnosis", "dx": "diagnosis", "elec": "electricity",
    "cons": "consumption", "del": "delay", "arr": "arrival", "dep": "departure", "subs": "subscription",
    "medv": "median value", "svc": "service", "pop": "population", "clf": "class", "cls": "class",
    "lang": "language", "msg": "message", "tkt": "ticket", "req": "request", "util": "utilization",
    "spd": "speed", "vel": "velocity", "pwr": "power", "vol": "volume", "sqft": "area", "canc": "cancelled",
}  # fmt: skip
"""What column names cut short."""


@dataclass(frozen=True)
class Concept:
    """Words that a person uses for the same thing in a question.

    Attributes:
        name: What it is called in a reason.
        close: Words and phrases that stand for one another.
        wide: Words that may mean it, beside other things.
        expects: What such a column holds.
    """

    name: str
    close: tuple[str, ...]
    wide: tuple[str, ...] = ()
    expects: Expects = ""


CONCEPTS = (
    Concept("churn",
            ("churn", "attrition", "leave", "exit", "cancel", "quit", "unsubscribe", "defect", "turnover",
             "resign", "switch away", "close account", "stop using", "stop buy", "stop pay for",
             "lose customer", "customer loss", "loss of customer", "lose subscriber", "go away",
             "go elsewhere",
             "move away", "move to competitor", "switch provider", "switch operator", "say goodbye",
             "walk out",
             "turn back on",
             "jump ship", "walk away", "go to competitor", "end contract", "terminate"),
            ("stay", "retain", "loyal", "loyalty", "lose", "terminated", "closed", "gone", "active",
             "inactive",
             "lapse", "renew", "stop"), "classes"),
    Concept("default",
            ("default", "delinquent", "credit risk", "credit score", "bad loan", "bad debt", "loan status",
             "charge off",
             "arrears", "repay", "pay back", "non performing", "insolvent", "creditworthy",
             "creditworthiness",
             "miss payment", "fail to pay", "bad credit", "good credit", "credit good", "credit bad",
             "not pay", "won't pay", "don't pay", "doesn't pay", "bad payer", "risky", "able to pay",
             "unable to pay", "cannot pay", "can't pay",
             "go bad", "turn bad", "go sour", "pay on time"),
            ("risk", "bankrupt", "bankruptcy", "pay late", "fall behind"), "classes"),
    Concept("survival", ("survive", "survival", "survivor", "die", "fatal", "fatality", "death event",
             "make it out alive"),
            ("alive", "live", "perish", "lifeboat", "drown", "rescue", "pull through"), "classes"),
    Concept("fraud", ("fraud", "scam", "chargeback", "swindle", "bogus"),
            ("suspicious", "illegal", "fake", "genuine", "legitimate"), "classes"),
    Concept("spam", ("spam", "ham", "junk"), ("unwanted", "phishing"), "classes"),
    Concept("price", ("price", "cost", "msrp", "worth", "selling price", "sale price", "asking price"),
            ("value", "fare", "fee", "charge", "amount", "premium", "tariff", "expensive", "expense", "bill",
             "sell for", "rate", "rent", "median value"), "number"),
    Concept("billing", ("bill", "charge", "fee", "spend", "invoice"), ("pay", "payment", "amount", "price",
            "cost"),
            "number"),
    Concept("count", ("count", "number", "quantity", "volume", "how many", "total number"),
            ("demand", "total", "traffic"), "number"),
    Concept("demand", ("demand", "load", "consume", "usage", "consumption", "use"),
            ("count", "volume", "kwh", "mwh", "need", "energy", "quantity", "rent", "hire",
             "ridership",
             "draw"), "number"),
    Concept("pay", ("salary", "wage", "income", "compensation", "remuneration", "earn", "paycheck", "pay"),
            ("make money", "make", "stipend", "annual pay", "take home"), ""),
    Concept("sales", ("sale", "revenue", "turnover", "units sold", "takings", "sell"),
            ("order", "income", "buy", "purchase", "demand"), "number"),
    Concept("rating", ("rating", "star", "score", "review score"), ("grade", "rate", "quality"), ""),
    Concept("quality", ("quality", "grade"), ("good", "bad", "rating", "score", "how good", "taste"), ""),
    Concept("grade", ("grade", "mark", "exam score", "test score", "gpa", "final grade", "exam result"),
            ("score", "result", "perform"), ""),
    Concept("delay", ("delay", "late", "overdue", "behind schedule", "tardy", "hold up"), ("on time",), ""),
    Concept("topic", ("topic", "subject", "theme", "subject matter"),
            ("category", "section", "group", "class", "label", "about", "kind", "queue", "team",
             "department"), "classes"),
    Concept("category", ("category", "class", "genre", "kind", "type", "label"),
            ("group", "topic", "species", "variety", "section", "segment", "sort", "bucket"), "classes"),
    Concept("sentiment", ("sentiment", "polarity", "mood", "tone"),
            ("opinion", "feel", "positive", "negative", "happy", "unhappy", "like", "emotion"), "classes"),
    Concept("diagnosis", ("diagnosis", "disease", "malignant", "benign", "condition", "disorder"),
            ("ill", "sick", "cancer", "tumor", "diabetes", "stroke", "infection", "diabetic"), "classes"),
    Concept("approval", ("approve", "grant", "loan status", "accept", "approval status"),
            ("reject", "refuse", "decline", "admit", "admission", "turn down"), "classes"),
    Concept("buying", ("buy", "purchase", "convert", "order"), ("click", "acquire", "sale", "revenue",
            "checkout"),
            "classes"),
    Concept("response", ("respond", "subscribe", "sign up", "take up", "accept offer", "opt in", "reply"),
            ("accept", "deposit", "interested", "convert", "buy"), "classes"),
    Concept("click", ("click", "ctr", "click through"), ("tap", "engage"), "classes"),
    Concept("failure", ("fail", "break", "break down", "breakdown", "malfunction", "outage", "fault",
            "defect",
                        "go wrong"), ("stop work", "faulty", "defective", "broken", "repair", "down"), ""),
    Concept("duration", ("duration", "how long", "length", "elapsed", "time taken", "time spent",
            "time to", "length of stay"), ("time", "tenure", "minutes", "seconds",
            "hours"),
            "number"),
    Concept("age", ("age", "how old"), ("old",), "number"),
    Concept("distance", ("distance", "how far", "mileage"), ("km", "miles"), "number"),
    Concept("speed", ("speed", "velocity", "how fast"), ("fast",), "number"),
    Concept("temperature", ("temperature", "how hot", "how warm", "how cold"), ("hot", "warm", "cold",
            "heat"),
            "number"),
    Concept("rain", ("rain", "precipitation", "rainfall", "how wet"), ("wet", "shower"), ""),
    Concept("fuel economy", ("mpg", "fuel economy", "fuel efficiency", "fuel consumption",
            "miles per gallon"),
            (), "number"),
    Concept("energy use", ("kwh", "energy consumption", "energy use", "power consumption", "energy usage",
                           "electricity consumption", "electricity use", "energy demand", "power demand"),
            ("energy", "power", "electricity", "load"), "number"),
    Concept("lifetime value", ("clv", "ltv", "lifetime value", "customer value"), (), "number"),
    Concept("weight", ("weight", "how heavy", "mass"), ("heavy",), "number"),
    Concept("height", ("height", "how tall"), ("tall",), "number"),
    Concept("size", ("area", "size", "how big", "how large"), ("square", "big", "large"), "number"),
    Concept("crime", ("crime", "offence", "offense"), (), ""),
    Concept("readmission", ("readmit", "readmitted", "readmission", "come back to hospital",
            "return to hospital"),
            (), "classes"),
    Concept("no show", ("no show", "miss appointment", "not show up", "not turn up", "fail to attend",
                        "not attend"), (), "classes"),
    Concept("claim", ("claim",), ("payout", "loss"), ""),
    Concept("profit", ("profit", "margin", "gain"), ("earn",), "number"),
    Concept("life left", ("rul", "remaining useful life", "time to failure", "remaining life"), (), "number"),
    Concept("species", ("species", "variety", "breed"), ("kind", "type", "class"), "classes"),
    Concept("priority", ("priority", "urgency", "severity"), ("urgent", "important", "severe"), ""),
    Concept("intent", ("intent", "intention", "purpose"), (), "classes"),
    Concept("result", ("result", "outcome", "win", "winner", "final score"), ("score", "lose", "draw",
            "victory"), ""),
    Concept("embarkation", ("embark", "embarkation port", "port of embarkation", "boarding port",
            "port of departure", "get on board"), ("port", "boarding"), ""),
    Concept("marriage", ("marital", "marital status", "marriage", "married", "marry"),
            ("single", "wed", "spouse"), ""),
    Concept("potability", ("potable", "potability", "drinkable", "safe to drink"), ("drink",), "classes"),
    Concept("sex", ("sex", "gender"), (), "classes"),
    Concept("occupation", ("occupation", "job", "profession", "job title"), ("position", "role"), ""),
    Concept("unemployment", ("unemployment", "unemployed", "jobless", "joblessness"), (), ""),
    Concept("units", ("units sold", "quantity", "pieces", "pieces sold"), (), "number"),
    Concept("hires", ("rent", "hire", "ride"), ("count", "demand"), "number"),
    Concept("visits", ("visit", "footfall", "attendance", "patronage"), ("traffic",
            "count"), "number"),
)  # fmt: skip
"""Checked against one another by what a person would call the same column; wide words weigh less."""

THINGS = (
    ("customer", "client", "subscriber", "user", "member", "consumer", "shopper", "buyer", "account",
     "cardholder", "policyholder", "guest", "visitor"),
    ("employee", "staff", "worker", "personnel", "colleague"),
    ("house", "home", "property", "flat", "apartment", "dwelling", "real estate", "housing"),
    ("car", "vehicle", "automobile", "auto"),
    ("ticket", "issue", "request", "case", "incident"),
    ("article", "story", "headline", "news", "post", "document", "text"),
    ("email", "mail", "message", "sms"),
    ("energy", "electricity", "power", "electric"),
    ("bike", "bicycle", "cycle"),
    ("passenger", "traveller", "traveler", "rider", "commuter"),
    ("patient",), ("transaction", "payment"), ("loan", "credit", "mortgage", "borrower", "applicant",
     "debtor"),
    ("student", "pupil"), ("machine", "engine", "equipment", "device", "pump"),
    ("shuttle", "spaceship", "spacecraft"), ("product", "item", "good"), ("trip", "ride", "journey"),
    ("shop", "store", "outlet"), ("booking", "reservation"), ("company", "firm", "business"), ("flight",
     "plane"),
    ("person", "man", "woman", "child", "boy", "girl", "adult", "individual"),
    ("review", "comment"), ("movie", "film"), ("game", "match"), ("order", "invoice"),
)  # fmt: skip
"""What a sentence is about rather than what it asks for; words of one line stand for one another."""

USUAL_TARGETS = ("target", "label", "y", "class", "outcome", "response", "output", "dependent", "truth",
                 "ground truth", "is target", "target variable", "class label", "labels",
                 "result")  # fmt: skip
"""Names of columns that hold an answer and do not say which."""

WEAK_IN_NAMES = frozenset({"is", "has", "flag", "indicator", "status", "the", "a", "of", "in", "id", "code",
                           "number", "total", "current", "value", "group", "name", "ind", "binary", "average",
                           "final", "overall", "level", "category", "type", "class", "label", "score",
                           "annual",
                           "did", "was", "will", "be", "per", "by", "on", "at", "target", "median", "mean",
                           "actual",
                           "next"})  # fmt: skip
"""Words of a column's name that add little to what it is."""

ATTRIBUTES = frozenset(
    {"policy", "method", "history", "title", "vendor", "reason", "mode", "location", "plan"}
)
"""Words that end the name of another thing: a `cancellation_policy` is no cancellation."""

ADJECTIVES = {
    "how long": "duration", "how old": "age", "how far": "distance", "how fast": "speed",
    "how hot": "temperature",
    "how heavy": "weight", "how tall": "height", "how big": "size", "how late": "delay",
    "how good": "quality",
    "how expensive": "price",
}  # fmt: skip
