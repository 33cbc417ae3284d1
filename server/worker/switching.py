"""Following the catalog: a model that was chosen, or put on trial, is loaded beside those that serve, and takes over
once it can answer. A choice that cannot be loaded is reported, and what serves goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from models.catalog.resolve import Lineup, ResolvedModel
from models.errors import ModelError
from server.worker.serving import Desk, Desks, Serving

LOOK_EVERY = 1.0


class Switching:
    """``stamp`` changes when the catalog does; ``resolve`` reads it; ``load`` starts a model."""

    def __init__(
        self,
        load: Callable[[ResolvedModel], Awaitable[Desk]],
        resolve: Callable[[], Lineup],
        stamp: Callable[[], object],
    ) -> None:
        self._load = load
        self._resolve = resolve
        self._stamp = stamp
        self._seen = stamp()
        self._loaded: dict[ResolvedModel, Desk] = {}
        self._log = structlog.get_logger()

    async def start(self) -> Serving:
        """The models of the catalog, loaded; a candidate that cannot be is left out. Raises ``ModelError``."""
        lineup = self._resolve()
        try:
            return Serving(await self._desks_of(lineup))
        except ModelError as error:
            if lineup.candidate is None:
                raise
            self._log.error("the candidate cannot serve; the other model writes for all sessions", detail=str(error))
            return Serving(await self._desks_of(Lineup(lineup.current)))

    async def follow(self, serving: Serving) -> None:
        """Keeps ``serving`` as the catalog says, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if (stamp := self._stamp()) != self._seen:
                self._seen = stamp
                await self._change(serving)

    async def _change(self, serving: Serving) -> None:
        try:
            desks = await self._desks_of(await asyncio.to_thread(self._resolve))
        except ModelError as error:
            self._log.error("the chosen model cannot serve; the models before it go on", detail=str(error))
            return
        except Exception as error:
            self._log.error("the catalog cannot be followed", error=type(error).__name__)
            return
        if desks == serving.desks:
            return
        serving.change(desks)
        self._log.info(
            "other models serve",
            model=desks.current.engine.info.name,
            candidate=desks.candidate.engine.info.name if desks.candidate else None,
        )

    async def _desks_of(self, lineup: Lineup) -> Desks:
        """Loads what is not loaded yet, and forgets what the lineup has no use for. Raises ``ModelError``."""
        wanted = [lineup.current] if lineup.candidate is None else [lineup.current, lineup.candidate]
        fresh: dict[ResolvedModel, Desk] = {}
        try:
            for model in wanted:
                if model not in self._loaded and model not in fresh:
                    fresh[model] = await self._load(model)
        except ModelError:
            for desk in fresh.values():
                await desk.engine.stop()
            raise
        known = self._loaded | fresh
        self._loaded = {model: known[model] for model in wanted}
        candidate = known[lineup.candidate] if lineup.candidate is not None else None
        return Desks(known[lineup.current], candidate, lineup.trial)
