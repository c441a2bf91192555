"""A node of Flask-SocketIO in threads, over Redis, Kombu or Kafka."""

import threading

import flask
import flask_socketio
import socketio
from flask_socketio import SocketIO
from werkzeug.serving import WSGIRequestHandler, make_server

import common

options = common.arguments()


class LockingKombuManager(socketio.KombuManager):
    """Publishes under a lock: connections of Kombu are not thread-safe, and each event has a thread."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._lock = threading.Lock()

    def _publish(self, data):
        with self._lock:
            super()._publish(data)


def manager(url, **more):
    """The manager that Flask-SocketIO chooses for a URL, but for some URLs of Redis, for which it chooses the wrong one."""
    scheme = url.split(":")[0].split("+")[0]
    kinds = {"redis": socketio.RedisManager, "unix": socketio.RedisManager, "kafka": socketio.KafkaManager}
    return kinds.get(scheme, LockingKombuManager)(url, channel=options.channel, **more)


def write(io):
    for command in common.commands():
        namespace = command.get("namespace", "/")
        match command["op"]:
            case "emit":
                io.emit(
                    command["event"],
                    common.data(command),
                    to=command.get("room"),
                    skip_sid=command.get("skip"),
                    namespace=namespace,
                )
            case "close":
                io.close_room(command["room"], namespace=namespace)
            case "kick":
                io.server.disconnect(command["sid"], namespace=namespace)
            case "enter":
                io.server.enter_room(command["sid"], command["room"], namespace=namespace)
            case "remove":
                io.server.leave_room(command["sid"], command["room"], namespace=namespace)
        common.say("ok")


def handlers(io, namespace):
    def on(handler):
        io.on(handler.__name__, namespace=namespace)(handler)

    @on
    def whoami():
        return {"sid": flask.request.sid, "node": "python"}

    @on
    def join(room):
        flask_socketio.join_room(room)

    @on
    def leave(room):
        flask_socketio.leave_room(room)

    @on
    def rooms():
        return flask_socketio.rooms()

    @on
    def relay(o):
        flask_socketio.emit(
            o["event"],
            common.data(o),
            to=o.get("room"),
            broadcast="room" not in o,
            skip_sid=o.get("skip"),
            include_self=o.get("include_self", True),
            namespace=o.get("namespace", namespace),
            ignore_queue=o.get("ignore_queue", False),
        )

    @on
    def call(o):
        try:
            value = flask_socketio.call(o["event"], common.data(o), to=o["to"], timeout=o.get("timeout", 3))
        except socketio.exceptions.TimeoutError:
            return {"error": "timeout"}
        return {"response": common.response(value)}

    @on
    def emit_with_callback(o):
        caller = flask.request.sid

        def respond(*response):
            io.emit("response", response, to=caller, namespace=namespace)

        flask_socketio.emit(o["event"], common.data(o), to=o["room"], callback=respond)

    @on
    def enter(sid, room):
        io.server.enter_room(sid, room, namespace=namespace)

    @on
    def remove(sid, room):
        io.server.leave_room(sid, room, namespace=namespace)

    @on
    def close(room):
        io.close_room(room, namespace=namespace)

    @on
    def kick(sid):
        io.server.disconnect(sid, namespace=namespace)


def serve():
    app = flask.Flask(__name__)
    clients = manager(options.queue)
    io = SocketIO(app, client_manager=clients, async_mode="threading")
    for namespace in common.NAMESPACES:
        handlers(io, namespace)
    threading.Thread(target=subscribe, args=(io.server, clients), daemon=True).start()
    make_server("127.0.0.1", options.port, app, threaded=True, request_handler=Handler).serve_forever()


class Handler(WSGIRequestHandler):
    # Otherwise an acknowledgement that follows an event waits for the TCP acknowledgement of that, which is delayed.
    disable_nagle_algorithm = True


def subscribe(server, clients):
    """Subscribes, which a server otherwise does for its first client, and waits until the subscription receives."""
    readiness = common.Readiness(clients)
    server.manager_initialized = True
    clients.initialize()
    probe = None
    while not readiness.received.wait(0.1):
        probe = probe or manager(options.queue, write_only=True)
        message = {"method": "ready"}
        if isinstance(probe, socketio.KafkaManager):
            # Its own `_publish` fails: the library takes bytes only.
            probe.producer.send(options.channel, value=probe.json.dumps(message).encode())
        else:
            probe._publish(message)
    common.say("READY")


if options.write_only:
    write(SocketIO(client_manager=manager(options.queue, write_only=True), message_queue=options.queue))
else:
    serve()
