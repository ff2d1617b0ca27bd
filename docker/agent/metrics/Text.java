package metrics;

/** Prometheus' text format. */
final class Text {
    private Text() {}

    /** {@code start} is the name with its labels and a space. */
    static void sample(StringBuilder out, String start, double value) {
        out.append(start);
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            out.append((long) value);
        } else {
            out.append(value);
        }
        out.append('\n');
    }

    /** Appends {@code key="value"}, after a comma unless it is the first. */
    static void label(StringBuilder labels, String key, String value) {
        labels.append(labels.length() == 0 ? "" : ",").append(key).append("=\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> labels.append("\\\\");
                case '"' -> labels.append("\\\"");
                case '\n' -> labels.append("\\n");
                default -> labels.append(c);
            }
        }
        labels.append('"');
    }
}
