"""Names from data and certificates in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.text.names import (
    MOST,
    column,
    listed,
    quoted,
    shown,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sepal_length", "sepal_length"),
        ("Größe", "Größe"),
        ("x-1.5", "x-1.5"),
        ("fixed acidity", "'fixed acidity'"),
        ("y >= 1000", "'y >= 1000'"),
        ("y: regression) has", "'y: regression) has'"),
        ("it's", r"'it\'s'"),
        ("a\\b", r"'a\\b'"),
        ("a\nb\r", r"'a\nb\r'"),
        ("\x1b[2J", r"'\x1b[2J'"),
        ("a\u202eb", r"'a\u202eb'"),  # right-to-left override
        ("a\u200bb", r"'a\u200bb'"),  # zero width
        ("a\u00a0b", r"'a\xa0b'"),  # a space that does not break
        ("a\u0336", r"'a\u0336'"),  # strikes the letter through
        ("\u05d0\u05d1", r"'\u05d0\u05d1'"),  # Hebrew, written from right to left
        ("\u3164", r"'\u3164'"),  # a letter that is blank
        ("\udc80", r"'\udc80'"),
        ("＞", r"'\uff1e'"),
        ("", "''"),
        ("z" * 99, "z" * 40 + "..."),
        ("z " * 99, f"'{'z ' * 20}'..."),
    ],
)
def test_shown(name: str, words: str) -> None:
    assert shown(name) == words


def test_digits_are_a_position() -> None:
    assert [column(name) for name in ("3", "x3", "٣")] == ["column 3", "x3", r"'\u0663'"]


def test_long_lists_are_cut() -> None:
    assert listed("abcdef") == "a, b, c, d, e, f"
    assert listed("abcdefg") == "a, b, c, d, e, f, ..."


@given(st.text(max_size=60))
def test_no_name_has_words_of_its_own(name: str) -> None:
    words = shown(name)
    assert words.isprintable()
    assert len(words) <= 10 * MOST + 5
    # What is not in quotes is one word.
    if words != quoted(name):
        assert not set(words) & set(" :;,()<>=/'\"")


@given(st.text(max_size=60))
def test_quotes_are_closed_where_they_seem_to_be(name: str) -> None:
    words = quoted(name).removesuffix("...")
    assert words[0] == words[-1] == "'"
    inner = words[1:-1].replace("\\\\", "").replace("\\'", "")
    assert "'" not in inner


@given(st.text(max_size=40), st.text(max_size=40))
def test_different_names_look_different(first: str, second: str) -> None:
    assert (shown(first) == shown(second)) == (first == second)
