"""The estimators that a plan can hold, each written as data and scored by numpy or its own C library."""
