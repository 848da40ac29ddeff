"""Check: is it a bug or a bad setting? Looks at a set-up, experiments with it, names the fault, tries the remedy.

``setup`` is what is checked: problem, optimizer, the user's own step; ``outputs`` brings what the model gives to
one form. A `look` is one question about it; each symptom family is a module that registers its looks: ``looks``
are those that train nothing, ``experiments`` those that do. A look gets the `Subject`, whose measurements are
shared and made once, and yields `Suspicion` (a finding, with a change that would mend it) or `Passed`.
``once`` keeps measurements, ``trainee`` trains copies of the set-up, ``recorder`` takes down what happens inside.

``suite`` asks the looks within a budget of time, ``causes`` orders what they suspect and folds consequences under
their cause, ``remedies`` tries the changes. ``diagnosis`` holds the outcome. ``conduct`` is the door; the package
can be called, and ``thalweg.check(problem)`` is `conduct.check`. ``faults`` is the vocabulary.
"""

from thalweg.core.verb import make_callable

make_callable(__name__, "thalweg.check.conduct:check")
