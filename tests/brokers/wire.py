"""A way to a broker that can be cut while the broker goes on."""

import socket
import threading


class Wire:
    def __init__(self, port: int, target: int):
        self.port = port
        self._target = target
        self._whole = True
        self._ends = set()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Ends all connections, and each that is opened from now on."""
        with self._lock:
            self._whole = False
            for end in self._ends:
                _end(end)

    def mend(self):
        with self._lock:
            self._whole = True

    def close(self):
        self.cut()
        _end(self._server)
        self._server.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                try:
                    far = socket.create_connection(("127.0.0.1", self._target)) if self._whole else None
                except OSError:
                    far = None
                if far is None:
                    near.close()
                    continue
                self._ends |= {near, far}
            for ends in [(near, far), (far, near)]:
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, sink):
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        except OSError:
            pass
        with self._lock:
            # The other direction closes them.
            if {source, sink} <= self._ends:
                self._ends -= {source, sink}
                _end(source)
                _end(sink)
            else:
                source.close()
                sink.close()


def _end(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended already
