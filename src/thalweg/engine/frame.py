"""Frame: what stands around a kernel's loop in LLVM's language, the same for every program."""

from __future__ import annotations

HEAD = """declare float @llvm.sqrt.f32(float)
declare double @llvm.sqrt.f64(double)
declare float @llvm.fabs.f32(float)
declare double @llvm.fabs.f64(double)
"""
"""Functions that a kernel may call."""

SHARE = """
declare i64 @llvm.smin.i64(i64, i64)
define void @share(ptr %next, i64 %chunks, i64 %batch, ptr %table, ptr %scalars, ptr %numbers, ptr %partials) {
entry:
  br label %loop
loop:
  %first = atomicrmw add ptr %next, i64 %batch monotonic
  %left = icmp slt i64 %first, %chunks
  br i1 %left, label %work, label %done
work:
  %end = add i64 %first, %batch
  %last = call i64 @llvm.smin.i64(i64 %end, i64 %chunks)
  call void @walk(i64 %first, i64 %last, ptr %table, ptr %scalars, ptr %numbers, ptr %partials)
  br label %loop
done:
  ret void
}
"""
"""The function that any number of threads may be in: each takes the next chunks, until there are none."""

WHOLE = "\n".join(
    [
        "define void @whole(ptr %given) {",
        *(f"  %a{j} = getelementptr i64, ptr %given, i64 {j}" for j in range(7)),
        *(f"  %x{j} = load {'i64' if j in (1, 2) else 'ptr'}, ptr %a{j}" for j in range(7)),
        "  call void @share(ptr %x0, i64 %x1, i64 %x2, ptr %x3, ptr %x4, ptr %x5, ptr %x6)",
        "  ret void\n}\n",
    ]
)
"""The same with one argument: where the arguments lie."""
