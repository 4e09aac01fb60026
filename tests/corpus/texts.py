"""The malformed cases: files that are no certificates, and data that is none."""

from __future__ import annotations

from collections.abc import Iterator

from certify.checker.certificate.file import to_text
from tests.certify.checker import blocks
from tests.certify.checker.matrix.test_complete_positivity import MATRIX, YES
from tests.certify.checker.matrix.test_copositivity import EDGE, ENVELOPE, stated
from tests.certify.checker.test_obligations import HONEST
from tests.corpus.case import Case, as_csv
from tests.corpus.proofs import CORNER_DATA, of_corner

TRAINING = to_text(of_corner(HONEST))
HEADER, *TREE = TRAINING.splitlines()
BLOCKS = to_text(of_corner(blocks.HONEST))
COPOSITIVE, EDGE_MATRIX = stated(EDGE, ENVELOPE)
COPOSITIVE_TEXT, EDGE_DATA = to_text(COPOSITIVE), as_csv(EDGE_MATRIX)
FACTORS, FACTORS_DATA = to_text(YES), as_csv(MATRIX)

# Of the certificate of a bound: what is replaced, and by what.
OF_HEADERS = {
    "format-other": ('"certify-certificate"', '"certificate"'),
    "version-2": ('"version":1', '"version":2'),
    "version-decimal": ('"version":1', '"version":1.0'),
    "version-text": ('"version":1', '"version":"1"'),
    "version-true": ('"version":1', '"version":true'),
    "statement-unknown": ('"statement":"training"', '"statement":"validation"'),
    "statement-of-a-matrix": ('"statement":"training"', '"statement":"copositive"'),
    "entry-twice": ('"version":1', '"version":1,"version":1'),
    "entry-unknown": ('"version":1', '"version":1,"comment":"none"'),
    "entry-missing": ('"loss":"squared",', ""),
    "entry-null": ('"loss":"squared"', '"loss":null'),
    "hash-upper-case": ('"problem_sha256":"', '"problem_sha256":"A'),
    "gamma-number": ('"gamma":"5/4"', '"gamma":1.25'),
    "gamma-not-in-lowest-terms": ('"gamma":"5/4"', '"gamma":"10/8"'),
    "gamma-over-zero": ('"gamma":"5/4"', '"gamma":"5/0"'),
    "gamma-decimal": ('"gamma":"5/4"', '"gamma":"1.25"'),
    "bound-null": ('"bound":"175/32"', '"bound":null'),
    "bound-negative-denominator": ('"bound":"175/32"', '"bound":"-175/-32"'),
    "bound-infinite": ('"bound":"175/32"', '"bound":Infinity'),
    "bound-vast": ('"bound":"175/32"', f'"bound":"{"7" * 5000}/32"'),
    "dual-exponent-negative": ('"dual_exponent":2', '"dual_exponent":-2'),
    "dual-exponent-vast": ('"dual_exponent":2', '"dual_exponent":1000000000000'),
    "dual-point-of-numbers": ('"dual_point":["3","4"]', '"dual_point":[3,4]'),
    "dual-point-two-blanks": ('"dual_point":["3","4"]', '"dual_point":["3"," 4"]'),
    "dual-point-decimals": ('"dual_point":["3","4"]', '"dual_point":["3","4.0"]'),
    "frame-without-inverse": ('"inverse":["1 0","0 1"],', ""),
    "frame-scale-number": ('"scale":"1"', '"scale":1'),
    "nodes-negative": ('"nodes":7', '"nodes":-7'),
    "nodes-minus-zero": ('"nodes":7', '"nodes":-0'),
    "nodes-too-few": ('"nodes":7', '"nodes":6'),
    "nodes-too-many": ('"nodes":7', '"nodes":8'),
    "nodes-vast": ('"nodes":7', f'"nodes":{"9" * 5000}'),
    "nodes-true": ('"nodes":7', '"nodes":true'),
    "method-control-character": ('"method":"', '"method":"\\u001b[2J'),
    "method-not-ascii": ('"method":"', '"method":"\\u00e9'),
    "method-long": ('"method":"', f'"method":"{"x" * 1001}'),
    "json-comma-at-the-end": ('"version":1', '"version":1,,'),
    "json-deep": ('"method":"', f'"method":{"[" * 5000}"'),
    "json-nan": ('"nodes":7', '"nodes":NaN'),
    "preprocessing-a-list": ('"preprocessing":{', '"preprocessing":[{'),
    "preprocessing-no-target": ('"targets":["3"]', '"targets":[]'),
    "preprocessing-target-twice": ('"targets":["3"]', '"targets":["3","3"]'),
    "preprocessing-task-unknown": ('"task":"regression"', '"task":"ranking"'),
    "preprocessing-one-class": (
        '"task":"regression","classes":[]',
        '"task":"classification","classes":["3"]',
    ),
    "preprocessing-scale-zero": ('"standardize":null', '"standardize":[["0","0"],["0","1"]]'),
    "preprocessing-bias-number": ('"bias":false', '"bias":0'),
    "reading-unknown": ('"bias":false', '"bias":false,"reading":{"thousands":","}'),
    "reading-separator-twice": (
        '"bias":false',
        '"bias":false,"reading":{"separator":",","decimal":","}',
    ),
    "reading-ignores-no-column": ('"bias":false', '"bias":false,"reading":{"ignore":["9"]}'),
    "categorical-one-level": ('"bias":false', '"bias":false,"categorical":[["1",["0"]]]'),
    "target-scale-zero": ('"bias":false', '"bias":false,"standardize_targets":[["0","0"]]'),
}
# Of one in blocks of samples.
OF_BLOCKS = {
    "blocks-null": (BLOCKS[BLOCKS.index('{"share') : BLOCKS.index(',"nodes":2,')], "null"),
    "blocks-none": (BLOCKS[BLOCKS.index('[{"rows') : BLOCKS.index('},"nodes":2,')], "[]"),
    "blocks-unknown-entry": ('"share_exponent":2', '"share_exponent":2,"shares":2'),
    "blocks-exponent-text": ('"share_exponent":2', '"share_exponent":"2"'),
    "blocks-exponent-vast": ('"frame_exponent":2', '"frame_exponent":10001'),
    "blocks-rows-a-list": ('"rows":"1"', '"rows":["1"]'),
    "blocks-rows-descending": ('"rows":"1"', '"rows":"1 0"'),
    "blocks-rows-negative": ('"rows":"1"', '"rows":"-1"'),
    "blocks-rows-none": ('"rows":"1"', '"rows":""'),
    "blocks-nodes-do-not-add-up": (',"nodes":2,', ',"nodes":1,'),
    "blocks-without-cross-terms": ('"outputs":["3"],"cross":["0","0"],', '"outputs":["3"],'),
    "blocks-without-shares": ('"inputs":["0","0 4"],', ""),
    "blocks-shares-of-numbers": ('"outputs":["3"]', '"outputs":[3]'),
}
# Of its tree: the lines, in place of one leaf that proves nothing.
OF_TREES = {
    "node-unknown": ("leaves 1 1 0",),
    "node-upper-case": ("Envelope",),
    "node-of-a-matrix-part": ("part 0", "envelope", "envelope"),
    "node-of-a-matrix-faces": ("faces 1", "0 0 0 1 0 0"),
    "node-without-arguments": ("sign", "envelope", "envelope"),
    "node-with-an-argument-more": ("envelope 1",),
    "blank-at-the-end": ("envelope ",),
    "blank-at-the-beginning": (" envelope",),
    "tab": ("tau\t1 1 1 0",),
    "empty-line": ("envelope", ""),
    "integer-leading-zero": ("tau 01 1 1 0",),
    "integer-plus": ("tau +1 1 1 0",),
    "integer-minus-zero": ("leaf -0 1 0",),
    "integer-decimal": ("tau 1.0 1 1 0",),
    "integer-hexadecimal": ("tau 0x1 1 1 0",),
    "integer-long": (f"tau {'9' * 4001} 1 1 0",),
    "integer-arabic-digits": ("tau 1 1 1 \u0660",),
    "power-zero": ("tau 1p0 1 1 0",),
    "power-vast": ("tau 1p13001 1 1 0",),
    "power-of-nothing": ("tau p5 1 1 0",),
    "rows-missing": ("leaf 1 1 2", "0 0 1"),
    "rows-promised": (f"leaf 1 1 {10**15}",),
    "row-without-a-multiplier": ("leaf 1 1 1", "0 0"),
    "row-with-a-decimal": ("leaf 1 1 1", "0 0 1.5"),
}


def of_training() -> Iterator[tuple[str, str, bytes]]:
    """Yield texts in the place of the optimum's certificate: names, how they were made, and bytes."""
    for name, (old, new) in OF_HEADERS.items():
        if HEADER.count(old) != 1:
            raise RuntimeError(f"{name}: {old} occurs {HEADER.count(old)} times")
        text = "\n".join([HEADER.replace(old, new), *TREE, ""])
        yield name, f"the optimum's header with {new[:60]}", text.encode("utf-8")
    for name, (old, new) in OF_BLOCKS.items():
        if BLOCKS.count(old) != 1:
            raise RuntimeError(f"{name}: {old} occurs {BLOCKS.count(old)} times")
        yield name, f"a proof in blocks with {new[:60]}", BLOCKS.replace(old, new).encode("utf-8")
    for name, lines in OF_TREES.items():
        nodes = sum(line[:1].isalpha() for line in lines) or 1
        header = HEADER.replace('"nodes":7', f'"nodes":{nodes}')
        text = "\n".join([header, *lines, ""])
        yield name, f"the tree {' / '.join(lines)[:60]!r}", text.encode("utf-8")
    whole = TRAINING.encode()
    yield "empty", "no byte", b""
    yield "empty-lines", "nothing but line ends", b"\n\n\n"
    yield "cut-in-the-header", "the optimum's certificate, cut", whole[:100]
    yield "cut-in-the-tree", "the optimum's certificate, cut", whole[:-20]
    yield "cut-by-one-byte", "the optimum's certificate without its last line end", whole[:-1]
    yield "line-ends-of-windows", "with a carriage return at each line's end", whole.replace(b"\n", b"\r\n")
    yield "line-ends-of-old-macs", "with carriage returns for line ends", whole.replace(b"\n", b"\r")
    yield "byte-order-mark", "with a byte order mark", b"\xef\xbb\xbf" + whole
    yield "not-utf-8", "with the byte 255 in a text", whole.replace(b'"method":"', b'"method":"\xff')
    yield "zero-bytes", "with a byte 0 in a text", whole.replace(b'"method":"', b'"method":"\0')
    yield "another-line", "with a line after the tree", whole + b"envelope\n"
    yield "twice", "the optimum's certificate twice", whole + whole
    yield "compressed", "the first bytes of a gzip file", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    yield "json-array", "a list for a header", b"[1, 2]\n"
    yield "json-deep-header", "brackets for a header", b"[" * 20_000 + b"\n"
    yield "json-text", "a text for a header", b'"certify-certificate"\n'


def of_matrices() -> Iterator[tuple[str, str, bytes, bytes]]:
    """Yield texts in the place of certificates of a matrix, with the matrix."""
    for name, old, new in (
        ("copositive-sign", "envelope\n", "sign 0\n"),
        ("copositive-tau", "envelope\n", "tau 1 1 1 0\n"),
        ("copositive-part-of-nothing", "envelope\n", "part\n"),
        ("copositive-part-descending-vast", "envelope\n", f"part {'9' * 4001}\n"),
        ("copositive-faces-of-nothing", "envelope\n", "faces 0\n"),
        ("copositive-faces-pairs", "envelope\n", "faces 1\n0 0\n"),
        ("copositive-faces-empty-row", "envelope\n", "faces 1\n\n"),
        ("copositive-statement-unknown", '"copositive"', '"convex"'),
        ("copositive-witness-numbers", '"witness":[]', '"witness":[1,1]'),
        ("copositive-gamma", '"witness":[]', '"witness":[],"gamma":"1/10"'),
    ):
        text = COPOSITIVE_TEXT.replace(old, new)
        yield name, f"with {new.strip()[:60]!r}", text.encode(), EDGE_DATA
    for name, old, new in (
        ("terms-missing", "term 2 1 1 0\n", ""),
        ("terms-more", "term 2 1 1 0\n", "term 2 1 1 0\nterm 1 1 1 0\n"),
        ("terms-text", '"terms":3', '"terms":"3"'),
        ("terms-vast", '"terms":3', '"terms":1000001'),
        ("terms-not-in-lowest-terms", "term 2 1", "term 4 2"),
        ("terms-over-zero", "term 2 1", "term 2 0"),
        ("terms-over-less-than-zero", "term 2 1", "term -2 -1"),
        ("terms-decimal", "term 2 1", "term 2.0 1"),
        ("terms-free-text", '"free":0', '"free":"0"'),
        ("terms-free-negative", '"free":0', '"free":-1'),
    ):
        if FACTORS.count(old) != 1:
            raise RuntimeError(f"{name}: {old} occurs {FACTORS.count(old)} times")
        yield name, f"with {new.strip()[:60]!r}", FACTORS.replace(old, new).encode(), FACTORS_DATA


def of_data() -> Iterator[tuple[str, str, bytes, bytes, str]]:
    """Yield certificates that are none the worse for it, with data that is none."""
    for name, how, data in (
        ("data-empty", "no byte", b""),
        ("data-blank-cell", "a cell is missing", b"1,0,3\n0,,4\n"),
        ("data-ragged", "a row is short", b"1,0,3\n0,1\n"),
        ("data-open-quote", "a quote that is never closed", b'1,0,3\n0,1,"4\n'),
        ("data-not-utf-8", "a byte that is no text", b"1,0,3\n0,1,4\xff\n"),
        ("data-zero-byte", "a byte 0", b"1,0,3\n0,1,4\0\n"),
        ("data-decimal-comma", "decimal commas", b"1;0;3\n0;1;4,0\n"),
        ("data-vast-exponent", "an exponent above 400", b"1,0,3\n0,1,4e401\n"),
        ("data-nan", "not a number", b"1,0,3\n0,1,nan\n"),
        ("data-header-alone", "a header and no rows", b"a,b,c\n"),
    ):
        yield name, f"the data: {how}", TRAINING.encode(), data, ".csv"
    for name, how, data, ending in (
        ("matrix-not-symmetric", "not symmetric", b"1,-1\n0,1\n", ".csv"),
        ("matrix-not-square", "not square", b"1,-1\n-1,1\n0,0\n", ".csv"),
        ("matrix-text", "a text in it", b"1,-1\n-1,one\n", ".csv"),
        ("matrix-over-zero", "a fraction over zero", b"1,-1\n-1,1/0\n", ".csv"),
        (
            "matrix-market-twice",
            "an entry twice",
            b"%%MatrixMarket matrix coordinate integer symmetric\n2 2 4\n1 1 1\n2 1 -1\n2 1 -1\n2 2 1\n",
            ".mtx",
        ),
        (
            "matrix-market-short",
            "fewer entries than it says",
            b"%%MatrixMarket matrix coordinate integer symmetric\n2 2 3\n1 1 1\n2 1 -1\n",
            ".mtx",
        ),
        (
            "matrix-market-complex",
            "complex numbers",
            b"%%MatrixMarket matrix coordinate complex symmetric\n1 1 1\n1 1 1 0\n",
            ".mtx",
        ),
    ):
        yield name, f"the matrix: {how}", COPOSITIVE_TEXT.encode(), data, ending


def malformed() -> Iterator[Case]:
    """Yield all."""
    for name, how, text in of_training():
        yield Case(f"malformed/{name}", how, text, CORNER_DATA)
    for name, how, text, matrix in of_matrices():
        yield Case(f"malformed/{name}", how, text, matrix)
    for name, how, text, data, ending in of_data():
        yield Case(f"malformed/{name}", how, text, data, ending=ending)
