"""How a score moves over the customer's messages."""

from __future__ import annotations

from dataclasses import dataclass

_FAST = 0.5
_SLOW = 0.2


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Running statistics of one score in [0, 1], of constant size."""

    count: int = 0
    last: float = 0.0
    previous: float = 0.0
    fast: float = 0.0
    """Exponential mean, weight 0.5 on the newest value."""
    slow: float = 0.0
    """Exponential mean, weight 0.2 on the newest value."""
    peak: float = 0.0
    total: float = 0.0
    weighted: float = 0.0
    """Sum of position (0, 1, …) times value, for the slope."""

    def add(self, value: float) -> Trajectory:
        """The statistics with one more value."""
        first = self.count == 0
        return Trajectory(
            count=self.count + 1,
            last=value,
            previous=self.last,
            # Rounded, so that a snapshot in JSON is short and exact.
            fast=value if first else round(self.fast + _FAST * (value - self.fast), 6),
            slow=value if first else round(self.slow + _SLOW * (value - self.slow), 6),
            peak=max(self.peak, value),
            total=round(self.total + value, 6),
            weighted=round(self.weighted + self.count * value, 6),
        )

    @property
    def mean(self) -> float:
        """Mean over all values; 0 before the first."""
        return self.total / self.count if self.count else 0.0

    @property
    def change(self) -> float:
        """Newest value less the one before, -1 to 1; 0 before the second."""
        return self.last - self.previous if self.count > 1 else 0.0

    @property
    def trend(self) -> float:
        """Fast mean less slow mean: above 0 while the score rises."""
        return self.fast - self.slow

    @property
    def slope(self) -> float:
        """Least-squares slope per message over all values; 0 before the second."""
        n = self.count
        if n < 2:
            return 0.0
        positions = n * (n - 1) / 2
        squares = (n - 1) * n * (2 * n - 1) / 6
        return (n * self.weighted - positions * self.total) / (n * squares - positions * positions)
