"""Real data as tensors: file formats in, mini-batches out.

``idx`` reads a file format, ``sources`` knows where the data sets are and their checksums, ``splits`` holds
out validation and test, ``preprocess`` is fitted on the training split only, ``batches`` indexes tensors.
"""
