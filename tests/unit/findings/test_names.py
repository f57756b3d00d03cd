"""Names of columns: their words, and which say that they identify."""

from octopus.findings.names import name_words, names_an_id


def test_names():
    assert name_words("customerID") == ("customer", "id")
    assert names_an_id("invoice_no")
    assert names_an_id("id_client")
    assert not names_an_id("no_children")
    assert not names_an_id("paid")
