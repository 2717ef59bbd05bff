"""What providers do with data: every cell says how it was read, and the ways between an API and own GPUs are sourced."""

import re

from calculators.buildtime import data, tables

DAY = "2026-11-26"
KNOWN = data.facts(DAY)


def row(stem: str, row_id: str, *columns: str) -> str:
    return tables.plain(data.read(stem), stem, [row_id], list(columns), KNOWN).partition("</table>")[0]


def test_a_second_hand_cell_is_marked_where_its_row_was_read_at_the_provider() -> None:
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row("terms", "mistral", "provider", "trains", "zero", "source"))
    assert cells[0].startswith("Mistral API")
    assert "second-hand" in cells[1]
    assert "second-hand" not in cells[2]
    assert "Zero data retention" in cells[3]  # both sources of the two columns, and no third
    assert "AI vendors" in cells[3]
    assert "Mistral Cloud" not in cells[3]


def test_a_row_that_is_second_hand_throughout_says_so_in_its_source() -> None:
    html = row("terms", "gemini-api-free", "provider", "trains", "source")
    assert html.count("second-hand") == 1
    assert "second-hand, read" in html


def test_every_provider_answers_every_question() -> None:
    for name, values in KNOWN.rows("terms").items():
        missing = {"provider", "serves", "trains", "keeps", "zero", "people", "residency", "health"} - set(values)
        assert not missing, (name, missing)
