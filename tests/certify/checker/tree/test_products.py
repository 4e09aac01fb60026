"""The form of a leaf's products, against the products of dense matrices."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.checker.numbers.semidefinite import integer_rows
from certify.checker.obligations import Obligation, Rejection
from certify.checker.tree.products import Quantity, product_form

Products = list[tuple[int, int, int]]
ENTRIES = st.integers(-5, 5) | st.integers(-(2**200), 2**200)


def dense(products: Products, quantities: Sequence[Quantity], order: int) -> list[list[int]]:
    """Twice the form by its definition: q_i q_j^T + q_j q_i^T for each product, entry by entry."""
    rows = [[0] * order for _ in quantities]
    for row, (coordinate, form) in zip(rows, quantities, strict=True):
        row[: len(form)] = form
        if coordinate is not None:
            row[coordinate] += 1
    result = [[0] * order for _ in range(order)]
    for i, j, multiplier in products:
        p, q = rows[i], rows[j]
        for k in range(order):
            for l in range(order):
                result[k][l] += multiplier * (p[k] * q[l] + q[k] * p[l])
    return result


@st.composite
def cases(draw: st.DrawFn) -> tuple[Products, list[Quantity], int]:
    """Any quantities: those of a leaf, and others, such as a form beside one of its own coordinates."""
    d, more = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    coordinates = st.integers(0, d + more - 1)
    forms = st.tuples(*[ENTRIES] * d)
    kinds = (
        coordinates.map(Quantity)
        | st.builds(Quantity, st.none(), forms)
        | st.builds(Quantity, coordinates, forms)
    )
    quantities = draw(st.lists(kinds, min_size=1, max_size=6))
    pairs = st.tuples(*[st.integers(0, len(quantities) - 1)] * 2).map(sorted)
    multipliers = st.integers(0, 9) | st.integers(0, 2**200)
    products = draw(st.lists(st.tuples(pairs, multipliers), max_size=12))
    return [(i, j, multiplier) for (i, j), multiplier in products], quantities, d + more


@given(cases())
def test_form_is_the_dense_one(case: tuple[Products, list[Quantity], int]) -> None:
    products, quantities, order = case
    assert integer_rows(product_form(products, quantities, order, 0)) == dense(products, quantities, order)


def test_by_hand() -> None:
    # With t, alpha and beta = alpha - 3 t: 5 t beta = 5 t alpha - 15 t^2, -2 alpha beta = 6 t alpha
    # - 2 alpha^2, 7 beta^2 = 63 t^2 - 42 t alpha + 7 alpha^2.
    quantities = [Quantity(0), Quantity(1), Quantity(1, (-3,))]
    products = [(0, 2, 5), (1, 2, -2), (2, 2, 7)]
    assert integer_rows(product_form(products, quantities, 2, 1)) == [[96, -31], [-31, 10]]


@pytest.mark.parametrize(
    ("product", "complementary", "obligation"),
    [
        ((0, 3, 1), 1, Obligation.PRODUCT_INDEX),
        ((-1, 2, 1), 1, Obligation.PRODUCT_INDEX),
        ((2, 1, 1), 1, Obligation.PRODUCT_INDEX),
        ((0, 1, -1), 1, Obligation.PRODUCT_SIGN),
        ((1, 1, -1), 1, Obligation.PRODUCT_SIGN),
        ((1, 2, -1), 0, Obligation.PRODUCT_SIGN),
    ],
)
def test_refuses(product: tuple[int, int, int], complementary: int, obligation: Obligation) -> None:
    quantities = [Quantity(0), Quantity(1), Quantity(1, (-3,))]
    with pytest.raises(Rejection) as caught:
        product_form([(0, 0, 1), product], quantities, 2, complementary)
    assert caught.value.obligation is obligation
