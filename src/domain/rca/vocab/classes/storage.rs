//! What is kept on disk.

use super::{Class, class};

pub(super) const STORAGE: &[Class] = &[
    class("storage.disk.full", "A log directory's file system has no space left.").found_by(
        "disk full, no space left, enospc, out of space, out of disk, full disk, volume full, \
         filesystem full, no disk space, df 100, quota on disk, disk usage, inodes",
    ), // S18
    class(
        "storage.disk.directory_offline",
        "One of several log directories failed, and its replicas with it.",
    )
    .found_by(
        "log dir failed, log directory offline, offline log directory, disk failed, disk \
         died, bad disk, broken disk, io error, read only filesystem, unmounted, jbod, \
         kafkastorageexception, mount lost, lost disk",
    ), // S19
    class(
        "storage.disk.slow",
        "Flushing to the disk takes so long that appends and fetches wait for it.",
    )
    .found_by(
        "disk slow, slow disk, io wait, iowait, disk latency, fsync, slow flush, high await, \
         iops limit, iops, ebs throttling, burst credits, disk busy, noisy neighbour on disk, \
         disk saturated, raid rebuild, disk bottleneck, backup on the disk, too slow",
    ), // S17
    class("storage.disk.corrupted", "Bytes of a segment changed on one replica's disk.").found_by(
        "corruption, corrupt, corrupted segment, bit rot, bit flip, crc mismatch, checksum, \
         CorruptRecordException, bad sector, damaged log, invalid crc",
    ), // S33
    class(
        "storage.retention.old_timestamps",
        "Records carry timestamps of the past, so time retention deletes them early.",
    )
    .found_by(
        "data deleted too early, records vanish, disappeared records, old timestamps, \
         retention too short, retention deletes, retention.ms, backfill deleted, missing \
         records, early deletion, epoch zero, timestamps in the past",
    ), // S20
    class(
        "storage.retention.future_timestamps",
        "A record with a timestamp of the future keeps its segment, and all after it, from \
         deletion.",
    )
    .found_by(
        "retention not working, never deleted, not deleting, log keeps growing, future \
         timestamp, timestamps in the future, milliseconds versus seconds, microseconds, disk \
         grows, segments never deleted, retention ignored",
    ), // S21
    class(
        "storage.compaction.uncleanable",
        "The cleaner met a segment it cannot read and leaves its partition alone.",
    )
    .found_by(
        "log cleaner dead, cleaner died, compaction stopped, compaction stuck, uncleanable \
         partition, not compacting, compacted topic grows, log compaction broken, \
         __consumer_offsets grows, cleaner thread",
    ), // S28
];
