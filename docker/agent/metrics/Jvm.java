package metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The JVM and its process, named as the Prometheus client for Java names them. */
final class Jvm {
    private record Area(String name, MemoryUsage usage) {}

    private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    private final List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans();
    private final List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
    private final List<BufferPoolMXBean> buffers = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class);
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final UnixOperatingSystemMXBean process = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final double started = ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3;

    void write(StringBuilder out) {
        List<Area> areas = List.of(new Area("heap", memory.getHeapMemoryUsage()), new Area("nonheap", memory.getNonHeapMemoryUsage()));
        each(out, "jvm_memory_used_bytes", "gauge", "area", areas, Area::name, a -> a.usage.getUsed());
        each(out, "jvm_memory_committed_bytes", "gauge", "area", areas, Area::name, a -> a.usage.getCommitted());
        each(out, "jvm_memory_max_bytes", "gauge", "area", areas, Area::name, a -> a.usage.getMax());
        each(out, "jvm_memory_pool_used_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, p -> p.getUsage().getUsed());
        each(out, "jvm_memory_pool_max_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, p -> p.getUsage().getMax());
        each(out, "jvm_memory_pool_collection_used_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, Jvm::afterCollection);
        each(out, "jvm_gc_collection_seconds_count", "counter", "gc", collectors, GarbageCollectorMXBean::getName, GarbageCollectorMXBean::getCollectionCount);
        each(out, "jvm_gc_collection_seconds_sum", "counter", "gc", collectors, GarbageCollectorMXBean::getName, c -> c.getCollectionTime() / 1e3);
        each(out, "jvm_buffer_pool_used_bytes", "gauge", "pool", buffers, BufferPoolMXBean::getName, BufferPoolMXBean::getMemoryUsed);
        one(out, "jvm_threads_current", "gauge", threads.getThreadCount());
        one(out, "process_cpu_seconds_total", "counter", process.getProcessCpuTime() / 1e9);
        one(out, "process_open_fds", "gauge", process.getOpenFileDescriptorCount());
        one(out, "process_max_fds", "gauge", process.getMaxFileDescriptorCount());
        one(out, "process_start_time_seconds", "gauge", started);
    }

    private static double afterCollection(MemoryPoolMXBean pool) {
        MemoryUsage usage = pool.getCollectionUsage(); // null where nothing is collected
        return usage == null ? Double.NaN : usage.getUsed();
    }

    private static void one(StringBuilder out, String name, String type, double value) {
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        Text.sample(out, name + ' ', value);
    }

    private static <T> void each(
            StringBuilder out, String name, String type, String label, List<T> things, java.util.function.Function<T, String> called, ToDoubleFunction<T> figure) {
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        for (T thing : things) {
            double value = figure.applyAsDouble(thing);
            if (Double.isNaN(value)) continue;
            StringBuilder labels = new StringBuilder();
            Text.label(labels, label, called.apply(thing));
            Text.sample(out, name + '{' + labels + "} ", value);
        }
    }
}
