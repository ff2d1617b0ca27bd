package metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import javax.management.JMException;

/**
 * Serves the figures of the JVM it is loaded into, and of the Kafka in it, at {@code /metrics}:
 * {@code -javaagent:metrics-agent.jar=PORT}. It never prints, never fails its JVM and never keeps it alive.
 */
public final class Agent {
    // Made when somebody first asks: while Kafka starts, thousands of beans come and nobody looks.
    private Jvm jvm;
    private Beans beans;
    private int length = 1 << 16;

    /** Called by the JVM before Kafka's own main. Returns at once: Kafka does not wait for its metrics. */
    public static void premain(String port) {
        Thread thread = new Thread(() -> serve(port), "metrics-agent");
        thread.setDaemon(true); // and so are the threads it starts
        thread.start();
    }

    private static void serve(String port) {
        try {
            HttpServer http = HttpServer.create(new InetSocketAddress(Integer.parseInt(port)), 0);
            http.createContext("/metrics", new Agent()::answer);
            http.start();
        } catch (IOException | RuntimeException | LinkageError e) {
            // Without metrics Kafka still runs; whoever reads them sees that nobody answers.
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] text = text();
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
            if (accepted != null && accepted.contains("gzip")) {
                exchange.getResponseHeaders().set("Content-Encoding", "gzip");
                exchange.sendResponseHeaders(200, 0);
                try (OutputStream body = new GZIPOutputStream(exchange.getResponseBody())) {
                    body.write(text);
                }
            } else {
                exchange.sendResponseHeaders(200, text.length);
                exchange.getResponseBody().write(text);
            }
        }
    }

    /** Called by the server's one thread. */
    private byte[] text() throws IOException {
        if (beans == null) {
            try {
                jvm = new Jvm();
                beans = new Beans(ManagementFactory.getPlatformMBeanServer());
            } catch (JMException e) {
                throw new IOException(e);
            }
        }
        StringBuilder out = new StringBuilder(length);
        jvm.write(out);
        beans.write(out);
        length = out.length() + 4096;
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }
}
