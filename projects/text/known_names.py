"""The words that names are known by where no pipeline finds them: common in English news and letters."""

from serving.plan.text.entities import Lists

GIVEN = """
aaron abdul adam adrian ahmed alan albert alex alexander alexandra ali alice alison allison amanda amber amy
andrea andrew andy angela angelina ann anna anne anthony antonio april arnold arthur ashley barack barbara
barry ben benjamin bernard beth betty beyonce bill billy bob bobby brad bradley brandon brenda brian britney
bruce bryan cameron carl carlos carol caroline catherine channing charles charlie charlotte chelsea chris
christian christina christine christopher cindy claire claudia colin connor craig cynthia daniel danny david
dean deborah dennis derek diana diane dick diego dmitry don donald donna doris dorothy doug douglas drew
dylan edward elena elizabeth ellen emily emma eric erica ethan eva evan evelyn fatima fiona frances francis
frank fred gary gemma george gerald gina giovanni glenn gloria gordon grace graham greg gregory gwyneth
hannah harold harrison harry heather helen henry hillary howard hugh ian igor isabel ivan jack jackie jacob
jake james jamie jan jane janet jared jason javier jay jean jeff jeffrey jennifer jenny jeremy jerry jesse
jessica jessie jill jim jimmy joan joe joel john johnny jon jonathan jordan jorge jose joseph josh joshua
juan judith judy julia julian julie justin kanye karen karl kate katherine kathleen kathy katie katy keith
kelly ken kendall kenneth kevin khloe kim kourtney kris kristen kristin kumar kyle lance larry laura lauren
laurence lawrence leah lee leo leonardo leslie liam lily linda lindsay lisa liz logan lori louis louise
lucas lucy luis luke lupita madison maria marie marilyn mario mark martha martin mary mathew matt matthew
maya megan melissa michael michelle miguel mike miley miranda mitch mohammed molly monica morgan muhammad
nancy natalie nathan neil nicholas nick nicki nicole nikita nina noah nora oliver olivia omar oprah oscar
pamela patricia patrick paul paula pedro penelope peter phil philip phillip pierre rachel ralph ray raymond
rebecca renee ricardo richard rick ricky rihanna rob robert roberto robin rodrigo roger roman ron ronald
rosa rose ross roy russell ruth ryan sally sam samantha samuel sandra sara sarah scarlett scott sean selena
seth shane sharon shawn sheila simon sofia sophia sophie stefan stella stephanie stephen steve steven stuart
sue susan sylvia taylor ted teresa terry theresa thomas tim timothy tina todd tom tommy tony tracy travis
tyler uma valerie vanessa vera vernon victor victoria vincent vladimir walter warren wayne wendy wesley will
william xavier yuri yusuf zac zach zachary zoe
"""
TITLES = """
mr mrs ms miss dr prof professor sir dame lord lady president chancellor minister senator governor mayor
congressman congresswoman judge justice general colonel captain sergeant king queen prince princess pope
bishop rev ceo chairman secretary director actor actress singer rapper coach
"""
MARKS = """
inc corp corporation co ltd llc llp plc gmbh ag sa nv bank bancorp group holdings holding partners capital
ventures industries motors motor airlines airways pharmaceuticals pharma technologies labs laboratories
systems software networks entertainment studios pictures records media news times post journal university
college institute school hospital clinic foundation association society union council commission committee
department ministry agency authority bureau office court senate congress parliament party league federation
organization organisation administration reserve exchange
"""
PLACES = """
afghanistan africa alabama alaska albania algeria america amsterdam angola antarctica arabia argentina
arizona arkansas armenia asia athens atlanta auckland australia austria azerbaijan baghdad bahrain bangalore
bangkok bangladesh barcelona beijing beirut belarus belgium benghazi berlin bolivia bosnia boston botswana
brazil britain brooklyn brussels bucharest budapest bulgaria cairo calgary california cambodia cameroon
canada caracas chad chennai chicago chile china cleveland colombia colorado congo connecticut copenhagen
crimea croatia cuba cyprus dallas damascus delaware delhi denmark denver detroit donetsk dubai dublin
ecuador edinburgh egypt england eritrea estonia ethiopia europe finland florida france frankfurt gaza geneva
georgia germany ghana glasgow greece guatemala guinea haiti hamburg hanoi havana hawaii helsinki hollywood
honduras houston hungary iceland idaho illinois india indiana indonesia iowa iran iraq ireland israel
istanbul italy jakarta jamaica japan jerusalem jordan kabul kansas karachi kazakhstan kentucky kenya kiev
korea kosovo kuwait kyiv kyrgyzstan lagos laos latvia lebanon liberia libya lima lisbon lithuania liverpool
london louisiana luxembourg lyon macedonia madrid maine malaysia mali malta manchester manhattan manila
maryland massachusetts mecca melbourne mexico miami michigan milan minneapolis minnesota mississippi
missouri moldova mongolia montana montreal morocco moscow mozambique mumbai munich myanmar nairobi namibia
nebraska nepal netherlands nevada nicaragua niger nigeria norway ohio oklahoma oman ontario oregon orlando
oslo ottawa pakistan palestine panama paraguay paris pennsylvania peru philadelphia philippines phoenix
pittsburgh poland portland portugal prague qatar quebec rome romania russia rwanda sacramento salvador
scotland seattle senegal seoul serbia shanghai sicily singapore slovakia slovenia somalia spain stockholm
sudan sweden switzerland sydney syria taiwan tanzania tehran tennessee texas thailand tibet tokyo toronto
tripoli tunisia turkey uganda ukraine uruguay utah uzbekistan vancouver venezuela venice vermont vienna
vietnam virginia wales warsaw washington wisconsin wyoming yemen zambia zimbabwe zurich us uk usa uae eu u.s
u.k
"""
PLACES_OF_TWO = (
    "united states", "united kingdom", "new york", "new zealand", "new jersey", "new mexico", "new hampshire",
    "new orleans", "new delhi", "new england", "south africa", "south korea", "north korea", "south sudan",
    "south carolina", "north carolina", "south dakota", "north dakota", "west virginia", "rhode island",
    "los angeles", "las vegas", "san francisco", "san diego", "san antonio", "san jose", "hong kong",
    "saudi arabia", "sri lanka", "costa rica", "puerto rico", "el salvador", "sierra leone", "ivory coast",
    "czech republic", "middle east", "silicon valley", "wall street", "white house", "cape town",
    "buenos aires", "mexico city", "kuala lumpur", "tel aviv", "abu dhabi", "st louis", "salt lake",
    "northern ireland",
    "west bank", "rio de", "sao paulo", "central park", "burkina faso", "papua new",
)  # fmt: skip
COMMON = """
a about above according after again against all also although always am among an and another any are around
as ask at back be because been before behind being below best better between both but by can could did do
does doing down during each either enough even ever every few first for from further get gets give go goes
going good got had has have having he hello help her here hers hi him his how however i if important in
indeed instead into is it its itself just know last latest least less let like made make makes many may
maybe me might mine more most much must my near need needs neither never new next no none nor not nothing
now of off often ok on once one only or other others our out over own please re same says see set several
shall she should show shows since so some something soon still such take takes tell than thank thanks that
the their them then there these they thing things this those though three through thus to today together
tomorrow too top tv two under until up update upon us use very via want was watch way we well were what when
where whether which while who whom whose why will with within without would yes yesterday yet you your
january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday
"""


def english_lists() -> Lists:
    """Return the lists for English texts."""
    return Lists(
        given=frozenset(GIVEN.split()),
        titles=frozenset(TITLES.split()),
        marks=frozenset(MARKS.split()),
        places=frozenset(PLACES.split()) | frozenset(PLACES_OF_TWO),
        common=frozenset(COMMON.split()),
    )
