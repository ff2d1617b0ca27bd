//! Which releases of a service there are, which ran before, and going back to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::notice::Notices;
use super::recorded::Numbered;
use super::service::{Changed, Service};
use crate::domain::telemetry::series::{
    MatchOp, Matcher, NAME, Series, SeriesSource, UnixMs, is_stale,
};
use crate::domain::workload::{VERSION, edit_properties, version_in};
use crate::domain::yaml::nearest;
use crate::lab::engine::releases::installed;
use crate::lab::wait;

/// What a running service says of itself, its version among it.
const INFO: &str = "service_info";
/// A service that comes up is scraped within this.
const SEEN_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A service that runs another release than before.
#[derive(Debug, Clone, Serialize)]
pub struct RolledBack {
    /// What changed in its properties file.
    #[serde(flatten)]
    pub changed: Changed,
    /// The version that ran.
    pub from: String,
    /// The version that is to run.
    pub to: String,
    /// Whether that one has been seen running.
    pub running: bool,
}

impl Service {
    /// Goes back to the version that ran before the one that its properties name.
    pub async fn roll_back(
        &self,
        notices: &dyn Notices,
    ) -> Result<Numbered<RolledBack>, DrillError> {
        let before = self.properties().await?.properties;
        let from = version_in(&before).unwrap_or_default().to_owned();
        let there = installed(&self.chosen.engine().await?, &self.lab, self.name()).await?;
        let to = previous(&self.seen()?, &from, &there).ok_or_else(|| {
            let (service, version) = (self.name().to_owned(), from.clone());
            InvalidRequest::NothingBefore { service, version }
        })?;
        let recorded = self.begin("rollback", true, notices).await?;
        let set = BTreeMap::from([(VERSION.to_owned(), to.clone())]);
        let asked = self.chosen.last_second(&self.chosen.reader()?)?;
        let changed = self.put(&before, edit_properties(&before, &set)).await?;
        let running = runs(&self.chosen, self.name(), &to, asked).await?;
        Ok(Numbered { value: RolledBack { changed, from, to, running }, recorded })
    }

    /// Refuses properties that name a version which is not on the machine.
    pub(super) async fn must_be_there(&self, properties: &str) -> Result<(), DrillError> {
        let wanted = version_in(properties).unwrap_or_default();
        let all = installed(&self.chosen.engine().await?, &self.lab, self.name()).await?;
        if all.contains(wanted) {
            return Ok(());
        }
        Err(InvalidRequest::NoRelease {
            service: self.name().to_owned(),
            version: wanted.to_owned(),
            near: nearest(wanted, all.iter().map(String::as_str)).map(str::to_owned),
            all: all.into_iter().collect(),
        }
        .into())
    }

    /// Each version it was seen running, and when last.
    fn seen(&self) -> Result<Vec<(String, UnixMs)>, DrillError> {
        let reader = self.chosen.reader()?;
        let Some((first, last)) = reader.span()? else { return Ok(Vec::new()) };
        let found = reader
            .select(&info(self.name(), None), first, last)
            .map_err(|error| DrillError::Condition(error.into()))?;
        Ok(found.iter().filter_map(last_seen).collect())
    }
}

/// Selects what a service says of itself, of one version if one is named.
fn info(service: &str, version: Option<&str>) -> Vec<Matcher> {
    let pairs = [(NAME, Some(INFO)), ("service", Some(service)), ("version", version)];
    let matcher = |(label, value): (&str, Option<&str>)| {
        Some(Matcher { label: label.to_owned(), op: MatchOp::Equal(value?.to_owned()) })
    };
    pairs.into_iter().filter_map(matcher).collect()
}

fn last_seen(series: &Series) -> Option<(String, UnixMs)> {
    let at = series.points.iter().rfind(|p| !is_stale(p.value))?.at;
    Some((series.labels.get("version").to_owned(), at))
}

/// The version that ran before this one: of those that are still there, the one seen last.
fn previous(seen: &[(String, UnixMs)], current: &str, there: &BTreeSet<String>) -> Option<String> {
    let others = seen.iter().filter(|(version, _)| version != current && there.contains(version));
    others.max_by_key(|(_, at)| *at).map(|(version, _)| version.clone())
}

/// Whether a service is seen running a version soon after an instant.
async fn runs(
    chosen: &Chosen,
    service: &str,
    version: &str,
    asked: UnixMs,
) -> Result<bool, DrillError> {
    let reader = chosen.reader()?;
    let of_version = info(service, Some(version));
    let seen = wait::until(SEEN_WITHIN, LOOK_EVERY, async || {
        let last = chosen.last_second(&reader)?;
        let newest = reader
            .newest(&of_version, asked + 1, last)
            .map_err(|error| DrillError::Condition(error.into()))?;
        Ok::<_, DrillError>(newest.iter().any(|s| last_seen(s).is_some()).then_some(()))
    });
    Ok(seen.await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_before_is_the_one_seen_last_that_is_still_there() {
        let seen = [("2.5.1", 40), ("2.5.2", 90), ("2.5.0", 60), ("2.4.9", 10)]
            .map(|(version, at)| (version.to_owned(), at));
        let there = |all: &[&str]| all.iter().map(|v| (*v).to_owned()).collect::<BTreeSet<_>>();
        let all = there(&["2.4.9", "2.5.0", "2.5.1", "2.5.2"]);
        assert_eq!(previous(&seen, "2.5.2", &all).as_deref(), Some("2.5.0"));
        // What runs by its properties counts, whether it came up or not.
        assert_eq!(previous(&seen, "2.5.3", &all).as_deref(), Some("2.5.2"));
        let fewer = there(&["2.5.1", "2.5.2"]);
        assert_eq!(previous(&seen, "2.5.2", &fewer).as_deref(), Some("2.5.1"));
        assert_eq!(previous(&seen[1..2], "2.5.2", &all), None);
    }
}
