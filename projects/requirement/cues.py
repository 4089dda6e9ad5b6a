"""The words that announce a part of a sentence: what is predicted, from what, without what, and what for."""

from collections.abc import Sequence

from projects.requirement.lexicon import THINGS
from projects.requirement.words import Token, stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


PREDICT_WORDS = _words("""
    predict forecast estimate project anticipate model determine detect identify find guess classify
    categorise categorize label tag sort assign route flag spot score rank calculate compute infer tell know
    recognise recognize diagnose foresee foretell figure work learn discover evaluate assess decide
    prediction predicting separate distinguish want need see say understand group bucket grade explain
    approximate quantify gauge catch triage discriminate regress target
""")
PREDICT = frozenset(stem(word) for word in PREDICT_WORDS)
NAMES_TOO = _stems("label score grade rank group target")
"""Words that announce the target, and may be its name as well."""
OUTRIGHT = PREDICT - NAMES_TOO - _stems("model project want need see say know learn work find tell")
"""Verbs that end a list of columns: `without tenure, predict churn`."""
SORTING = _stems("""
    classify categorise categorize label tag sort assign route triage separate group bucket distinguish
    rank split     discriminate
""")
INTO = _words("into by as to according with between among")
NOUN_CUES = _stems("""
    prediction forecast forecasting model classifier detection detector estimation estimator predictor
    classification modelling modeling estimate scoring regression prognosis recognition routing sorting
    tagging labelling labeling triage assessment assignment categorisation categorization
""")
"""What a model is called behind what it is of: `churn prediction`."""
QUESTIONS = _words("which who whom whose whether if what how when")
MODALS = _words("""
    will would is are was were can could might may shall should does do did has have had going likely gonna
    'll about be get gets unlikely prone risk ready set tend tends won't isn't doesn't don't become becomes
    wants bound liable
""")
YES_OR_NO = _words("will should shall might may is are does do did can would could was were has have")
LEAVE_OUT = _phrases("""
    do not use | don't use | dont use | not using | without using | without | ignore | ignoring |
    exclude | excluding | except for | except | leave out | leaving out | drop | dropping | never use |
    skip | skipping | omit | omitting | other than | apart from | do not include | don't include |
    do not look at | don't look at | regardless of | but not | rather than | instead of | do not predict |
    don't predict | not predict | not predicting | not interested in | don't care about |
    do not consider | don't consider | disregard | disregarding | and not | must not use |
    should not use | not the | leave | irrespective of | do not rely on | avoid using | don't rely on |
    w / o | minus | sans | excl | avoid | remove | removing | do not touch | not allowed to use
""")
INPUT_FROM = _phrases("""
    from | using | based on | on the basis of | given | with the help of | by means of | use |
    depending on | as a function of | knowing | by looking at | looking at | considering |
    taking into account | via | out of | with | through | on top of | driven by | judging by | here is |
    here are | we have | i have | i've got | i got | there is | there are | our data | the data |
    data has | we know | we record | we collect | in terms of | explained by
""")
ASIDE_FROM = _phrases("""
    so that | so we | so i | so as to | in order to | because | to help | to reduce | to improve |
    to plan | to support | to avoid | to prevent | to save | to offer | to contact | to stop | in case |
    as soon as | such that | to cut | to increase | to optimise | to optimize | to allocate |
    to schedule | to prioritise | to prioritize | to react | to intervene | to keep | to win | since we |
    since i | since they | since it | since our |
    which helps | this helps | so | to send | for planning | for budgeting | to staff | to order |
    to budget | before they | before it | to guide | to target | to be able to | thanks | please
""")
"""What the prediction is for, and politeness."""
PREPOSITIONS = _words("""
    for in on at per by within during after before over between among across under through about against
    where that into to from with who when while each every via than upon next coming around above below
    until since till
""")
EMPTY = _words("""
    analysis analytics study figures
    a an the this that these those i we you they he she it me us my our your their his her its them and or
    not no want would like to please can could should help need let build create train develop get some any
    all each every most more many much very just also too there here be been being am of machine learning ml
    ai algorithm data dataset table file files csv messy set column field feature features variable given
    one ones such so as able out up down off new good best accurate accurately whether if which who what how
    when likelihood probability chance chances odds propensity probable likely soon ever actually really
    future today now based using model system tool way something anything thing things expected automatic
    automatically different various correct right hello hi yes thanks thank else other own has have had do
    does did will is are was were with for from in on at by i'd we'd i'm we're let's they'll it's likeliest
    goal task objective aim problem gets become per forecast predict prediction predictions whatever only
    into about binary multiclass regression classification regressor classifier two three four five then
    than somebody someone anyone anybody everybody everyone aboard board onboard detection detector
    estimation estimator predictor modelling modeling scoring forecasting recognition prognosis
    models estimate dollars euros
    pounds usd eur gbp must but yet though however while go goes going gonna take takes exceed
    exceeds exceeding
""")
"""Words that say nothing of a column."""
MEASURES = _stems("""
    number amount probability likelihood risk chance value level rate count kind type status quantity odds
    percentage share degree sum average propensity occurrence presence volume case sign possibility total
    extent likeliness tendency danger size
""")
"""What stands before `of` and leaves it to the word behind to say what is meant."""
THING_STEMS = frozenset(stem(word) for line in THINGS for thing in line for word in thing.split())
LIGHT = _stems("""
    make have do get take give place suffer keep experience perform receive undergo put show use happen
    occur expect ask end start turn
""")
"""Verbs that leave it to their object to say what is meant: `make a purchase`, `suffer a stroke`."""
CHANCE = _words("probability likelihood chance chances odds possibility risk")
DETERMINERS = _words("a an the each every this these our their my his her")
LIKELY = _words("likely unlikely prone liable bound")
SUBJECTS = _words("i we you they he she it somebody someone anyone anybody one there everybody everyone")


def is_content(token: Token) -> bool:
    """Whether a word says something by itself."""
    return token.kind == "name" or (
        token.kind == "word" and token.lower not in EMPTY and token.lower not in MODALS
    )


def is_cue(sentence: Sequence[Token], at: int) -> bool:
    """Whether a word announces the target: a question word, a verb such as `predict`, a leading `will`."""
    token = sentence[at]
    if token.kind != "word":
        return False
    if token.lower in QUESTIONS or is_relative(sentence, at):
        return True
    if token.lower in YES_OR_NO:
        if at + 1 < len(sentence) and sentence[at + 1].lower == "not":
            return False
        return at == 0 or sentence[at - 1].lower in {".", "?", "!", ",", ";", ":"}
    behind = sentence[at + 1].lower if at + 1 < len(sentence) else ""
    is_labour = token.stem == "work" and behind != "out"  # `a working day`
    return token.stem in PREDICT and not is_labour and not _ends_a_phrase(sentence, at)


def is_relative(sentence: Sequence[Token], at: int) -> bool:
    """Whether `that` opens what is done: `customers that will leave`, `the chance that a customer leaves`."""
    if sentence[at].lower != "that" or not 0 < at < len(sentence) - 1:
        return False
    before = sentence[at - 1]
    return before.lower in CHANCE or (before.stem in THING_STEMS and sentence[at + 1].lower in MODALS)


def _ends_a_phrase(sentence: Sequence[Token], at: int) -> bool:
    """Whether `model` or `forecast` stands behind what it is of: `a churn model`, `the demand forecast`."""
    if sentence[at].stem not in NOUN_CUES or at == 0:
        return False
    is_risk = sentence[at - 1].lower == "risk"
    if not (is_content(sentence[at - 1]) or is_risk) or sentence[at - 1].stem in PREDICT:
        return False
    behind = sentence[at + 1] if at + 1 < len(sentence) else None
    return behind is None or not is_content(behind) or behind.lower in PREPOSITIONS
