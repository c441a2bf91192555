"""Waiting for conditions: with a deadline, and without fixed sleeps."""

import asyncio
import time

DEADLINE = 120.0
"""The seconds that an expected event may take: on a machine under load, starting a Python process alone takes half a minute."""

INTERVAL = 0.02
"""The interval at which a condition is checked that nothing signals."""


async def eventually(condition, deadline=DEADLINE):
    """Waits until the async function `condition` returns something true, and returns that. An `OSError` counts as false."""
    async with asyncio.timeout(deadline):
        while True:
            try:
                if result := await condition():
                    return result
            except OSError:
                pass
            await asyncio.sleep(INTERVAL)


def wait_until(condition, what, deadline=DEADLINE):
    """Waits until the function `condition` returns something true, and returns that."""
    end = time.monotonic() + deadline
    while not (result := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what} took longer than {deadline} s")
        time.sleep(INTERVAL)
    return result
