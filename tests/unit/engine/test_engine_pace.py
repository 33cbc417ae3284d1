"""How much prefill a step may carry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.engine.pace import Pace


def measured(step: float, rate: float, rows: int = 4) -> Pace:
    pace = Pace()
    pace.observe(rows, 0, step)
    pace.observe(0, 512, 512 / rate)
    return pace


@given(st.floats(0.005, 2.0), st.floats(10.0, 5000.0), st.booleans())
def test_a_step_that_decodes_is_not_made_three_times_as_long(step: float, rate: float, waiting: bool) -> None:
    pace = measured(step, rate)
    rows = pace.allowance(4, 512, waiting=waiting)
    assert rows == 4 or step + rows / rate < 3 * step


@given(st.floats(10.0, 5000.0))
def test_prefill_alone_goes_in_multiples_of_64_for_about_a_second(rate: float) -> None:
    rows = measured(0.1, rate).allowance(0, 512, waiting=False)
    assert rows % 64 == 0
    assert rows == 64 or rows / rate <= 1.0


def test_prefill_for_a_person_gets_more_than_prefill_ahead_of_time() -> None:
    pace = measured(0.28, 36.0)
    assert pace.allowance(4, 512, waiting=True) > pace.allowance(4, 512, waiting=False) >= 4


def test_a_number_of_rows_never_seen_is_judged_by_the_nearest() -> None:
    pace = measured(0.28, 36.0)
    assert pace.step_seconds(5) == 0.28
    assert Pace().step_seconds(5) is None
