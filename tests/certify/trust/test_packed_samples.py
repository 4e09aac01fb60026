"""Many samples in one integer, against one sample at a time."""

from hypothesis import given
from hypothesis import strategies as st

from certify.trust.packed_samples import Matrices, PackedSamples, joined

MOST = 10**40


@st.composite
def samples(draw: st.DrawFn) -> PackedSamples:
    n, d, c = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 3))

    def matrix(columns: int, most: int) -> tuple[tuple[int, ...], ...]:
        row = st.tuples(*[st.integers(-most, most)] * columns)
        return tuple(draw(st.lists(row, min_size=n, max_size=n)))

    whole = PackedSamples(Matrices(matrix(d, 99), matrix(c, MOST), range(n)), range(n))
    return whole.restricted(set_of(draw(st.sets(st.integers(0, n - 1))), n))


def set_of(members: set[int], size: int) -> int:
    return int.from_bytes(bytes(int(i in members) for i in range(size)), "little")


def members(some: int, size: int) -> list[int]:
    return [i for i, flag in enumerate(some.to_bytes(size, "little")) if flag]


class TestSamples:
    @given(samples(), st.data())
    def test_sums_of_weights(self, some: PackedSamples, data: st.DataObject) -> None:
        bits = data.draw(st.integers(0, 300))
        chosen = sorted(
            data.draw(st.sets(st.sampled_from(range(len(some)))) if len(some) else st.just(set()))
        )
        # The largest factors are those that a digit might not hold.
        most = 2**bits - 1
        factors = [data.draw(st.sampled_from([most, most // 3])) for _ in chosen]
        plus, minus = some.packing(bits).sums(set_of(set(chosen), len(some)), factors)
        for j in range(len(plus)):
            weights = [some.matrices.weights[some.indices[i]][j] for i in chosen]
            assert plus[j] == sum(f * max(w, 0) for f, w in zip(factors, weights, strict=True))
            assert minus[j] == sum(f * max(-w, 0) for f, w in zip(factors, weights, strict=True))

    @given(samples(), st.data())
    def test_sets(self, some: PackedSamples, data: st.DataObject) -> None:
        size = len(some)
        values = [data.draw(st.integers(-2, 2)) for _ in range(size)]
        positive, negative = some.positive(values), some.negative(values)
        assert members(positive, size) == [i for i in range(size) if values[i] > 0]
        assert members(negative, size) == [i for i in range(size) if values[i] < 0]
        assert members(some.everyone, size) == list(range(size))
        assert list(some.pick(values, negative)) == [value for value in values if value < 0]
        kept = some.restricted(positive | negative)
        assert list(kept.indices) == [i for i, value in zip(some.indices, values, strict=True) if value]
        assert some.pick_set(positive, positive | negative) == kept.positive(filter(None, values))

    @given(samples(), st.data())
    def test_signs_of_sums_of_columns(self, some: PackedSamples, data: st.DataObject) -> None:
        size, d = len(some), len(some.matrices.inputs[0])
        # As large as what x . w can be for a generator of 128 bits.
        most = 2 ** (some.matrices.input_bits + 128) - 1
        value = st.sampled_from([-most, -most + 1, -1, 0, 1, most])
        rows = [[data.draw(value) for _ in range(size)] for _ in range(d)]
        column = sum(map(some.column, rows))
        expected = [i for i in range(size) if sum(row[i] for row in rows) >= 0]
        signs = some.not_negative(column, 128)
        assert signs is not None
        assert members(signs, size) == expected
        assert some.not_negative(column, 129) is None


@given(st.lists(st.integers(-(2**300), 2**300), max_size=40), st.integers(1, 100))
def test_joined(digits: list[int], width: int) -> None:
    assert joined(digits, width) == sum(digit << k * width for k, digit in enumerate(digits))


class Counted(int):
    """An integer that counts the bits of what it and its sums are shifted and added to."""

    bits = 0

    def __lshift__(self, width: int) -> "Counted":
        Counted.bits += self.bit_length() + width
        return Counted(int(self) << width)

    def __add__(self, other: int) -> "Counted":
        Counted.bits += max(self.bit_length(), other.bit_length())
        return Counted(int(self) + other)


def test_joining_is_not_quadratic() -> None:
    spent = []
    for count in (1000, 8000):
        Counted.bits = 0
        joined([Counted(1)] * count, 64)
        spent.append(Counted.bits)
    assert spent[1] < 12 * spent[0]  # eight times as many digits; one after another takes 64 times as much
