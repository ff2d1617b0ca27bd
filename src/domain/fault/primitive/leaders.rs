//! Where leaders go when brokers leave, as Kafka's controller elects them: the first replica of the
//! list that is in sync.

use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::{NodeId, Topic};

/// The leaders of a topic's partitions, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaders<'a> {
    topic: &'a Topic,
    of: Vec<NodeId>,
}

impl<'a> Leaders<'a> {
    /// Every partition led by its first replica.
    pub fn preferred(topic: &'a Topic) -> Self {
        let first = |replicas: &Vec<NodeId>| replicas.first().copied().unwrap_or(-1);
        Self { topic, of: topic.assignment.iter().map(first).collect() }
    }

    /// After a broker left and came back in sync: what it led stays with those who took over.
    pub fn after_absence_of(mut self, broker: NodeId) -> Self {
        for (leader, replicas) in self.of.iter_mut().zip(&self.topic.assignment) {
            if *leader == broker {
                *leader = replicas.iter().copied().find(|r| *r != broker).unwrap_or(-1);
            }
        }
        self
    }

    /// The broker that leads most, the first of those that lead equally many.
    pub fn busiest(&self) -> NodeId {
        let count = |broker: NodeId| self.of.iter().filter(|l| **l == broker).count();
        let most = self.of.iter().map(|b| count(*b)).max().unwrap_or(0);
        self.of.iter().copied().filter(|b| count(*b) == most).min().unwrap_or(-1)
    }

    /// The broker of this partition.
    pub fn of(&self, partition: usize) -> Option<NodeId> {
        self.of.get(partition).copied()
    }

    /// The partitions that are not led by their first replica.
    pub fn displaced(&self) -> Vec<Component> {
        let displaced = |(p, leader): (usize, &NodeId)| {
            (self.topic.assignment[p].first() != Some(leader)).then_some(p)
        };
        let partitions = self.of.iter().enumerate().filter_map(displaced);
        partitions
            .map(|p| Component::of(Kind::Partition, format!("{}-{p}", self.topic.name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::Followers;

    #[test]
    fn the_broker_restarted_last_leads_nothing() {
        let topic = Topic::placed("orders", 12, 3, &[1, 2, 3], Followers::Next);
        let rolled =
            [1, 2, 3].into_iter().fold(Leaders::preferred(&topic), Leaders::after_absence_of);
        // What went from 1 to 2 came back to 1 when 2 left, and so on: only what the last one led
        // is elsewhere.
        assert_eq!(rolled.of[..3], [1, 2, 1]);
        assert_eq!((rolled.busiest(), rolled.displaced().len()), (1, 4));
    }

    #[test]
    fn followers_in_a_row_take_over_all_that_one_broker_led() {
        let topic = Topic::placed("orders", 12, 3, &[1, 2, 3], Followers::Next);
        let left = Leaders::preferred(&topic).after_absence_of(3);
        assert_eq!((left.busiest(), left.displaced().len(), left.of(2)), (1, 4, Some(1)));
    }
}
