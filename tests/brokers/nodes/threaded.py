"""A node of Flask-SocketIO, in threads: over Redis, Kombu or Kafka."""

import threading

import flask
import flask_socketio
import socketio
from flask_socketio import SocketIO
from werkzeug.serving import WSGIRequestHandler, make_server

import contract

options = contract.arguments()


class OrderlyKombuManager(socketio.KombuManager):
    """Kombu's connections are not for several threads at once, and each event has a thread."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._turn = threading.Lock()

    def _publish(self, data):
        with self._turn:
            super()._publish(data)


def manager(url, **more):
    """The manager that Flask-SocketIO takes for a URL; it takes the wrong one for some that are Redis's."""
    scheme = url.split(":")[0].split("+")[0]
    kinds = {"redis": socketio.RedisManager, "unix": socketio.RedisManager, "kafka": socketio.KafkaManager}
    return kinds.get(scheme, OrderlyKombuManager)(url, channel=options.channel, **more)


def write(io):
    for order in contract.orders():
        namespace = order.get("namespace", "/")
        match order["op"]:
            case "emit":
                io.emit(
                    order["event"],
                    contract.data(order),
                    to=order.get("room"),
                    skip_sid=order.get("skip"),
                    namespace=namespace,
                )
            case "close":
                io.close_room(order["room"], namespace=namespace)
            case "kick":
                io.server.disconnect(order["sid"], namespace=namespace)
            case "enter":
                io.server.enter_room(order["sid"], order["room"], namespace=namespace)
            case "remove":
                io.server.leave_room(order["sid"], order["room"], namespace=namespace)
        contract.say("ok")


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
            contract.data(o),
            to=o.get("room"),
            broadcast="room" not in o,
            skip_sid=o.get("skip"),
            include_self=o.get("include_self", True),
            namespace=o.get("namespace", namespace),
            ignore_queue=o.get("ignore_queue", False),
        )

    @on
    def ask(o):
        try:
            value = flask_socketio.call(o["event"], contract.data(o), to=o["to"], timeout=o.get("timeout", 3))
        except socketio.exceptions.TimeoutError:
            return {"error": "timeout"}
        return {"answer": contract.answer(value)}

    @on
    def ask_all(o):
        asker = flask.request.sid

        def answered(*answer):
            io.emit("answered", answer, to=asker, namespace=namespace)

        flask_socketio.emit(o["event"], contract.data(o), to=o["room"], callback=answered)

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
    for namespace in contract.NAMESPACES:
        handlers(io, namespace)
    threading.Thread(target=subscribe, args=(io.server, clients), daemon=True).start()
    make_server("127.0.0.1", options.port, app, threaded=True, request_handler=Handler).serve_forever()


class Handler(WSGIRequestHandler):
    # Else an acknowledgement that follows an event waits for the client's system to confirm that, which takes its time.
    disable_nagle_algorithm = True


def subscribe(server, clients):
    """What a server else does when its first client comes."""
    readiness = contract.Readiness(clients)
    server.manager_initialized = True
    clients.initialize()
    probe = None
    while not readiness.heard.wait(0.1):
        probe = probe or manager(options.queue, write_only=True)
        message = {"method": "ready"}
        if isinstance(probe, socketio.KafkaManager):
            # Its own `_publish` fails: the library wants bytes.
            probe.producer.send(options.channel, value=probe.json.dumps(message).encode())
        else:
            probe._publish(message)
    contract.say("READY")


if options.write_only:
    write(SocketIO(client_manager=manager(options.queue, write_only=True), message_queue=options.queue))
else:
    serve()
