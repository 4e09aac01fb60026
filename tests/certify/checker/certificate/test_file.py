"""The certificate file: what is written is read back, and no malformed text does any harm."""

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker.certificate import file as certificate_file
from certify.checker.certificate import header, node_text
from certify.checker.certificate.file import (
    from_text,
    load_certificate,
    save_certificate,
    to_text,
)
from certify.checker.certificate.nodes import (
    Leaf,
    Sign,
    Split,
    TauLeaf,
)
from certify.checker.certificate.training import Certificate, Frame
from certify.checker.data.recipe import Preprocessing
from certify.checker.errors import CertificateError
from tests.certify.checker.strategies import certificates

SMALL = Certificate(
    problem_sha256="0123456789abcdef" * 4,
    gamma=Fraction(1, 10),
    loss="squared",
    output_bias="none",
    preprocessing=Preprocessing(("species",), "classification", ("setosa", "virginica")),
    bound=Fraction(-7, 3),
    dual_point=((1, -2), (0, 34)),
    dual_exponent=5,
    frame=Frame(((1, 0), (1, 1)), ((1, 0), (-1, 1)), 1),
    tree=(
        Sign(0),
        Leaf(3, 1, ((0, 0, 4), (0, 2, 5), (1, 1, -6))),
        Split(0, 1, 2, 3),
        TauLeaf(1, 2),
        Leaf(1, 1),
    ),
    method="by hand",
)
TEXT = to_text(SMALL)
HEADER, *BODY = TEXT.splitlines()


def with_header(change: Callable[[dict[str, Any]], object]) -> str:
    """The small certificate after a change of its header."""
    values = json.loads(HEADER)
    change(values)
    return "\n".join([json.dumps(values), *BODY]) + "\n"


def with_body(*lines: str, nodes: int | None = None) -> str:
    values = json.loads(HEADER) | {"nodes": len(lines) if nodes is None else nodes}
    return "\n".join([json.dumps(values), *lines]) + "\n"


class TestRoundTrip:
    @settings(max_examples=60)
    @given(certificates())
    def test_certificate_and_bytes(self, certificate: Certificate) -> None:
        text = to_text(certificate)
        again = from_text(text)
        assert again == certificate
        assert to_text(again) == text

    def test_file(self, tmp_path: Path) -> None:
        save_certificate(SMALL, tmp_path / "a.cert")
        save_certificate(SMALL, str(tmp_path / "b.cert"))
        assert (
            (tmp_path / "a.cert").read_bytes() == (tmp_path / "b.cert").read_bytes() == TEXT.encode("ascii")
        )
        assert load_certificate(tmp_path / "a.cert") == SMALL

    def test_the_text_is_the_documented_one(self) -> None:
        assert BODY == [
            "sign 0",
            "leaf 3 1 2",
            "0 0 4 2 5",
            "1 1 -6",
            "split 0 1 2 3",
            "tau 1 2 1 0",
            "leaf 1 1 0",
        ]
        header = json.loads(HEADER)
        assert header["dual_point"] == ["1 -2", "0 34"]
        assert header["frame"] == {"generators": ["1 0", "1 1"], "inverse": ["1 0", "-1 1"], "scale": "1"}
        assert (header["gamma"], header["bound"], header["nodes"]) == ("1/10", "-7/3", 5)

    def test_leaves_are_counted(self) -> None:
        assert SMALL.leaves == 3

    def test_unwritable_path_is_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CertificateError, match=r"cannot be written \(No such file or directory\)"):
            save_certificate(SMALL, tmp_path / "missing" / "a.cert")


class TestDamage:
    def test_truncated_at_every_byte(self) -> None:
        for end in range(len(TEXT)):
            with pytest.raises(CertificateError):
                from_text(TEXT[:end])

    @given(st.data())
    def test_any_other_byte_is_refused_or_read_as_something_else(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(TEXT) - 1))
        byte = data.draw(st.characters(max_codepoint=127).filter(lambda byte: byte != TEXT[place]))
        changed = TEXT[:place] + byte + TEXT[place + 1 :]
        try:
            certificate = from_text(changed)
        except CertificateError:
            return
        # JSON knows many blanks and escapes for one value; the body has one spelling only.
        assert certificate != SMALL or place < len(HEADER) or changed.isspace()

    @given(st.text(max_size=200))
    def test_arbitrary_text(self, text: str) -> None:
        with pytest.raises(CertificateError):
            from_text(text)

    @given(st.binary(max_size=200))
    def test_arbitrary_lines_after_a_good_header(self, noise: bytes) -> None:
        with pytest.raises(CertificateError):
            from_text(HEADER + "\n" + noise.decode("latin-1").replace("leaf", ""))

    @pytest.mark.parametrize("line", range(len(BODY) + 1))
    def test_dropped_and_doubled_lines(self, line: int) -> None:
        lines = [HEADER, *BODY]
        for changed in (lines[:line] + lines[line + 1 :], lines[: line + 1] + lines[line:]):
            with pytest.raises(CertificateError):
                from_text("\n".join(changed) + "\n")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "header is not JSON"),
            ("\n", "header is not JSON"),
            (TEXT[:-1], "last line does not end"),
            (TEXT.replace("\n", "\r\n"), "not an integer"),
            (TEXT + "leaf 1 1 0\n", "promises 5 nodes and the file goes on"),
            (TEXT + "\n", "promises 5 nodes and the file goes on"),
            ("\ufeff" + TEXT, "header is not JSON"),
            ("[1]\n", "does not say"),
            ("7\n", "does not say"),
            ("null\n", "does not say"),
        ],
    )
    def test_reasons(self, text: str, reason: str) -> None:
        with pytest.raises(CertificateError, match=reason):
            from_text(text)


class TestHeader:
    @pytest.mark.parametrize("key", json.loads(HEADER))
    @pytest.mark.parametrize("value", [True, False, -1, {}, {"a": 1}, ["1 x"], [1], [""], [["1"]]])
    def test_no_entry_takes_nonsense(self, key: str, value: object) -> None:
        with pytest.raises(CertificateError):
            from_text(with_header(lambda header: header.update({key: value})))

    @pytest.mark.parametrize("key", sorted(json.loads(HEADER).keys() - {"loss", "output_bias", "method"}))
    @pytest.mark.parametrize("value", ["", "x", "1", "1/0", "2/4", "1/-2", "1/2/3"])
    def test_no_other_entry_takes_any_text(self, key: str, value: str) -> None:
        with pytest.raises(CertificateError):
            from_text(with_header(lambda header: header.update({key: value})))

    @pytest.mark.parametrize("key", sorted(json.loads(HEADER).keys() - {"preprocessing"}))
    def test_no_other_entry_is_null(self, key: str) -> None:
        with pytest.raises(CertificateError):
            from_text(with_header(lambda header: header.update({key: None})))

    @pytest.mark.parametrize("key", json.loads(HEADER))
    def test_missing_entry(self, key: str) -> None:
        with pytest.raises(CertificateError):
            from_text(with_header(lambda header: header.pop(key)))

    @pytest.mark.parametrize("key", ["generators", "inverse", "scale"])
    def test_missing_entry_of_the_frame(self, key: str) -> None:
        with pytest.raises(CertificateError):
            from_text(with_header(lambda header: header["frame"].pop(key)))

    @pytest.mark.parametrize("change", [lambda h: h.update(x=1), lambda h: h["frame"].update(x=1)])
    def test_unknown_entry(self, change: Callable[[dict[str, Any]], object]) -> None:
        with pytest.raises(CertificateError, match="unknown entry"):
            from_text(with_header(change))

    @pytest.mark.parametrize("double", ['"nodes":5,', '"bound":"9/1",'])
    def test_entry_given_twice(self, double: str) -> None:
        with pytest.raises(CertificateError, match="twice"):
            from_text("{" + double + TEXT[1:])

    def test_entry_of_the_frame_given_twice(self) -> None:
        with pytest.raises(CertificateError, match="twice"):
            from_text(TEXT.replace('"frame":{', '"frame":{"scale":"2",'))

    @pytest.mark.parametrize("number", ["5.0", "5e0", "NaN", "Infinity", "-Infinity", "1e999999999"])
    def test_numbers_that_are_no_integers(self, number: str) -> None:
        with pytest.raises(CertificateError, match="only integers are allowed"):
            from_text(TEXT.replace('"nodes":5', f'"nodes":{number}'))

    @pytest.mark.parametrize("version", ["2", "0", "true", '"1"', '"' + "9" * 10_000 + '"'])
    def test_other_versions(self, version: str) -> None:
        with pytest.raises(CertificateError, match="this certify reads version 1") as caught:
            from_text(TEXT.replace('"version":1', f'"version":{version}'))
        assert len(str(caught.value)) < 200

    def test_control_characters_do_not_reach_a_terminal(self) -> None:
        for key in ("method", "loss", "output_bias"):
            with pytest.raises(CertificateError, match="printable"):
                from_text(with_header(lambda header, key=key: header.update({key: "\x1b[2Jvalid"})))  # type: ignore[misc]

    @pytest.mark.parametrize("text", ["01", "+1", "-0", "1_0", " 1", "1 ", "0x1", "1.", "\u0661", "", "--1"])
    def test_integers_have_one_spelling(self, text: str) -> None:
        with pytest.raises(CertificateError, match="not an integer"):
            from_text(with_header(lambda header: header["frame"].update(scale=text)))
        with pytest.raises(CertificateError, match=r"not an integer"):
            from_text(TEXT.replace("sign 0", f"sign {text}"))


class TestBody:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("", "is no node"),
            ("sign", "is no node"),
            ("envelope ", "not an integer"),
            ("envelope 1", "is no node"),
            ("sign 0 1", "is no node"),
            ("Sign 0", "is no node"),
            (" sign 0", "not an integer"),
            ("split 0 1 1", "is no node"),
            ("split 0 1 1 1 1", "is no node"),
            ("leaf 1 1", "is no node"),
            ("leaf 1 1 -1", "is no node"),
            ("tau 1 1 1", "is no node"),
            ("tau 1 1 1 -1", "is no node"),
            ("leaf 1  0", "not an integer"),
            ("node 1", "is no node"),
            ("leaf 1 1 1", "cut short"),
        ],
    )
    def test_reasons(self, line: str, reason: str) -> None:
        with pytest.raises(CertificateError, match=reason):
            from_text(with_body(line))

    @pytest.mark.parametrize(
        ("value", "word"),
        [(1 << 13, "8192"), (1 << 14, "1p14"), (-3 << 100, "-3p100"), (0, "0")],
    )
    def test_powers_of_two_are_short(self, value: int, word: str) -> None:
        certificate = replace(SMALL, tree=(Split(0, 1, value, 1),))
        text = to_text(certificate)
        assert f"split 0 1 {word} 1" in text
        assert from_text(text) == certificate

    @pytest.mark.parametrize(
        "word", ["1p", "p3", "1p0", "1p03", "1p-3", "1p+3", "01p3", "1p13001", "1p3p3", "1P3"]
    )
    def test_powers_have_one_spelling(self, word: str) -> None:
        with pytest.raises(CertificateError, match="integer"):
            from_text(with_body(f"split 0 1 {word} 1"))

    def test_row_with_an_index_and_no_multiplier(self) -> None:
        with pytest.raises(CertificateError, match="line 3: an index has no multiplier"):
            from_text(with_body("leaf 1 1 1", "0 1", nodes=1))

    def test_line_numbers_are_those_of_an_editor(self) -> None:
        with pytest.raises(CertificateError, match="line 4:"):
            from_text(with_body("sign 0", "leaf 1 1 0", "oops 1"))


class TestResources:
    """A text of a few kilobytes must not cost more than a little time and memory."""

    @pytest.fixture(autouse=True)
    def _bounded_memory(self) -> Any:
        tracemalloc.start()
        yield
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 64 << 20

    @pytest.mark.parametrize("nodes", [10**8, 10**9, 10**30])
    def test_promised_nodes_are_not_allocated(self, nodes: int) -> None:
        with pytest.raises(CertificateError):
            from_text(with_body("leaf 1 1 0", nodes=nodes))

    @pytest.mark.parametrize("rows", [10**8, 10**30])
    def test_promised_rows_are_not_allocated(self, rows: int) -> None:
        with pytest.raises(CertificateError, match="cut short"):
            from_text(with_body(f"leaf 1 1 {rows}"))

    def test_long_integers(self) -> None:
        long = "9" * 10**6
        for text in (
            with_body(f"sign {long}"),
            with_body(f"leaf {long} 1 0"),
            with_header(lambda header: header["frame"].update(scale=long)),
            with_header(lambda header: header.update(bound=f"{long}/1")),
            with_header(lambda header: header.update(dual_point=[long])),
        ):
            with pytest.raises(CertificateError, match="at most 4000 characters") as caught:
                from_text(text)
            assert len(str(caught.value)) < 200
        with pytest.raises(CertificateError):
            from_text(TEXT.replace('"nodes":5', f'"nodes":{long}'))

    def test_the_longest_integer_is_read(self) -> None:
        longest = 10**3999
        assert (
            from_text(to_text(replace(SMALL, frame=replace(SMALL.frame, scale=longest)))).frame.scale
            == longest
        )

    @pytest.mark.parametrize("bracket", ["[", '{"a":', '{"preprocessing":[', '"'])
    def test_deep_nesting(self, bracket: str) -> None:
        with pytest.raises(CertificateError):
            from_text(bracket * 200_000 + "\n")

    def test_exponent_that_would_make_a_vast_denominator(self) -> None:
        with pytest.raises(CertificateError, match="from 0 to 10000"):
            from_text(with_header(lambda header: header.update(dual_exponent=10**12)))

    def test_header_and_file_have_a_largest_size(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        save_certificate(SMALL, tmp_path / "a.cert")
        monkeypatch.setattr(header, "MAX_HEADER_CHARACTERS", len(HEADER) - 1)
        with pytest.raises(CertificateError, match="header is longer"):
            load_certificate(tmp_path / "a.cert")
        monkeypatch.setattr(certificate_file, "MAX_FILE_BYTES", len(TEXT) - 1)
        with pytest.raises(CertificateError, match="file is larger"):
            load_certificate(tmp_path / "a.cert")


class TestFiles:
    @pytest.mark.parametrize(
        "content", [b"", b"\xff\xfe", b"\x00" * 100, TEXT.encode("utf-16"), "é".encode()]
    )
    def test_no_certificate(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "a.cert"
        path.write_bytes(content)
        with pytest.raises(CertificateError, match=r"a\.cert: "):
            load_certificate(path)

    def test_the_message_names_the_first_byte_that_is_not_ascii(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cert"
        path.write_bytes(TEXT.encode()[:10] + b"\xe9" + TEXT.encode()[10:])
        with pytest.raises(CertificateError, match="byte 11 is not ASCII"):
            load_certificate(path)

    def test_directory_and_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(CertificateError, match="Is a directory"):
            load_certificate(tmp_path)
        with pytest.raises(CertificateError, match="No such file"):
            load_certificate(tmp_path / "missing.cert")

    def test_device_without_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(certificate_file, "MAX_FILE_BYTES", 1000)
        with pytest.raises(CertificateError, match="file is larger"):
            load_certificate("/dev/zero")


class TestLimitsOfNumber:
    def test_nodes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("certify.checker.certificate.training.MAX_NODES", 4)
        with pytest.raises(CertificateError, match="'nodes' is not an integer from 0 to 4"):
            from_text(TEXT)

    def test_multipliers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(node_text, "MAX_MULTIPLIERS", 3)
        assert from_text(TEXT) == SMALL
        monkeypatch.setattr(node_text, "MAX_MULTIPLIERS", 2)
        with pytest.raises(CertificateError, match="more than 2 multipliers"):
            from_text(TEXT)


def test_a_transfer_as_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.cert"
    path.write_bytes(to_text(SMALL).replace("\n", "\r\n").encode())
    with pytest.raises(CertificateError, match="lines end in CR LF, as after a transfer as text: copy"):
        load_certificate(path)
