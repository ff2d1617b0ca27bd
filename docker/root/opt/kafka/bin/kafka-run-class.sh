#!/bin/sh
# Starts Kafka's programs. Under its own name it takes a class; every other kafka-*.sh here is a link to it, and that name says which.
# Read from the environment, as in Kafka's own scripts: JAVA_HOME CLASSPATH LOG_DIR JMX_PORT and KAFKA_{HEAP,JVM_PERFORMANCE,GC_LOG,JMX,LOG4J}_OPTS,
# KAFKA_OPTS. A tool that wants --bootstrap-server and was given none gets $BOOTSTRAP_SERVERS.
home=/opt/kafka
: "${LOG_DIR:=/var/log/kafka}"
name=${0##*/}
name=${name#kafka-}
name=${name%.sh}
tools=org.apache.kafka.tools
bootstrap= # where the tool takes --bootstrap-server: before its subcommand, after it, or not at all
case $name in
    run-class) class= ;;
    server-start) class=kafka.Kafka ;;
    acls) class=$tools.AclCommand bootstrap=before ;;
    broker-api-versions) class=$tools.BrokerApiVersionsCommand bootstrap=before ;;
    client-metrics) class=$tools.ClientMetricsCommand bootstrap=before ;;
    cluster) class=$tools.ClusterTool bootstrap=after ;;
    configs) class=kafka.admin.ConfigCommand bootstrap=before ;;
    console-consumer) class=$tools.consumer.ConsoleConsumer bootstrap=before ;;
    console-producer) class=$tools.ConsoleProducer bootstrap=before ;;
    console-share-consumer) class=$tools.consumer.ConsoleShareConsumer bootstrap=before ;;
    consumer-groups) class=$tools.consumer.group.ConsumerGroupCommand bootstrap=before ;;
    consumer-perf-test) class=$tools.ConsumerPerformance bootstrap=before ;;
    delegation-tokens) class=$tools.DelegationTokenCommand bootstrap=before ;;
    delete-records) class=$tools.DeleteRecordsCommand bootstrap=before ;;
    dump-log) class=$tools.DumpLogSegments ;;
    e2e-latency) class=$tools.EndToEndLatency && case ${1-} in --*) bootstrap=before ;; esac ;; # else the old form, without names
    features) class=$tools.FeatureCommand bootstrap=before ;;
    get-offsets) class=$tools.GetOffsetShell bootstrap=before ;;
    groups) class=$tools.GroupsCommand bootstrap=before ;;
    jmx) class=$tools.JmxTool ;;
    leader-election) class=$tools.LeaderElectionCommand bootstrap=before ;;
    log-dirs) class=$tools.LogDirsCommand bootstrap=before ;;
    metadata-quorum) class=$tools.MetadataQuorumCommand bootstrap=before ;;
    metadata-shell) class=org.apache.kafka.shell.MetadataShell ;;
    producer-perf-test) class=$tools.ProducerPerformance bootstrap=before ;;
    reassign-partitions) class=$tools.reassign.ReassignPartitionsCommand bootstrap=before ;;
    replica-verification) class=$tools.ReplicaVerificationTool ;;
    share-consumer-perf-test) class=$tools.ShareConsumerPerformance bootstrap=before ;;
    share-groups) class=$tools.consumer.group.ShareGroupCommand bootstrap=before ;;
    storage) class=kafka.tools.StorageTool ;;
    streams-application-reset) class=$tools.StreamsResetter bootstrap=before ;;
    streams-groups) class=$tools.streams.StreamsGroupCommand bootstrap=before ;;
    topics) class=$tools.TopicCommand bootstrap=before ;;
    transactions) class=$tools.TransactionsCommand bootstrap=before ;;
    verifiable-consumer) class=$tools.VerifiableConsumer bootstrap=before ;;
    verifiable-producer) class=$tools.VerifiableProducer bootstrap=before ;;
    verifiable-share-consumer) class=$tools.VerifiableShareConsumer bootstrap=before ;;
    *)
        echo "$0: no such Kafka program" >&2
        exit 127
        ;;
esac

daemon=
while :; do
    case ${1-} in
        -daemon) daemon=yes ;;
        -loggc) : "${KAFKA_GC_LOG_OPTS=-Xlog:gc*:file=$LOG_DIR/$name-gc.log:utctime,tags:filecount=5,filesize=10M}" ;;
        -name) name=$2 && shift ;;
        *) break ;;
    esac
    shift
done

if [ -z "$class" ]; then
    if [ $# -eq 0 ]; then
        echo "USAGE: $0 [-daemon] [-name NAME] [-loggc] CLASS [ARGUMENT...]" >&2
        exit 1
    fi
    class=$1
    shift
fi

if [ -n "$bootstrap" ] && [ -n "$BOOTSTRAP_SERVERS" ] && [ $# -gt 0 ]; then
    for argument; do
        case $argument in
            --bootstrap-* | --broker-list | --broker-list=* | -b | -C | *bootstrap.servers* | --help | -h | --version) bootstrap= ;;
        esac
    done
    case $bootstrap in
        before) set -- --bootstrap-server "$BOOTSTRAP_SERVERS" "$@" ;;
        after) set -- "$@" --bootstrap-server "$BOOTSTRAP_SERVERS" ;;
    esac
fi

archive=tools
log4j=tools-log4j2.yaml
if [ "$class" = kafka.Kafka ]; then
    if [ $# -eq 0 ]; then
        echo "USAGE: $0 [-daemon] server.properties [--override KEY=VALUE]*" >&2
        exit 1
    fi
    archive=broker
    if grep -Eqs '^\s*process\.roles\s*[=:]\s*controller\s*$' -- "$1"; then archive=controller; fi
    log4j=log4j2.yaml
    : "${KAFKA_GC_LOG_OPTS=-Xlog:gc*,safepoint:file=$LOG_DIR/kafkaServer-gc.log:utctime,tags:filecount=5,filesize=10M}"
    : "${KAFKA_JMX_OPTS=-javaagent:$home/agent/metrics-agent.jar=7071}"
fi
if [ -n "$JMX_PORT" ]; then
    KAFKA_JMX_OPTS="$KAFKA_JMX_OPTS -Dcom.sun.management.jmxremote.port=$JMX_PORT -Dcom.sun.management.jmxremote.rmi.port=$JMX_PORT
        -Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false"
fi
: "${KAFKA_HEAP_OPTS=-Xmx256m}"
: "${KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -Djava.awt.headless=true}"
: "${KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/kafka/$log4j}"

# Kafka's jars in one order, so that the archives of preloaded classes fit; what the caller adds comes behind them.
libs=
for jar in "$home"/libs/*.jar; do
    libs=$libs:$jar
done
# Plugins that server.properties may name, for a node and not for the tools.
if [ "$class" = kafka.Kafka ]; then
    for jar in "$home"/plugins/*.jar; do
        libs=$libs:$jar
    done
fi
export CLASSPATH="${libs#:}${CLASSPATH:+:$CLASSPATH}"

# Classes loaded and verified beforehand. A JVM that cannot use the archive starts without it.
archive=$home/cds/$archive.jsa
[ -e "$archive" ] || archive=
# shellcheck disable=SC2086 # options are lists of words
set -- ${KAFKA_HEAP_OPTS} ${KAFKA_JVM_PERFORMANCE_OPTS} ${archive:+-XX:SharedArchiveFile=$archive} ${KAFKA_GC_LOG_OPTS} ${KAFKA_JMX_OPTS} \
    -Dkafka.logs.dir="$LOG_DIR" ${KAFKA_LOG4J_OPTS} ${KAFKA_OPTS} "$class" "$@"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
if [ -n "$daemon" ]; then
    nohup "$java" "$@" >"$LOG_DIR/$name.out" 2>&1 </dev/null &
else
    exec "$java" "$@"
fi
