"""The fault corpus: set-ups with a known fault and their repaired twins, and healthy ones that only look faulty.

``case`` registers them, ``corpus`` gathers them from the packages below (``images``, ``tables``, ``texts``), each
a family of data; ``made`` puts set-ups together for the latter two.
``measure`` has `thalweg.check` examine them and counts; ``hurt`` trains a faulty set-up and its twin alike, which
shows that the fault does harm. Cases are split into two halves once and for all: thresholds are tuned on one, and
what is reported comes from the other, ``"held out"``. Who tunes does not look there.

A case is a function without arguments; its name is the case's name and its docstring says what is wrong (or why
nothing is). It looks like what people write, and trains in seconds.
"""
