"""The command line: one command a file, no logic. Heavy imports happen inside commands, so that help is quick.

``main`` is the entry point and turns errors into a few lines, ``arguments`` holds what commands share, ``shared``
gives those that train the same options, ``study`` makes and tells what has many runs, ``retyped`` is the command
that trains one setting. ``progress`` draws the events, ``record`` keeps them in the store, ``terminal`` is where
tables are printed.
"""
