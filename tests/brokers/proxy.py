"""A TCP proxy to a broker, which can be cut while the broker keeps running."""

import socket
import threading


class Proxy:
    def __init__(self, port: int, target: int):
        self.port = port
        self._target = target
        self._is_up = True
        self._ends = set()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Closes all connections, and every new one until `restore`."""
        with self._lock:
            self._is_up = False
            for end in self._ends:
                _end(end)

    def restore(self):
        with self._lock:
            self._is_up = True

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
                    far = socket.create_connection(("127.0.0.1", self._target)) if self._is_up else None
                except OSError:
                    far = None
                if far is None:
                    near.close()
                    continue
                self._ends |= {near, far}
            for ends in [(near, far), (far, near)]:
                threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source, sink):
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
        pass  # it is closed already
