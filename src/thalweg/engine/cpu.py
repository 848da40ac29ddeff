"""CPU lowering: kernels compiled by LLVM in memory, run over the table of pointers by torch's threads."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any

import torch
from torch import Tensor

from thalweg.engine import llvm
from thalweg.engine.segment import Segment
from thalweg.engine.team import Kernel, threads_for
from thalweg.formula import Program

_NONE = torch.empty(0, dtype=torch.float64)

compiled: list[str] = []
"""Names of the kernels that were compiled in this process, in order."""

_lock = threading.Lock()
_kernels: dict[tuple[Program, tuple[str, ...], int | None], Kernel] = {}


@cache
def is_available() -> bool:
    """Whether LLVM can be loaded."""
    try:
        import llvmlite.binding  # noqa: F401  # pyright: ignore[reportMissingImports]
    except (ImportError, OSError):
        return False
    return True


def supports(names: tuple[str, ...]) -> bool:
    """Whether kernels can read and write these dtypes on this processor."""
    return set(names) <= llvm.TYPES.keys() and ("float16" not in names or _converts_half())


def update(program: Program, segment: Segment, scalars: Tensor, numbers: Tensor) -> None:
    """Run the program on a segment.

    Args:
        program: The update.
        segment: What it works on.
        scalars: float64 ``[rows, frontier]``.
        numbers: float64 ``[units, 1 + sums]``: sizes, then sums over tensors.
    """
    _run(program, segment, None, scalars, numbers, _NONE)


def sums(program: Program, segment: Segment, stage: int, scalars: Tensor, numbers: Tensor) -> Tensor:
    """Return the sums of a stage, float64 ``[units, sums of the stage]``, added up in the order of the chunks."""
    width = len(program.stages[stage])
    partials = torch.empty(len(segment.pointers), width, dtype=torch.float64)
    _run(program, segment, stage, scalars, numbers, partials)
    found = torch.zeros(len(segment.units), width, dtype=torch.float64)
    return found.index_add_(0, torch.from_numpy(segment.units_of_chunks()), partials)


def _run(
    program: Program, segment: Segment, stage: int | None, scalars: Tensor, numbers: Tensor, partials: Tensor
) -> None:
    chunks = len(segment.pointers)
    threads = min(threads_for(segment.size), chunks)
    segment.begun[0] = 0
    batch = chunks if threads <= 1 else max(1, chunks // (8 * threads))
    arrays = (scalars.data_ptr(), numbers.data_ptr(), partials.data_ptr())
    begun, table = segment.addresses
    given = (begun, chunks, batch, table, *arrays)
    kernel(program, segment.names, stage).run(given, threads)


def kernel(program: Program, dtypes: tuple[str, ...], stage: int | None) -> Kernel:
    """Return the compiled kernel."""
    key = (program, dtypes, stage)
    found = _kernels.get(key)
    if found is None:
        with _lock:
            found = _kernels.get(key) or _compile(llvm.source(program, dtypes, stage))
            if key not in _kernels:
                compiled.append(f"{program.name}[{', '.join(dtypes)}]{'' if stage is None else f' sums {stage}'}")
                _kernels[key] = found
    return found


def _compile(source: str) -> Kernel:
    """Turn text into machine code for this very processor."""
    from llvmlite import binding  # pyright: ignore[reportMissingImports]

    machine = _machine()
    module = binding.parse_assembly(source)
    module.verify()
    tuning = binding.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.loop_interleaving = tuning.loop_unrolling = True
    builder = binding.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    arguments = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * 4]
    share: Any = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address("share"))
    return Kernel(share, engine.get_function_address("whole"), engine)


def _machine() -> Any:
    from llvmlite import binding  # pyright: ignore[reportMissingImports]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )


@cache
def _converts_half() -> bool:
    """Whether the processor converts numbers of 16 bits itself: without that LLVM calls a function we have not."""
    from llvmlite import binding  # pyright: ignore[reportMissingImports]

    features = binding.get_host_cpu_features()
    return bool(features.get("f16c") or features.get("fullfp16"))
