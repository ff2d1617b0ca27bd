package com.acme.audit;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;

/**
 * Keeps a trail of the broker's metrics in memory, for auditors who ask what the broker was doing a moment ago. Configured in
 * {@code server.properties}, both keys dynamic: {@code audit.interval.ms} between two readings, {@code audit.retention.ms} for how
 * long a reading is kept.
 */
public final class MetricsAudit implements MetricsReporter {
    private static final String INTERVAL = "audit.interval.ms";
    private static final String RETENTION = "audit.retention.ms";

    private final Map<MetricName, KafkaMetric> metrics = new ConcurrentHashMap<>();
    private final ArrayDeque<TrailEntry> trail = new ArrayDeque<>();
    private volatile long interval = 1000;
    private volatile long retention = 5000;
    private volatile boolean closed;

    /** What one metric showed at one moment. */
    record TrailEntry(long at, String reading) {}

    @Override
    public void configure(Map<String, ?> configs) {
        interval = millis(configs, INTERVAL, interval);
        retention = millis(configs, RETENTION, retention);
    }

    @Override
    public void init(List<KafkaMetric> registered) {
        registered.forEach(this::metricChange);
        Thread thread = new Thread(this::run, "metrics-audit");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void metricChange(KafkaMetric metric) {
        metrics.put(metric.metricName(), metric);
    }

    @Override
    public void metricRemoval(KafkaMetric metric) {
        metrics.remove(metric.metricName());
    }

    @Override
    public Set<String> reconfigurableConfigs() {
        return Set.of(INTERVAL, RETENTION);
    }

    @Override
    public void validateReconfiguration(Map<String, ?> configs) {
        millis(configs, INTERVAL, interval);
        millis(configs, RETENTION, retention);
    }

    @Override
    public void reconfigure(Map<String, ?> configs) {
        configure(configs);
    }

    @Override
    public void close() {
        closed = true;
    }

    private void run() {
        while (!closed) {
            long now = System.currentTimeMillis();
            read(now);
            while (!trail.isEmpty() && trail.peekFirst().at() < now - retention) {
                trail.removeFirst();
            }
            try {
                Thread.sleep(interval);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void read(long now) {
        for (Map.Entry<MetricName, KafkaMetric> entry : metrics.entrySet()) {
            MetricName name = entry.getKey();
            Object value;
            try {
                value = entry.getValue().metricValue();
            } catch (RuntimeException e) {
                value = e; // a metric that cannot be read now is noted as such
            }
            trail.addLast(new TrailEntry(now, name.group() + ' ' + name.name() + ' ' + name.tags() + ' ' + value));
        }
    }

    private static long millis(Map<String, ?> configs, String key, long otherwise) {
        Object value = configs.get(key);
        if (value == null) {
            return otherwise;
        }
        try {
            long millis = Long.parseLong(value.toString().trim());
            if (millis > 0) {
                return millis;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new ConfigException(key, value, "a positive number of milliseconds");
    }
}
