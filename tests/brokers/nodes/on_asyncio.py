"""A node of python-socketio on asyncio, over Redis, aio_pika or NATS."""

import asyncio

import socketio
from aiohttp import web

import common
from nats_manager import NatsManager

options = common.arguments()


def manager(**more):
    scheme = options.queue.split(":")[0]
    kinds = {"amqp": socketio.AsyncAioPikaManager, "nats": NatsManager}
    return kinds.get(scheme, socketio.AsyncRedisManager)(options.queue, channel=options.channel, **more)


async def write(io):
    commands = common.commands()
    while command := await asyncio.to_thread(next, commands, None):
        namespace = command.get("namespace", "/")
        match command["op"]:
            case "emit":
                await io.emit(
                    command["event"],
                    common.data(command),
                    to=command.get("room"),
                    skip_sid=command.get("skip"),
                    namespace=namespace,
                )
            case "close":
                await io.close_room(command["room"], namespace=namespace)
            case "kick":
                await io.disconnect(command["sid"], namespace=namespace)
            case "enter":
                await io.enter_room(command["sid"], command["room"], namespace=namespace)
            case "remove":
                await io.leave_room(command["sid"], command["room"], namespace=namespace)
        common.say("ok")


def handlers(io, namespace):
    def on(handler):
        io.on(handler.__name__, handler, namespace=namespace)

    @on
    async def whoami(sid):
        return {"sid": sid, "node": "python"}

    @on
    async def join(sid, room):
        await io.enter_room(sid, room, namespace=namespace)

    @on
    async def leave(sid, room):
        await io.leave_room(sid, room, namespace=namespace)

    @on
    async def rooms(sid):
        return io.rooms(sid, namespace=namespace)

    @on
    async def relay(sid, o):
        skip = o.get("skip") or (None if o.get("include_self", True) else sid)
        await io.emit(
            o["event"],
            common.data(o),
            to=o.get("room"),
            skip_sid=skip,
            namespace=o.get("namespace", namespace),
            ignore_queue=o.get("ignore_queue", False),
        )

    @on
    async def call(sid, o):
        try:
            value = await io.call(
                o["event"], common.data(o), to=o["to"], timeout=o.get("timeout", 3), namespace=namespace
            )
        except socketio.exceptions.TimeoutError:
            return {"error": "timeout"}
        return {"response": common.response(value)}

    @on
    async def emit_with_callback(sid, o):
        async def respond(*response):
            await io.emit("response", response, to=sid, namespace=namespace)

        await io.emit(o["event"], common.data(o), to=o["room"], callback=respond, namespace=namespace)

    @on
    async def enter(sid, other, room):
        await io.enter_room(other, room, namespace=namespace)

    @on
    async def remove(sid, other, room):
        await io.leave_room(other, room, namespace=namespace)

    @on
    async def close(sid, room):
        await io.close_room(room, namespace=namespace)

    @on
    async def kick(sid, other):
        await io.disconnect(other, namespace=namespace)


async def serve():
    clients = manager()
    io = socketio.AsyncServer(async_mode="aiohttp", client_manager=clients)
    for namespace in common.NAMESPACES:
        handlers(io, namespace)
    app = web.Application()
    io.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    await subscribe(io, clients)
    await asyncio.Event().wait()


async def subscribe(io, clients):
    """Subscribes, which a server otherwise does for its first client, and waits until the subscription receives."""
    readiness = common.Readiness(clients)
    io.manager_initialized = True
    clients.initialize()
    probe = manager(write_only=True)
    while not readiness.received.is_set():
        try:
            await probe._publish({"method": "ready"})
        except OSError:
            pass  # there is no broker yet
        await asyncio.sleep(0.1)
    common.say("READY")


if options.write_only:
    asyncio.run(write(socketio.AsyncServer(async_mode="aiohttp", client_manager=manager(write_only=True))))
else:
    asyncio.run(serve())
