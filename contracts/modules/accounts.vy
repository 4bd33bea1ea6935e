# pragma version 0.4.3
# pragma optimize gas
"""
@title Accounts
@license MIT
@notice Margin accounts as they are stored, one for each owner: cash, underlying, and at most eight
    legs, each the options of one series that the account owes, has escrowed and owns. And who may act
    for whom, and what all accounts owe together without escrow.
@dev The danger is a leg counted twice, or one that nothing judges. So legs are found by their series,
    stand in its order, and every change goes through `_changed`.
"""

from .. import types
from ..math import account_word
from ..math import refusal

MAX_LEGS: constant(uint256) = 8
CREDIT_QUOTE: constant(uint256) = 2**128 - 1


struct Account:
    cash: uint256  # assets
    underlying: uint256  # token units
    is_flagged: bool
    legs: DynArray[uint256, MAX_LEGS]  # words, increasing


funds: HashMap[address, uint256]  # see `account_word` for these two
words: HashMap[address, uint256[8]]
operators: HashMap[address, HashMap[address, bool]]  # owner, who may trade for him
credit: uint256  # owed without escrow by all: strikes of puts 128, assets | lots of calls 128


@internal
@view
def _load(owner: address) -> Account:
    """
    @notice An account
    @param owner Whose
    """
    word: uint256 = self.funds[owner]
    legs: DynArray[uint256, MAX_LEGS] = []
    for i: uint256 in range((word >> 192) & 15, bound=MAX_LEGS):
        legs.append(self.words[owner][i])
    return Account(
        cash=word & account_word.CASH,
        underlying=(word >> 88) & account_word.UNITS,
        is_flagged=word & account_word.FLAGGED != 0,
        legs=legs,
    )


@internal
def _store(owner: address, account: Account):
    """
    @notice Keeps an account. What lies behind its last leg is not cleared: nothing reads it. Sums come
        here unchecked, of amounts below 2^128, and are held to their fields
    @param owner Whose
    @param account As it is now
    """
    if account.cash > account_word.CASH or account.underlying > account_word.UNITS:
        refusal._refuse("margin: range")
    self.funds[owner] = account_word._funds(
        account.cash, account.underlying, len(account.legs), account.is_flagged
    )
    i: uint256 = 0
    for word: uint256 in account.legs:
        if self.words[owner][i] != word:
            self.words[owner][i] = word
        i = unsafe_add(i, 1)


@internal
@pure
def _word(account: Account, id: uint256) -> uint256:
    """
    @notice The leg of a series
    @param account Which
    @param id Series
    @return Its word; without a lot where there is no leg
    """
    key: uint256 = account_word._key(id)
    for word: uint256 in account.legs:
        if word >> 93 == key:
            return word
    return key << 93


@internal
@pure
def _changed(
    account: Account, id: uint256, owed: int256, escrowed: int256, owned: int256
) -> Account:
    """
    @notice An account with one leg changed, new or gone. What it owes without escrow it cannot own
    @param account Before
    @param id Series
    @param owed Lots more
    @param escrowed Lots of them more
    @param owned Lots more
    @return The account after
    """
    old: uint256 = self._word(account, id)
    leg: types.MarginLeg = account_word._leg(old)
    now_owed: int256 = convert(leg.owed, int256) + owed
    now_escrowed: int256 = convert(leg.escrowed, int256) + escrowed
    now_owned: int256 = convert(leg.owned, int256) + owned
    if (now_owed | now_escrowed | now_owned) >> 31 != 0 or now_escrowed > now_owed:
        refusal._refuse("margin: lots")
    if now_owned != 0 and now_owed > now_escrowed:
        refusal._refuse("margin: both sides")
    lots: uint256 = (
        (convert(now_owed, uint256) << 62)
        | (convert(now_escrowed, uint256) << 31)
        | convert(now_owned, uint256)
    )
    if old << 163 == 0 and lots != 0 and len(account.legs) == MAX_LEGS:
        refusal._refuse("margin: eight legs")
    return self._with_word(account, ((old >> 93) << 93) | lots)


@internal
@pure
def _with_word(account: Account, word: uint256) -> Account:
    """
    @notice An account with one leg in place of what it had in that series
    @param account Before; not of eight legs, where the leg is new
    @param word Of the leg
    @return The account after
    """
    found: Account = account
    found.legs = []
    is_due: bool = word << 163 != 0
    for other: uint256 in account.legs:
        if is_due and other >> 93 >= word >> 93:
            found.legs.append(word)
            is_due = False
        if other >> 93 != word >> 93:
            found.legs.append(other)
    if is_due:
        found.legs.append(word)
    return found


@internal
@pure
def _is_owing(account: Account) -> bool:
    """
    @notice Does an account owe anything that it has not escrowed?
    @param account Which
    """
    for word: uint256 in account.legs:
        if account_word._owing(word) != 0:
            return True
    return False


@internal
@view
def _may_trade(owner: address, caller: address) -> bool:
    """
    @notice May somebody trade for an owner?
    @param owner Whose account
    @param caller Who
    """
    return caller == owner or self.operators[owner][caller]
