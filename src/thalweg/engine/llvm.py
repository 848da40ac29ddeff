"""LLVM lowering: a program's elementwise work as text of LLVM's intermediate representation.

One function walks over chunks of the table of pointers; another works on one chunk, in a loop that LLVM turns into
vector instructions. No operation carries a fast-math flag, so each is rounded as IEEE 754 says; only the sums over
tensors may be reassociated.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Sequence

from thalweg.engine.frame import HEAD, SHARE, WHOLE
from thalweg.engine.philox import philox
from thalweg.engine.segment import Layout
from thalweg.formula import Expression, Program
from thalweg.formula.expression import ELEMENT, ROW, scalar, size
from thalweg.formula.part import Part, part

TYPES = {"float64": "double", "float32": "float", "float16": "half", "bfloat16": "i16"}
_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_ORDERED = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}


def source(program: Program, dtypes: Sequence[str], stage: int | None = None) -> str:
    """Return the module of a kernel ``share(next, chunks, batch, table, scalars, numbers, partials) -> void``, and
    of ``whole``, which takes a pointer to these arguments.

    Every caller takes the next chunks, until there are none; so any number of threads may call it.

    Args:
        program: What to compute.
        dtypes: Of the parameter, the gradient and the slots, such as ``"float32"``.
        stage: Which sums to take; ``None`` for the update itself.
    """
    return _Writer(program, dtypes, stage).module()


class _Writer:
    def __init__(self, program: Program, dtypes: Sequence[str], stage: int | None) -> None:
        self.program, self.stage = program, stage
        self.names = ("p", "g", *program.slots)
        self.storage = dict(zip(self.names, dtypes, strict=True))
        self.real = "double" if dtypes[0] == "float64" else "float"
        self.sums = () if stage is None else program.stages[stage]
        self.work: Part = program.update if stage is None else part(arg for node in self.sums for arg in node.args)
        self.code: list[str] = []
        self.value: dict[tuple[Expression, str], str] = {}
        self.count = 0

    def module(self) -> str:
        return "\n".join([HEAD, *self._body(), *self._walk(), SHARE, WHOLE])

    def _walk(self) -> Iterator[str]:
        """The loop over chunks, each of which is a row of the table."""
        layout = Layout(self.program)
        arrays = "ptr %scalars, ptr %numbers, ptr %partials"
        yield f"define internal void @walk(i64 %first, i64 %last, ptr %table, {arrays}) {{"
        yield "entry:\n  %go = icmp slt i64 %first, %last\n  br i1 %go, label %loop, label %done"
        yield "loop:\n  %c = phi i64 [%first, %entry], [%next, %loop]"
        yield f"  %o = mul i64 %c, {layout.width}\n  %chunk = getelementptr i64, ptr %table, i64 %o"
        for column in range(layout.width):
            yield f"  %a{column} = getelementptr i64, ptr %chunk, i64 {column}"
            yield f"  %x{column} = load {'ptr' if column < len(self.names) else 'i64'}, ptr %a{column}"
        rows = ((layout.row, "scalars", len(self.program.frontier)), (layout.unit, "numbers", layout.numbers))
        for column, name, width in rows:
            yield f"  %o{name} = mul i64 %x{column}, {width}"
            yield f"  %{name}_ = getelementptr double, ptr %{name}, i64 %o{name}"
        yield f"  %op = mul i64 %c, {len(self.sums)}\n  %out = getelementptr double, ptr %partials, i64 %op"
        pointers = "".join(f"ptr %x{column}, " for column in range(len(self.names)))
        rest = f"i64 %x{layout.count}, i64 %x{layout.offset}, i64 %x{layout.number}"
        yield f"  call void @body({pointers}ptr %scalars_, ptr %numbers_, ptr %out, {rest})"
        yield "  %next = add i64 %c, 1\n  %more = icmp slt i64 %next, %last"
        yield "  br i1 %more, label %loop, label %done\ndone:\n  ret void\n}"

    def _body(self) -> list[str]:
        """The work on one chunk; its tensors do not overlap."""
        pointers = "".join(f"ptr noalias %p_{number}, " for number in range(len(self.names)))
        head = (
            f"define internal void @body({pointers}ptr noalias readonly %scalars, ptr noalias readonly %numbers,"
        )
        head += " ptr noalias %out, i64 %n, i64 %offset, i64 %number) {\nentry:"
        before = self._emit(self._prologue)
        inside = self._emit(self._element)
        phis = [f"  %acc{j} = phi double [0.0, %entry], [%sum{j}, %loop]" for j in range(len(self.sums))]
        after = [
            line
            for j in range(len(self.sums))
            for line in (
                f"  %total{j} = phi double [0.0, %entry], [%sum{j}, %loop]",
                f"  %at{j} = getelementptr double, ptr %out, i64 {j}\n  store double %total{j}, ptr %at{j}",
            )
        ]
        after.sort(key=lambda line: "phi" not in line)
        return [
            head,
            *before,
            "  %go = icmp sgt i64 %n, 0\n  br i1 %go, label %loop, label %done",
            "loop:\n  %i = phi i64 [0, %entry], [%j, %loop]",
            *phis,
            *inside,
            "  %j = add nuw nsw i64 %i, 1\n  %more = icmp slt i64 %j, %n",
            "  br i1 %more, label %loop, label %done\ndone:",
            *after,
            "  ret void\n}",
        ]

    def _emit(self, write: object) -> list[str]:
        self.code = []
        assert callable(write)
        write()
        return self.code

    def _prologue(self) -> None:
        """Load a row's scalars and a tensor's numbers, and calculate with them in float64."""
        for j, node in enumerate(self.program.frontier):
            wide = self._literal(node, "double") or self._load("scalars", j)
            self.value[node, "double"] = self._truth(wide) if node.boolean else wide
        for j, node in enumerate((size(), *self.program.sums)):
            self.value[node, "double"] = self._load("numbers", j)
        for node in self.work.inner:
            self.value[node, "double"] = self._operation(node, "double")
        for node, kind in list(self.value):
            if self.real != kind and not node.boolean:
                literal = self._literal(node, self.real)
                narrow = literal or self._new(f"fptrunc double {self.value[node, kind]} to {self.real}")
                self.value[node, self.real] = narrow
            elif node.boolean:
                self.value[node, self.real] = self.value[node, kind]

    def _element(self) -> None:
        """Load, calculate, and store or sum up one element."""
        for leaf in self.work.inputs:
            self.value[leaf, self.real] = self._fetch(leaf.name)
        for node in self.work.nodes:
            self.value[node, self.real] = self._operation(node, self.real)
        if self.stage is None:
            for name, node in self.program.tensors.items():
                stochastic = name == "p" and self.program.rounding == "stochastic"
                self._put(name, self.value[node, self.real], stochastic=stochastic)
        for j, node in enumerate(self.sums):
            a, b = (self._widened(arg) for arg in node.args)
            product = self._new(f"fmul double {a}, {b}")
            self.code.append(f"  %sum{j} = fadd reassoc double %acc{j}, {product}")

    def _operation(self, node: Expression, kind: str) -> str:
        args = [self.value[arg, kind] for arg in node.args]
        suffix = "f64" if kind == "double" else "f32"
        if node.op in _BINARY:
            return self._new(f"{_BINARY[node.op]} {kind} {args[0]}, {args[1]}")
        if node.op in _ORDERED:
            return self._new(f"fcmp {_ORDERED[node.op]} {kind} {args[0]}, {args[1]}")
        if node.op == "neg":
            return self._new(f"fneg {kind} {args[0]}")
        if node.op == "where":
            return self._new(f"select i1 {args[0]}, {kind} {args[1]}, {kind} {args[2]}")
        if node.op == "stored":
            return self._read(self._narrowed(args[0], self.storage["p"]), self.storage["p"])
        return self._new(f"call {kind} @llvm.{'fabs' if node.op == 'abs' else 'sqrt'}.{suffix}({kind} {args[0]})")

    def _fetch(self, name: str) -> str:
        dtype = self.storage[name]
        return self._read(self._new(f"load {TYPES[dtype]}, ptr {self._at(name)}"), dtype)

    def _read(self, stored: str, dtype: str) -> str:
        """What is stored, in the type of the calculation."""
        if dtype == "bfloat16":
            wide = self._new(f"zext i16 {stored} to i32")
            stored, dtype = self._new(f"bitcast i32 {self._new(f'shl i32 {wide}, 16')} to float"), "float32"
        elif dtype == "float16":
            stored, dtype = self._new(f"fpext half {stored} to float"), "float32"
        kind = TYPES[dtype]
        if kind == self.real:
            return stored
        return self._new(f"{'fptrunc' if kind == 'double' else 'fpext'} {kind} {stored} to {self.real}")

    def _put(self, name: str, value: str, *, stochastic: bool) -> None:
        dtype = self.storage[name]
        narrow = self._narrowed(value, dtype, stochastic=stochastic)
        self.code.append(f"  store {TYPES[dtype]} {narrow}, ptr {self._at(name)}")

    def _narrowed(self, value: str, dtype: str, *, stochastic: bool = False) -> str:
        """A value in the type that it is stored in, rounded once, or by way of float32 as torch does."""
        real, kind = self.real, TYPES[dtype]
        if real == "double" and dtype in ("bfloat16", "float16"):  # no processor goes from 64 bits to 16
            value, real = self._new(f"fptrunc double {value} to float"), "float"
        if dtype == "bfloat16":
            return self._to_bfloat16(value, stochastic=stochastic)
        if kind == real:
            return value
        return self._new(f"{'fpext' if kind == 'double' else 'fptrunc'} {real} {value} to {kind}")

    def _to_bfloat16(self, value: str, *, stochastic: bool) -> str:
        """Round in integers: the processor's own conversion would flush what is denormal."""
        bits = self._new(f"bitcast float {value} to i32")
        odd = self._new(f"and i32 {self._new(f'lshr i32 {bits}, 16')}, 1")
        more = self._new(f"add i32 {odd}, 32767")
        if stochastic:
            exponent = self._new(f"and i32 {bits}, 2139095040")
            finite = self._new(f"icmp ne i32 {exponent}, 2139095040")
            more = self._new(f"select i1 {finite}, i32 {self._random()}, i32 {more}")
        rounded = self._new(f"lshr i32 {self._new(f'add i32 {bits}, {more}')}, 16")
        quiet = self._new(f"or i32 {self._new(f'lshr i32 {bits}, 16')}, 64")
        nan = self._new(f"fcmp uno float {value}, 0.0")
        return self._new(f"trunc i32 {self._new(f'select i1 {nan}, i32 {quiet}, i32 {rounded}')} to i16")

    def _random(self) -> str:
        """Sixteen bits that depend on seed, step, tensor and element alone."""
        seed, t = (self.value[scalar(name), "double"] for name in ("rounding_seed", "t"))
        element = self._new("add i64 %offset, %i")
        low = self._new(f"trunc i64 {element} to i32")
        high = self._new(f"trunc i64 {self._new(f'lshr i64 {element}, 32')} to i32")
        step = self._new(f"trunc i64 {self._new(f'fptoui double {t} to i64')} to i32")
        key = self._new(f"fptoui double {seed} to i64")
        keys = [self._new(f"trunc i64 {part} to i32") for part in (key, self._new(f"lshr i64 {key}, 32"))]
        tensor = self._new("trunc i64 %number to i32")
        word = philox(_Words(self), [low, high, tensor, step], keys)
        return self._new(f"and i32 {word}, 65535")

    def _widened(self, node: Expression) -> str:
        if node.level != ELEMENT:
            return self.value[node, "double"]
        value = self.value[node, self.real]
        return value if self.real == "double" else self._new(f"fpext float {value} to double")

    def _at(self, name: str) -> str:
        return self._new(f"getelementptr {TYPES[self.storage[name]]}, ptr %p_{self.names.index(name)}, i64 %i")

    def _load(self, array: str, j: int) -> str:
        return self._new(f"load double, ptr {self._new(f'getelementptr double, ptr %{array}, i64 {j}')}")

    def _truth(self, number: str) -> str:
        return self._new(f"fcmp une double {number}, 0.0")

    def _literal(self, node: Expression, kind: str) -> str | None:
        if node.op != "constant" or node.level != ROW:
            return None
        assert isinstance(node.payload, float)
        value = node.payload
        if kind == "float":
            value = ctypes.c_float(value).value  # rounded once; infinite where it is too large
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"

    def _new(self, code: str) -> str:
        self.count += 1
        self.code.append(f"  %v{self.count} = {code}")
        return f"%v{self.count}"


class _Words:
    """32-bit words as LLVM knows them, for `philox`."""

    def __init__(self, writer: _Writer) -> None:
        self.new = writer._new

    def product(self, a: int, b: str) -> tuple[str, str]:
        wide = self.new(f"mul i64 {self.new(f'zext i32 {b} to i64')}, {a}")
        return self.new(f"trunc i64 {self.new(f'lshr i64 {wide}, 32')} to i32"), self.new(
            f"trunc i64 {wide} to i32"
        )

    def xor(self, a: str, b: str) -> str:
        return self.new(f"xor i32 {a}, {b}")

    def add(self, a: str, b: int) -> str:
        return self.new(f"add i32 {a}, {b}")
