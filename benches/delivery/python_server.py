"""The same server with python-socketio: python python_server.py PORT"""

import asyncio
import sys

from aiohttp import web
import socketio

io = socketio.AsyncServer(async_mode="aiohttp")
app = web.Application()
io.attach(app)


@io.event
async def start(sid, options):
    async def emit():
        for number in range(1, options["count"] + 1):
            await io.emit("message", number)
            await asyncio.sleep(options["interval"] / 1000)

    io.start_background_task(emit)


async def main():
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
