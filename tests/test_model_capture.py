"""What is said of a capture."""

from __future__ import annotations

from analyzer.model.capture import Problem


def test_a_problem_is_damage_of_one_frame_until_more_is_known() -> None:
    problem = Problem("truncated-file", "cut inside a record")
    assert (problem.frame, problem.count, problem.damage) == (0, 1, True)
