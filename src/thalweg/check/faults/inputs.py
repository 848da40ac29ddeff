"""The family of the inputs: their scale, their kind, their axes."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import BENGIO, CORPUS, GOODFELLOW, HUMBATOVA, KARPATHY, LECUN, PYTORCH

FAULTS = (
    Fault(
        name="input_scaling",
        title="Inputs not scaled",
        what="Inputs are far from zero, in the hundreds, or in units that differ by orders of magnitude. The "
        "curvature of the loss then differs as much between directions, so that no rate suits all; units "
        "saturate from the start, and columns of small numbers are not heard.",
        found="Mean and spread of the inputs, as a whole and by column, are read from the training split. The "
        "first loss is compared with that of the same net on standardized inputs.",
        compared="Mean and spread with 0 and 1, the spreads of the columns with each other. A first loss above "
        "{experiments.start.FAR:g} times that of chance that standardized inputs bring below it is a note, "
        "above {experiments.start.GRAVE:g} times a warning.",
        basis="The condition of the least-squares problem is that of the inputs' second moments (LeCun et al. "
        "1998, section 4.3). " + CORPUS,
        remedy="Standardize by mean and spread of the training split, all splits alike "
        "(`preprocess='standardize'`), or put a normalization in front. Counts and amounts: take logarithms "
        "first.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 2) * torch.tensor([1.0, 100.0])
              y = (x / torch.tensor([1.0, 100.0])).sum(1, keepdim=True)
            + x = (x - x.mean(0)) / x.std(0)
              model = nn.Linear(2, 1)
            - optimizer = torch.optim.SGD(model.parameters(), lr=5e-5)  # the second column allows no more
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 0.1",
        ),
        sources=(f"{LECUN}, section 4.3 (normalizing the inputs)", f"{BENGIO}, section 3.1.1", HUMBATOVA),
    ),
    Fault(
        name="token_encoding",
        title="Tokens taken as quantities, or ids that do not fit",
        what="The ids of words or categories go into a linear layer as if 7 were more than 3; ids do not fit "
        "the embedding (too many, from 1, of another vocabulary); the id of padding is a word's, or padding "
        "counts in mean and loss.",
        found="Inputs of whole numbers are compared with the model: is there an embedding, how many rows has "
        "it, which ids occur, what stands at the ends of sequences. The first loss is compared with that of "
        "chance.",
        compared="Whole numbers in a model without an embedding, with a first loss above "
        "{experiments.start.FAR:g} times that of chance; ids below 0 or beyond the last row; rows that no id of "
        "any split uses; a padding id that is also a common word's.",
        basis=CORPUS,
        remedy="Embed ids with `nn.Embedding(count, width, padding_idx=...)`, or encode few categories as "
        "one-hot vectors. Build the vocabulary once, on training data, with ids of its own for padding and "
        "unknown words.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              tokens = torch.randint(50, (512,))
              y = tokens % 2
            - x, model = tokens.float()[:, None], nn.Linear(1, 2)
            + x, model = tokens, nn.Embedding(50, 2)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
              for _ in range(100):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x), y).backward()
                  optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 0.9",
        ),
        sources=(
            "Bengio et al. 2003, A neural probabilistic language model, section 2",
            f"{PYTORCH}, torch.nn.Embedding",
        ),
    ),
    Fault(
        name="tensor_shape",
        title="Axes mixed up",
        what="Everything runs, and the numbers stand in the wrong places: `reshape` where `permute` was meant, "
        "a softmax or a mean across the batch, `(n, 1)` minus `(n,)`, which gives n x n differences. Samples "
        "leak into each other.",
        found="One sample of a batch is exchanged, and in evaluation mode the outputs of the others must not "
        "change. Shapes of outputs and targets are compared, and it is looked for whether a reshape mixes the "
        "batch with other axes.",
        compared="Outputs that change by more than {experiments.independence.MOVED:g} of their spread when "
        "another sample is exchanged.",
        basis="Outputs of independent samples change by rounding only, about 1e-7 in float32.",
        remedy="Look where the named module reaches across dimension 0. `flatten(1)`, `permute`, `transpose` "
        "move axes; `reshape` and `view` only cut the same numbers anew. Give targets the shape of the outputs.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 5)
              y = x.sum(1)
            + y = y[:, None]  # the shape of the outputs
              model = nn.Linear(5, 1)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = (model(x) - y).square().mean()  # (256, 1) - (256,) is (256, 256)
                  loss.backward()
                  optimizer.step()
            """,
            sign="model(x).std() < 0.5 * y.std()  # it gives the mean to all",
        ),
        sources=(
            f"{KARPATHY} (use backprop to chart dependencies)",
            f"{PYTORCH}, Broadcasting semantics",
            f"{GOODFELLOW}, section 11.5",
        ),
    ),
)
