"""The family of the training step: what is called, in which order, on which parameters, in which mode."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import CORPUS, CS231N, GOODFELLOW, HUMBATOVA, KARPATHY, PROOF, PYTORCH

FAULTS = (
    Fault(
        name="zero_grad",
        title="Gradients not cleared, or cleared too late",
        what="`backward()` adds to `.grad`. Without `zero_grad()` every update uses the sum of all gradients "
        "since the start, which acts like a momentum that is never damped; with it between `backward()` and "
        "`step()` every update uses zeros.",
        found="Some updates of the user's step are watched: the gradient that the optimizer gets is written as "
        "a sum of the gradients of this batch and of the update before.",
        compared="Gradients are left over if the part of the update before has a weight above "
        "{experiments.used.LEFT_OVER:g} of that of the batch, where the sum fits within "
        "{experiments.used.FITS:g}, of all parameters together or of one. All zero where the batch's is not: "
        "cleared too late.",
        basis="The weight is 0 or 1, whatever the clipping; the threshold lies between.",
        remedy="Call `optimizer.zero_grad()` before every `backward()`. To gather gradients over batches on "
        "purpose, clear and step once for all of them.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Linear(10, 1)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              losses = []
              for _ in range(200):
            +     optimizer.zero_grad()
                  loss = nn.functional.mse_loss(model(x), y)
                  loss.backward()
                  optimizer.step()
                  losses.append(loss.item())
            """,
            sign="max(losses[-50:]) > 1",
        ),
        sources=(f"{PYTORCH}, torch.optim.Optimizer.zero_grad", HUMBATOVA),
    ),
    Fault(
        name="loss_sign",
        title="Loss of the wrong sign",
        what="What is made small should be made large: a likelihood or an accuracy without its minus, or an "
        "ascent by `maximize=True` or a negative rate. The net gets worse than chance, and an unbounded loss "
        "runs away.",
        found="The loss of outputs that say the targets is compared with that of outputs that say others. The "
        "updates of the user's step are compared with the negative gradient.",
        compared="Right outputs with a higher loss than wrong ones are the fault, and so is a mean cosine "
        "between update and negative gradient below {experiments.step.UPHILL:g}.",
        basis=PROOF + " The cosine leaves room for noise: that of Adam's first update is above 0.1.",
        remedy="Turn the sign of the loss round; torch's optimizers minimize.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              y = torch.arange(200) % 2
              x = torch.randn(200, 5) + 2.0 * y[:, None]
              model = nn.Linear(5, 2)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              for _ in range(100):
                  optimizer.zero_grad()
                  said = model(x).log_softmax(1)[range(200), y]
            -     loss = said.mean()  # the likelihood of the labels, made small
            +     loss = -said.mean()
                  loss.backward()
                  optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 0.5",
        ),
        sources=(f"{GOODFELLOW}, section 5.5 (the negative log-likelihood)", HUMBATOVA),
    ),
    Fault(
        name="params_not_optimised",
        title="Parameters not given to the optimizer",
        what="Parameters get gradients and never move: the optimizer was made before a layer was replaced, "
        "holds another model's parameters, holds only some, or `step()` is never called. Layers in a plain "
        "Python list are not found by `model.parameters()` at all.",
        found="The optimizer's groups are compared with the model's parameters. Over some updates of the user's "
        "step it is seen which parameters with a gradient move. The leaves of the loss's graph are compared "
        "with `model.parameters()`.",
        compared="A parameter with a gradient that is the same bit for bit after all these updates, whose rate "
        "is not zero; or a leaf that asks for a gradient and is no parameter of the model.",
        basis=PROOF,
        remedy="Make the optimizer last, from `model.parameters()` of the model that is trained. Keep layers in "
        "`nn.ModuleList`, tensors in `nn.ParameterList`.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1000))
            - optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              model[2] = nn.Linear(64, 10)  # a new head
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
              held = [p for group in optimizer.param_groups for p in group["params"]]
            """,
            sign="not any(p is model[2].weight for p in held)",
        ),
        sources=(f"{PYTORCH}, torch.optim, Constructing it", f"{PYTORCH}, torch.nn.ModuleList"),
    ),
    Fault(
        name="frozen_layer",
        title="Layer frozen that should learn",
        what="Parameters have `requires_grad=False` though their weights were drawn at random. Freezing "
        "pre-trained layers is good practice; freezing random ones wastes their capacity.",
        found="Frozen weights that differ from seed to seed were drawn, not learned. Where there are such, the "
        "set-up is trained with them frozen and with them free.",
        compared="More than {looks.frozen_parameters.SMALL:.0%} of all numbers frozen at random weights, or the "
        "last layer. Proved if the net with all layers free gains more than {experiments.longer.LOST:g} in "
        "skill, on training and on validation data, from either of two seeds.",
        basis=CORPUS,
        remedy="Set `requires_grad_()` of their parameters before the optimizer is made; or load the weights "
        "that were to be kept.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(512, 2)
              y = (x.square().sum(1) < 1.4).long()
              model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
            - model[0].requires_grad_(False)
              trained = [p for p in model.parameters() if p.requires_grad]
              optimizer = torch.optim.Adam(trained, lr=0.05)
              for _ in range(300):
                  optimizer.zero_grad()
                  nn.functional.cross_entropy(model(x), y).backward()
                  optimizer.step()
            """,
            sign="(model(x).argmax(1) == y).float().mean() < 0.95",
        ),
        sources=("Yosinski et al. 2014, How transferable are features in deep neural networks?",),
    ),
    Fault(
        name="gradient_blocked",
        title="Gradient blocked or wrong",
        what="The loss depends on parameters that get no gradient, or a false one: `detach()`, `.data`, "
        "`.item()`, NumPy, `torch.no_grad()`, `argmax` or a comparison on the way, or a backward of one's own "
        "that is wrong.",
        found="In float64, numeric slopes of the loss are compared with autograd's along sampled weights; "
        "parameters without a gradient are nudged to see whether the loss depends on them; one small batch has "
        "to be learned by heart.",
        compared="Slopes that differ by more than {experiments.gradients.WRONG:g}, where two sizes of the step "
        "agree; an error from a median difference of {experiments.gradients.FAR_OFF:g} on, unless the model "
        "detaches a part and learns as much with it as without. A parameter is cut "
        "off if no update brings it a gradient and nudging it changes the loss by more than "
        "{experiments.gradients.ROUNDING:g}.",
        basis="Right gradients agree to about 1e-6 in float64 (Stanford CS231n asks for 1e-7 of smooth losses).",
        remedy="Follow the tensors from the named parameter to the loss: `.grad_fn` is None where the way is "
        "cut. Replace `argmax` by softmax, check a backward of your own by `torch.autograd.gradcheck`.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x, y = torch.randn(32, 8), torch.randn(32, 1)
              first, second = nn.Linear(8, 16), nn.Linear(16, 1)
            - hidden = first(x).relu().detach()
            + hidden = first(x).relu()
              nn.functional.mse_loss(second(hidden), y).backward()
            """,
            sign="first.weight.grad is None",
        ),
        sources=(
            f"{GOODFELLOW}, section 11.5 (compare with numerical derivatives)",
            f"{CS231N}, Gradient checks",
            "Bengio 2012, section 4.1 (gradient checking and controlled overfitting)",
        ),
    ),
    Fault(
        name="train_eval_mode",
        title="Wrong mode",
        what="The model is trained in evaluation mode, mostly because `eval()` was called for validation and "
        "`train()` never again: dropout is off and batch normalization uses stale statistics. Or it is judged "
        "in training mode, or dropout is applied in both.",
        found="The mode of every module is read when the model is told to train, and in the forward pass of "
        "every watched update. Two passes in evaluation mode are compared; after training, outputs and skill on "
        "training samples are compared between the modes. Running statistics are asked how fast they follow.",
        compared="Evaluation mode during an update. Outputs in evaluation mode that differ from pass to pass by "
        "more than {looks.modes.MOVED:g} of their spread. Evaluation mode that loses more than "
        "{experiments.modes.APART:g} in skill on the samples trained on. Running statistics that the "
        "updates planned move by less than {looks.batch_statistics.LAGGING:g} times their memory.",
        basis=PROOF + " " + CORPUS,
        remedy="Call `model.train()` before the updates of every epoch and `model.eval()` before every "
        "evaluation. Pass `training=self.training` to `functional.dropout`, or use `nn.Dropout`.",
        example=Example(
            diff="""
              model = nn.Sequential(nn.Linear(10, 10), nn.Dropout(0.5), nn.Linear(10, 2))
              modes = []
              for epoch in range(2):
            +     model.train()
                  modes.append(model.training)  # the updates of the epoch are made here
                  model.eval()  # and validation here
            """,
            sign="not all(modes)",
        ),
        sources=(f"{PYTORCH}, torch.nn.Module.train and eval", KARPATHY),
    ),
)
