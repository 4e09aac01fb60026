"""Networks as close to the global optimum as floating point gets, with dual points for the lower bound.

`train` is the door: column generation, which adds neurons while one is worth it, as hard as `efforts` says.
Its parts are the best network over given neurons (`masters`), the search for a neuron worth adding (`oracle`,
`ascent`), and descent on all weights (`descent`). `arcs` is exact for one or two inputs, and
`sgd` is what others do, as a baseline (docs/method.md, section 4).
"""
