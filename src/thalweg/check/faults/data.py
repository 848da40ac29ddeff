"""The family of the data: labels, classes, splits, order, holes."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import CORPUS, GOODFELLOW, HUMBATOVA, KARPATHY, LECUN, PROOF

FAULTS = (
    Fault(
        name="labels_wrong",
        title="Labels that do not belong to their inputs",
        what="Inputs and targets were sorted, filtered or shuffled apart; labels are all the same, begin at 1 "
        "or contradict each other. A net of enough capacity still learns wrong labels by heart, so that the "
        "training loss falls and nothing is known of new samples.",
        found="Labels are counted, and compared between samples that are the same. The set-up is trained on the "
        "real targets and on shuffled ones. Skill is measured on training data that were kept apart, and "
        "compared with that of the nearest neighbours there.",
        compared="Labels below 0 or beyond the outputs, or all the same. Of samples that are repeated, more "
        "than {looks.label_range.NOISY:.0%} with another label. Targets have nothing to do with their inputs if "
        "skill on data kept apart stays below {experiments.labels.NOTHING:g}, that of the nearest neighbours "
        "too, and the loss falls at most {experiments.labels.ALIKE:g} times as far as on shuffled targets.",
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
        "the small class hardly any sample is told. Many nets bear unequal classes well, so the remedy is tried.",
        found="Classes are counted, and it is measured how the loss weighs them. The share of each class that "
        "is told right is measured on data kept apart, and again after a run in which classes are drawn equally "
        "often.",
        compared="By count: a largest class {looks.class_counts.UNEVEN:g} times the smallest, for which neither "
        "loss nor sampling makes up. By experiment: a class {experiments.classes.UNEVEN:g} times rarer than the "
        "largest, of which less than {experiments.classes.NEGLECTED:.0%} are told while of the largest more "
        "than {experiments.classes.FAVOURED:.0%} are, and {experiments.classes.GAINED:.0%} more where classes "
        "are drawn equally often. Beyond {experiments.classes.MANY} classes unequal counts are natural.",
        basis="Up to a ratio of ten, nets on MNIST lose little (Buda et al. 2018, figure 3). " + CORPUS,
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
        sources=(
            "He & Garcia 2009, Learning from imbalanced data",
            "Buda, Maki & Mazurowski 2018, A systematic study of the class imbalance problem",
            f"{GOODFELLOW}, section 11.1",
        ),
    ),
    Fault(
        name="data_leakage",
        title="Validation data known from training",
        what="Samples of validation or test are in the training split too, or an input holds the target. Scores "
        "are too good, and say nothing of new data. Typical: copies or augmentation made before the split, "
        "statistics of all data, several records of one person.",
        found="Samples of each split are looked for in training, and images with the same numbers in other "
        "places; the nearest neighbour in training is set against the next ones. Single inputs are compared with "
        "the target; in models of sequences it is tried whether outputs depend on what comes next. Skill on "
        "validation is compared with that on training data kept apart, the first loss with that of chance.",
        compared="{looks.leaked_samples.FEW:.0%} or more of a split in training too, unless coarse inputs "
        "explain it. {looks.leaked_samples.MANY:.0%} or more of validation whose numbers an image of training has "
        "in other places, or whose nearest neighbour is {looks.near_copies.NEAR:g} times as far as the tenth. An "
        "input that tells more than {looks.leaked_targets.TOLD:.0%} of the target's variance. "
        "Skill on validation above that on training data kept apart by {experiments.generalize.UNLIKE:g}, and "
        "by {experiments.generalize.ERRORS:g} standard errors, where training data are known by heart. A first "
        "loss below {experiments.start.KNOWS:g} times that of chance, whatever the weights.",
        basis="Sets gathered with care share less than 1 % (Barz & Denzler 2020 on CIFAR). " + CORPUS,
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
        found="Where samples are not shuffled, the mean target of a batch is compared between batches as they "
        "lie, and the set-up is trained as the samples lie and shuffled.",
        compared="The mean target of a batch varies more than {looks.order.ALIKE:g} times as much as in batches "
        "drawn at random. Proved if shuffling gains more than {experiments.longer.LOST:g} in skill, on training "
        "and on validation data, from either of two seeds.",
        basis="The ratio is 1 for a random order and the batch size for sorted classes. " + CORPUS,
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
        found="Means and spreads of the inputs, frequencies of tokens, and shares of the classes are compared "
        "between the splits. A part of the training split is kept apart: overfitting lowers skill there too, a "
        "mismatch on validation alone.",
        compared="{looks.splits.SHARE:.0%} of the inputs, one at least, with means {looks.splits.EFFECT:g} "
        "standard deviations apart, or spreads that differ by a factor of {looks.splits.RATIO:g}, where chance "
        "does so in less than {looks.splits.SURE:g} of all cases. Shares of classes or tokens with a total "
        "variation distance above {looks.splits.APART:g}. Skill on validation below that on training data kept "
        "apart by more than {experiments.generalize.UNLIKE:g}, and by more than "
        "{experiments.generalize.ERRORS:g} standard errors.",
        basis="Half a standard deviation is a medium effect (Cohen 1988, section 2.2). " + CORPUS,
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
            "Cohen 1988, Statistical power analysis for the behavioral sciences",
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
