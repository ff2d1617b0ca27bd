//! A plugin of a broker is told to keep what it used to drop, and fills the heap (S27).

use serde::{Deserialize, Serialize};

use super::{effect, must_be_broker, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A dynamic configuration of one broker that its plugin takes at once, without a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginLeak {
    /// The broker's machine.
    pub node: String,
    /// The plugin's class, as `metric.reporters` names it.
    pub plugin: String,
    /// The key of the plugin's own setting.
    pub key: String,
    /// Its value from now on: far too long.
    pub value: String,
}

impl Primitive for PluginLeak {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        let reporters =
            on.topology.server_properties.get("metric.reporters").map_or("", String::as_str);
        if !reporters.split(',').any(|class| class.trim() == self.plugin) {
            problems.push(format!(
                "`{}` is not among the brokers' metric.reporters: `{reporters}`",
                self.plugin
            ));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let broker = on.topology.node(&self.node).map_or(-1, |n| n.id);
        let set = [(self.key.clone(), Some(self.value.clone()))].into();
        vec![Step::Do(Action::AlterBrokerConfig { broker, set })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let plugin = Component::of(Kind::Plugin, &self.plugin);
        let simple = self.plugin.rsplit('.').next().unwrap_or(&self.plugin);
        let aliases = vec![Component::of(Kind::Plugin, simple), broker.clone()];
        let chain = vec![
            effect(
                "config.changed",
                [broker.clone()],
                &[],
                // Kafka does not tell the value of a key it does not know, only where it was set.
                format!(
                    "last_over_time(kafka_broker_config_info{{broker=\"{id}\", key=\"{}\", source=\"DYNAMIC_BROKER_CONFIG\"}}[60s])",
                    self.key
                ),
            ),
            effect(
                "memory.grew",
                [broker.clone()],
                &[0],
                format!(
                    "max_over_time(jvm_memory_pool_collection_used_bytes{{node=\"{node}\", pool=~\"Tenured.*\"}}[60s]) \
                     > 0.8 * max_over_time(jvm_memory_pool_max_bytes{{node=\"{node}\", pool=~\"Tenured.*\"}}[60s])"
                ),
            ),
            effect(
                "gc.long_pauses",
                [broker.clone()],
                &[1],
                format!(
                    "sum by (node) (increase(jvm_gc_collection_seconds_sum{{node=\"{node}\"}}[20s])) > 2"
                ),
            ),
        ];
        Account {
            class: "broker.memory.plugin_leak".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(plugin, aliases)].into(), ..Place::default() },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.plugin_review",
                "alert.heap_after_gc",
                "process.config_review",
                "process.change_verification",
            ]),
        }
    }
}
