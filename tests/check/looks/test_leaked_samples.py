"""Samples on both sides of a split, by mistake or by the nature of coarse data."""

from __future__ import annotations

import torch

from thalweg.check.looks.leaked_samples import are_in, fingerprints
from thalweg.data import FromDataset


def test_validation_inside_training_is_found_and_taken_out(small_digits, setup_of, mlp, see, halves):
    train, valid = halves(small_digits)
    both = tuple(torch.cat(parts) for parts in zip(train, valid, strict=True))
    seen = see(setup_of(both, mlp(64, 32, 10), valid=valid), "leaked samples")
    assert seen.faults == ["data_leakage"]
    assert seen.suspicions[0].finding.numbers["share"] == 1
    mended = seen.mended()
    assert not mended.suspicions
    assert len(mended.setup.problem.train) == len(train[0])
    assert not see(setup_of(train, mlp(64, 32, 10), valid=valid), "leaked samples").suspicions


def test_copies_made_before_the_split_are_found(small_digits, setup_of, mlp, see, halves):
    x, y = small_digits
    copied = torch.cat([x, x[y == 3], x[y == 3]]), torch.cat([y, y[y == 3], y[y == 3]])
    train, valid = halves(copied)
    seen = see(setup_of(train, mlp(64, 32, 10), valid=valid), "leaked samples")
    assert seen.faults == ["data_leakage"]


def test_a_few_repeats_are_worth_a_note(small_digits, setup_of, mlp, see, halves):
    train, valid = halves(small_digits)
    few = tuple(torch.cat([part, other[:10]]) for part, other in zip(train, valid, strict=True))
    assert see(setup_of(few, mlp(64, 32, 10), valid=valid), "leaked samples").notes == ["data_leakage"]


def test_coarse_inputs_repeat_by_nature(setup_of, mlp, see):
    drawn = torch.Generator().manual_seed(0)
    x = torch.randint(0, 2, (600, 6), generator=drawn).float()
    seen = see(setup_of((x, torch.arange(600) % 2), mlp(6, 8, 2)), "leaked samples")
    assert not seen.suspicions


def test_data_that_are_read_one_by_one_are_compared_too(small_digits, setup_of, mlp, see, halves):
    train, valid = halves(small_digits)
    listed = FromDataset(list(zip(*train, strict=True)))
    given = setup_of(listed, mlp(64, 32, 10), valid=FromDataset(list(zip(*train, strict=True))[:100]))
    assert see(given, "leaked samples").faults == ["data_leakage"]
    assert not see(setup_of(listed, mlp(64, 32, 10), valid=valid), "leaked samples").suspicions


def test_fingerprints_tell_samples_apart_by_their_last_bit():
    x = torch.randn(50, 300, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 7] = torch.nextafter(other[:, 7], torch.tensor(9.0))
    assert len(fingerprints(torch.cat([x, other])).unique()) == 100
    assert not are_in(other, x).any()
    assert are_in(x[10:20], x).all()
    for kind in (torch.float64, torch.float16, torch.int64, torch.uint8, torch.complex64):
        assert torch.equal(fingerprints(x.abs().to(kind)), fingerprints(x.abs().to(kind).clone()))
    assert torch.equal(fingerprints(torch.zeros(2, 3)), fingerprints(-torch.zeros(2, 3)))
