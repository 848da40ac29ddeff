"""thalweg: a workbench for optimizing the training of deep networks in PyTorch."""
