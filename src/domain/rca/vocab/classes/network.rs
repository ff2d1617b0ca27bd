//! Packets between machines.

use super::{Class, class, shared};

pub(super) const NETWORK: &[Class] = &[
    class(
        "network.capacity.link_capped",
        "A machine's link carries less than the traffic it needs, in one direction or in both.",
    )
    .found_by(
        "bandwidth limit, bandwidth cap, slow network, slow link, nic limit, tc, qdisc, tbf, \
         traffic shaping, shaped, network saturated, saturated link, link full, rate limit, \
         100 mbit, duplex mismatch, capped, bottleneck, network throttled, egress limit, \
         ingress limit, network too slow",
    ), // S04
    shared(
        "network.partition.controller_unreachable",
        &["replication.zombie_leader"],
        "A broker cannot reach the controllers: it is fenced, knows nothing of it and goes on \
         serving as leader.",
    )
    .found_by(
        "controller unreachable, cannot reach controller, zombie leader, isolated broker, \
         split brain, network partition, controller partition, firewall, heartbeat lost, \
         fenced broker, stale metadata, blocked port, cut off from controller",
    ), // S13
    class(
        "network.partition.replication_blocked",
        "Fetches between brokers are blocked while heartbeats and clients pass.",
    )
    .found_by(
        "firewall, iptables, blocked replication, replication port blocked, blocked port, \
         inter-broker blocked, dropped packets between brokers, asymmetric partition, one way \
         partition, network policy, security group, nftables, followers cannot fetch, brokers \
         cannot talk",
    ), // S14
    class(
        "network.partition.client_blocked",
        "Clients cannot reach a broker that the other brokers reach.",
    )
    .found_by(
        "firewall, iptables, client blocked, blocked port, cannot connect, connection timed \
         out, connection refused, security group, network policy, no route to host, \
         unreachable from client, nftables, routing, vpn",
    ), // N2.3
    class("network.quality.packet_loss", "A share of the packets is lost, whatever their size.")
        .found_by(
            "packet loss, lost packets, dropped packets, drops, retransmits, retransmission, \
             flaky network, bad cable, bad nic, netem, unstable link, lossy, crc errors, tcp \
             retransmit",
        ), // S55
    class(
        "network.quality.mtu_black_hole",
        "Packets above a certain size vanish, smaller ones pass.",
    )
    .found_by(
        "mtu, black hole, blackhole, jumbo frames, fragmentation, large packets lost, pmtu, \
         path mtu, vxlan, overlay, tunnel, mss, small packets pass",
    ), // S55b
    class(
        "network.quality.idle_connections_dropped",
        "A device on the way forgets idle connections without telling either end.",
    )
    .found_by(
        "idle connection, idle timeout, nat timeout, conntrack, load balancer timeout, \
         stateful firewall, keepalive, connection reset after idle, silent drop, half open \
         connection, stale connection, firewall forgets",
    ), // S47
    shared(
        "network.quality.slow_reader",
        &["client.consumer.slow_reader"],
        "A client asks for much and takes it off the wire slowly.",
    )
    .found_by(
        "slow reader, slow client, tcp window, zero window, receive buffer, send buffer full, \
         send queue, back pressure, backpressure, client does not read, slow socket",
    ), // S69
    class(
        "network.quality.latency",
        "Each packet arrives, but later than before: a longer way or a queue delays the \
         connection.",
    )
    .found_by(
        "latency, high latency, network delay, delayed packets, slow ping, round trip, rtt, \
         cross region, cross datacenter, far away, wan, netem delay, jitter, lag on the wire, \
         distance",
    ),
    class(
        "network.naming.advertised_listener",
        "A broker advertises an address that clients cannot resolve or reach.",
    )
    .found_by(
        "advertised listeners, advertised.listeners, wrong address, wrong hostname, localhost \
         advertised, wrong port, cannot resolve, unknown host, bootstrap works but produce \
         fails, listener misconfigured, internal address, docker hostname",
    ), // S45
    class(
        "network.naming.dns_failure",
        "Name resolution fails, is slow or gives an outdated address, while what is \
         advertised is right.",
    )
    .found_by(
        "dns, dns down, name resolution, resolver, dns timeout, dns cache, \
         UnknownHostException, stale dns, resolv.conf, nxdomain, cannot resolve, hosts file, \
         name server, slow lookup, coredns",
    ),
    shared(
        "network.tls.certificate_expired",
        &["security.authentication.certificate_expired"],
        "A certificate is past its last day.",
    )
    .found_by(
        "certificate expired, expired cert, cert, ssl expired, tls expired, renew \
         certificate, cert rotation, past validity, keystore expired, ca expired, not after",
    ), // S53a
    shared(
        "network.tls.name_mismatch",
        &["security.authentication.name_mismatch"],
        "A certificate does not carry the name under which its machine is reached.",
    )
    .found_by(
        "hostname verification, wrong certificate, san mismatch, subject alternative name, \
         certificate name, cert does not match, name mismatch, common name, wrong keystore, \
         ssl handshake failed",
    ), // S53b
    class(
        "network.tls.plaintext_client",
        "A client without TLS talks to a TLS port and reads the alert as a response's length.",
    )
    .found_by(
        "plaintext client, no tls, security.protocol, ssl required, client without ssl, \
         plaintext on tls port, wrong security protocol, ssl handshake failed, client oom on \
         tls port, encryption missing",
    ), // S53c
];
