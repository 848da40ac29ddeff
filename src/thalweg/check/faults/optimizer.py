"""The family of the optimizer: its rate, its other settings, the batch."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import BENGIO, COHEN, CORPUS, GOODFELLOW, LECUN, MCCANDLISH

FAULTS = (
    Fault(
        name="lr_too_high",
        title="Learning rate too high",
        what="Updates overshoot. Where the loss has a curvature above 2 / lr along the gradient, a step of "
        "gradient descent ends higher than it began. The loss jumps, stalls above what a lower rate reaches, or "
        "leaves all bounds; rectifiers die and units saturate on the way.",
        found="The set-up is trained from one seed for the same few updates at the user's rate and at a ladder "
        "of rates around it. Where a lower rate gets much farther, longer runs from two seeds confirm or clear "
        "the suspicion.",
        compared="Progress is the part of the way from the first loss down to the lowest of the ladder. A rate "
        "is suspect if it makes less than {experiments.rates.BEHIND:g} times the progress of a lower one or "
        "ends at more than {experiments.rates.WORSE:g} times its loss, and too high if longer runs then differ "
        "by more than {experiments.longer.LOST:g} in skill on training and on validation data, from either "
        "seed. A run that leaves all bounds, where one at a lower rate does not, is enough by itself.",
        basis="2 / lr is the bound of stability of gradient descent on a quadratic. " + CORPUS,
        remedy="Lower the rate; a third is a first step, `thalweg sweep` finds the range that trains. Where a "
        "high rate is wanted, warm it up, clip the norm of the gradient, or normalize in the net.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
            - optimizer = torch.optim.SGD(model.parameters(), lr=1.5)  # curvature 2 to 3: stable below 0.7
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.15)
              for _ in range(50):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 1e6",
        ),
        sources=(
            f"{COHEN}, section 2 (sharpness and 2 / lr)",
            f"{GOODFELLOW}, sections 8.3.1 and 11.4.1",
            f"{LECUN}, section 4.7",
            "Smith 2017, Cyclical learning rates for training neural networks, section 3.3 (range test)",
        ),
    ),
    Fault(
        name="lr_too_low",
        title="Learning rate too low",
        what="Updates are so small that the updates planned do not bring the loss down. The net looks as if it "
        "could not learn, or predicts little more than what comes most often.",
        found="On the same ladder of rates: a higher rate gets much farther, and the user's would not catch up "
        "in the updates planned, as a rate n times as low needs n times the updates. The median change of a "
        "parameter in one update, over its norm, is measured too.",
        compared="The rate is suspect if, granted the updates planned, it makes less than "
        "{experiments.rates.STALLED:g} of the best rate's progress, and too low if longer runs confirm it from "
        "two seeds. A median change over norm below {experiments.flow.SLOW:g} is a note.",
        basis="A change over norm of about 1e-3 is usual (Stanford CS231n). " + CORPUS,
        remedy="Raise the rate; `thalweg sweep` finds the range that trains. Or train far longer.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
            - optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              for _ in range(100):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
            """,
            sign="loss.item() > 1",
        ),
        sources=(
            f"{GOODFELLOW}, section 11.4.1",
            f"{BENGIO}, section 3.1.1",
            "Wu et al. 2018, Understanding short-horizon bias in stochastic meta-optimization",
        ),
    ),
    Fault(
        name="optimizer_setting",
        title="Setting of the optimizer",
        what="A setting other than the rate keeps the optimizer from training: a momentum of 1, which never "
        "damps; an epsilon so large that Adam no longer scales; a beta2 that averages a few batches only; a "
        "limit of clipping far below the norm of the gradient.",
        found="Numbers of the optimizer are compared with what is usual. Each that is not is tried at its usual "
        "value, from the same seed, and longer from two seeds where that gets farther. Where none stands out, "
        "the optimizer at the best rate of its ladder is compared with Adam. In a step of the user's own, the "
        "gradient in use is compared with that of the batch.",
        compared="Momentum that reaches back over more than {looks.optimizer_numbers.LASTING} updates and "
        "{looks.optimizer_numbers.MEMORY:.0%} of all that are planned; beta2 below "
        "{looks.optimizer_numbers.SHORT:g}; eps above {looks.optimizer_numbers.EPS:g}. Proved if the usual "
        "value makes {experiments.optimizers.MORE:g} more progress and longer runs confirm it. An optimizer "
        "that makes less than {experiments.optimizers.LESS:g} of Adam's progress at its best rate is a note. A "
        "gradient scaled by less than {experiments.used.TINY:g} or more than {experiments.used.HUGE:g} is a "
        "warning.",
        basis="Usual ranges span the values of the papers that introduce the methods and the defaults of torch. "
        + CORPUS,
        remedy="Set it to its usual value: momentum 0.9, betas (0.9, 0.999), eps 1e-8, a limit near the norm "
        "that the gradient has.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
            - optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=1.0)  # never damped
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
              losses = []
              for _ in range(200):
                  optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
                  losses.append(loss.item())
            """,
            sign="max(losses[-50:]) > 1",
        ),
        sources=(
            f"{GOODFELLOW}, section 8.3.2 (momentum)",
            "Kingma & Ba 2015, Adam: a method for stochastic optimization, algorithm 1",
            "Choi et al. 2019, On empirical comparisons of optimizers for deep learning (epsilon is tuned too)",
        ),
    ),
    Fault(
        name="batch_too_large",
        title="Batch too large",
        what="An epoch is so few updates that the epochs planned do not train the net. Beyond the point where "
        "the gradient's noise is small against the gradient itself, more samples hardly improve an update.",
        found="Where few updates are planned, of large batches, the set-up is trained for as many samples in "
        "smaller batches. The gradient noise scale, tr(Sigma) / |G|^2, is estimated from parts of one batch.",
        compared="It is looked at if at most {experiments.batch.FEW} updates are planned, of at least "
        "{experiments.batch.LARGE} samples each and at most {experiments.batch.SHARE} an epoch. The batch is "
        "too large if one {experiments.batch.PART} times smaller gains more than {experiments.longer.LOST:g} in "
        "skill, on training and on validation data, from either of two seeds.",
        basis=CORPUS,
        remedy="Make the batch smaller, or plan more epochs. A rate raised with the batch makes up for part of "
        "it.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(2048, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            - size = 2048  # one update an epoch
            + size = 32
              for _ in range(3):
                  for batch in torch.randperm(2048).split(size):
                      optimizer.zero_grad()
                      nn.functional.mse_loss(model(x[batch]), y[batch]).backward()
                      optimizer.step()
            """,
            sign="nn.functional.mse_loss(model(x), y).item() > 1",
        ),
        sources=(
            f"{MCCANDLISH}, section 2.2",
            f"{GOODFELLOW}, section 8.1.3",
            "Shallue et al. 2019, Measuring the effects of data parallelism on neural network training",
            "Goyal et al. 2017, Accurate, large minibatch SGD, section 2.1 (the rate scales with the batch)",
        ),
    ),
)
