"""Common English words that are one or two letters from words of the trades, and no typos of them."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON_WORDS = _words("""
    about above accept account accuracy accurate addition admin affect after again agency agree
    alert allow alone along alter angle apply argue array assurance attempt attend autumn average
    award based basic basis batch beach begin being below better birth black blank blind block
    blocking blood board boost boosting border boring bottom brain brake branch brand bread brick
    bridge brief bring broad brother brown build cable career carriage carrier cause center central
    chain chair chance change channel chapter character chart charts cheap check checksum chief
    child chosen circle civil classic classical clause clean clear clerk climb clock clone cloth
    clothes cloud coach coast color column comma commit committed common company comply concept
    concern conditional consent consider consist constant construct contain content contest context
    continue contrast control convention converge convergence conversation copper corner could
    council count counter counties country county couple courier court cover create cross crowd
    current curve cycle damage dance danger date death decade decay decide decimal decode dedicated
    deep default define degree dental depart depth desert design detail deviance device dialect
    differ dinner direct directive discovery display distinct divide doubt draft drain drama dream
    dress drink drive early earth eight elder elect element empty enemy enjoy enter equal equality
    equip error evening event every exact except excess exempt exist expand expansion expect
    experience explain explanation export express extend extension extra faint faith false fatal
    father feather fence fever field fiery fight final finance first fiscal float flood floor flour
    folder follow force forest forget format forth found frame freight fresh front fruit funny
    gather general generate generation generator giant given glass globe grain grand grape grass
    grave great green ground group growth guess guest guide happy harsh health heart hearth heavy
    hello holder honey honor horse hours house human humor ideal identical identifier identity image
    import importance indent index individually inject injection inner input inspection intend
    intended invent inverse issue joint judge juice known label labor large laser later latest layer
    leader learn lease least leather legal lemon lever light likely linear local locale locally
    logic loose lower lucky lunch magic major manage manner march margin master match mature maybe
    mayor meals meant median mental mention merit metal might minor minus minute minutes mission
    mixed mobile modal modem modes module money monkey month months moral morning motel mother
    motion motor mount mouse mouth movie music nation negation never night noise north notion novel
    nurse occur occurrence ocean often older onion opera orange other outer owner paint panel paper
    parent passage paste patent patience pause peace pearson people persona petition phase phone
    photo phrase piece pilot pitch place plain plane plans plant plate point police polite
    positional pound practice precision predictive prefer prefix press pride prime print prior prize
    process processing processor produce profile program progress project promise proof proper
    properly propose protect protection protest proud prove public pupil purple quarter quick quiet
    quite quota quote radio raise range rapid ratio reach react reader ready real reason recall
    recent record refer refrain refund region regular relation relay release relief religion remain
    remainder remind remote repeat report request require rescue resort result return reuse ridge
    right river robot rough round route royal rumor running rural scale scene scope scores screen
    search season second seconds section security see select selection sense sentence sequence serve
    server seven severe shade shall shape share sharp sheep sheet shelf shell shine shirt shock
    shoot shore short should shown sight silence silent simple since skill sleep slice slight slower
    small smart smile smoke solid solve sorry sound source south space speak special specify speed
    spell spend spent spice split sport spread square stable stack staff stage stale stand start
    state states station stays steal steel steep stick still stock stone stool store storm story
    strain strange stream street strike string strip stroll strong studio study stuff style sugar
    suite sunny super supply suppose surely surface surge surgery survey sweet swing system table
    taken taste teach tender tense thank theft their theme there these thick thing think third those
    threat three through throw thumb tiger tight title today token tomorrow tooth total touch tough
    tower track trade tradition train transactional transition translation trash treat trend trial
    triangle tribe trick truck trust truth twice typical uncle under union until upper urban urgency
    usable usage useful using usual valid value vapor vendor verse version video village visa vision
    vital vocal voice wages waste watch water weather week weeks weigh weird wheat wheel where which
    while white whole whose within without woman women world worry worse worst worth would wound
    write wrong wrote year years yield young youth
""")
