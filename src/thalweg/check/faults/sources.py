"""Sources: what the vocabulary cites, each written once."""

from __future__ import annotations

BENGIO = "Bengio 2012, Practical recommendations for gradient-based training of deep architectures"
COHEN = "Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability"
CS231N = "Stanford CS231n, course notes, Neural networks part 3: learning and evaluation"
GLOROT = "Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks"
GOODFELLOW = "Goodfellow, Bengio & Courville 2016, Deep learning"
HE = "He et al. 2015, Delving deep into rectifiers"
HUMBATOVA = "Humbatova et al. 2020, Taxonomy of real faults in deep learning systems"
IOFFE = "Ioffe & Szegedy 2015, Batch normalization: accelerating deep network training"
KARPATHY = "Karpathy 2019, A recipe for training neural networks"
LECUN = "LeCun, Bottou, Orr & Müller 1998, Efficient backprop"
MCCANDLISH = "McCandlish et al. 2018, An empirical model of large-batch training"
PASCANU = "Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks"
PYTORCH = "PyTorch's documentation"

CORPUS = "The numbers are thalweg's own, chosen on the tuning half of its corpus of faulty and healthy set-ups."
"""The basis of thresholds that no paper gives."""

PROOF = "There is no threshold: it is so or it is not."
"""The basis of what is shown beyond doubt."""
