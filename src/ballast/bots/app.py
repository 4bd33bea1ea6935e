"""The silverback app: a turn of the keepers at every new block.

silverback runs its handlers concurrently, and keepers must not be: two transactions of one account
in flight may take one nonce. So everything that touches the node, the look for a new block as well,
runs in one thread. While a turn takes its time no block is looked for; the next look finds the
newest one, and those between are skipped, since keepers decide by the state and not by events.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import ape
from ape.api import BlockAPI, ProviderContextManager
from silverback import SilverbackBot
from silverback.main import TaskData
from silverback.runner import BaseRunner
from silverback.settings import Settings
from silverback.state import Datastore, StateSnapshot

from ballast.bots.action import KeeperError
from ballast.bots.turns import Turns

Found = TypeVar("Found")
PAUSE: Final = 2.0
"""Seconds between two looks for a new block."""
_LOG: Final = logging.getLogger("ballast.bots")


class KeeperApp:
    """Turns of keepers on the network that ape is connected to, run by silverback."""

    def __init__(self, turns: Turns, *, pause: float = PAUSE) -> None:
        self.turns = turns
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keepers")
        self.bot = SilverbackBot(_ConnectedSettings(BOT_NAME="ballast"))
        self.runner = _BlockRunner(self.bot, self._in_thread, pause)
        self.bot.on_(ape.chain.blocks)(self._at_block)

    def run(self) -> None:
        """Until a signal to stop; what is in flight then is waited for."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            asyncio.run(self.runner.run())
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)
            for number, handler in handlers.items():  # silverback leaves its own behind
                signal.signal(number, handler)

    def stop(self) -> None:
        """As a signal would, from within a turn."""
        self.runner.stop()

    async def _at_block(self, block: BlockAPI) -> dict[str, int]:
        """What silverback calls at a new block, and what it logs of it."""
        outcomes = await self._in_thread(self.turns.take)
        failed = sum(outcome.error is not None for outcome in outcomes)
        return {"done": len(outcomes) - failed, "failed": failed}

    async def _in_thread(self, work: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class _BlockRunner(BaseRunner):
    """Looks for the newest block, and goes on looking when the node does not answer.

    silverback's own runners give up when no block comes for a while, or after three errors.
    """

    def __init__(
        self,
        bot: SilverbackBot,
        in_thread: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]],
        pause: float,
    ) -> None:
        super().__init__(bot, max_exceptions=2**63)
        self.datastore = _NoDatastore()
        self._in_thread, self._pause = in_thread, pause
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Until a signal comes, or `stop`."""
        await super().run()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.shutdown_event.set)

    async def _block_task(self, task_data: TaskData) -> None:
        self._loop, seen = asyncio.get_running_loop(), None
        while not self.shutdown_event.is_set():
            block = await self._in_thread(_newest_block)
            if block is not None and block.hash != seen:
                seen = block.hash
                self._runtime_task_group.create_task(self.run_task(task_data, block))
            await asyncio.sleep(self._pause)

    async def _event_task(self, task_data: TaskData) -> None:
        raise KeeperError("keepers read the state at each block; events are not handled")


class _ConnectedSettings(Settings):
    """silverback's settings, but for the network: the one that ape is connected to already."""

    def get_provider_context(self) -> ProviderContextManager:
        """Where to run."""
        return ProviderContextManager(provider=ape.networks.provider)


class _NoDatastore(Datastore):
    """Keepers keep no state: it is all on chain."""

    async def init(self, bot_id: Any) -> StateSnapshot | None:
        """There is none."""
        return None

    async def save(self, snapshot: StateSnapshot) -> None:
        """And none is kept."""


def _newest_block() -> BlockAPI | None:
    """None where the node does not answer: the next look may find it again."""
    try:
        return ape.networks.provider.get_block("latest")
    except Exception as error:
        _LOG.warning("no block from the node: %s", error)
        return None
