"""What a step of training tells. Knows no trainer and nobody who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step gave: losses in nats per token, `bits_per_byte` of the validation texts, speed in tokens a second.

    `progress` runs from 0 to 1. The validation figures stand only where the step was followed by a validation.
    """

    step: int
    steps: int
    progress: float
    loss: float | None
    learning_rate: float
    tokens_per_second: float
    seconds: float
    validation_loss: float | None = None
    bits_per_byte: float | None = None


TrainingProgress = Callable[[StepReport], None]
