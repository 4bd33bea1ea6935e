"""What a keeper is: it reads a state, decides what to do, and does one thing at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ballast.bots.market import LiveMarket
from ballast.chain.protocol import Receipt
from ballast.errors import BallastError

State = TypeVar("State")


class KeeperError(BallastError):
    """A keeper that cannot be set up, or was given what it cannot work with."""


@dataclass(frozen=True)
class Action:
    """A transaction that a keeper wants: which contract, what, and why."""

    target: str
    """The contract's name in the market's plan."""
    method: str
    args: tuple[Any, ...] = ()
    why: str = ""
    rest: int = 0
    """Seconds for which the same call is not made again, also where it went through."""

    @property
    def call(self) -> tuple[str, str, tuple[Any, ...]]:
        """What makes two actions the same, whatever their reasons."""
        return self.target, self.method, self.args

    def __str__(self) -> str:
        return f"{self.target}.{self.method}: {self.why}"


class Keeper(ABC, Generic[State]):
    """One job. `decide` is pure: it looks at nothing but the state and the keeper's terms."""

    name: ClassVar[str]

    def __init__(self, market: LiveMarket, sender: str) -> None:
        self.market = market
        self.sender = sender

    @abstractmethod
    def read(self) -> State:
        """What the market is like now, in the block to come."""

    @abstractmethod
    def decide(self, state: State) -> Sequence[Action]:
        """What is to be done about it, in this order."""

    def run(self, action: Action) -> Receipt:
        """Do it, and wait until it is done."""
        contract = self.market[action.target]
        return contract.method(action.method).send(*action.args, sender=self.sender)
