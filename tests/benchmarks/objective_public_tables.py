"""Public tables as discovery sees them, as people bring them: cryptic, without a header, coded."""

from tests.benchmarks.objective_tables import SPACE, columns

CPU = columns(
    "cpu_act",
    8192,
    """
lread|n|235|6.0|1.0
lwrite|n|189|2.0|0.0
scall|n|4115|1036.0|2165.0
sread|n|794|103.0|205.0
swrite|n|640|114.0|101.0
fork|n|228|1.0|0.4
exec|n|386|1.0|1.2
rchar|n|7997|172076.0|43107.0
wchar|n|7939|355965.0|44139.0
pgout|n|404|0.0|4.8
ppgout|n|774|0.0|42.2
pgfree|n|1070|0.0|75.8
pgscan|n|1202|0.0|181.4
atch|n|253|0.0|0.2
pgin|n|832|2.0|85.4
ppgin|n|1072|4.0|88.2
pflt|n|2987|73.6|19.4
vflt|n|3799|89.0|161.8
runqsz|n|302|2.0|3.0
freemem|n|3165|6527.0|130.0
freeswap|n|7658|1851864.0|1131931.0
target|n|56|90.0|88.0
""",
)
WEATHER = columns(
    "weather_noaa",
    18159,
    """
feat_1|n|974|19.8|26.8
feat_2|n|945|14.0|22.2
feat_3|n|525|1019.6|1006.2
feat_4|n|213|8.4|8.1
feat_5|n|240|9.9|10.9
feat_6|n|67|15.9|19.0
feat_7|n|263|28.9|34.0
feat_8|n|259|14.0|21.0
target|n|2|0|1
""",
)
RETAIL = columns(
    "retail_by_day",
    12505,
    """
InvoiceNo|t|631|536365|536366
StockCode|t|2548|85123A|71053
Description|t|2538|WHITE HANGING HEART T-LI|WHITE METAL LANTERN
Quantity|n|138|6|8
InvoiceDate|d|546|2010-12-01 08:26:00|2010-12-01 08:28:00
UnitPrice|n|240|2.55|3.39
CustomerID|t|396|17850.0|13047.0
Country|t|16|United Kingdom|France
""",
)
PASSENGERS = columns(
    "Titanic",
    1313,
    """
column_1|n|1313|1|2
Name|t|1310|Allen, Miss Elisabeth Wa|Allison, Miss Helen Lora
PClass|t|4|1st|2nd|*|3rd
Age|n|75|29.0|2.0
Sex|t|2|female|male
Survived|n|2|1|0
SexCode|n|2|1|0
""",
)
NEWS = columns(
    "news_aggregator_train",
    8878,
    """
column_1|n|8878|266885|372167
column_2|t|8724|Benghazi Becomes Issue I|This Ring Reads Books An
column_3|t|8878|http://www.huffingto0|http://www.huffingto1
column_4|t|13|Huffington Post|Contactmusic.com
column_5|t|4|b|t|e|m
column_6|t|3752|dwJWgjhrm0VSrKMSdtF3JlUy|dz2SzxwpCkK3mzMypdm8i6D9
column_7|t|14|www.huffingtonpost.com|www.contactmusic.com
column_8|d|8878|2014-05-30 01:34:32.2420|2014-07-09 11:13:50.8260
""",
)
POWER = columns(
    "power_plant_ccpp",
    47840,
    """
AT|n|2773|14.96|25.18
V|n|634|41.76|62.96
AP|n|2517|1024.07|1020.04
RH|n|4546|73.17|59.08
PE|n|4836|463.26|444.37
""",
)
UNICODE = columns(
    "unicode_test",
    41,
    """
phrase|t|41|phrase 0|phrase 1
short_phrase|t|41|short 0|short 1
with_missing|t|36|Fam hx-cardiovas dis NEC|Sparganosis
dttm|d|1|2020-10-07 00:00:00
value|n|37|98.0|85.0
""",
)
UNEMPLOYMENT = columns(
    "us_unemployment",
    3218,
    """
id|n|3218|1001|1003
rate|n|210|0.097|0.091
""",
)
CARD_BILLS = columns(
    "credit_card_default",
    30000,
    """
ID|n|30000|1|2
LIMIT_BAL|n|81|20000|120000
SEX|n|2|2|1
EDUCATION|n|7|2|1|3|5
MARRIAGE|n|4|1|2|3|0
AGE|n|56|24|26
PAY_0|n|11|2|-1|0|-2
PAY_2|n|11|2|0|-1|-2
PAY_3|n|11|-1|0|2|-2
PAY_4|n|11|-1|0|-2|2
PAY_5|n|10|-2|0|-1|2
PAY_6|n|10|-2|2|0|-1
BILL_AMT1|n|22723|3913|2682
BILL_AMT2|n|22346|3102|1725
BILL_AMT3|n|22026|689|2682
BILL_AMT4|n|21548|0|3272
BILL_AMT5|n|21010|0|3455
BILL_AMT6|n|20604|0|3261
PAY_AMT1|n|7943|0|1518
PAY_AMT2|n|7899|689|1000
PAY_AMT3|n|7518|0|1000
PAY_AMT4|n|6937|0|1000
PAY_AMT5|n|6897|0|1000
PAY_AMT6|n|6939|0|2000
default.payment.next.month|n|2|1|0
""",
)
REVIEWS = columns(
    "reviews",
    15531,
    """
shuttle_id|n|15531|45163|49438
review_scores_rating|n|51|91.0|96.0
review_scores_comfort|n|9|10.0|9.0|7.0|8.0
review_scores_amenities|n|9|9.0|10.0|8.0|7.0
review_scores_trip|n|9|9.0|10.0|8.0|6.0
review_scores_crew|n|9|9.0|10.0|8.0|4.0
review_scores_location|n|8|9.0|10.0|8.0|6.0
review_scores_price|n|9|9.0|10.0|8.0|7.0
number_of_reviews|n|256|26|61
reviews_per_month|n|726|0.77|0.62
""",
)
SPACEFLIGHTS = (*REVIEWS, *(column for column in SPACE if column.table != "reviews"))
PUBLIC_TABLES = {
    "cpu": CPU,
    "weather": WEATHER,
    "retail": RETAIL,
    "passengers": PASSENGERS,
    "news": NEWS,
    "power": POWER,
    "unicode": UNICODE,
    "unemployment": UNEMPLOYMENT,
    "card24": CARD_BILLS,
    "spaceflights": SPACEFLIGHTS,
}
