"""Real data as tensors: files in, mini-batches out.

::

    sources ──> idx ──> images ─┐
                      embedded ─┴─> Labelled ──> splits.holdout ──> Standardize ──> Split ──> batches

``idx`` reads a file format, ``sources`` knows where the data sets are and their checksums, ``images`` and
``embedded`` give whole data sets, ``splits`` holds out validation and test, ``preprocess`` is fitted on the
training split only, ``accept`` turns whatever a user has into a ``Split`` and ``batches`` indexes it.
What bears the name of its module is imported from there: ``batches.batches``, ``sources.sources``.

``sampling`` orders the samples of an epoch; ``augment`` changes training batches at random; ``named`` binds the
names of all three and their options.
"""

from thalweg.data.accept import as_split
from thalweg.data.batches import FromDataset, InMemory, Split, order
from thalweg.data.embedded import cancer, digits
from thalweg.data.idx import read_idx
from thalweg.data.images import read_images
from thalweg.data.labelled import Labelled
from thalweg.data.preprocess import Standardize
from thalweg.data.sources import Source, locate
from thalweg.data.splits import holdout

__all__ = [
    "FromDataset",
    "InMemory",
    "Labelled",
    "Source",
    "Split",
    "Standardize",
    "as_split",
    "cancer",
    "digits",
    "holdout",
    "locate",
    "order",
    "read_idx",
    "read_images",
]
