"""A data dictionary in each of its forms, or an error that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from octopus.descriptions import MAX_LENGTH, parse_descriptions, read_descriptions
from octopus.errors import InvalidParameter

COLUMNS = ("amount", "due date", "customer_no", "paid_late")
EXPECTED = {"amount": "gross, in euros", "customer_no": "who: as in the CRM"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.csv", 'name,description\namount,"gross, in euros"\ncustomer_no,who: as in the CRM\n'),
        ("d.csv", 'amount,"gross, in euros"\ncustomer_no,who: as in the CRM\n'),
        ("d.csv", "\ufeffamount;gross, in euros;x\r\n\r\ncustomer_no;who: as in the CRM;y\r\n"),
        ("d.csv", "Type;Column;Meaning\nf;amount;gross, in euros\ni;customer_no;who: as in the CRM\n"),
        ("d.tsv", "amount\tgross, in euros\ncustomer_no\twho: as in the CRM\n"),
        ("d.json", '{"amount": "gross, in euros", "customer_no": "who: as in the CRM"}'),
        ("d.txt", '{"amount": "gross, in euros", "customer_no": "who: as in the CRM"}'),
        ("d.txt", "# invoices\namount: gross, in euros\n\ncustomer_no:who: as in the CRM\n"),
        ("d.yml", "amount: 'gross, in euros'\n'customer_no': \"who: as in the CRM\"\n"),
        ("d.txt", "amount: gross, in euros\ncustomer_no: who: as in the CRM\nelsewhere: of another table\n"),
    ],
)
def test_a_file_in_any_of_its_forms(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert read_descriptions(path, COLUMNS) == EXPECTED
    assert read_descriptions(str(path), COLUMNS) == EXPECTED
    assert list(read_descriptions(path, COLUMNS[::-1])) == ["customer_no", "amount"], "in the order of the columns"


def test_a_mapping_and_nothing() -> None:
    assert read_descriptions(None, COLUMNS) == {}
    assert read_descriptions({}, COLUMNS) == {}
    assert read_descriptions(EXPECTED, COLUMNS) == EXPECTED
    assert read_descriptions({"paid_late": "the target", "amount": " "}, COLUMNS) == {"paid_late": "the target"}


def test_a_description_is_one_line_without_control_characters_and_cut() -> None:
    described = read_descriptions({"amount": "in\x1b[31m euros\x00\n\n of\tthe year " + "x" * 500}, COLUMNS)["amount"]
    assert described.startswith("in euros of the year xxx")
    assert len(described) == MAX_LENGTH


def test_a_mistyped_column_of_a_mapping_is_named_with_its_neighbour() -> None:
    with pytest.raises(InvalidParameter, match=r"X has no column 'amuont'\. Did you mean 'amount'\?") as caught:
        read_descriptions({"amuont": "gross", "customer_no": "who"}, COLUMNS)
    assert caught.value.parameter == "descriptions"
    assert caught.value.value == {"amuont": "gross"}
    with pytest.raises(InvalidParameter, match="The columns are amount, due date"):
        read_descriptions({"zzzz": "gross"}, COLUMNS)


def test_a_file_that_describes_none_of_the_columns_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("amuont,gross\nprice,net\n")
    with pytest.raises(InvalidParameter, match=r"none of the columns, but 'amuont'\. Did you mean 'amount'\?"):
        read_descriptions(path, COLUMNS)


def test_an_old_spreadsheet_is_read_in_its_code_page(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes("amount;in € für Müller\n".encode("cp1252"))
    assert read_descriptions(path, COLUMNS) == {"amount": "in € für Müller"}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("d.csv", "", "describes nothing"),
        ("d.csv", "amount\n", "no second value"),
        ("d.csv", "name,description\n", "describes nothing"),
        ("d.json", "{", "it is no JSON"),
        ("d.json", "[" * 100_000, "it is no JSON"),
        ("d.json", '["amount"]', "no JSON object"),
        ("d.json", '{"amount": 3}', "'amount' is described by what is no text"),
        ("d.txt", "amount is in euros\n", "no colon stands in 'amount is in euros'"),
        ("d.csv", "amount," + "x" * 200_000, "it is no CSV"),
    ],
)
def test_a_file_that_is_none(name: str, text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InvalidParameter, match=why) as caught:
        parse_descriptions(path)
    assert caught.value.parameter == "descriptions"


@pytest.mark.parametrize("value", [3, ["amount"], "", {"amount": 3}, {3: "amount"}, "no/such/file.csv", "a\0b", "."])
def test_what_is_no_dictionary_is_an_error(value: object) -> None:
    with pytest.raises(InvalidParameter, match="descriptions"):
        parse_descriptions(value)


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"amount,x\n" * 600_000)
    with pytest.raises(InvalidParameter, match="larger than 5 MB"):
        parse_descriptions(path)
