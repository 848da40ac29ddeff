"""Set-ups on images: digits, MNIST, Fashion-MNIST and the CIFAR-10 subset.

``data`` reads them as small pairs of tensors, ``nets`` are the models that most cases share.
"""
