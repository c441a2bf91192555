"""A proxy between dlt and the server that notes which pages dlt asks for."""

import contextlib
import http.client
import http.server
import threading
import urllib.parse


class Pages(http.server.BaseHTTPRequestHandler):
    server_address = None
    seen = []

    def do_GET(self):
        connection = http.client.HTTPConnection(self.server_address, timeout=20)
        # With the host that the client has used, since the URL of the next page is made of it.
        connection.request("GET", self.path, headers=dict(self.headers))
        response = connection.getresponse()
        body = response.read()
        self.seen.append(self.path)
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def noted(url):
    """Yields the URL of the proxy and the list of the paths that it was asked for."""
    handler = type("Handler", (Pages,), {"server_address": urllib.parse.urlsplit(url).netloc, "seen": []})
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield "http://127.0.0.1:%d" % proxy.server_port, handler.seen
    finally:
        proxy.shutdown()
        proxy.server_close()
