"""Networks as close to the global optimum as floating point gets, with dual points for the lower bound.

`train` is the door: column generation, which adds neurons while one is worth it. Its parts are the best
network over given neurons (`group_lasso`), the search for a neuron worth adding (`oracle`, `ascent`), descent
on all weights (`descent`) and the output bias (`intercept`). `arcs` is exact for one or two inputs, and `sgd`
is what others do, as a baseline (docs/method.md, section 4).
"""
