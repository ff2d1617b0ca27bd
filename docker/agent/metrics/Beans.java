package metrics;

import static metrics.Family.Reading.NONZERO;
import static metrics.Family.Reading.SUM;
import static metrics.Family.Reading.VALUE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MBeanServerDelegate;
import javax.management.MBeanServerNotification;
import javax.management.ObjectName;

/**
 * Kafka's beans that are read, and their names as metrics. The bean server tells of every bean that comes or goes, so a read asks for
 * values only and never searches.
 */
final class Beans {
    /*
     * Each line: how to read, domain, type, then names of beans or, for beans without a name, of attributes.
     *   gauge    Value of the bean, or the attribute
     *   named    Value of a bean whose name begins with a small letter, as attributes' do
     *   counter  the same, where it only grows
     *   meter    Count of a bean called ...PerSec
     *   nonzero  a meter with a bean for each thing that may happen: left out until it has
     *   timer    a histogram: Count, sum, and its 99th percentile
     *   sums     a histogram: Count and sum
     *   idle     the meter of idle nanoseconds: MeanRate as a share since the start, Count
     */
    private static final String TABLE = """
            gauge   kafka.server ReplicaManager UnderReplicatedPartitions UnderMinIsrPartitionCount AtMinIsrPartitionCount LeaderCount
            gauge   kafka.server ReplicaManager PartitionCount OfflineReplicaCount ReassigningPartitions ProducerIdCount
            gauge   kafka.server ReplicaManager PartitionsWithLateTransactionsCount
            meter   kafka.server ReplicaManager IsrShrinksPerSec IsrExpandsPerSec FailedIsrUpdatesPerSec
            gauge   kafka.server ReplicaFetcherManager MaxLag FailedPartitionsCount DeadThreadCount
            gauge   kafka.server KafkaServer BrokerState
            idle    kafka.server KafkaRequestHandlerPool RequestHandlerAvgIdlePercent
            gauge   kafka.network SocketServer NetworkProcessorAvgIdlePercent MemoryPoolAvailable MemoryPoolUsed
            gauge   kafka.network RequestChannel RequestQueueSize ResponseQueueSize
            timer   kafka.network RequestMetrics TotalTimeMs
            sums    kafka.network RequestMetrics RequestQueueTimeMs LocalTimeMs RemoteTimeMs ThrottleTimeMs ResponseQueueTimeMs
            sums    kafka.network RequestMetrics ResponseSendTimeMs
            nonzero kafka.network RequestMetrics RequestsPerSec ErrorsPerSec
            meter   kafka.server BrokerTopicMetrics BytesInPerSec BytesOutPerSec MessagesInPerSec ReplicationBytesInPerSec
            meter   kafka.server BrokerTopicMetrics ReplicationBytesOutPerSec ReassignmentBytesInPerSec BytesRejectedPerSec
            meter   kafka.server BrokerTopicMetrics FailedProduceRequestsPerSec FailedFetchRequestsPerSec
            meter   kafka.server BrokerTopicMetrics TotalProduceRequestsPerSec TotalFetchRequestsPerSec
            meter   kafka.server BrokerTopicMetrics ProduceMessageConversionsPerSec FetchMessageConversionsPerSec
            gauge   kafka.server DelayedOperationPurgatory PurgatorySize
            gauge   kafka.server FollowerReplication byte-rate
            gauge   kafka.server LeaderReplication byte-rate
            gauge   kafka.server Produce byte-rate throttle-time
            gauge   kafka.server Fetch byte-rate throttle-time
            gauge   kafka.server Request throttle-time
            gauge   kafka.server socket-server-metrics connection-count
            counter kafka.server socket-server-metrics connection-creation-total failed-authentication-total
            gauge   kafka.server raft-metrics current-leader current-epoch high-watermark log-end-offset commit-latency-avg
            gauge   kafka.server broker-metadata-metrics last-applied-record-lag-ms metadata-load-error-count
            counter kafka.server group-coordinator-metrics group-completed-rebalance-count consumer-group-rebalance-count
            counter kafka.server group-coordinator-metrics offset-commit-count offset-deletion-count offset-expiration-count
            gauge   kafka.log Log LogEndOffset LogStartOffset Size
            timer   kafka.log LogFlushStats LogFlushRateAndTimeMs
            gauge   kafka.log LogManager OfflineLogDirectoryCount
            gauge   kafka.log LogCleaner DeadThreadCount
            named   kafka.log LogCleanerManager uncleanable-partitions-count uncleanable-bytes
            gauge   kafka.cluster Partition LastStableOffsetLag InSyncReplicasCount UnderReplicated UnderMinIsr AtMinIsr
            gauge   kafka.controller KafkaController ActiveControllerCount FencedBrokerCount ActiveBrokerCount GlobalTopicCount
            gauge   kafka.controller KafkaController GlobalPartitionCount OfflinePartitionsCount PreferredReplicaImbalanceCount
            gauge   kafka.controller KafkaController TimeSinceLastHeartbeatReceivedMs BrokerRegistrationState
            counter kafka.controller KafkaController NewActiveControllersCount
            meter   kafka.controller ControllerStats UncleanLeaderElectionsPerSec ElectionFromEligibleLeaderReplicasPerSec
            """;

    /** Types that are one metric, told apart by a label. */
    private static final Set<String> QUOTA_TYPES = Set.of("Produce", "Fetch", "Request");
    /** Beans with one of these are parts, and their whole is read: a network thread's responses, a replica that moves to another disk. */
    private static final Set<String> EXTRA_KEYS = Set.of("processor", "is-future");
    /** The requests whose times are read; all are counted. */
    private static final Set<String> TIMED_REQUESTS = Set.of("Produce", "FetchConsumer", "FetchFollower");

    private final MBeanServer server;
    private final List<Family> families = new ArrayList<>();
    /** By {@code domain:type} for beans without a name, by {@code domain:type:name} for the others. */
    private final Map<String, List<Family>> byKind = new HashMap<>();

    Beans(MBeanServer server) throws JMException {
        this.server = server;
        TABLE.lines().forEach(this::define);
        server.addNotificationListener(MBeanServerDelegate.DELEGATE_NAME, (notification, unused) -> {
            if (notification instanceof MBeanServerNotification changed) {
                boolean come = MBeanServerNotification.REGISTRATION_NOTIFICATION.equals(changed.getType());
                change(changed.getMBeanName(), come);
            }
        }, null, null);
        for (ObjectName bean : server.queryNames(new ObjectName("kafka.*:*"), null)) change(bean, true);
    }

    void write(StringBuilder out) {
        for (Family family : families) family.write(out, server);
    }

    private void define(String line) {
        String[] words = line.split(" +");
        for (int i = 3; i < words.length; i++) {
            String how = words[0], domain = words[1], type = words[2], name = words[i];
            boolean named = how.equals("named") || Character.isUpperCase(name.charAt(0));
            String kind = domain + ':' + type + (named ? ':' + name : "");
            String metric = snake(domain) + '_' + (QUOTA_TYPES.contains(type) ? "quota" : snake(type)) + '_' + snake(name);
            switch (how) {
                case "gauge", "counter" -> family(kind, metric, how, named ? "Value" : name, VALUE);
                case "named" -> family(kind, metric, "gauge", "Value", VALUE);
                case "meter" -> family(kind, metric, "counter", "Count", VALUE);
                case "nonzero" -> family(kind, metric, "counter", "Count", NONZERO);
                case "idle" -> {
                    family(kind, metric, "gauge", "MeanRate", VALUE);
                    family(kind, metric.replaceFirst("_percent$", "_total"), "counter", "Count", VALUE);
                }
                default -> {
                    if (how.equals("timer")) family(kind, metric, "gauge", "99thPercentile", VALUE);
                    family(kind, metric + "_count", "counter", "Count", VALUE);
                    family(kind, metric + "_sum_ms", "counter", "Mean", SUM);
                }
            }
        }
    }

    private void family(String kind, String metric, String type, String attribute, Family.Reading reading) {
        Family family = families.stream().filter(f -> f.name.equals(metric)).findFirst().orElse(null);
        if (family == null) {
            family = new Family(metric, type, attribute, reading);
            families.add(family);
        }
        byKind.computeIfAbsent(kind, k -> new ArrayList<>()).add(family);
    }

    /** As the JMX exporter's rules for Kafka name things. */
    private static String snake(String name) {
        return name.replaceFirst("PerSec$", "_total").replaceFirst("(?<!_)Percent$", "_percent").replaceAll("[.-]", "_").toLowerCase(Locale.ROOT);
    }

    private void change(ObjectName bean, boolean come) {
        String type = bean.getKeyProperty("type");
        String name = bean.getKeyProperty("name");
        List<Family> concerned = byKind.get(bean.getDomain() + ':' + type + (name == null ? "" : ':' + name));
        if (concerned == null || EXTRA_KEYS.stream().anyMatch(key -> bean.getKeyProperty(key) != null)) return;
        if (!come) {
            concerned.forEach(family -> family.remove(bean));
            return;
        }
        if (name != null && name.endsWith("TimeMs") && type.equals("RequestMetrics") && !TIMED_REQUESTS.contains(bean.getKeyProperty("request"))) return;
        StringBuilder labels = new StringBuilder();
        if (QUOTA_TYPES.contains(type)) {
            if (bean.getKeyProperty("user") == null && bean.getKeyProperty("client-id") == null) return;
            Text.label(labels, "resource", type);
        }
        for (Map.Entry<String, String> key : new TreeMap<>(bean.getKeyPropertyList()).entrySet()) {
            if (key.getKey().equals("type") || key.getKey().equals("name")) continue;
            String value = key.getValue().startsWith("\"") ? ObjectName.unquote(key.getValue()) : key.getValue();
            Text.label(labels, key.getKey().equals("client-id") ? "clientId" : key.getKey(), value);
        }
        for (Family family : concerned) {
            String all = labels.toString();
            if (family.attribute.equals("99thPercentile")) all += (all.isEmpty() ? "" : ",") + "quantile=\"0.99\"";
            family.add(bean, all.isEmpty() ? "" : '{' + all + '}');
        }
    }
}
