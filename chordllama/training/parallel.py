"""Several processes that train one model together, as `accelerate launch` starts them. Knows ranks and sums; knows no model.

Where there is one process, each of these does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Processes:
    """Which of how many this one is; joins the others when it is made. Raises what torch.distributed raises where they can't be reached."""

    def __init__(self, on_cpu: bool) -> None:
        from accelerate import PartialState

        self._state: Any = PartialState(cpu=on_cpu)
        self.rank: int = self._state.process_index
        self.count: int = self._state.num_processes

    @property
    def first(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.rank == 0

    def wait(self) -> None:
        """Go on when all have come here."""
        self._state.wait_for_everyone()

    @property
    def share(self) -> slice:
        """This process's part of some rows."""
        return slice(self.rank, None, self.count)

    def add_up(self, tensors: Iterable[Any]) -> None:
        """Replace each tensor by the sum over all processes."""
        if self.count == 1:
            return
        from torch import distributed

        for tensor in tensors:
            distributed.all_reduce(tensor)

    def total(self, number: float) -> float:
        """Return the sum of a number over all processes."""
        if self.count == 1:
            return number
        import torch

        tensor = torch.tensor([number], dtype=torch.float64, device=self._state.device)
        self.add_up([tensor])
        return float(tensor)

    def agree(self, number: float) -> float:
        """Return the first process's number, for all."""
        return self.total(number if self.first else 0.0)

    def leave(self) -> None:
        """Part from the others, when all are done: one that goes while another still talks pulls its connections down."""
        if self.count > 1:
            self.wait()
            self._state.destroy_process_group()
