"""A handle on a deployed contract, with its methods as attributes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ballast.chain.codec import Codec
from ballast.chain.protocol import Chain, Receipt
from ballast.chain.reverts import Reverted
from ballast.errors import ChainError


class UnknownMethodError(ChainError, AttributeError):
    """A method that the contract's ABI does not have."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method bound to its contract: call it, or use `call`, `send` and `encode`."""

    contract: Contract
    name: str

    def __call__(self, *args: Any, sender: Any = None, value: int = 0) -> Any:
        """A view returns its decoded value; anything else is sent and returns a `Receipt`."""
        function = self.contract.codec.function(self.name, args)
        run = self.call if function.is_view else self.send
        return run(*args, sender=sender, value=value)

    def call(self, *args: Any, sender: Any = None, value: int = 0) -> Any:
        """Run without effect and return the decoded value."""
        contract, function = self.contract, self.contract.codec.function(self.name, args)
        with _named(self):
            data = contract.chain.call(
                contract.address, function.encode(args), sender=_address(sender), value=value
            )
        return function.decode(data)

    def send(self, *args: Any, sender: Any = None, value: int = 0) -> Receipt:
        """Run as a transaction, a view too (to learn its gas)."""
        contract, function = self.contract, self.contract.codec.function(self.name, args)
        with _named(self):
            receipt = contract.chain.send(
                contract.address, function.encode(args), sender=_address(sender), value=value
            )
        return replace(receipt, value=function.decode(receipt.data))

    def encode(self, *args: Any) -> bytes:
        """The calldata."""
        return self.contract.codec.function(self.name, args).encode(args)

    def decode(self, data: bytes) -> Any:
        """The value in returned bytes, such as those of `RevmChain.bulk`."""
        return self.contract.codec.functions[self.name][0].decode(data)


class Contract:
    """A deployed contract: `pricer.mark(...)` for views, `desk.buy(..., sender=alice)` to send."""

    def __init__(
        self, chain: Chain, codec: Codec, address: str, receipt: Receipt | None = None
    ) -> None:
        self.chain = chain
        self.codec = codec
        self.address = address
        self.receipt = receipt  # of the deployment, if this process made it

    def __getattr__(self, name: str) -> Method:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.method(name)

    def method(self, name: str) -> Method:
        """The method of this name, also where an attribute of the handle has the same name."""
        if name not in self.codec.functions:
            known = ", ".join(sorted(self.codec.functions)) or "none"
            raise UnknownMethodError(f"{self.codec.name} has no method {name}. It has: {known}")
        return Method(self, name)

    @property
    def balance(self) -> int:
        """Ether that the contract holds, in wei."""
        return self.chain.balance(self.address)

    def __repr__(self) -> str:
        return f"<{self.codec.name} {self.address}>"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.codec.functions})


@contextmanager
def _named(method: Method) -> Iterator[None]:
    """Say in a revert which method it came from."""
    try:
        yield
    except Reverted as error:
        raise error.at(f"{method.contract.codec.name}.{method.name}") from error.__cause__


def _address(sender: Any) -> str | None:
    """Contracts stand for their addresses."""
    address = getattr(sender, "address", sender)
    return None if address is None else str(address)
