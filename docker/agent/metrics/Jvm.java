package metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** The JVM and its process, named as the Prometheus client for Java names them. */
final class Jvm {
    private record Area(String name, MemoryUsage usage) {}

    private static final List<Thread.State> STATES = List.of(Thread.State.values());
    /** Sizes of this process in pages: all of its addresses, and what of them is in memory. */
    private static final Path SIZES = Path.of("/proc/self/statm");
    /** That of every machine these images are built for. */
    private static final int PAGE_BYTES = 4096;

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
        each(out, "jvm_memory_pool_committed_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, p -> p.getUsage().getCommitted());
        each(out, "jvm_memory_pool_max_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, p -> p.getUsage().getMax());
        each(out, "jvm_memory_pool_collection_used_bytes", "gauge", "pool", pools, MemoryPoolMXBean::getName, Jvm::afterCollection);
        each(out, "jvm_gc_collection_seconds_count", "counter", "gc", collectors, GarbageCollectorMXBean::getName, GarbageCollectorMXBean::getCollectionCount);
        each(out, "jvm_gc_collection_seconds_sum", "counter", "gc", collectors, GarbageCollectorMXBean::getName, c -> c.getCollectionTime() / 1e3);
        each(out, "jvm_buffer_pool_used_bytes", "gauge", "pool", buffers, BufferPoolMXBean::getName, BufferPoolMXBean::getMemoryUsed);
        each(out, "jvm_buffer_pool_capacity_bytes", "gauge", "pool", buffers, BufferPoolMXBean::getName, BufferPoolMXBean::getTotalCapacity);
        each(out, "jvm_buffer_pool_used_buffers", "gauge", "pool", buffers, BufferPoolMXBean::getName, BufferPoolMXBean::getCount);
        one(out, "jvm_threads_current", "gauge", threads.getThreadCount());
        one(out, "jvm_threads_daemon", "gauge", threads.getDaemonThreadCount());
        one(out, "jvm_threads_peak", "gauge", threads.getPeakThreadCount());
        int[] inState = threadsByState();
        each(out, "jvm_threads_state", "gauge", "state", STATES, Thread.State::name, state -> inState[state.ordinal()]);
        one(out, "process_cpu_seconds_total", "counter", process.getProcessCpuTime() / 1e9);
        one(out, "process_open_fds", "gauge", process.getOpenFileDescriptorCount());
        one(out, "process_max_fds", "gauge", process.getMaxFileDescriptorCount());
        one(out, "process_start_time_seconds", "gauge", started);
        writeSizes(out);
    }

    /** Without stack traces this stops no thread. */
    private int[] threadsByState() {
        int[] count = new int[STATES.size()];
        ThreadInfo[] infos = threads.getThreadInfo(threads.getAllThreadIds());
        // One that has ended in between is null.
        Arrays.stream(infos).filter(info -> info != null).forEach(info -> count[info.getThreadState().ordinal()]++);
        return count;
    }

    private static void writeSizes(StringBuilder out) {
        try {
            String[] pages = Files.readString(SIZES).split(" ");
            one(out, "process_virtual_memory_bytes", "gauge", Double.parseDouble(pages[0]) * PAGE_BYTES);
            one(out, "process_resident_memory_bytes", "gauge", Double.parseDouble(pages[1]) * PAGE_BYTES);
        } catch (IOException e) {
            // They are missing in this scrape.
        }
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
