#!/bin/bash
# Runs during the image build, never in a lab. Formats a data directory that serves every node, then runs a small cluster once to record
# which classes a controller, a broker and a tool load, so that their JVMs start in a fraction of the time (AppCDS).
set -euo pipefail
work=$(mktemp -d)
cds=/opt/kafka/cds
mkdir -p $cds
cd "$work"
export LOG_DIR=$work KAFKA_JMX_OPTS='' KAFKA_GC_LOG_OPTS='' # an agent would spoil the archive

common='controller.quorum.voters=100@localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT
log.cleaner.dedupe.buffer.size=2097152
offsets.topic.num.partitions=3
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0'
cat >controller.properties <<END
$common
process.roles=controller
node.id=100
listeners=CONTROLLER://localhost:9093
log.dirs=$work/controller
END
cat >broker.properties <<END
$common
process.roles=broker
node.id=1
listeners=EXTERNAL://localhost:9092,INTERNAL://localhost:19092
inter.broker.listener.name=INTERNAL
log.dirs=$work/broker
END

kafka-storage.sh format --cluster-id "$(kafka-storage.sh random-uuid)" --config broker.properties >/dev/null
# Without a directory id Kafka makes one up when it first starts: one formatted directory serves every node, and any number of disks.
sed -i '/^directory\.id=/d; /^#/d' broker/meta.properties
cp -r broker /opt/kafka/formatted
cp -r broker controller
sed -i 's/^node\.id=.*/node.id=100/' controller/meta.properties

KAFKA_OPTS=-XX:ArchiveClassesAtExit=$cds/controller.jsa kafka-server-start.sh controller.properties >controller.out 2>&1 &
controller=$!
KAFKA_OPTS=-XX:ArchiveClassesAtExit=$cds/broker.jsa kafka-server-start.sh broker.properties >broker.out 2>&1 &
broker=$!
deadline=$((SECONDS + 600)) # the compiler may have the processors meanwhile
until grep -q 'Kafka Server started' broker.out; do
    if ! kill -0 $broker $controller || [ $SECONDS -ge $deadline ]; then
        tail -n 30 controller.out broker.out >&2
        exit 1
    fi
    sleep 0.2
done
export BOOTSTRAP_SERVERS=localhost:9092
# An admin client, a producer and a consumer in one JVM: what nearly every tool needs.
KAFKA_OPTS=-XX:ArchiveClassesAtExit=$cds/tools.jsa kafka-e2e-latency.sh --topic latency --num-records 50 --producer-acks all --record-size 100 >tool.out
kafka-topics.sh --create --topic words --partitions 3 >tool.out
seq 1000 | kafka-console-producer.sh --topic words
kafka-console-consumer.sh --topic words --group readers --from-beginning --max-messages 1000 >read.out 2>tool.out
[ "$(wc -l <read.out)" = 1000 ]
kafka-topics.sh --describe >tool.out
kafka-consumer-groups.sh --describe --all-groups >tool.out 2>&1
kill $broker
wait $broker || [ $? = 143 ]
kill $controller
wait $controller || [ $? = 143 ]
for role in controller broker tools; do
    if [ ! -s $cds/$role.jsa ]; then
        echo "no archive of classes for $role" >&2
        exit 1
    fi
done
cd /
rm -r "$work"
