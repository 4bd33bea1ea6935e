"""The telling as rows of text, for the terminal and for the page."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ballast.report.story.credit import ORDINARY, Sight
from ballast.report.story.diary import CAUSES, SYMBOL, Moment
from ballast.report.story.ledger import FUND, VAULT, Account
from ballast.report.story.tale import BoardRow, Rung, Telling
from ballast.series import Right, Series
from ballast.units import WAD, from_assets_floor, to_assets_floor

QUOTE_DECIMALS = 6
"""Of the story's quote token."""
LPS = ("Ada", "Ben")


@dataclass(frozen=True)
class Table:
    """A title, a head and rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(telling: Telling, *, is_short: bool = False) -> list[Table]:
    """All of them, in the order of the story; short ones show every other step of the ladder."""
    makers: Sequence[Callable[[Telling], Table]] = (
        board, ladder, shock, health, waterfall, settlements, closings, exits, causes, accounts,
    )  # fmt: skip
    made = [make(telling) for make in makers]
    return [_thinned(each) if is_short else each for each in made]


def _thinned(made: Table) -> Table:
    """Without every other one of equal steps."""
    rows = [row for row in made.rows if row[0] not in ("buys", "sells") or int(row[1]) % 2 == 0]
    return Table(made.title, made.head, tuple(rows))


def board(telling: Telling) -> Table:
    """Bids and asks for one contract, a strike to a line."""
    strikes: dict[int, dict[str, BoardRow]] = {}
    for row in telling.board:
        strikes.setdefault(row.strike, {})[row.right] = row
    return Table(
        f"Quotes for one contract, {day(telling.main)}",
        ("strike", "vol", "call bid", "mark", "ask", "put bid", "mark", "ask"),
        tuple(
            (
                f"{wad(strike):,.0f}",
                f"{wad(sides['call'].vol):.1%}",
                *_side(sides["call"]),
                *_side(sides["put"]),
            )
            for strike, sides in strikes.items()
        ),
    )


def _side(row: BoardRow) -> tuple[str, str, str]:
    bid = "-" if row.bid is None else f"{assets(row.bid):.2f}"
    return bid, f"{wad(row.mark):.2f}", f"{assets(row.ask):.2f}"


def ladder(telling: Telling) -> Table:
    """Quotes while one client buys, waits and sells back."""
    return Table(
        f"Quotes against inventory: {telling.ladder_series}, one contract at a time",
        ("step", "sold by the vault", "bid", "mark", "ask", "mid less mark"),
        tuple(_rung(rung) for rung in telling.ladder),
    )


def _rung(rung: Rung) -> tuple[str, ...]:
    bid, ask, mark = assets(rung.bid), assets(rung.ask), wad(rung.mark)
    return (
        rung.step,
        str(rung.bought),
        f"{bid:.2f}",
        f"{mark:.2f}",
        f"{ask:.2f}",
        f"{(bid + ask) / 2 - mark:+.2f}",
    )


def shock(telling: Telling) -> Table:
    """Marks of a share and exposure, before and after each post."""
    start = telling.shock[0].at
    return Table(
        "The shock: after each round, and after each post by both signers",
        ("minute", "spot", "share, low", "NAV", "high", "delta $", "gamma $", "vega / pt"),
        tuple(_moment(moment, start) for moment in telling.shock),
    )


def _moment(moment: Moment, start: int) -> tuple[str, ...]:
    return (
        f"{(moment.at - start) / 60:.1f}",
        f"{wad(moment.spot):,.2f}",
        *(f"{wad(price):.4f}" for price in moment.per_share),
        f"{wad(moment.delta_options):+,.0f}",
        f"{wad(moment.gamma):+,.0f}",
        f"{wad(moment.vega) / 100:+,.1f}",
    )


def health(telling: Telling) -> Table:
    """Margin accounts at the fall, at each liquidation, and at the gap that is undone."""
    gap, told = telling.gap.sights, telling.sights
    calm = [sight for sight in told if sight.at <= telling.shock[-1].at]
    later = _around_liquidations([sight for sight in told if sight.at > telling.shock[-1].at])
    return Table(
        "Margin accounts: liquidation where equity is less than required, health below one",
        ("who", "what happens", "spot", "equity", "required", "health"),
        (
            *map(_sight, calm),
            *(_sight(sight, " (undone)") for sight in gap),
            *map(_sight, later),
        ),
    )


def _around_liquidations(sights: list[Sight]) -> list[Sight]:
    """Liquidations, and what they found."""
    return [
        sight
        for sight, following in zip(sights, [*sights[1:], None], strict=True)
        if sight.what != ORDINARY
        or (following and following.who == sight.who and following.what != ORDINARY)
    ]


def _sight(sight: Sight, remark: str = "") -> tuple[str, ...]:
    return (
        sight.who,
        sight.what + remark,
        f"{wad(sight.spot):,.2f}",
        f"{wad(sight.equity):+,.2f}",
        f"{wad(sight.maintenance):,.2f}",
        f"{sight.health:.3f}" if sight.maintenance else "owes nothing",
    )


def waterfall(telling: Telling) -> Table:
    """Who pays for buying back what accounts owe after the gap, and who for rewards."""
    gap = telling.gap
    rows = [_payers(telling, name, flagged) for name, flagged in gap.flagged]
    rewards = sum(call.reward_from_fund for call in gap.calls)
    sums = tuple(map(sum, zip(*rows, (0, rewards, 0, rewards, 0), strict=True)))
    names = [name for name, _ in gap.flagged]
    return Table(
        f"Who pays, had the next round gone from {wad(gap.before):,.2f} to {wad(gap.after):,.2f} "
        "(undone)",
        ("account", "flagged", "cost of closing", "by the account", "by the fund", "by LPs"),
        (
            *((name, *map(money, row)) for name, row in zip(names, rows, strict=True)),
            ("rewards", "", money(rewards), "", money(rewards), ""),
            ("sum", *map(money, sums)),
        ),
    )


def _payers(telling: Telling, name: str, flagged: int) -> tuple[int, int, int, int, int]:
    calls = [call for call in telling.gap.calls if call.who == name]
    return (
        flagged,
        sum(call.cost for call in calls),
        sum(call.from_account for call in calls),
        sum(call.from_fund for call in calls),
        sum(call.from_lps for call in calls),
    )


def closings(telling: Telling) -> Table:
    """What accounts owed at their expiries."""
    return Table(
        "Margin accounts settle",
        ("account", "expiry", "owed", "could not be paid", "cash left"),
        tuple(
            (each.who, day(each.expiry), money(each.debt), money(each.shortfall), money(each.left))
            for each in telling.closings
        ),
    )


def settlements(telling: Telling) -> Table:
    """What holders were owed, and what they took."""
    return Table(
        "Settlement",
        ("expiry", "price", "pot USDC", f"pot {SYMBOL}", "redeemed USDC", f"redeemed {SYMBOL}"),
        tuple(
            (
                day(each.expiry),
                f"{wad(each.price):,.2f}",
                money(each.pot_quote),
                f"{wad(each.pot_underlying):.6f}",
                money(each.paid_quote),
                f"{wad(each.paid_underlying):.6f}",
            )
            for each in telling.settlements
        ),
    )


def exits(telling: Telling) -> Table:
    """How LPs left."""
    return Table(
        "LPs and a staker of the fund leave",
        ("who", "what", "USDC", "worth"),
        tuple(
            (
                each.who,
                each.what,
                money(each.assets) if each.assets else "",
                "" if each.at_nav is None else money(each.at_nav),
            )
            for each in telling.exits
        ),
    )


def causes(telling: Telling) -> Table:
    """What LPs gained and lost by; the sum is NAV less what they brought."""
    rows = [(cause, f"{wad(telling.causes[cause]):+,.2f}") for cause in CAUSES]
    total = sum(telling.causes.values())
    return Table(
        "LPs' gains by cause, USDC", ("cause", "gain"), (*rows, ("sum", f"{wad(total):+,.2f}"))
    )


def accounts(telling: Telling) -> Table:
    """Changes of every balance. Both columns of tokens sum to zero; so does the last, but for
    rounding, which is the vault's."""
    rows = [_account(telling, account) for account in telling.accounts]
    everybody = telling.accounts
    total = (
        "sum",
        money(sum(account.quote_change for account in everybody), signed=True),
        f"{wad(sum(account.underlying_change for account in everybody)):+.6f}",
        "",
        money(sum(gain(telling, account) for account in everybody), signed=True),
    )
    return Table(
        f"Who got what (gain at {wad(telling.price):,.2f}, against holding what one came with)",
        ("who", "USDC", SYMBOL, "shares, stakes", "gain"),
        (*rows, total),
    )


def _account(telling: Telling, account: Account) -> tuple[str, ...]:
    return (
        account.name,
        money(account.quote_change, signed=True),
        f"{wad(account.underlying_change):+.6f}",
        money(worth) if (worth := account.shares_worth + account.stake_worth) else "",
        money(gain(telling, account), signed=True),
    )


def gain(telling: Telling, account: Account) -> int:
    """Assets, at the last price. The vault's own is what it holds less what it owes."""
    tokens = account.quote_change + _worth(account.underlying_change, telling.price)
    if account.name == VAULT:
        owed = sum(other.shares_worth for other in telling.accounts)
        return tokens - owed - telling.dues
    if account.name == FUND:
        return tokens + telling.dues - sum(other.stake_worth for other in telling.accounts)
    return tokens + account.shares_worth + account.stake_worth


def _worth(underlying: int, price: int) -> int:
    worth = to_assets_floor(abs(underlying) * price // WAD, QUOTE_DECIMALS)
    return worth if underlying > 0 else -worth


def refusals(telling: Telling) -> str:
    """Reasons and how often, the commonest first."""
    counted = Counter(reason for _, reason in telling.refusals)
    return ", ".join(f"{reason} ({count})" for reason, count in counted.most_common())


def headline(telling: Telling) -> list[tuple[str, str]]:
    """Figures for the top of the page."""
    premiums = sum(abs(deal.premium) for deal in telling.deals)
    over_mark = sum(telling.causes[cause] for cause in CAUSES[:5])
    return [
        (f"{telling.contracts}", "contracts deployed by the plan"),
        (f"{telling.blocks:,}", "transactions of the story"),
        (f"{len(telling.deals)}", "trades, each at exactly the price it was quoted"),
        (f"{assets(premiums):,.0f}", "USDC of premiums, both ways"),
        (f"{wad(over_mark):+,.0f}", "USDC that LPs gained over the marks"),
        (
            f"{len(telling.liquidations)}",
            "liquidations of margin accounts; the vault is always the other side",
        ),
        (
            f"{assets(sum(owed for _, owed in telling.gap.flagged)):,.0f}",
            "USDC that margin accounts would have lacked, had the price then halved in one round",
        ),
        (
            f"{_unaccounted(telling)}",
            "units of either token gained or lost by all accounts together",
        ),
    ]


def _unaccounted(telling: Telling) -> int:
    """Units of both tokens by which the sums of all changes miss zero."""
    quote = sum(account.quote_change for account in telling.accounts)
    return abs(quote) + abs(sum(account.underlying_change for account in telling.accounts))


def day(expiry: int) -> str:
    """As in a series' name."""
    return Series(expiry, WAD, Right.CALL).name(SYMBOL).split("-")[1]


def clock(at: int) -> dt.datetime:
    """For an axis."""
    return dt.datetime.fromtimestamp(at, dt.UTC)


def wad(amount: int) -> float:
    """For people."""
    return amount / WAD


def assets(amount: int) -> float:
    """For people."""
    whole = from_assets_floor(abs(amount), QUOTE_DECIMALS) / WAD
    return whole if amount >= 0 else -whole


def money(amount: int, *, signed: bool = False) -> str:
    """Assets to the unit."""
    text = f"{abs(amount) // 10**QUOTE_DECIMALS:,}.{abs(amount) % 10**QUOTE_DECIMALS:06d}"
    sign = "-" if amount < 0 else "+" if signed else ""
    return sign + text
