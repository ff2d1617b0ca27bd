//! What the members are doing at this moment, told on SIGQUIT as a JVM prints its threads.

use std::time::Instant;

use crate::{figures::Client, service::Service, settings::Role};

/// Logs what each member is doing, since when, and what it has open.
pub fn write(service: &Service) {
    let now = Instant::now();
    service.log.info("dump of all members");
    for client in service.figures.clients() {
        for line in lines(&client, &service.settings.role, now) {
            service.log.info(line);
        }
    }
}

/// A member, and below it each partition it is assigned.
fn lines(client: &Client, role: &Role, now: Instant) -> Vec<String> {
    let seconds = |since: Instant| now.saturating_duration_since(since).as_secs_f64();
    let Client { id, activity, consumed, .. } = client;
    let member =
        format!("member={id} doing={} for_s={:.3}", activity.doing, seconds(activity.since));
    match role {
        Role::Producer => {
            let (open, records) = match activity.transaction {
                Some((since, records)) => (format!("{:.3}", seconds(since)), records.to_string()),
                None => ("-".to_owned(), "-".to_owned()),
            };
            vec![format!(
                "{member} clients={} client_for_s={:.3} transaction_for_s={open} transaction_records={records}",
                activity.clients,
                seconds(activity.client_since)
            )]
        }
        Role::Consumer(_) => {
            let polled = consumed.polled.map_or("-".to_owned(), |at| format!("{:.3}", seconds(at)));
            let head =
                format!("{member} polled_s_ago={polled} partitions={}", consumed.assigned.len());
            let partitions = consumed.assigned.iter().map(|partition| {
                let (topic, number) = partition;
                let records = consumed.records.get(partition).copied().unwrap_or_default();
                let paused = activity.paused.get(partition);
                let fetching = paused.map_or("fetching".to_owned(), |since| {
                    format!("paused for_s={:.3}", seconds(*since))
                });
                format!("    {topic}-{number} {fetching} records={records}")
            });
            [head].into_iter().chain(partitions).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{activity::Doing, settings};

    fn partition(number: i32) -> (String, i32) {
        ("orders".to_owned(), number)
    }

    #[test]
    fn a_consumer_tells_where_it_is_and_what_it_holds() {
        let text = "service.role=consumer\nservice.version=1\ntopic=orders\nbootstrap.servers=a:1\ngroup.id=billing\n";
        let role = settings::read(text).unwrap().role;
        let now = Instant::now();
        let mut client = Client { id: "billing-2".to_owned(), ..Client::default() };
        client.consumed.assigned = [partition(2), partition(3)].into();
        client.consumed.records = [(partition(2), 40)].into();
        client.consumed.polled = Some(now);
        client.activity.paused = [(partition(3), now)].into();
        client.activity.doing =
            Doing::Processing { partition: partition(2), offset: 812, number: 7, of: 100 };
        client.activity.since = now;
        let told = lines(&client, &role, now + Duration::from_millis(1500));
        insta::assert_snapshot!(told.join("\n"), @r"
        member=billing-2 doing=process partition=orders-2 offset=812 record=7/100 for_s=1.500 polled_s_ago=1.500 partitions=2
            orders-2 fetching records=40
            orders-3 paused for_s=1.500 records=0
        ");
    }

    #[test]
    fn a_producer_tells_its_client_and_its_transaction() {
        let now = Instant::now();
        let mut client = Client { id: "export".to_owned(), ..Client::default() };
        client.activity.doing = Doing::Idle;
        (client.activity.since, client.activity.client_since) = (now, now);
        client.activity.clients = 1;
        let told = lines(&client, &Role::Producer, now);
        assert_eq!(
            told,
            ["member=export doing=idle for_s=0.000 clients=1 client_for_s=0.000 \
              transaction_for_s=- transaction_records=-"]
        );
        client.activity.transaction = Some((now, 12));
        let told = lines(&client, &Role::Producer, now + Duration::from_secs(2));
        assert!(told[0].ends_with("transaction_for_s=2.000 transaction_records=12"), "{told:?}");
    }
}
