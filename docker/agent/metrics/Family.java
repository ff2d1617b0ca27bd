package metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** One Prometheus metric and the beans that give its series. Beans come and go while the JVM runs. */
final class Family {
    /** What is read of each bean. */
    enum Reading {
        /** The attribute as it is. */
        VALUE,
        /** A counter that says nothing until it has counted something. */
        NONZERO,
        /** {@code Count} times {@code Mean}: the exact sum of all that a histogram was given. */
        SUM
    }

    private static final String[] COUNT_AND_MEAN = {"Count", "Mean"};

    final String name;
    final String attribute;
    private final String header;
    private final Reading reading;
    private final Map<ObjectName, Series> series = new ConcurrentSkipListMap<>();

    Family(String name, String type, String attribute, Reading reading) {
        this.name = name;
        this.attribute = attribute;
        this.header = "# TYPE " + name + ' ' + type + '\n';
        this.reading = reading;
    }

    /** {@code labels} is their Prometheus text with braces, or empty. */
    void add(ObjectName bean, String labels) {
        series.put(bean, new Series(bean, name + labels + ' '));
    }

    void remove(ObjectName bean) {
        series.remove(bean);
    }

    void write(StringBuilder out, MBeanServer server) {
        boolean first = true;
        for (Series one : series.values()) {
            double value = one.read(server);
            if (Double.isFinite(value)) {
                if (first) out.append(header);
                first = false;
                Text.sample(out, one.start, value);
            }
        }
    }

    private final class Series {
        private final ObjectName bean;
        private final String start;
        private boolean absent;
        private double floor;

        Series(ObjectName bean, String start) {
            this.bean = bean;
            this.start = start;
        }

        /** NaN when there is nothing to tell: no such attribute, not a number, the bean failed or has just gone. */
        private double read(MBeanServer server) {
            if (absent) return Double.NaN;
            try {
                if (reading == Reading.SUM) return sum(server);
                double value = number(server.getAttribute(bean, attribute));
                return reading == Reading.NONZERO && value == 0 ? Double.NaN : value;
            } catch (AttributeNotFoundException e) {
                absent = true; // a bean that gets the attribute later is registered anew, and this series with it
                return Double.NaN;
            } catch (JMException | RuntimeException e) {
                return Double.NaN;
            }
        }

        /** The two attributes are read one after the other, so the product may fall short of an earlier one. */
        private double sum(MBeanServer server) throws JMException {
            AttributeList pair = server.getAttributes(bean, COUNT_AND_MEAN);
            if (pair.size() < 2) return Double.NaN;
            double count = number(((Attribute) pair.get(0)).getValue());
            double mean = number(((Attribute) pair.get(1)).getValue());
            if (count > 0) floor = Math.max(floor, count * mean);
            return floor;
        }
    }

    private static double number(Object value) {
        return value instanceof Number n ? n.doubleValue() : Double.NaN;
    }
}
