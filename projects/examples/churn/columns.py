"""The columns of a table of customers, by what they are."""

ID, CHURN, NOTES, PLAN = "customer_id", "churn", "ticket_notes", "plan_type"
NUMBERS = ("age", "tenure", "spend_rate")
COLUMNS = (ID, *NUMBERS, PLAN, CHURN, NOTES)
PLAN_CODE = "plan_type_encoded"
SUMMARY, EMBEDDING = "ticket_summary", "summary_embedding"
BESIDE_NOTES = (*NUMBERS, PLAN_CODE)
"""What the features are beside the embedding's."""
