"""Set-ups on tables: wine, breast cancer, diabetes, abalone and the quality of wines.

``data`` reads them as small pairs of tensors, ``nets`` is the model that most cases share.
"""
