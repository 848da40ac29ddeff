"""The ground floor: the words every other package speaks.

``errors`` is the exception tree, ``registry`` the name tables, ``seeding`` derives every random seed,
``bounds`` is what a number may be, ``config`` one complete setting of a run, ``choice`` a name with options in it,
``run`` what it gave and ``events`` what it says on the way. ``parameters`` are what functions take.
``interval`` and ``environment`` are parts of every larger result, ``wording`` turns figures into text.
Nothing here knows torch, a terminal or a file format.
"""
