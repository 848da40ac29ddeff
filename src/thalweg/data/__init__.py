"""Real data as tensors: files in, mini-batches out.

::

    sources ──> files ─┬> idx ──> images ─┐
                       │        embedded ─┴─> Labelled ──> splits.holdout ──> Standardize ──> Split ──> batches
                       └> text ──> Vocabulary

``sources`` knows where the data sets are and their checksums, ``files`` reads their bytes, ``idx`` and ``text``
make something of them, ``images`` and ``embedded`` give whole data sets, a ``vocabulary`` numbers what a text is
made of, ``splits`` holds out validation and test, ``preprocess`` is fitted on the training split only,
``accept`` turns whatever a user has into a ``Split`` and ``batches`` indexes it.
What bears the name of its module is imported from there: ``batches.batches``, ``sources.sources``.
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
from thalweg.data.text import read_text
from thalweg.data.vocabulary import Vocabulary

__all__ = [
    "FromDataset",
    "InMemory",
    "Labelled",
    "Source",
    "Split",
    "Standardize",
    "Vocabulary",
    "as_split",
    "cancer",
    "digits",
    "holdout",
    "locate",
    "order",
    "read_idx",
    "read_images",
    "read_text",
]
