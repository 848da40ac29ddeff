"""Compare optimizers fairly: equal tuning budgets, fresh seeds, an untouched test split, honest intervals.

``protocol`` spends the budget, ``statistics`` says how sure the answer is, ``result`` holds it.
"""
