"""The target named in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopus.goal.target import read_target_words

INVOICES = (
    "invoice_no",
    "customer",
    "amount",
    "terms",
    "channel",
    "days_to_due",
    "reminder_sent",
    "paid_late",
    "paid_on",
)
CHURN = ("customer_id", "tenure", "MonthlyCharges", "TotalCharges", "Contract", "Churn")
HOUSES = ("Id", "LotArea", "YearBuilt", "SalePrice", "SaleCondition", "Neighborhood")
PENGUINS = ("studyName", "Species", "Island", "Body Mass (g)", "Sex", "Date Egg", "Culmen Length (mm)")
TITANIC = ("PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "Fare")
LOANS = ("loan_id", "loan_amount", "income", "loan_status", "default")


@pytest.mark.parametrize(
    ("goal", "columns", "target"),
    [
        ("predict which invoices will be paid late", INVOICES, "paid_late"),
        (
            "predict which invoices will be paid late; we can phone 200 a month, so ranking matters",
            INVOICES,
            "paid_late",
        ),
        ("who will churn?", CHURN, "Churn"),
        ("find the customers who are likely to churn", CHURN, "Churn"),
        ("predict churners", CHURN, "Churn"),
        ("predict total charges", CHURN, "TotalCharges"),
        ("predict the sale price of a house", HOUSES, "SalePrice"),
        ("estimate sale prices within 10 percent", HOUSES, "SalePrice"),
        ("tell the sex of a penguin from what the field team measured", PENGUINS, "Sex"),
        ("predict the species from body mass and culmen length", PENGUINS, "Species"),
        ("predict body mass", PENGUINS, "Body Mass (g)"),
        ("which passengers survived", TITANIC, "Survived"),
        ("predict survival, not age", TITANIC, "Survived"),
        ("use age and fare to predict survival", TITANIC, "Survived"),
        ("predict 'Class'", ("Class", "Classes"), "Class"),
        ("predict \u201cprice\u201d and not \u201crent\u201d", ("price", "rent"), "price"),
        ("predict price", ("price", "price_per_sqm"), "price"),
        ("wine quality", ("fixed acidity", "alcohol", "quality"), "quality"),
        ("predict which loans default", LOANS, "default"),
        ("predict whether a loan will default; loan amount is known", LOANS, "default"),
        ("predict loan status", LOANS, "loan_status"),
        ("predict loan status, do not use default", LOANS, "loan_status"),
        ("do not predict income but the default", LOANS, "default"),
        ("the target is Outcome", ("BMI", "Outcome"), "Outcome"),
        ("target: Outcome", ("BMI", "Outcome"), "Outcome"),
        ("forecast sales for the next 14 days", ("date", "store", "sales", "customers"), "sales"),
        ("predict the number of customers per store", ("date", "store", "sales", "customers"), "customers"),
        ("maximise accuracy; predict f1", ("accuracy", "f1"), "f1"),
        ("predict Umsatz", ("Datum", "Umsatz"), "Umsatz"),
        (
            "how much will a customer spend next month",
            ("spend_last_month", "spend_next_month", "spend"),
            "spend_next_month",
        ),
    ],
)
def test_the_words_name_one_column(goal: str, columns: tuple[str, ...], target: str) -> None:
    said = read_target_words(goal, columns)
    assert said.understood is not None, said.candidates
    assert (said.understood.what, said.understood.value) == ("target", target)
    assert said.understood.words


@pytest.mark.parametrize(
    ("goal", "columns", "candidates"),
    [
        ("predict charges", CHURN, {"MonthlyCharges", "TotalCharges"}),
        ("predict culmen", ("Culmen Length (mm)", "Culmen Depth (mm)"), {"Culmen Length (mm)", "Culmen Depth (mm)"}),
        ("predict price", ("price", "Price", "rooms"), {"price", "Price"}),
        ("predict 'rent' or 'price'", ("price", "rent"), {"price", "rent"}),
        ("predict who died", TITANIC, set()),
        ("detect fraud", ("Time", "V1", "Amount", "Class"), set()),
        ("do not predict income", LOANS, set()),
        ("rank", LOANS, set()),
        ("", LOANS, set()),
        ("predict default, without using default", ("default", "age"), set()),
    ],
)
def test_what_is_not_clear_is_not_guessed(goal: str, columns: tuple[str, ...], candidates: set[str]) -> None:
    said = read_target_words(goal, columns)
    assert said.understood is None
    assert set(said.candidates) == candidates


@given(goal=st.text(max_size=80), columns=st.lists(st.text(max_size=10), max_size=5, unique=True))
def test_only_a_column_that_exists_is_named(goal: str, columns: list[str]) -> None:
    said = read_target_words(f"predict {goal}", columns)
    assert set(said.candidates) <= set(columns)
    if said.understood is not None:
        assert said.understood.value in columns
