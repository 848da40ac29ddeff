"""The family of capacity and regularization: too little of either, or too much."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import BENGIO, CORPUS, GOODFELLOW, HUMBATOVA, IOFFE, KARPATHY, PROOF

FAULTS = (
    Fault(
        name="missing_nonlinearity",
        title="No non-linearity between linear layers",
        what="Two linear maps in a row are one linear map: the net has the parameters of a deep one and the "
        "capacity of a shallow one. A bottleneck without a non-linearity can be meant; a chain that never "
        "narrows is not.",
        found="The forward pass is followed through modules and functions, and it is tried whether what comes "
        "into a layer is a linear function of what another layer gives.",
        compared="Two linear layers in a row: a warning, and an error if the whole model is one linear "
        "function. A note where the first makes the signal narrower, as factors of one layer do.",
        basis=PROOF,
        remedy="Put a non-linearity between them, such as `nn.ReLU()`; or join the two layers into one.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
              y = torch.tensor([0, 1, 1, 0])  # exclusive or
            - model = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 2))
            + model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
              optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
              for _ in range(200):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x), y).backward()
                  optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 1",
        ),
        sources=(f"{GOODFELLOW}, section 6.1 (exclusive or)", HUMBATOVA),
    ),
    Fault(
        name="capacity_too_small",
        title="Net too small for the task",
        what="The net cannot express what the data hold: the training loss comes to rest at a high value, "
        "however long it is trained. Often one layer is far narrower than all others.",
        found="A few samples are learned by heart without regularization. Once the training loss has come to "
        "rest, skill on the training data is compared with that of the nearest neighbours on data kept apart.",
        compared="More than {experiments.overfit.HALF:g} of the loss of chance left of samples to be known by "
        "heart, where two can be told apart (a note). Or neighbours that are ahead by more than "
        "{experiments.capacity.MORE:g} in skill, or by twice, where the last quarter of the run makes at most "
        "{experiments.capacity.FLAT:.0%} of the whole fall of the loss.",
        basis=CORPUS,
        remedy="Widen the narrowest layer, or add a layer with a non-linearity (`thalweg grow` keeps the "
        "function).",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(512, 2)
              y = (x.square().sum(1) < 1.4).long()  # inside a circle
            - model = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 2))
            + model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
              optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
              for _ in range(300):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x), y).backward()
                  optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 0.85",
        ),
        sources=(f"{GOODFELLOW}, sections 5.2 and 11.4.1", f"{KARPATHY} (overfit)", f"{BENGIO}, section 4.1"),
    ),
    Fault(
        name="overfitting",
        title="Overfitting",
        what="The net knows the training data by heart, and validation got worse on the way. A gap alone is no "
        "fault: most good nets fit training data better.",
        found="In a longer run the net is judged at points along the way on training data, on a part of them "
        "kept apart and on validation.",
        compared="All of: skill on training data above that on data kept apart by more than "
        "{experiments.generalize.GAP:g}; a loss on validation that has risen to {experiments.generalize.RISEN:g} "
        "times its lowest point, or from below chance to above it; and, unless the loss is the objective, skill "
        "there that is more than {experiments.generalize.FALLEN:g} below its best.",
        basis=CORPUS,
        remedy="Stop at the best point (`patience=`), regularize by weight decay, dropout or augmentation, or "
        "get more data; a smaller net last.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(360, 50)
              y = (x[:, :5].sum(1) + torch.randn(360) > 0).long()
              train, valid = slice(60), slice(60, 360)
              model = nn.Linear(50, 2)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
              losses = []
              for _ in range(500):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x[train]), y[train]).backward()
                  optimizer.step()
                  losses.append(nn.functional.cross_entropy(model(x[valid]), y[valid]).item())
            +     if losses[-1] > min(losses):
            +         break  # early stopping
            """,
            sign="losses[-1] > 2 * min(losses)",
        ),
        sources=(f"{GOODFELLOW}, sections 5.2, 7.8 and 11.4.1",),
    ),
    Fault(
        name="dropout_too_high",
        title="Too much dropout",
        what="So many units are dropped that what is left cannot carry the signal: the training loss stays "
        "high, and validation with it. A high rate that helps is none.",
        found="Where a rate is high enough to matter, the set-up is trained with its dropout and without, from "
        "two seeds.",
        compared="Rates above {experiments.regularization.LIGHT:g} are tried. It is too high if dropout costs "
        "more than {experiments.longer.LOST:g} in skill, on training data and on validation, from either seed.",
        basis=CORPUS,
        remedy="Lower it: 0.5 in wide hidden layers, 0.2 on inputs, none where the net does not overfit.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(512, 10)
              y = x[:, :3].sum(1, keepdim=True)
            - model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.95), nn.Linear(32, 1))
            + model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
              optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
              for _ in range(200):
                  optimizer.zero_grad()
                  nn.functional.mse_loss(model(x), y).backward()
                  optimizer.step()
              model.eval()
            """,
            sign="nn.functional.mse_loss(model(x), y) > 0.1 * y.var()",
        ),
        sources=(
            "Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting",
            f"{GOODFELLOW}, section 7.12",
        ),
    ),
    Fault(
        name="weight_decay_too_strong",
        title="Too much weight decay",
        what="Weights are pulled toward zero faster than the data push them away: the training loss stays high "
        "and outputs near their mean. In Adam, `weight_decay` is scaled with the gradient; in AdamW it is not, "
        "so that the same number means something else.",
        found="Before training, the decay is weighed by what it does to the initial weights. Where it takes "
        "away enough to matter, the set-up is trained with it and without, from two seeds.",
        compared="Through the gradient: a penalty of the initial weights above "
        "{looks.optimizer_numbers.HEAVY:g} times the first loss. Decoupled: a weight forgotten within "
        "{looks.optimizer_numbers.BRIEF} updates, or held below {looks.optimizer_numbers.ROOM:g} times its "
        "initial size. Proved if it costs more than {experiments.longer.LOST:g} in skill, on training data and "
        "on validation, from either seed; decoupled decay is tried only if it takes more than "
        "{experiments.regularization.SHRINKS:.0%} of the weights over the updates planned.",
        basis="Decoupled decay holds weights below 1 / decay under updates of one size. " + CORPUS,
        remedy="Divide it by 100 and go on from there; 1e-4 (SGD) and 1e-2 (AdamW) are usual. Leave biases and "
        "normalization out.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
            - optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=5.0)
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=1e-4)
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 0.3 * y.var().item()",
        ),
        sources=(
            f"{GOODFELLOW}, section 7.1.1",
            "Krogh & Hertz 1992, A simple weight decay can improve generalization",
            "Loshchilov & Hutter 2019, Decoupled weight decay regularization, algorithm 2",
        ),
    ),
    Fault(
        name="batchnorm_small_batch",
        title="Batch normalization over too few values",
        what="Mean and variance of a handful of values are mostly noise: a sample's output depends on who "
        "shares its batch, and the running statistics of evaluation mode differ from those of training.",
        found="It is counted from how many samples and values each channel takes its statistics, in the last "
        "batch of an epoch too. After the first updates, outputs of the same samples among different neighbours "
        "are compared, and evaluation mode with training mode.",
        compared="Fewer than {looks.batch_statistics.FEW} samples or values a channel, or a last batch of one "
        "sample. Up to {experiments.modes.SMALL} values: if more than "
        "{experiments.modes.NOISY:.0%} of the variance of outputs comes from the neighbours, or "
        "evaluation mode loses more than {experiments.modes.APART:g} in skill on the samples trained on.",
        basis="One layer over n values adds a variance of about 1 / n. Errors rise from 16 samples a batch "
        "downwards (Wu & He 2018, figure 1).",
        remedy="Make the batch at least 32, or use `nn.GroupNorm` or `nn.LayerNorm`, which look at one sample "
        "alone.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              sample, first, second = torch.randn(3, 1, 10)
            - norm = nn.BatchNorm1d(10)
            + norm = nn.LayerNorm(10)
              one = norm(torch.cat([sample, first]))[0]  # the same sample, another neighbour
              other = norm(torch.cat([sample, second]))[0]
            """,
            sign="(one - other).abs().max() > 0.5",
        ),
        sources=(
            f"{IOFFE}, algorithm 1",
            "Wu & He 2018, Group normalization",
            "Ioffe 2017, Batch renormalization",
            f"{GOODFELLOW}, section 8.7.1",
        ),
    ),
)
