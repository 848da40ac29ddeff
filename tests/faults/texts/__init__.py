"""Set-ups on texts: SMS spam, the polarity of sentences, and tiny Shakespeare character by character.

``data`` reads them as small tensors of numbers of words or characters, ``nets`` are the models that several
cases share.
"""
