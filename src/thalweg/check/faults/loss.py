"""The family of loss and outputs: what the net gives, what it is compared with, and how."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import CORPUS, GOODFELLOW, HUMBATOVA, KARPATHY, LECUN, PROOF, PYTORCH

FAULTS = (
    Fault(
        name="wrong_loss",
        title="Loss that does not fit the task",
        what="The loss measures something else than the task asks: a squared error on the numbers of classes, "
        "whose order means nothing; the loss of one label for targets that may have several; the loss of "
        "another batch. The net trains, and what it learns is not what was meant.",
        found="The type of the loss is compared with the kind of the targets: labels, several labels, "
        "probabilities, quantities. The gradient that the user's step uses is compared with that of the "
        "problem's loss.",
        compared="A loss of quantities on class labels, or of labels on quantities. A cosine below "
        "{experiments.step.APART:g} between the gradient in use and the batch's own, or a loss that is returned "
        "one batch late.",
        basis="Clipping leaves the cosine at 1, penalties and mixed samples above 0.5; the threshold lies below.",
        remedy="Labels: `nn.CrossEntropyLoss`. Several labels at once: `nn.BCEWithLogitsLoss`. Quantities: "
        "`nn.MSELoss`, or `nn.HuberLoss` where some are far off.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = torch.arange(300) % 3
              x = torch.tensor([-3.0, 3.0, 0.0])[y, None] + 0.3 * torch.randn(300, 1)
            - model = nn.Linear(1, 1)
            + model = nn.Linear(1, 3)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
              for _ in range(300):
                  optimizer.zero_grad()
            -     nn.functional.mse_loss(model(x)[:, 0], y.float()).backward()
            +     nn.functional.cross_entropy(model(x), y).backward()
                  optimizer.step()
            - said = model(x)[:, 0].round()
            + said = model(x).argmax(1)
            """,
            sign="(said == y).float().mean() < 0.9",
        ),
        sources=(
            f"{GOODFELLOW}, section 6.2",
            "Bishop 2006, Pattern recognition and machine learning, section 5.2",
            "Golik, Doetsch & Ney 2013, Cross-entropy vs. squared error training",
            HUMBATOVA,
        ),
    ),
    Fault(
        name="output_activation",
        title="Last activation does not fit the loss",
        what="The loss wants raw scores and gets probabilities, or the other way round: a softmax before "
        "`nn.CrossEntropyLoss`, a sigmoid before `nn.BCEWithLogitsLoss`, none before `nn.NLLLoss` or "
        "`nn.BCELoss`; a ReLU whose targets can be negative. Twice a softmax, the loss cannot come near zero "
        "and the gradient is faint.",
        found="The last layers and the outputs, whose sums and signs tell a softmax, are compared with what the "
        "loss takes. A few samples are learned by heart: it is computed how low the loss could be for outputs "
        "of this kind at best.",
        compared="Outputs of the net's kind that leave, at best, more than {experiments.overfit.BARRED:g} of "
        "the loss of chance.",
        basis="A softmax before the cross-entropy of ten classes leaves log(1 + 9/e) = 1.46 of log 10 = 2.30.",
        remedy="Give raw scores to `nn.CrossEntropyLoss` and `nn.BCEWithLogitsLoss`; `log_softmax` before "
        "`nn.NLLLoss`; nothing after the last linear layer for quantities without bounds.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = torch.arange(300) % 3
              x = 4 * torch.eye(3)[y] + 0.3 * torch.randn(300, 3)
            - model = nn.Sequential(nn.Linear(3, 3), nn.Softmax(dim=1))
            + model = nn.Linear(3, 3)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = nn.functional.cross_entropy(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 0.5  # log(1 + 2/e) = 0.55 is the least",
        ),
        sources=(
            f"{GOODFELLOW}, section 6.2.2",
            f"{PYTORCH}, torch.nn.CrossEntropyLoss",
            HUMBATOVA,
        ),
    ),
    Fault(
        name="output_size",
        title="Number of outputs does not fit the targets",
        what="The last layer has more outputs than there are classes, or fewer: the head of another data set, "
        "one output for two classes of a cross-entropy. Too few is an error at the first label out of range, or "
        "a loss that is always zero; too many costs time and a part of the probability.",
        found="The outputs for one batch are compared with the labels of the splits, or with the shape of the "
        "targets.",
        compared="The number of outputs with that of the classes: the greatest label and one, in training and "
        "validation.",
        basis=PROOF,
        remedy="Make the last layer as wide as there are classes; one output for a single quantity, or for two "
        "classes with `nn.BCEWithLogitsLoss`.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x, y = torch.randn(256, 20), torch.randint(10, (256,))
            - model = nn.Linear(20, 1000)  # the head of another data set
            + model = nn.Linear(20, 10)
              loss = nn.functional.cross_entropy(model(x), y)
            """,
            sign="loss.item() > 2 * torch.tensor(10.0).log().item()  # twice that of chance",
        ),
        sources=(f"{GOODFELLOW}, section 6.2.2.3", HUMBATOVA),
    ),
    Fault(
        name="target_range",
        title="Targets out of the outputs' range",
        what="The last non-linearity cannot give what it is asked for: targets of -1 and 1 for a sigmoid, of 0 "
        "to 255 for a tanh, labels that begin at 1. Units are driven into saturation, and the loss has a floor "
        "above zero. Targets exactly at the ends of the range have no finite weights that reach them.",
        found="The range of the targets is compared with that of the outputs and with the labels that the loss "
        "takes. Where a few samples cannot be learned by heart, the least loss of outputs of this kind is "
        "computed.",
        compared="Targets outside the range; and outputs that leave, at best, more than "
        "{experiments.overfit.BARRED:g} of the loss of chance.",
        basis=PROOF,
        remedy="Scale the targets into the range, or take the last non-linearity away. Let labels begin at 0.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 5)
              y = x[:, :1].sign()  # -1 and 1
            + y = (y + 1) / 2
              model = nn.Sequential(nn.Linear(5, 1), nn.Sigmoid())
              optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 0.4",
        ),
        sources=(f"{LECUN}, section 4.5 (choosing target values)", f"{GOODFELLOW}, section 6.2.2"),
    ),
    Fault(
        name="target_scaling",
        title="Targets of another scale than the outputs",
        what="Quantities to be predicted are in the thousands, or vary by a thousandth, while the outputs of a "
        "fresh net are near zero with a spread near one. Most updates go into finding the scale, gradients "
        "explode or vanish, and a rate that suits the last layer suits no other.",
        found="Mean and spread of the targets are read. The loss of the fresh net is compared with that of "
        "chance, and with that of outputs that are all zero.",
        compared="A first loss above {experiments.start.FAR:g} times that of chance is a note, above "
        "{experiments.start.GRAVE:g} times a warning, where outputs of zero are as far off: the targets, not "
        "the weights, are the cause.",
        basis="He initialization up to the outputs costs a squared error a factor of 3. " + CORPUS,
        remedy="Standardize the targets by mean and spread of the training split, and turn predictions back. "
        "Inside the model an output layer of fixed scale does the same.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = 200_000 + 50_000 * x.sum(1, keepdim=True)  # prices
            + y = (y - y.mean()) / y.std()
              model = nn.Linear(10, 1)
              optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
              for _ in range(300):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 0.5 * y.var().item()",
        ),
        sources=(f"{LECUN}, sections 4.3 and 4.5", f"{KARPATHY} (initialize the output's bias)"),
    ),
)
