"""Real data as tensors: files in, mini-batches out.

::

    sources ──> files ─┬> idx ─────────> images ────┐
                       ├> cifar ────────────────────┤
                       └> text ─┬──────> documents ─┤
                                │        embedded ──┴─> Labelled ──> splits ──> Standardize ──> Split ──> batches
                                └> table ──> measured

``sources`` knows where the data sets are and their checksums, ``files`` reads their bytes. ``idx``, ``cifar``,
``text`` and ``table`` make something of them, each with its own idea of a damaged file; ``images``, ``documents``,
``measured`` and ``embedded`` give whole data sets. A ``vocabulary`` numbers what texts are made of, a
``bag_of_words`` is a text as such numbers. ``splits`` holds out validation and test, ``preprocess`` is fitted on
the training split only, ``accept`` turns whatever a user has into a ``Split`` and ``batches`` indexes it.
What bears the name of its module is imported from there: ``batches.batches``, ``sources.sources``.

``sampling`` orders the samples of an epoch; ``augment`` changes training batches at random; ``named`` binds the
names of all three and their options.
"""

from thalweg.data.accept import as_split
from thalweg.data.batches import FromDataset, InMemory, Split, order
from thalweg.data.cifar import read_cifar
from thalweg.data.embedded import cancer, diabetes, digits, wine
from thalweg.data.idx import read_idx
from thalweg.data.images import read_images
from thalweg.data.labelled import Labelled
from thalweg.data.preprocess import Standardize
from thalweg.data.sources import Source, locate
from thalweg.data.splits import holdout
from thalweg.data.table import read_table
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
    "diabetes",
    "digits",
    "holdout",
    "locate",
    "order",
    "read_cifar",
    "read_idx",
    "read_images",
    "read_table",
    "read_text",
    "wine",
]
