"""How values are written for people."""

import pytest

from pathdex import text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (12, "12"),
        (9_999, "9,999"),
        (86_000_000, "86 M"),
        (681_394_176, "681 M"),
        (999_600, "1 M"),
        (999_400, "999 k"),
        (1_134_774_272, "1.13 B"),
    ],
)
def test_counts_have_three_figures(value: int, written: str) -> None:
    assert text.count(value) == written


@pytest.mark.parametrize(("value", "written"), [("2024", "2024"), ("2024-03", "March 2024"), ("2024-03-09", "9 March 2024")])
def test_dates_are_as_precise_as_they_are_known(value: str, written: str) -> None:
    assert text.date(value) == written


def test_authors_are_spoken_given_name_first() -> None:
    assert text.given_family("van Treeck, Marko") == "Marko van Treeck"
    assert text.given_family("The Toy Consortium") == "The Toy Consortium"
    assert text.credited(["A, X", "B, Y"]) == "X A and Y B"
    assert text.credited(["A, X", "B, Y", "C, Z", "D, W"]) == "X A et al."


def test_bytes_are_decimal() -> None:
    assert [text.size(n) for n in (5, 32_288, 1_213_476_020)] == ["5 B", "32.3 kB", "1.21 GB"]


@pytest.mark.parametrize(
    ("value", "written"),
    [(2_506_982_400, "2.51"), (371_406_561_280, "371"), (3_570_123_456_789, "3,570"), (47_100_000, "0.0471")],
)
def test_billions_have_three_figures(value: int, written: str) -> None:
    assert text.giga(value) == written


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("0.9346495554418569", "0.9346"),
        ("0.8180959 (0.7439925-0.8879025)", "0.8181 (0.7440-0.8879)"),
        ("-0.123456", "-0.1235"),
        ("0.0000012345", "0.00000123"),
        ("0.971 (nan)", "0.971"),
        ("0.971±nan", "0.971"),
        ("85.17%", "85.17%"),
        ("0.12345", "0.12345"),
        ("–", "–"),
    ],
)
def test_printed_numbers_are_cut_to_what_can_be_read(printed: str, written: str) -> None:
    assert text.shortened(printed) == written


def test_a_near_name_is_suggested() -> None:
    assert text.near("uni2h", ["uni", "uni2-h"]) == "did you mean 'uni2-h'?"
    assert text.near("zzz", ["uni"]) == ""
