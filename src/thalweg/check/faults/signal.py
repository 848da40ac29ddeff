"""The family of the signal: activations and gradients on their way through the net."""

from __future__ import annotations

from thalweg.check.faults.fault import Example, Fault
from thalweg.check.faults.sources import CORPUS, GLOROT, GOODFELLOW, HE, LECUN, PASCANU

FAULTS = (
    Fault(
        name="weight_init",
        title="Weights badly initialized",
        what="All weights of a layer are equal, so that all its units compute and learn the same; or their "
        "scale lets activations and gradients grow or shrink by a factor a layer, so that the last layers see "
        "noise and the first no gradient.",
        found="A batch goes through the fresh net and back, and the size of outputs and gradients is taken "
        "layer by layer. Units of a layer are compared with each other by the gradients that they get. The "
        "first loss is compared with that of chance.",
        compared="Spread of a layer's outputs over the size of its inputs: {looks.initial.GAINS[0]:g} to "
        "{looks.initial.GAINS[1]:g} is usual. Last hidden outputs over inputs outside {looks.initial.FADED:g} "
        "to {looks.initial.GROWN:g}. Units whose gradients differ by less than {looks.initial.EQUAL:g} of their "
        "size. A first loss above {experiments.start.FAR:g} times that of chance, which standardized inputs do "
        "not bring down, is a note, above {experiments.start.GRAVE:g} times a warning.",
        basis="Variances keep their size at Var(w) = 2 / (n_in + n_out) for tanh (Glorot & Bengio 2010, "
        "equation 12) and 2 / n_in for rectifiers (He et al. 2015, equation 10), which are gains of 1 and 1.41; "
        "torch's own is 0.58. " + CORPUS,
        remedy="Initialize by what follows the layer: `nn.init.kaiming_normal_` before rectifiers, "
        "`nn.init.xavier_uniform_` before tanh, small weights for the outputs. `init='auto'` chooses so.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randn(256, 10)
              y = x.abs().sum(1, keepdim=True)
              model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
              for layer in (model[0], model[2]):
            -     nn.init.constant_(layer.weight, 0.1)
            +     nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                  nn.init.zeros_(layer.bias)
              optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
              for _ in range(100):
                  optimizer.zero_grad()
                  nn.functional.mse_loss(model(x), y).backward()
                  optimizer.step()
              units = model[0].weight
            """,
            sign="torch.allclose(units, units[:1].expand_as(units))",
        ),
        sources=(
            f"{GLOROT}, section 4.2",
            f"{HE}, section 2.2",
            f"{GOODFELLOW}, section 8.4",
            f"{LECUN}, section 4.6",
        ),
    ),
    Fault(
        name="dead_relu",
        title="Dead rectifiers",
        what="Units of a ReLU layer are zero for every sample. No gradient passes, so they stay so, and the "
        "layer is narrower than it seems. Mostly too high a rate pushed their bias far below zero; sometimes "
        "inputs or weights did from the start. That half of all outputs are zero is normal: a dead unit is zero "
        "for all.",
        found="Outputs of each ReLU layer are recorded in the first updates; layers that look dead in a batch "
        "are judged again over the data.",
        compared="A layer of which more than {experiments.units.DEAD:.0%} of the units are zero for every "
        "sample that is judged.",
        basis=CORPUS,
        remedy="Lower the rate; initialize for rectifiers with biases at zero; or use `nn.LeakyReLU`, whose "
        "units recover.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.rand(256, 10)
              y = x.sum(1, keepdim=True)
              model = nn.Sequential(nn.Linear(10, 50), nn.ReLU(), nn.Linear(50, 1))
            - optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
            + optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
              for _ in range(20):
                  optimizer.zero_grad()
                  nn.functional.mse_loss(model(x), y).backward()
                  optimizer.step()
              alive = (model[:2](x) > 0).any(0)
            """,
            sign="alive.float().mean() < 0.5",
        ),
        sources=(
            "Lu et al. 2020, Dying ReLU and initialization: theory and numerical examples",
            "Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models",
            f"{GOODFELLOW}, section 6.3.1",
        ),
    ),
    Fault(
        name="saturation",
        title="Saturated units",
        what="Units of sigmoid, tanh or the like sit at the ends of their range, where the slope is nearly "
        "zero: their inputs no longer matter, and hardly any gradient passes. Large inputs or weights do it at "
        "the start, too high a rate later.",
        found="Outputs of hidden layers with bounded non-linearities are recorded in the first updates. The "
        "last one is left out where it gives the outputs: those saturate when they are right.",
        compared="A hidden layer of whose outputs more than {experiments.units.SATURATED:.0%} lie in the outer "
        "5 % of the range, at the start or after the first updates.",
        basis="Glorot & Bengio 2010, figure 3, show such layers where training stalls; a healthy layer of tanh "
        "has less than a third there.",
        remedy="Standardize the inputs, draw smaller weights (`nn.init.xavier_uniform_`), lower the rate; or "
        "use rectifiers in hidden layers.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              x = torch.randint(256, (256, 64)).float()  # pixels
            + x = (x - x.mean()) / x.std()
              hidden = nn.Sequential(nn.Linear(64, 32), nn.Tanh())(x)
            """,
            sign="(hidden.abs() > 0.9).float().mean() > 0.6",
        ),
        sources=(f"{GLOROT}, section 3", f"{LECUN}, section 4.4", f"{GOODFELLOW}, section 6.3.2"),
    ),
    Fault(
        name="vanishing_gradient",
        title="Vanishing gradient",
        what="The gradient shrinks by a factor at every layer or time step, so that the first ones hardly "
        "learn, or what lies far back in a sequence has no say.",
        found="In the fresh net, and in the first updates, the gradient is followed from the last layer to the "
        "first. In recurrent layers the gradient by the first input is compared with that by the last.",
        compared="In the fresh net, the gradient by the first layer's outputs below {looks.initial.LOST:g} of "
        "that by the last hidden ones. In training, gradient over weight of the first matrix below "
        "{experiments.flow.FADED:g} of the last one's, of {experiments.flow.DEEP} or more: a note, and a "
        "warning where the loss is still above {experiments.flow.STUCK:g} times that of chance. In time: below "
        "{experiments.flow.FADED_IN_TIME:g} where nothing is learned.",
        basis="Four layers of sigmoids at torch's default weights have 4e-4, as many of ReLU 0.03. An LSTM has "
        "1e-6 after some 20 steps and learns all the same, so that in time it counts only where nothing is "
        "learned.",
        remedy="Rectifiers with weights for them, normalization, residual connections. In time: gates with a "
        "forget bias of 1, attention, shorter sequences.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              layers = []
              for _ in range(8):
                  layer = nn.Linear(32, 32)
            -     layers += [layer, nn.Sigmoid()]
            +     nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            +     layers += [layer, nn.ReLU()]
              model = nn.Sequential(*layers, nn.Linear(32, 1))
              model(torch.randn(64, 32)).square().mean().backward()
              first, last = (layer.weight.grad.norm() for layer in (model[0], model[-1]))
            """,
            sign="first < 1e-3 * last",
        ),
        sources=(
            f"{GLOROT}, section 4.2",
            f"{GOODFELLOW}, sections 8.2.5 and 10.7",
            "Bengio, Simard & Frasconi 1994, Learning long-term dependencies with gradient descent is difficult",
        ),
    ),
    Fault(
        name="exploding_gradient",
        title="Exploding gradient",
        what="The gradient grows by a factor at every layer or time step, or the loss has a cliff. One update "
        "then throws the weights far away, and the loss jumps or ends in NaN.",
        found="The norm of the gradient over that of the weights, of all parameters, is recorded in the first "
        "updates.",
        compared="Above {experiments.flow.LARGE:g} at the start; or a norm that reaches "
        "{experiments.flow.JUMP:g} times its median while the loss doubles.",
        basis="Healthy nets have 0.01 to 1 at the start; noise alone changes the norm by a factor of ten.",
        remedy="Look at the scale of inputs, targets and weights first. Then clip the norm: "
        "`nn.utils.clip_grad_norm_(model.parameters(), 1.0)` between `backward()` and `step()`.",
        example=Example(
            diff="""
              torch.manual_seed(0)
              layers = []
              for _ in range(12):
                  layer = nn.Linear(32, 32)
            -     nn.init.normal_(layer.weight)  # each layer makes it four times as large
            +     nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                  layers += [layer, nn.ReLU()]
              model = nn.Sequential(*layers, nn.Linear(32, 1))
              model(torch.randn(64, 32)).square().mean().backward()
              norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            """,
            sign="norm > 1e6",
        ),
        sources=(f"{PASCANU}, section 3.2 (clipping the norm)", f"{GOODFELLOW}, sections 8.2.4 and 10.11.1"),
    ),
    Fault(
        name="numerical_instability",
        title="NaN or infinity in the computation",
        what="From finite data the net or the loss makes a number that is none: `log(softmax(x))` of a class "
        "whose probability rounds to zero, a division by a spread of zero, `exp` of a large number, the root of "
        "zero, whose slope is infinite, a float16 out of its range.",
        found="Outputs of all modules, the loss, gradients and weights are looked at in the first updates, and "
        "the first that is not finite is named. The run is made again at a hundredth of the rate.",
        compared="Any value that is not finite while the data are. If it comes at a hundredth of the rate too, "
        "or while the loss was falling, the rate is not to blame.",
        basis="Finite data and a stable computation give finite numbers.",
        remedy="Use the functions that join the two steps: `log_softmax`, `logsumexp`, `nn.BCEWithLogitsLoss`, "
        "`log1p`, `hypot`. Add an epsilon under roots and below fractions. "
        "`torch.autograd.set_detect_anomaly(True)` names the line.",
        example=Example(
            diff="""
              x = torch.tensor([[300.0, 0.0, -300.0]], requires_grad=True)
              y = torch.tensor([1])
            - loss = -x.softmax(1).log()[0, y].mean()
            + loss = -x.log_softmax(1)[0, y].mean()
              loss.backward()
            """,
            sign="not (loss.isfinite() and x.grad.isfinite().all())",
        ),
        sources=(
            f"{GOODFELLOW}, section 4.1",
            "Blanchard, Higham & Higham 2021, Accurately computing the log-sum-exp and softmax functions",
            "Micikevicius et al. 2018, Mixed precision training",
        ),
    ),
)
