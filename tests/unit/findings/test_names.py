"""Names of columns: their words, and which say that they identify."""

from octopus.findings.names import name_words, names_a_calendar_part, names_a_later_event, names_an_id


def test_names():
    assert name_words("customerID") == ("customer", "id")
    assert names_an_id("invoice_no")
    assert names_an_id("id_client")
    assert not names_an_id("no_children")
    assert not names_an_id("paid")


def test_names_of_later_events():
    for name in ("refund_date", "closedAt", "outcome_code", "bp_after", "post_treatment_bp", "days-to-resolution"):
        assert names_a_later_event(name), name
    for name in ("amount", "post_code", "postal", "sepal_length", "number_of_rooms", "aftershave"):
        assert not names_a_later_event(name), name


def test_names_of_calendar_parts():
    assert all(names_a_calendar_part(name) for name in ("month", "sched_month", "birthYear", "hours"))
    assert not any(names_a_calendar_part(name) for name in ("monthly_rate", "price", "day_rate"))
