"""The family of the data: labels, classes, splits, order, holes."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import CORPUS, GOODFELLOW, HUMBATOVA, KARPATHY, LECUN, PROOF

FAULTS = (
    Fault(
        name="labels_wrong",
        title="Labels that do not belong to their inputs",
        what="Inputs and targets were sorted, filtered or shuffled apart, or most labels are simply wrong. A "
        "net of enough capacity still learns them by heart, so that the training loss falls and nothing is "
        "known of new samples.",
        found="The set-up is trained on the real targets and on shuffled ones. Skill is measured on training "
        "data that were kept apart, and compared with that of the nearest neighbours there.",
        compared="Targets have nothing to do with their inputs if skill on data kept apart stays below "
        "{experiments.labels.NOTHING:g}, that of the nearest neighbours too, and the loss falls at most "
        "{experiments.labels.ALIKE:g} times as far as on shuffled targets. Validation that is told far better "
        "than training data kept apart is a warning.",
        basis=CORPUS,
        remedy="Look at some samples beside their targets, as the model gets them. Index inputs and targets by "
        "the same order.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = torch.arange(400) % 2
              x = torch.randn(400, 5) + 1.5 * y[:, None]
              order = torch.randperm(400)
            - x = x[order]
            + x, y = x[order], y[order]
              model = nn.Linear(5, 2)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              for _ in range(200):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x[:300]), y[:300]).backward()
                  optimizer.step()
            """,
            sign="(model(x[300:]).argmax(1) == y[300:]).float().mean() < 0.7",
        ),
        sources=(
            "Zhang et al. 2017, Understanding deep learning requires rethinking generalization (random labels)",
            "Northcutt, Jiang & Chuang 2021, Confident learning: estimating uncertainty in dataset labels",
            HUMBATOVA,
        ),
    ),
    Fault(
        name="class_imbalance",
        title="A small class is neglected",
        what="One class is far more common than another, and the net serves it alone: accuracy is high, and of "
        "the small class hardly any sample is told. Imbalance by itself is no fault; neglect is.",
        found="Classes are counted in every split. The share of each class that is told right is measured on "
        "data kept apart, and again after a run in which classes are drawn equally often.",
        compared="A class that is {experiments.classes.UNEVEN:g} times rarer than the largest, of which less "
        "than {experiments.classes.NEGLECTED:.0%} are told while of the largest more than "
        "{experiments.classes.FAVOURED:.0%} are, and of which {experiments.classes.GAINED:.0%} more are told "
        "where classes are drawn equally often. Beyond {experiments.classes.MANY} classes unequal counts are "
        "natural.",
        basis=CORPUS,
        remedy="Weigh the classes in the loss (`weight=` of `nn.CrossEntropyLoss`, `pos_weight=` of "
        "`nn.BCEWithLogitsLoss`), or draw them equally often (`sampling='class-balanced'`). Judge by recall of "
        "each class, not by accuracy.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = (torch.arange(1000) % 50 == 0).long()  # one of fifty
              x = torch.randn(1000, 5) + 0.8 * y[:, None]
            - loss = nn.CrossEntropyLoss()
            + loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 49.0]))
              model = nn.Linear(5, 2)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              for _ in range(300):
                  optimizer.zero_grad()
                  loss(model(x), y).backward()
                  optimizer.step()
            """,
            sign="(model(x[y == 1]).argmax(1) == 1).float().mean() < 0.5",
        ),
        sources=("He & Garcia 2009, Learning from imbalanced data", f"{GOODFELLOW}, section 11.1"),
    ),
    Fault(
        name="data_leakage",
        title="Validation data known from training",
        what="Samples of validation or test are in the training split too, or an input holds the target. Scores "
        "are too good, and say nothing of new data. Typical: copies or augmentation made before the split, "
        "statistics of all data, several records of one person.",
        found="Rows of each split are looked for in the others. Skill on validation is compared with that on "
        "training data kept apart, the first loss with that of chance, single inputs with the target.",
        compared="Duplicates across splits, beyond those that there are within the training split. Skill on "
        "validation above that on training data kept apart by {experiments.generalize.UNLIKE:g}, and by "
        "{experiments.generalize.ERRORS:g} standard errors, where training data are known by heart. A first "
        "loss below {experiments.start.KNOWS:g} times that of chance, whatever the weights.",
        basis=CORPUS,
        remedy="Split first, by person or day where samples belong together; then copy, augment and fit what is "
        "fitted, on the training split alone.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(100, 5)
            - x = x.repeat(2, 1)[torch.randperm(200)]  # copies for augmentation, before the split
              train, valid = x[: len(x) * 4 // 5], x[len(x) * 4 // 5 :]
            + train = train.repeat(2, 1)
              known = (valid[:, None] == train[None]).all(2).any(1)
            """,
            sign="known.any()",
        ),
        sources=(
            "Kaufman et al. 2012, Leakage in data mining: formulation, detection, and avoidance",
            "Barz & Denzler 2020, Do we train on test data? Purging CIFAR of near-duplicates",
        ),
    ),
    Fault(
        name="data_not_shuffled",
        title="Samples not shuffled",
        what="Samples come in the same order every epoch, sorted by class or time. Each batch pulls the net "
        "toward one class, the last ones win, and batch normalization sees a class at a time.",
        found="The order of targets in the training split is read. Where `shuffle` is off, the set-up is "
        "trained as the samples lie and shuffled.",
        compared="It is a fault if shuffling gains more than {experiments.longer.LOST:g} in skill, on training "
        "and on validation data, from either of two seeds.",
        basis=CORPUS,
        remedy="Shuffle the training samples every epoch: `DataLoader(..., shuffle=True)`.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = torch.arange(300) // 100  # sorted by class
              x = 1.5 * torch.eye(3)[y] + 0.7 * torch.randn(300, 3)
              model = nn.Linear(3, 3)
              optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
              for _ in range(3):
            -     order = torch.arange(300)
            +     order = torch.randperm(300)
                  for batch in order.split(10):
                      optimizer.zero_grad()
                      nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
                      optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 0.72",
        ),
        sources=(
            f"{GOODFELLOW}, section 8.1.3",
            f"{LECUN}, section 4.2 (shuffling the examples)",
            "Bottou 2012, Stochastic gradient descent tricks",
        ),
    ),
    Fault(
        name="train_val_mismatch",
        title="Training and validation data of different kinds",
        what="Validation is prepared otherwise than training (another scale, another order of channels, other "
        "statistics) or comes from another source. What is learned does not hold there, and it looks like "
        "overfitting.",
        found="Means and spreads of the inputs, and shares of the classes, are compared between the splits. A "
        "part of the training split is kept apart: overfitting lowers skill there too, a mismatch on validation "
        "alone.",
        compared="Skill on validation below that on training data kept apart by more than "
        "{experiments.generalize.UNLIKE:g}, and by more than {experiments.generalize.ERRORS:g} standard errors.",
        basis=CORPUS,
        remedy="Prepare all splits by one function whose statistics come from the training split. Draw the "
        "splits from the same data.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              train = torch.randint(256, (500, 28)).float()
              valid = torch.randint(256, (100, 28)).float()
              train = train / 255
            + valid = valid / 255
            """,
            sign="valid.mean() > 2 * train.mean()",
        ),
        sources=(
            "Rabanser, Günnemann & Lipton 2019, Failing loudly: detecting dataset shift",
            "Lopez-Paz & Oquab 2017, Revisiting classifier two-sample tests",
            f"{GOODFELLOW}, section 5.2",
        ),
    ),
    Fault(
        name="nan_in_data",
        title="NaN or infinity in the data",
        what="One value that is no number makes the loss of its batch NaN; the gradient of that loss makes "
        "every parameter NaN. Missing values read as NaN, a division by a spread of zero, a logarithm of zero.",
        found="Inputs and targets of all splits are searched, as the model gets them.",
        compared="Any value that is not finite.",
        basis=PROOF,
        remedy="Leave these samples out, or put in a value (the mean of training, with a column that says so). "
        "Divide by spreads that are not zero.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x, y = torch.randn(100, 4), torch.randn(100, 1)
              x[17, 2] = torch.nan  # a missing value
            + known = x.isfinite().all(1)
            + x, y = x[known], y[known]
              model = nn.Linear(4, 1)
              nn.functional.mse_loss(model(x), y).backward()
            """,
            sign="not model.weight.grad.isfinite().all()",
        ),
        sources=(f"{KARPATHY} (become one with the data)", HUMBATOVA),
    ),
)
