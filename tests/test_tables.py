"""What is known outside the checker of leaf rules, losses, statements and more: no table has a gap."""

from collections.abc import Collection

import pytest

from certify.attack.tree_forgeries import EXCHANGES
from certify.checker.certificate.nodes import AnyLeaf, Node
from certify.checker.matrix import leaf_rules as matrix
from certify.checker.problems.losses.table import LOSSES
from certify.checker.problems.output_bias import OUTPUT_BIASES
from certify.checker.statements import STATEMENTS
from certify.checker.subject import OfMatrix
from certify.checker.training import leaf_rules as training
from certify.checker.verdict import TRUST
from certify.explain.leaf_statistics import KINDS
from certify.trust.check import LEVELS
from certify.trust.coq import matrix as coq_matrix
from certify.trust.coq import matrix_terms as coq_matrix_terms
from certify.trust.coq import training as coq_training
from certify.trust.coq.check import THEOREMS

TRAINING, MATRIX = set(training.NODES), set(matrix.NODES)


def leaves(nodes: Collection[type[Node]]) -> set[type[Node]]:
    return {node for node in nodes if issubclass(node, AnyLeaf)}


@pytest.mark.parametrize(
    ("table", "nodes"),
    [
        (EXCHANGES, leaves(TRAINING | MATRIX)),
        (KINDS, leaves(TRAINING)),
        (coq_training.TERMS, TRAINING),
        (coq_training.SECONDS, leaves(TRAINING)),
        (coq_matrix_terms.TERMS, MATRIX),
        (coq_matrix.SECONDS, MATRIX),
        (coq_matrix.ORDERS_BELOW, MATRIX - leaves(MATRIX)),
    ],
)
def test_nodes(table: Collection[type[Node]], nodes: set[type[Node]]) -> None:
    assert set(table) == nodes


def test_words_are_of_one_node_each() -> None:
    words = {node.word: node for node in TRAINING | MATRIX}
    assert len(words) == len(TRAINING | MATRIX)
    for rules in (training.RULES, matrix.RULES):
        assert all(rule.leaf.word == word for word, rule in rules.items())


def test_statements() -> None:
    certificates = {statement.certificate for statement in STATEMENTS.values()}
    of_matrix = {word for word, statement in STATEMENTS.items() if statement.subject is OfMatrix}
    assert set(THEOREMS) == certificates
    assert set(coq_matrix.SAYS) == set(coq_matrix_terms.STATEMENTS) == of_matrix
    assert set(coq_matrix_terms.PROOFS) == {STATEMENTS[word].certificate for word in of_matrix}


def test_losses_and_output_biases() -> None:
    assert {text.split(" ")[0] for text in coq_training.LOSSES} == set(LOSSES)
    assert set(coq_training.OUTPUT_BIASES) == set(OUTPUT_BIASES)


def test_levels_of_trust() -> None:
    assert set(TRUST) == set(LEVELS)
