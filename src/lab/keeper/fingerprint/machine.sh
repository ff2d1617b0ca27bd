# What of this machine a person can change, part by part: read by machine.rs.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
part() { printf '\036%s\n' "$1"; }
part clock
echo "$(cut -d' ' -f1 /proc/uptime) $(getconf CLK_TCK)"
part queueing
tc qdisc show
for device in /sys/class/net/*; do
    device=${device##*/}
    for kind in class filter; do tc $kind show dev "$device" | sed "s/^/$device $kind /"; done
done
part packets
iptables-save
ip6tables-save | sed 's/^/ip6 /'
part network
ip -o addr
ip -o link
ip -o route show table all
ip rule
part kernel
# What cannot be written is a count.
find /proc/sys/vm /proc/sys/net /proc/sys/kernel /proc/sys/fs -type f -perm -200 -exec grep -sH . {} + |
    grep -Ev '^/proc/sys/(kernel/(random|ns_last_pid|pty|sched_domain|cad_pid)|fs/(dentry-state|file-nr|inode-|aio-nr|binfmt)|net/netfilter/nf_conntrack_count|[^:]*/(gc_|flush))'
part mounts
cat /proc/mounts
part supervised
for folder in /etc/service/*/; do
    [ ! -d "$folder" ] || echo "$(basename "$folder") $(cat "$folder/supervise/stat")"
done
part process
for supervisor in $(pgrep -x runsv); do
    name=$(tr '\0' ' ' </proc/$supervisor/cmdline)
    for main in $(pgrep -P "$supervisor"); do
        echo "main ${name#runsv } $(cat /proc/$main/stat)"
        grep -v '^Limit ' /proc/$main/limits
        grep Cpus_allowed_list /proc/$main/status
        echo "oom_score_adj $(cat /proc/$main/oom_score_adj)"
    done
done
part files
find /etc /srv /usr/local /opt/kafka -xdev ! -path '*/supervise*' \( -type f -o -type l \) -printf '%C@ %s %m %u %p -> %l\n'
part sums
find /etc /srv /usr/local -xdev ! -path '*/supervise*' -type f -size -64k -exec cksum {} +
part data
find /var/lib/kafka /var/log/kafka -mindepth 1 -printf '%C@ %s %u %p\n'
part end
