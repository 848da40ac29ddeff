"""The family of the inputs: their scale, their kind, their axes."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import GOODFELLOW, HE, HUMBATOVA, KARPATHY, LECUN, PYTORCH

FAULTS = (
    Fault(
        name="input_scaling",
        title="Inputs not scaled",
        what="Inputs are far from zero, in the hundreds, or in units that differ by orders of magnitude. The "
        "curvature of the loss then differs as much between directions, so that no rate suits all; units "
        "saturate from the start, and columns of small numbers are not heard.",
        found="Mean, spread and size of what reaches the first layer are measured, as a whole and by column, "
        "and whether every input tells something of its own. The first loss is compared with that of the same "
        "net on standardized inputs.",
        compared="A root mean square above {looks.scale.LARGE:g}, without doubt above {looks.scale.HUGE:g}, or "
        "below {looks.scale.TINY:g} where a whole sample is shorter than {looks.scale.FAINT:g}; a squared mean "
        "above {looks.scale.OFFSET:g} times the variance; scales of columns that differ by more than a factor "
        "of {looks.scale.UNITS:g}. Inputs that are the same for all samples are an error. A first loss above "
        "{experiments.start.FAR:g} times that of chance, which standardized inputs bring below it, is a note, "
        "above {experiments.start.GRAVE:g} times a warning.",
        basis="Layers keep inputs of size 1 at that size (He et al. 2015, section 2.2), and the condition of a "
        "linear layer is that of its inputs' second moments (LeCun et al. 1998, section 4.3): a factor of 100 "
        "between two scales is one of 10,000 in curvature.",
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
        sources=(f"{LECUN}, section 4.3 (normalizing the inputs)", f"{HE}, section 2.2", HUMBATOVA),
    ),
    Fault(
        name="token_encoding",
        title="Tokens as quantities, or ids that do not fit",
        what="The ids of words or categories go into a linear layer as if 7 were more than 3; ids do not fit "
        "the embedding (too many, from 1, of another vocabulary); the id of padding is a word's, or padding "
        "counts in mean and loss.",
        found="It is followed how inputs come to an embedding, and which ids it gets; whether whole numbers "
        "without order go into a layer that takes quantities; and which id fills the ends of samples. A part of "
        "the padding is cut off, and it is counted how often each id comes. The first loss is compared with that "
        "of chance.",
        compared="Ids below 0 or beyond the last row. More than {looks.token_ids.LOST:.0%} of the distinct "
        "numbers lost on the way to the embedding. {looks.token_ids.MANY} or more distinct whole numbers taken as "
        "quantities, whose neighbours have a correlation below {looks.token_ids.NEIGHBOURS:g}. Samples of which "
        "more than {looks.token_ids.ENDS:.0%} end in runs of an id that is not `padding_idx`, or a `padding_idx` "
        "that stands between tokens in more than {looks.token_ids.INSIDE:.0%} of its places. More than "
        "{looks.padding.MOSTLY:.0%} of all places padding, if outputs move by {looks.padding.MOVED:g} of their "
        "spread without half of it. One id for more than {looks.padding.RULES:.0%} of all tokens. Whole numbers "
        "with a first loss above {experiments.start.FAR:g} times that of chance.",
        basis="Neighbouring pixels have a correlation of 0.7 and more, ids of tokens of about 0.",
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
        "change; the first module that mixes them is named. Losses are probed for comparing a target with "
        "outputs that are not its own, and reshapes for letting axes change places.",
        compared="Outputs that change by more than {looks.axes.MOVED:g} of their spread when another sample is "
        "exchanged; another number of outputs than of samples; a loss that is a mean over all pairs; a "
        "`reshape` to the same sizes in another order.",
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
