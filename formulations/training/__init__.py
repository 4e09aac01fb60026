"""Networks as close to the global optimum as floating point gets, with dual points for the lower bound.

`train` is the door: column generation, which adds neurons while one is worth it, as hard as `efforts` says.
Its parts are the best network over given neurons (`master`: `group_lasso` and `intercept` for the squared
loss, `dual_path` with `newton_system` for the others), the search for a neuron worth adding (`oracle`,
`ascent`), and descent on all weights (`descent`, `output_layer`). `arcs` is exact for one or two inputs, and
`sgd` is what others do, as a baseline (docs/method.md, section 4).
"""
