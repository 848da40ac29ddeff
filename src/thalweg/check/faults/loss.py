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
        found="Made-up outputs tell what the loss takes them for: scores, probabilities or values; that is "
        "compared with the targets. The loss of a doubled batch is compared with that of the batch. The "
        "gradient that the user's step uses is compared with that of the problem's loss. Outputs that say other "
        "classes than the labels are tried.",
        compared="A loss of values on labels, where a linear fit tells {looks.wrong_loss.NAMES:g} more of the "
        "labels as names than as amounts; a squared error on classes (a warning); a loss of shares on targets "
        "that do not add up to 1; a loss that is the same whatever the outputs; one that is least for another "
        "class than the label, counted on from it; one that adds up samples (a note). A cosine below "
        "{experiments.used.APART:g} between the gradient in use and the batch's own, or a loss that is returned "
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
        found="It is followed which activation comes last, and made-up outputs tell what the loss takes. A few "
        "samples are learned by heart, and it is computed how low the loss could be for outputs of this kind at "
        "best.",
        compared="Outputs that are cut, or add up to 1 within {looks.output_activation.NORMALIZED:g}, before a "
        "loss of scores; no probabilities before a loss of them; or outputs that leave, at best, more than "
        "{experiments.overfit.BARRED:g} of the loss of chance.",
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
        compared="Fewer outputs than classes are an error; more than {looks.label_range.SPARE:g} times as many "
        "are a note. Classes are counted to the greatest label of all splits. One output for several numbers a "
        "sample, or several for one, if the loss compares each with each.",
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
        "to 255 for a tanh; or a loss of probabilities gets targets beyond 0 and 1. Units are driven into "
        "saturation, and the loss has a floor above zero, or no minimum at all.",
        found="The range of the targets is compared with that of the last activation and of the loss. Where a "
        "few samples cannot be learned by heart, the least loss of outputs of this kind is computed.",
        compared="More than {looks.output_range.OUTSIDE:.0%} of the targets outside the range; and outputs that "
        "leave, at best, more than {experiments.overfit.BARRED:g} of the loss of chance.",
        basis=PROOF,
        remedy="Scale the targets into the range, or take the last non-linearity away and standardize them.",
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
        found="Mean and spread of the targets are compared with the scale that outputs of the fresh net have by "
        "themselves. The first loss is compared with that of chance, and with that of outputs that are all zero.",
        compared="Targets more than {looks.target_scale.FAR:g} times the outputs' own scale away, without doubt "
        "above {looks.target_scale.VERY_FAR:g}; or a spread {looks.target_scale.SMALL:g} times smaller than it. "
        "A first loss above {experiments.start.FAR:g} times that of chance, where outputs of zero are as far "
        "off, is a note, above {experiments.start.GRAVE:g} times a warning.",
        basis="Standardized targets are 1 to 4 times that scale away; an update of Adam moves an output by a "
        "few times its rate. " + CORPUS,
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
