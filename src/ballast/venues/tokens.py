"""WETH9, and Circle's USDC behind its proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ballast.chain.contract import Contract
from ballast.chain.protocol import Chain
from ballast.errors import VenueError
from ballast.venues.addresses import Addresses
from ballast.venues.artifacts import linked, published
from ballast.venues.plant import actor, actor_address, plant

UNLIMITED: Final = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two tokens of the market. Amounts are in a token's smallest unit."""

    chain: Chain
    weth: Contract
    usdc: Contract

    @classmethod
    def stand_up(cls, chain: Chain, addresses: Addresses) -> Tokens:
        """Create both at their addresses."""
        maker = actor(chain, "token maker")
        weth = plant(chain, published("WETH9"), addresses.weth, sender=maker)
        checker = chain.deploy(published("SignatureChecker"), sender=maker)
        code = linked("FiatTokenV2_2", {"SignatureChecker": checker.address})
        coin = chain.deploy(code, sender=maker)
        plant(chain, published("FiatTokenProxy"), addresses.usdc, coin, sender=maker)
        usdc = chain.at(code, addresses.usdc)
        _initialize(usdc, actor(chain, "circle"))
        return cls(chain, weth, usdc)

    @classmethod
    def attach(cls, chain: Chain, addresses: Addresses) -> Tokens:
        """Handles on both."""
        weth = chain.at(published("WETH9"), addresses.weth)
        return cls(chain, weth, chain.at(published("FiatTokenV2_2"), addresses.usdc))

    @property
    def ordered(self) -> tuple[Contract, Contract]:
        """Both as a Uniswap pool sorts them."""
        first, second = sorted((self.usdc, self.weth), key=lambda token: int(token.address, 16))
        return first, second

    def other(self, token: Contract) -> Contract:
        """The one that this is not."""
        return self.weth if self.is_usdc(token) else self.usdc

    def is_usdc(self, token: Contract) -> bool:
        if token.address not in (self.usdc.address, self.weth.address):
            raise VenueError(f"{token} is neither USDC nor WETH")
        return token.address == self.usdc.address

    def give(self, token: Contract, to: str, amount: int) -> None:
        """Let somebody have more of a token: minted by Circle's leave, or wrapped."""
        if self.is_usdc(token):
            self.usdc.mint(to, amount, sender=self._minter(amount))
        else:
            wrapper = actor(self.chain, "wrapper")
            self.chain.set_balance(wrapper, self.chain.balance(wrapper) + amount)
            self.weth.deposit(sender=wrapper, value=amount)
            self.weth.transfer(to, amount, sender=wrapper)

    def equip(self, token: Contract, who: str, amount: int, spender: Contract) -> None:
        """See to it that somebody has at least this much, and that it may be taken from him."""
        held = token.balanceOf(who)
        if held < amount:
            self.give(token, who, amount - held)
        if token.allowance(who, spender) < amount:
            token.approve(spender, UNLIMITED, sender=who)

    def _minter(self, amount: int) -> str:
        minter = actor(self.chain, "minter")
        if self.usdc.minterAllowance(minter) < amount:
            master = self.usdc.masterMinter()
            self.usdc.configureMinter(minter, UNLIMITED, sender=master)
        return minter


def _initialize(usdc: Contract, circle: str) -> None:
    """The four steps in which the public contract has come to its present version."""
    roles = (circle,) * 4  # master minter, pauser, blacklister, owner
    usdc.initialize("USD Coin", "USDC", "USD", 6, *roles, sender=circle)
    usdc.initializeV2("USD Coin", sender=circle)
    usdc.initializeV2_1(actor_address("lost and found"), sender=circle)
    usdc.initializeV2_2([], "USDC", sender=circle)
