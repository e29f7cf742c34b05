"""Reading CSV: all rows, or all that is wrong with them; no database is asked."""

import pytest
from device_inventory import csv_import
from device_inventory.csv_import import read_sheet


def errors(text: str, *, maximum_rows: int = 10) -> list[tuple[int, str]]:
    sheet = read_sheet(text, maximum_rows=maximum_rows)
    assert sheet.devices == ()
    return [(error.line, error.column) for error in sheet.errors]


def test_only_the_name_must_be_there_and_the_order_is_free() -> None:
    sheet = read_sheet("status,name\nOffline, core-1 \n\n,edge-1\n", maximum_rows=10)

    assert [(each.name, each.host, each.status) for each in sheet.devices] == [
        ("core-1", "", "offline"),
        ("edge-1", "", "active"),
    ]


def test_quotes_and_the_mark_of_spreadsheets_are_read() -> None:
    sheet = read_sheet('\ufeffname,host\r\n"a, ""b""",192.0.2.1\r\n', maximum_rows=10)

    assert [(each.name, each.host) for each in sheet.devices] == [('a, "b"', "192.0.2.1")]


def test_every_row_with_a_mistake_is_told_by_its_line() -> None:
    text = "name,host,status\nok,,\n,x,\nbad host,a b,\nstate,,lost\nshort\nok,,\n"

    assert errors(text) == [(3, "name"), (4, "host"), (5, "status"), (6, ""), (7, "name")]


@pytest.mark.parametrize("text", ["", "host\nx\n", "name,colour\na,red\n", "name,name\na,b\n", 'name\n"a\n'])
def test_what_is_no_such_table_is_one_error(text: str) -> None:
    assert len(errors(text)) == 1


def test_a_row_too_many_refuses_the_whole() -> None:
    assert errors("name\na\nb\nc\n", maximum_rows=2) == [(4, "")]
    assert len(read_sheet("name\na\nb\n", maximum_rows=2).devices) == 2


def test_a_text_too_large_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "MAXIMUM_CHARACTERS", 10)

    assert errors("name\nabcdef\n") == [(1, "")]


def test_only_the_first_hundred_errors_are_told() -> None:
    assert len(errors("name,host\n" + ",x\n" * 150, maximum_rows=1_000)) == 100
