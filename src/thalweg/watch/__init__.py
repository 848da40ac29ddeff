"""Watch: hears a training loop of the user's own by hooks that change nothing, and says what goes wrong in it.

``conduct`` is the door; the package can be called, and ``thalweg.watch(model, optimizer)`` is `conduct.watch`. It
makes a `Monitor`, which puts the parts together: ``ears`` hang on model, loss and optimizer and hand over every
n-th `Update`, with what ``layers`` and ``norms`` have measured; ``sharpness`` and ``noise`` add what takes more
than one batch's pass. The ``watchers`` say what is wrong, ``broken`` where the first number came up that is none.
``shadow`` is the copy of a model that is passed through again, with ``careful`` about what lies outside of it;
``roots`` finds what a backward pass began with, ``reading`` makes numbers of what was measured, and ``guard``
keeps errors of ours out of the loop.

``points`` keeps updates, ``journal`` writes them to the store, ``kept`` reads what a killed process has left.
`Watched` is the outcome, with its ``words``, its ``pictures`` and what ``show`` prints. ``lightning`` and
``transformers`` have the callbacks for those who have no loop of their own, `Watch` and `Watch`;
``callback`` is what they share.
"""

from thalweg.core.verb import make_callable

make_callable(__name__, "thalweg.watch.conduct:watch")
