import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * The steps of the matrix with the official Java client: java Driver URL TRANSPORT
 *
 * <p>The steps and their output are described in ../README.md.
 */
public final class Driver {
    private static final String TEXT = "größe 👩‍🚀";
    private static final Map<String, String> AUTH = Collections.singletonMap("token", TEXT);
    private static final byte[] BYTES = new byte[300];

    // Version 1 has no `auth`, and another name for the event of a refusal.
    private static final boolean HAS_AUTH =
            Arrays.stream(IO.Options.class.getFields()).anyMatch(field -> field.getName().equals("auth"));

    static {
        for (int i = 0; i < BYTES.length; i++) {
            BYTES[i] = (byte) i;
        }
    }

    private final URI url;
    private final String transport;

    private Driver(String url, String transport) {
        this.url = URI.create(url);
        this.transport = transport;
    }

    public static void main(String[] arguments) throws Exception {
        new Driver(arguments[0], arguments[1]).run();
        System.exit(0);
    }

    private void run() throws Exception {
        Socket socket = IO.socket(url, options());
        Socket chat = socket.io().socket("/chat", options());
        CompletableFuture<Object[]> hello = event(socket, "hello");
        CompletableFuture<Object[]> helloChat = event(chat, "hello");
        socket.connect();
        chat.connect();
        report("connect", hello.get());
        report("namespace", helloChat.get());

        CompletableFuture<Object[]> echoed = event(chat, "echoed");
        chat.emit("echo", TEXT, 1, new JSONObject().put("a", new JSONArray().put(true).put(JSONObject.NULL)));
        report("event", echoed.get());
        report("ack", ask(socket, "answer", TEXT, new JSONArray().put(2)));

        CompletableFuture<Object[]> asked = event(socket, "asked");
        socket.on("question", received -> {
            report("question", Arrays.copyOf(received, received.length - 1));
            ((Ack) received[received.length - 1]).call("because", answer());
        });
        socket.emit("ask", "why");
        report("asked", asked.get());

        echoed = event(socket, "echoed");
        socket.emit("echo", TEXT, BYTES, new JSONObject().put("deep", new JSONArray().put(Arrays.copyOf(BYTES, 3))));
        report("binary", echoed.get());
        report("binary ack", ask(socket, "answer", (Object) BYTES));

        Object current = ask(socket, "transport")[0];
        while (transport.equals("default") && current.equals("polling")) {
            current = ask(socket, "transport")[0];
        }
        report("transport", current);

        Socket refused = IO.socket(url.resolve("/refused"), options());
        CompletableFuture<Object[]> refusal = event(refused, HAS_AUTH ? Socket.EVENT_CONNECT_ERROR : "error");
        refused.connect();
        report("refused", refusal.get()[0]);
        refused.close();

        CompletableFuture<Object[]> left = event(chat, Socket.EVENT_DISCONNECT);
        chat.emit("leave");
        report("server disconnect", left.get()[0]);

        // It reconnects after other ends, but not after this one.
        Socket closed = IO.socket(url, options());
        AtomicInteger connects = new AtomicInteger();
        closed.on(Socket.EVENT_CONNECT, received -> connects.incrementAndGet());
        CompletableFuture<Object[]> open = event(closed, "hello");
        closed.connect();
        open.get();
        CompletableFuture<Object[]> end = event(closed, Socket.EVENT_DISCONNECT);
        closed.emit("close");
        report("server close", end.get()[0]);

        socket.on(Socket.EVENT_DISCONNECT, received -> report("lost", received[0]));
        socket.on("hello", received -> socket.emit("answer", 1, (Ack) answer -> report("back", received)));
        report("ready", null);
        while (System.in.read() != -1) {}
        report("end", new JSONObject(Collections.singletonMap("connects", connects.get())));
    }

    private static JSONObject answer() {
        return new JSONObject(Collections.singletonMap(TEXT, new JSONArray().put(1)));
    }

    private IO.Options options() throws ReflectiveOperationException {
        IO.Options options = new IO.Options();
        options.forceNew = true;
        if (HAS_AUTH) {
            IO.Options.class.getField("auth").set(options, AUTH);
        }
        if (!transport.equals("default")) {
            options.transports = new String[] {transport};
        }
        return options;
    }

    private static CompletableFuture<Object[]> event(Socket socket, String name) {
        CompletableFuture<Object[]> future = new CompletableFuture<>();
        socket.once(name, future::complete);
        return future;
    }

    private static Object[] ask(Socket socket, String name, Object... arguments) throws Exception {
        CompletableFuture<Object[]> future = new CompletableFuture<>();
        socket.emit(name, arguments, (Ack) future::complete);
        return future.get();
    }

    private static synchronized void report(String step, Object value) {
        try {
            JSONObject line = new JSONObject().put("step", step).put("value", readable(value));
            System.out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            System.out.flush();
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }

    /** The value with its binary parts as text. */
    private static Object readable(Object value) throws Exception {
        if (value == null) {
            return JSONObject.NULL;
        }
        if (value instanceof byte[]) {
            StringBuilder hex = new StringBuilder();
            for (byte one : (byte[]) value) {
                hex.append(String.format("%02x", one));
            }
            return new JSONObject().put("hex", hex.toString());
        }
        if (value instanceof Object[]) {
            JSONArray array = new JSONArray();
            for (Object inner : (Object[]) value) {
                array.put(readable(inner));
            }
            return array;
        }
        if (value instanceof JSONArray) {
            JSONArray array = new JSONArray();
            for (int i = 0; i < ((JSONArray) value).length(); i++) {
                array.put(readable(((JSONArray) value).get(i)));
            }
            return array;
        }
        if (value instanceof JSONObject) {
            JSONObject object = new JSONObject();
            for (String key : JSONObject.getNames((JSONObject) value)) {
                object.put(key, readable(((JSONObject) value).get(key)));
            }
            return object;
        }
        return value;
    }
}
