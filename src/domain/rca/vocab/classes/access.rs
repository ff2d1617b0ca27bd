//! Limits set for clients, and who may do what.

use super::{Class, class};

pub(super) const ACCESS: &[Class] = &[
    class("quota.client_throttled", "A client's own quota is below what it needs.").found_by(
        "quota, throttled client, client quota, rate limited, consumer_byte_rate, \
         producer_byte_rate, throttle time, throttled, quota too low, request_percentage, \
         client throttling, bandwidth quota, rate limit",
    ), // S48
    class("quota.missing", "A client without a quota takes what its neighbours need.").found_by(
        "no quota, missing quota, noisy neighbour, noisy neighbor, greedy client, abusive \
         client, one client takes everything, runaway client, bully, batch job, unbounded \
         client, hog, tenant, priority job, backfill",
    ), // S49
    class(
        "quota.controller_mutations",
        "Creating and deleting topics exceeds the quota for controller mutations.",
    )
    .found_by(
        "controller mutation, topic creation rate, create topics quota, delete topics, \
         ThrottlingQuotaExceeded, controller_mutation_rate, topic churn, creating too many \
         topics, topic deletion, admin quota",
    ), // S50b
    class(
        "security.authentication.credentials_rotated",
        "Credentials changed on one side only, and clients fail to authenticate.",
    )
    .found_by(
        "password changed, credential rotation, rotated, wrong password, login failed, \
         authentication failed, sasl, scram, SaslAuthenticationException, secret rotated, \
         expired token, kerberos, keytab, oauth, invalid credentials, vault",
    ), // S54
    class("security.authorization.client_denied", "A client lacks a permission it needs.")
        .found_by(
            "acl, missing acl, access denied, permission denied, not authorized, \
             TopicAuthorizationException, GroupAuthorizationException, forbidden, no \
             permission, acl removed, denied, unauthorized, lacks permission",
        ), // S51a
    class(
        "security.authorization.first_rule_locks_out",
        "The first access rule on a resource denied everyone it does not name.",
    )
    .found_by(
        "first acl, new acl, acl locks out, allow.everyone.if.no.acl.found, locked out, acl \
         added, everyone denied, acl change, access denied for everybody, lockout",
    ), // S51b
    class(
        "security.authorization.inter_broker_denied",
        "The brokers' principal lacks ClusterAction, so followers may not fetch.",
    )
    .found_by(
        "cluster action, ClusterAction, inter-broker acl, broker not authorized, replication \
         denied, followers denied, super.users, super user removed, \
         ClusterAuthorizationException, broker principal, acl for brokers",
    ), // S52
];
