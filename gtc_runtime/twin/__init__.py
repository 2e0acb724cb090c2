"""The twin beside a show: the same table played ahead, so that the live figures have a measure.

`course` is one simulated cycle second by second, `predicted` what several of them come to,
`following` says whether the live show does what was predicted, `fidelity` how near the twin was,
`player` plays it in a process of its own (`child`), `store` keeps what it gave, `beside` puts all
of it together for the view. It must not know pages.
"""
