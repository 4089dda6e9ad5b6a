"""Tables as discovery sees them: a line a column, `name | kind | distinct | examples`."""

from projects.requirement.seen import ColumnSeen

KINDS = {"n": "number", "t": "text", "d": "date", "b": "boolean"}


def columns(table: str, rows: int, lines: str) -> tuple[ColumnSeen, ...]:
    found = []
    for line in lines.strip().splitlines():
        name, kind, distinct, *examples = (part.strip() for part in line.split("|"))
        found.append(ColumnSeen(name, table, KINDS[kind], int(distinct), rows, tuple(examples)))  # type: ignore[arg-type]
    return tuple(found)


TELCO = columns(
    "telco_customer_churn",
    7043,
    """
customerID|t|7043|7590-VHVEG|5575-GNVDE
gender|t|2|Female|Male
SeniorCitizen|n|2|0|1
Partner|t|2|Yes|No
Dependents|t|2|No|Yes
tenure|n|73|1|34|2
PhoneService|t|2|No|Yes
MultipleLines|t|3|No phone service|No|Yes
InternetService|t|3|DSL|Fiber optic|No
OnlineSecurity|t|3|No|Yes|No internet service
OnlineBackup|t|3|Yes|No
DeviceProtection|t|3|No|Yes
TechSupport|t|3|No|Yes
StreamingTV|t|3|No|Yes
StreamingMovies|t|3|No|Yes
Contract|t|3|Month-to-month|One year|Two year
PaperlessBilling|t|2|Yes|No
PaymentMethod|t|4|Electronic check|Mailed check
MonthlyCharges|n|1585|29.85|56.95
TotalCharges|n|6530|29.85|1889.5
Churn|t|2|No|Yes
""",
)
BANK = columns(
    "bank",
    4521,
    """
age|n|67|30|33
job|t|12|unemployed|services
marital|t|3|married|single
education|t|4|primary|secondary
default|t|2|no|yes
balance|n|2353|1787|4789
housing|t|2|no|yes
loan|t|2|no|yes
contact|t|3|cellular|unknown
day|n|31|19|11
month|t|12|oct|may
duration|n|875|79|220
campaign|n|32|1|4
pdays|n|292|-1|339
previous|n|24|0|4
poutcome|t|4|unknown|failure
y|t|2|no|yes
""",
)
GERMAN = columns(
    "german_credit",
    1000,
    """
status|t|4|... < 100 DM
duration|n|33|6|48
credit_history|t|5|existing credits paid back duly till now
purpose|t|10|domestic appliances
amount|n|921|1169|5951
savings|t|5|unknown/no savings account
employment_duration|t|5|... >= 7 years
installment_rate|n|4|4|2
personal_status_sex|t|4|male : single
other_debtors|t|3|none
present_residence|n|4|4|2
property|t|4|real estate
age|n|53|67|22
other_installment_plans|t|3|none
housing|t|3|own
number_credits|n|4|2|1
job|t|4|skilled employee/official
people_liable|n|2|1|2
telephone|t|2|yes|no
foreign_worker|t|2|yes|no
credit_risk|n|2|1|0
""",
)
CARD = columns(
    "credit_card_default",
    30000,
    """
ID|n|30000|1|2
LIMIT_BAL|n|81|20000|120000
SEX|n|2|2|1
EDUCATION|n|7|2|1
MARRIAGE|n|4|1|2
AGE|n|56|24|26
PAY_0|n|11|2|-1
PAY_2|n|11|2|0
BILL_AMT1|n|22723|3913|2682
BILL_AMT2|n|22346|3102|1725
PAY_AMT1|n|7943|0|1518
PAY_AMT2|n|7899|689|1000
default.payment.next.month|n|2|1|0
""",
)
TITANIC = columns(
    "titanic_train",
    891,
    """
PassengerId|n|891|1|2
Survived|n|2|0|1
Pclass|n|3|3|1
Name|t|891|Braund, Mr. Owen Harris
Sex|t|2|male|female
Age|n|88|22.0|38.5
SibSp|n|7|1|0
Parch|n|7|0|1
Ticket|t|681|A/5 21171
Fare|n|248|7.25|71.2833
Cabin|t|147|C85
Embarked|t|3|S|C|Q
""",
)
BIKES = columns(
    "bike_sharing_hour",
    17379,
    """
instant|n|17379|1|2
dteday|d|731|2011-01-01
season|n|4|1|2
yr|n|2|0|1
mnth|n|12|1|2
hr|n|24|0|1
holiday|n|2|0|1
weekday|n|7|6|0
workingday|n|2|0|1
weathersit|n|4|1|2
temp|n|50|0.24|0.22
atemp|n|65|0.2879|0.2727
hum|n|89|0.81|0.8
windspeed|n|30|0.0|0.0896
casual|n|322|3|8
registered|n|776|13|32
cnt|n|869|16|40
""",
)
SALARIES = columns(
    "employee_salaries",
    9228,
    """
gender|t|2|F|M
department|t|37|POL|HHS
department_name|t|37|Department of Police
division|t|694|MSB Information Mgmt
assignment_category|t|2|Fulltime-Regular|Parttime-Regular
employee_position_title|t|443|Office Services Coordinator
date_first_hired|d|2264|1986-09-22
year_first_hired|n|51|1986|1988
current_annual_salary|n|3403|69222.18|97392.47
""",
)
SPACE = (
    *columns("companies", 10019, """
id|n|10019|3888|46728
company_rating|n|90|100|67
company_location|t|200|Isle of Man
total_fleet_count|n|20|1.0|2.0
iata_approved|b|2|true|false
"""),
    *columns("reviews", 15531, """
shuttle_id|n|15531|45163|49438
review_scores_rating|n|54|91.0|96.0
review_scores_comfort|n|9|10.0|9.0
review_scores_price|n|9|9.0|8.0
number_of_reviews|n|300|26|61
reviews_per_month|n|900|0.77|0.62
"""),
    *columns("shuttles", 15532, """
id|n|15532|63561|36260
shuttle_location|t|200|Niue
shuttle_type|t|30|Type V5
engine_type|t|3|Quantum|Plasma
engine_vendor|t|5|ThetaBase Services
engines|n|10|1.0|2.0
passenger_capacity|n|15|2|4
cancellation_policy|t|5|strict|moderate
crew|n|15|1.0|3.0
d_check_complete|b|2|true|false
moon_clearance_complete|b|2|true|false
price|n|600|1325.0|1780.0
company_id|n|9000|35029|30292
"""),
)  # fmt: skip
TICKETS = columns(
    "it_service_tickets",
    47837,
    """
Document|t|47837|connection with icon icon dear please setup
Topic_group|t|8|Hardware|Access|Storage|Purchase
""",
)
ELEC = columns(
    "elec2",
    45312,
    """
period|n|48|0|0.02
nswprice|n|4089|0.056443|0.051699
nswdemand|n|5266|0.439155|0.415055
vicprice|n|1800|0.003467
vicdemand|n|2846|0.422915
transfer|n|1878|0.414912
class|n|2|1|0
""",
)
ENERGY = columns(
    "household_power",
    35064,
    """
timestamp|d|35064|2019-01-01 00:00:00
temperature_c|n|400|3.2|3.5
humidity|n|90|81|80
is_holiday|n|2|0|1
tariff|t|2|peak|offpeak
consumption_kwh|n|20111|1.21|0.97
""",
)
PIMA = columns(
    "diabetes",
    768,
    """
Pregnancies|n|17|6|1
Glucose|n|136|148|85
BloodPressure|n|47|72|66
SkinThickness|n|51|35|29
Insulin|n|186|0|94
BMI|n|248|33.6|26.6
DiabetesPedigreeFunction|n|517|0.627|0.351
Age|n|52|50|31
Outcome|n|2|1|0
""",
)
HR = columns(
    "hr_attrition",
    1470,
    """
EmployeeNumber|n|1470|1|2
Age|n|43|41|49
Attrition|t|2|Yes|No
BusinessTravel|t|3|Travel_Rarely|Travel_Frequently
Department|t|3|Sales|Research & Development
DistanceFromHome|n|29|1|8
JobRole|t|9|Sales Executive|Manager
JobSatisfaction|n|4|4|2
MonthlyIncome|n|1349|5993|5130
OverTime|t|2|Yes|No
YearsAtCompany|n|37|6|10
""",
)
HOUSES = columns(
    "house_sales",
    1460,
    """
Id|n|1460|1|2
LotArea|n|1073|8450|9600
Neighborhood|t|25|CollgCr|Veenker
OverallQual|n|10|7|6
YearBuilt|n|112|2003|1976
GrLivArea|n|861|1710|1262
GarageCars|n|5|2|3
MoSold|n|12|2|5
YrSold|n|5|2008|2007
SaleCondition|t|6|Normal|Abnorml
SalePrice|n|663|208500|181500
""",
)
WINE = columns(
    "winequality",
    1599,
    """
fixed acidity|n|96|7.4|7.8
volatile acidity|n|143|0.7|0.88
residual sugar|n|91|1.9|2.6
pH|n|89|3.51|3.2
alcohol|n|65|9.4|9.8
quality|n|6|5|6|7
""",
)
HOTEL = columns(
    "hotel_bookings",
    119390,
    """
hotel|t|2|Resort Hotel|City Hotel
is_canceled|n|2|0|1
lead_time|n|479|342|737
arrival_date_month|t|12|July
adults|n|14|2|1
country|t|178|PRT|GBR
deposit_type|t|3|No Deposit|Refundable
adr|n|8879|0.0|75.5
reservation_status|t|3|Check-Out|Canceled|No-Show
reservation_status_date|d|926|2015-07-01
""",
)
FLIGHTS = columns(
    "flights",
    336776,
    """
year|n|1|2013
month|n|12|1|2
carrier|t|16|UA|AA
origin|t|3|EWR|LGA
dest|t|105|IAH|MIA
dep_delay|n|527|2|4
arr_delay|n|577|11|20
air_time|n|509|227|229
distance|n|214|1400|1416
""",
)
CARS = columns(
    "auto",
    398,
    """
mpg|n|129|18.0|15.5
cylinders|n|5|8|4
displacement|n|82|307.0|350.0
horsepower|n|93|130|165
weight|n|351|3504|3693
acceleration|n|95|12.0|11.5
model_year|n|13|70|71
origin|n|3|1|3
""",
)
INSURANCE = columns(
    "insurance",
    1338,
    """
age|n|47|19|18
sex|t|2|female|male
bmi|n|548|27.9|33.77
children|n|6|0|1
smoker|t|2|yes|no
region|t|4|southwest|southeast
charges|n|1337|16884.924|1725.5523
""",
)
PAYMENTS = columns(
    "card_transactions",
    284807,
    """
Time|n|124592|0|1
V1|n|275663|-1.35|1.19
V2|n|275663|-0.07|0.26
Amount|n|32767|149.62|2.69
Class|n|2|0|1
""",
)
SMS = columns(
    "sms",
    5572,
    """
v1|t|2|ham|spam
v2|t|5169|Go until jurong point
""",
)
MACHINES = columns(
    "predictive_maintenance",
    10000,
    """
UDI|n|10000|1|2
Product ID|t|10000|M14860|L47181
Type|t|3|M|L|H
Air temperature [K]|n|93|298.1|298.2
Rotational speed [rpm]|n|941|1551|1408
Torque [Nm]|n|577|42.8|46.3
Tool wear [min]|n|246|0|3
Machine failure|n|2|0|1
""",
)
LOANS = columns(
    "loan_applications",
    614,
    """
Loan_ID|t|614|LP001002|LP001003
Gender|t|2|Male|Female
Married|t|2|No|Yes
ApplicantIncome|n|505|5849|4583
LoanAmount|n|203|128|66
Loan_Amount_Term|n|10|360|120
Credit_History|n|2|1|0
Property_Area|t|3|Urban|Rural
Loan_Status|t|2|Y|N
""",
)
SHOP = columns(
    "store_sales",
    421570,
    """
Store|n|45|1|2
Dept|n|81|1|2
Date|d|143|2010-02-05
Weekly_Sales|n|359464|24924.5|46039.49
IsHoliday|b|2|false|true
Temperature|n|3528|42.31|38.51
Fuel_Price|n|892|2.572|2.548
Unemployment|n|349|8.106|8.106
""",
)
REVIEWS = columns(
    "product_reviews",
    50000,
    """
review_id|t|50000|R1|R2
review_text|t|49582|Great product
product_category|t|30|Books|Toys
star_rating|n|5|5|1
helpful_votes|n|200|0|3
sentiment|t|2|positive|negative
""",
)
LISTINGS = columns(
    "listings",
    20000,
    """
listing_id|n|20000|1|2
list_price|n|2000|100.0|200.5
sale_price|n|1900|95.0|190.5
bedrooms|n|8|1|2
city|t|40|Lyon|Paris
""",
)
ADULT = columns(
    "adult",
    48842,
    """
age|n|74|39|50
workclass|t|8|State-gov|Private
education|t|16|Bachelors|HS-grad
occupation|t|14|Adm-clerical
hours-per-week|n|96|40|13
native-country|t|41|United-States
income|t|2|<=50K|>50K
""",
)
BANKCHURN = columns(
    "Churn_Modelling",
    10000,
    """
RowNumber|n|10000|1|2
CustomerId|n|10000|15634602|15647311
Surname|t|2932|Hargrave|Hill
CreditScore|n|460|619|608
Geography|t|3|France|Spain
Gender|t|2|Female|Male
Age|n|70|42|41
Tenure|n|11|2|1
Balance|n|6382|0.0|83807.86
NumOfProducts|n|4|1|3
HasCrCard|n|2|1|0
IsActiveMember|n|2|1|0
EstimatedSalary|n|9999|101348.88|112542.58
Exited|n|2|1|0
""",
)
STUDENTS = columns(
    "student_mat",
    395,
    """
school|t|2|GP|MS
sex|t|2|F|M
age|n|8|18|17
studytime|n|4|2|3
failures|n|4|0|3
absences|n|34|6|4
G1|n|17|5|7
G2|n|17|6|5
final_grade|n|18|6|10
""",
)
TAXI = columns(
    "yellow_tripdata",
    100000,
    """
VendorID|n|2|1|2
pickup_datetime|d|95000|2016-03-14 17:24:55
passenger_count|n|7|1|2
pickup_longitude|n|20000|-73.98|-73.99
trip_distance|n|3000|1.2|0.9
payment_type|t|4|cash|card
tip_amount|n|1500|0.0|2.5
fare_amount|n|1200|7.5|6.0
trip_duration|n|7417|455|663
""",
)
STROKE = columns(
    "stroke",
    5110,
    """
id|n|5110|9046|51676
gender|t|3|Male|Female
age|n|104|67.0|61.0
hypertension|n|2|0|1
heart_disease|n|2|1|0
avg_glucose_level|n|3979|228.69|202.21
bmi|n|418|36.6|28.9
smoking_status|t|4|formerly smoked|never smoked
stroke|n|2|1|0
""",
)
HEART = columns(
    "heart",
    918,
    """
Age|n|50|40|49
Sex|t|2|M|F
ChestPainType|t|4|ATA|NAP
RestingBP|n|67|140|160
Cholesterol|n|222|289|180
MaxHR|n|119|172|156
ExerciseAngina|t|2|N|Y
Oldpeak|n|53|0.0|1.0
HeartDisease|n|2|0|1
""",
)
MUSHROOMS = columns(
    "mushrooms",
    8124,
    """
class|t|2|p|e
cap-shape|t|6|x|b
cap-color|t|10|n|y
odor|t|9|p|a
gill-size|t|2|n|b
habitat|t|7|u|g
""",
)
VISITORS = columns(
    "online_shoppers",
    12330,
    """
Administrative|n|27|0|1
ProductRelated|n|311|1|2
BounceRates|n|1872|0.2|0.0
ExitRates|n|4777|0.2|0.1
PageValues|n|2704|0.0|5.2
Month|t|10|Feb|Mar
VisitorType|t|3|Returning_Visitor|New_Visitor
Weekend|b|2|false|true
Revenue|b|2|false|true
""",
)
APPOINTMENTS = columns(
    "appointments",
    110527,
    """
PatientId|n|62299|29872499824296
AppointmentID|n|110527|5642903
Gender|t|2|F|M
ScheduledDay|d|103549|2016-04-29T18:38:08Z
AppointmentDay|d|27|2016-04-29
Age|n|104|62|56
Neighbourhood|t|81|JARDIM DA PENHA
SMS_received|n|2|0|1
No-show|t|2|No|Yes
""",
)
SHIPPING = columns(
    "orders",
    180519,
    """
Order Id|n|65752|77202
Customer Segment|t|3|Consumer|Corporate
Category Name|t|50|Sporting Goods
Shipping Mode|t|4|Standard Class
Days for shipping (real)|n|7|3|5
Days for shipment (scheduled)|n|4|4|2
Order Item Quantity|n|5|1|2
Sales|n|193|327.75
Late_delivery_risk|n|2|0|1
""",
)
BUILDINGS = columns(
    "energydata_complete",
    19735,
    """
date|d|19735|2016-01-11 17:00:00
Appliances|n|92|60|50
lights|n|8|30|40
T1|n|722|19.89
RH_1|n|2547|47.59
T_out|n|1730|6.6
Windspeed|n|189|7.0
""",
)
WATER = columns(
    "water_potability",
    3276,
    """
ph|n|2785|7.08
Hardness|n|3276|204.89
Solids|n|3276|20791.3
Sulfate|n|2495|368.5
Turbidity|n|3276|2.96
Potability|n|2|0|1
""",
)
AIR = columns(
    "air_quality",
    9357,
    """
Date|d|391|2004-03-10
Time|t|24|18.00.00
CO(GT)|n|97|2.6
NOx(GT)|n|926|166.0
PM2.5|n|800|12.0|30.5
T|n|437|13.6
RH|n|754|48.9
""",
)
RENTALS = columns(
    "flats",
    6000,
    """
flat_id|n|6000|1|2
city|t|30|Leeds|York
rooms|n|8|2|3
floor|n|20|1|2
surface_m2|n|250|45.0|62.5
furnished|b|2|true|false
monthly_rent_gbp|n|900|850|1200
""",
)
CLAIMS = columns(
    "motor_policies",
    50000,
    """
policy_no|t|50000|P1|P2
driver_age|n|70|18|44
vehicle_make|t|40|Ford|Audi
bonus_malus|n|120|50|76
region|t|22|R24|R82
annual_premium|n|8000|412.5|733.1
claim_count|n|5|0|1
claim_amount|n|3000|0.0|995.2
""",
)
IRIS = columns(
    "iris",
    150,
    """
sepal_length|n|35|5.1|4.9
sepal_width|n|23|3.5|3.0
petal_length|n|43|1.4|1.3
petal_width|n|22|0.2|0.4
species|t|3|setosa|versicolor|virginica
""",
)
DIAMONDS = columns(
    "diamonds",
    53940,
    """
carat|n|273|0.23|0.21
cut|t|5|Ideal|Premium
color|t|7|E|I
clarity|t|8|SI2|SI1
depth|n|184|61.5|59.8
price|n|11602|326|327
x|n|554|3.95
y|n|552|3.98
z|n|375|2.43
""",
)
LEAVERS = columns(
    "HR_comma_sep",
    14999,
    """
satisfaction_level|n|92|0.38|0.8
last_evaluation|n|65|0.53|0.86
number_project|n|6|2|5
average_montly_hours|n|215|157|262
time_spend_company|n|8|3|6
Work_accident|n|2|0|1
left|n|2|1|0
promotion_last_5years|n|2|0|1
sales|t|10|sales|technical
salary|t|3|low|medium|high
""",
)
HELPDESK = columns(
    "helpdesk",
    12000,
    """
case_no|t|12000|C-1|C-2
opened_at|d|11980|2024-01-02 08:11:00
subject|t|9100|Printer broken|VPN down
body|t|11950|Hello, my printer
priority|t|4|low|medium|high|critical
assigned_team|t|9|network|hardware|accounts
resolution_hours|n|700|2.5|11.0
satisfied|t|2|yes|no
""",
)
WATCHES = columns(
    "turbofan",
    20631,
    """
unit|n|100|1|2
cycle|n|362|1|2
sensor_2|n|310|641.82
sensor_3|n|3012|1589.7
RUL|n|362|191|190
""",
)
CARTS = columns(
    "web_sessions",
    200000,
    """
session_id|t|200000|s1|s2
device|t|3|mobile|desktop
pages_viewed|n|60|3|9
minutes_on_site|n|900|1.5|7.2
basket_value|n|9000|0.0|54.9
purchased|b|2|true|false
""",
)
PLANTS = columns(
    "crop_production",
    24000,
    """
region|t|40|North|South
crop|t|25|maize|wheat
season_start|d|60|2001-03-01
rainfall_mm|n|2000|812.0
fertiliser_kg|n|1500|120.5
yield_t_per_ha|n|3100|2.4|3.9
""",
)
CALLS = columns(
    "call_center",
    32000,
    """
CallId|n|32000|1|2
AgentName|t|60|Diane|Becky
CallTime|d|31000|2021-01-01 09:12:58
Topic|t|5|Contract related|Technical Support
AnsweredYN|t|2|Y|N
SpeedOfAnswerSec|n|116|109|70
AvgTalkDurationSec|n|390|143|244
SatisfactionRating|n|5|3|4
""",
)
VIDEO = columns(
    "videos",
    40000,
    """
video_id|t|40000|a|b
title|t|39000|Cats|Dogs
channel|t|2000|c1|c2
publish_time|d|39900|2017-11-13
tags_count|n|50|3|4
views|n|39000|748374|2418783
likes|n|20000|57527|97185
comment_count|n|9000|15954|12703
""",
)
PATIENTS = columns(
    "hospital_admissions",
    101766,
    """
encounter_id|n|101766|2278392
patient_nbr|n|71518|8222157
race|t|5|Caucasian|AfricanAmerican
age|t|10|[0-10)|[10-20)
time_in_hospital|n|14|1|3
num_medications|n|75|1|18
diag_1|t|716|250.83|276
insulin|t|4|No|Up
readmitted|t|3|NO|>30|<30
""",
)
TURBINES = columns(
    "wind_scada",
    50530,
    """
Date/Time|d|50530|01 01 2018 00:00
LV ActivePower (kW)|n|47484|380.05|453.77
Wind Speed (m/s)|n|50530|5.31|5.67
Theoretical_Power_Curve (KWh)|n|50000|416.3
Wind Direction (deg)|n|50530|259.99
""",
)
MEALS = columns(
    "food_orders",
    45593,
    """
Order_ID|t|45593|0x4607
Delivery_person_Age|n|22|37|34
Weatherconditions|t|6|Sunny|Stormy
Road_traffic_density|t|4|High|Jam
Type_of_order|t|4|Snack|Drinks
Festival|t|2|No|Yes
Time_taken_min|n|45|24|33
""",
)
GAMES = columns(
    "matches",
    9074,
    """
home_team|t|20|Arsenal|Chelsea
away_team|t|20|Leeds|Everton
match_date|d|1200|2015-08-08
home_goals|n|9|2|0
away_goals|n|8|1|0
full_time_result|t|3|H|A|D
""",
)
LENDING = columns(
    "lending",
    39717,
    """
member_id|n|39717|1296599
loan_amnt|n|885|5000|2500
int_rate|n|371|10.65|15.27
grade|t|7|B|C
annual_inc|n|5318|24000.0|30000.0
purpose|t|14|credit_card|car
dti|n|2868|27.65
loan_status|t|2|Fully Paid|Charged Off
""",
)
PHONES = columns(
    "mobile_train",
    2000,
    """
battery_power|n|1094|842|1021
blue|n|2|0|1
clock_speed|n|26|2.2|0.5
ram|n|1562|2549|2631
touch_screen|n|2|0|1
price_range|n|4|1|2|3
""",
)
TWEETS = columns(
    "tweets",
    14640,
    """
tweet_id|n|14485|570306133677760513
airline_sentiment|t|3|neutral|positive|negative
negativereason|t|10|Late Flight
airline|t|6|Virgin America
text|t|14427|@VirginAmerica What
tweet_created|d|14247|2015-02-24
""",
)
TABLES = {
    "telco": TELCO,
    "bank": BANK,
    "german": GERMAN,
    "card": CARD,
    "titanic": TITANIC,
    "bikes": BIKES,
    "salaries": SALARIES,
    "space": SPACE,
    "tickets": TICKETS,
    "elec": ELEC,
    "energy": ENERGY,
    "pima": PIMA,
    "hr": HR,
    "houses": HOUSES,
    "wine": WINE,
    "hotel": HOTEL,
    "flights": FLIGHTS,
    "cars": CARS,
    "insurance": INSURANCE,
    "payments": PAYMENTS,
    "sms": SMS,
    "machines": MACHINES,
    "loans": LOANS,
    "shop": SHOP,
    "reviews": REVIEWS,
    "listings": LISTINGS,
    "adult": ADULT,
    "bankchurn": BANKCHURN,
    "students": STUDENTS,
    "taxi": TAXI,
    "stroke": STROKE,
    "heart": HEART,
    "mushrooms": MUSHROOMS,
    "visitors": VISITORS,
    "appointments": APPOINTMENTS,
    "shipping": SHIPPING,
    "buildings": BUILDINGS,
    "water": WATER,
    "air": AIR,
    "rentals": RENTALS,
    "claims": CLAIMS,
    "iris": IRIS,
    "diamonds": DIAMONDS,
    "leavers": LEAVERS,
    "helpdesk": HELPDESK,
    "watches": WATCHES,
    "carts": CARTS,
    "plants": PLANTS,
    "calls": CALLS,
    "video": VIDEO,
    "patients": PATIENTS,
    "turbines": TURBINES,
    "meals": MEALS,
    "games": GAMES,
    "lending": LENDING,
    "phones": PHONES,
    "tweets": TWEETS,
}
