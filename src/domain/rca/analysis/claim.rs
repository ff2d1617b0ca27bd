//! One piece of evidence: which kind it is, whether it has the fields of that kind, and whether
//! they can be read.

use super::resolve::Resolving;
use super::spelling::instead_of;
use super::{Claim, Item};
use crate::domain::rca::document::Evidence;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::Role;
use crate::domain::rca::vocab::odd_character;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::logql::LogQuery;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::Kind;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::yaml::Step;

/// The shortest text worth looking for in a command's output, in letters and digits.
const SHORTEST_TEXT: usize = 3;

impl Resolving<'_> {
    /// The claim of one entry, or nothing when something in it is wrong, which is then told.
    pub(super) fn item(
        &mut self,
        entry: &Evidence,
        list: &'static str,
        index: usize,
    ) -> Option<Item> {
        let path: [Step<'static>; 2] = [list.into(), index.into()];
        let given = |fields: &[(&'static str, bool)]| {
            fields.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let kinds = given(&[
            ("promql", entry.promql.is_some()),
            ("log", entry.log.is_some()),
            ("command", entry.command.is_some()),
            ("intervention", entry.intervention.is_some()),
        ]);
        let [kind] = kinds.as_slice() else {
            let message = match kinds.as_slice() {
                [] => {
                    "a claim needs one of `promql`, `log`, `command` and `intervention`".to_owned()
                }
                several => format!(
                    "a claim is of one kind, this has {}: make it {} claims",
                    several.join(" and "),
                    several.len()
                ),
            };
            self.error(&path, message);
            return None;
        };
        let allowed: &[&str] = match *kind {
            "promql" => &["at"],
            "log" => &["from", "to", "min", "absent"],
            "command" => &["contains"],
            _ => &["before", "after"],
        };
        let others = given(&[
            ("at", entry.at.is_some()),
            ("from", entry.from.is_some()),
            ("to", entry.to.is_some()),
            ("min", entry.min.is_some()),
            ("absent", entry.absent.is_some()),
            ("contains", entry.contains.is_some()),
            ("before", entry.before.is_some()),
            ("after", entry.after.is_some()),
        ]);
        for field in others.into_iter().filter(|field| !allowed.contains(field)) {
            self.error(
                &[path[0], path[1], field.into()],
                format!(
                    "`{field}` does not belong to a `{kind}` claim, which takes {}",
                    named(allowed)
                ),
            );
        }
        let id = self.id(entry.id.as_deref(), &path)?;
        let claim = match *kind {
            "promql" => self.promql_claim(entry, &path),
            "log" => self.log_claim(entry, &path),
            "command" => self.command_claim(entry, &path),
            _ => self.intervention_claim(entry, &path),
        }?;
        Some(Item { id, claim, place: self.document.front.at(&path) })
    }

    fn id(&mut self, id: Option<&str>, path: &[Step<'static>; 2]) -> Option<String> {
        let letter = if path[0] == Step::Key("impact") { 'I' } else { 'E' };
        let Some(id) = id else {
            self.error(
                path,
                format!("a claim needs an `id`, as `{letter}1`, so that others can refer to it"),
            );
            return None;
        };
        let at = [path[0], path[1], "id".into()];
        let plain = id.len() <= 20
            && id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if !plain {
            let odd =
                odd_character(id).map(|odd| format!(": it contains {odd}")).unwrap_or_default();
            self.error(
                &at,
                format!(
                    "`{}` is no id{odd}; write a letter and a number, as `{letter}1`",
                    id.escape_debug()
                ),
            );
            return None;
        }
        if !self.ids.insert(id.to_owned()) {
            self.error(&at, format!("the id `{id}` is given twice"));
            return None;
        }
        Some(id.to_owned())
    }

    fn promql_claim(&mut self, entry: &Evidence, path: &[Step<'static>; 2]) -> Option<Claim> {
        let query =
            self.query(entry.promql.as_deref().unwrap_or(""), [path[0], path[1], "promql".into()]);
        let at = self.required_time(entry.at.as_deref(), path, "at");
        if let Some(at) = at
            && !self.facts.recorded.contains(at)
        {
            self.outside(&[path[0], path[1], "at".into()], at);
        }
        Some(Claim::Promql { query: query?, at: at? })
    }

    /// A PromQL condition, parsed.
    pub(super) fn query(&mut self, text: &str, path: [Step<'static>; 3]) -> Option<Query> {
        let query = match Query::parse(text) {
            Ok(query) => query,
            Err(error) => {
                match text.find("$__").or_else(|| text.find("[$")) {
                    Some(_) => self.error(
                        &path,
                        "a variable of Grafana stands for nothing here: replace it by a window, \
                         as `[10s]`",
                    ),
                    None => self.query_error(&path, text, &error),
                }
                return None;
            }
        };
        if matches!(query.kind(), Kind::Range | Kind::Text) {
            self.error(
                &path,
                "a claim must be a condition: compare the value with something, as `x > 5`",
            );
            return None;
        }
        if query.selectors().iter().any(|(selector, _)| selector.metric().is_none()) {
            self.error(
                &path,
                "name the metric that is looked at; a selector without a name or with a pattern of names says nothing that can be checked",
            );
            return None;
        }
        let unknown: Vec<String> = query
            .metrics()
            .into_iter()
            .filter(|name| catalogue::find(name).is_none())
            .map(str::to_owned)
            .collect();
        for name in unknown {
            let meant = instead_of(&name);
            self.advise(
                &path,
                format!("no metric is called `{name}`{meant} (`chaoslab metrics` lists them); the claim cannot be verified"),
            );
        }
        Some(query)
    }

    fn query_error(&mut self, path: &[Step<'_>], text: &str, error: &QueryError) {
        let message = match error {
            QueryError::Invalid { message, .. } | QueryError::Unsupported { message, .. } => {
                message.clone()
            }
            other => other.to_string(),
        };
        let place = match error.position() {
            Some(position) => {
                let before: usize =
                    text.lines().take(position.line - 1).map(|line| line.chars().count() + 1).sum();
                self.document.place_inside(path, before + position.column - 1)
            }
            None => self.document.front.at(path),
        };
        self.error_at(place, message);
    }

    fn log_claim(&mut self, entry: &Evidence, path: &[Step<'static>; 2]) -> Option<Claim> {
        let log = [path[0], path[1], "log".into()];
        let text = entry.log.as_deref().unwrap_or("");
        let query = match LogQuery::parse(text) {
            Ok(query) => Some(query),
            Err(error) => {
                self.query_error(&log, text, &error);
                None
            }
        };
        if let Some(query) = &query {
            let machines = &self.facts.inventory.machines;
            if !machines.is_empty() && !machines.iter().any(|machine| query.wants(&machine.name)) {
                let names: Vec<_> = machines
                    .iter()
                    .filter(|m| m.role != Role::Toolbox)
                    .map(|m| m.name.as_str())
                    .collect();
                let message = format!(
                    "no machine of this lab is meant by this selector; there are {}",
                    names.join(", ")
                );
                self.error(&log, message);
                return None;
            }
        }
        let from = self.required_time(entry.from.as_deref(), path, "from");
        let to = self.required_time(entry.to.as_deref(), path, "to");
        let (from, to) = (from?, to?);
        if from > to {
            self.error(&[path[0], path[1], "to".into()], "`to` is before `from`");
            return None;
        }
        let recorded = self.facts.recorded;
        if to < recorded.from || from > recorded.to {
            self.outside(&[path[0], path[1], "from".into()], from);
        }
        let absent = entry.absent.unwrap_or(false);
        match (absent, entry.min) {
            (true, Some(_)) => {
                self.error(
                    &[path[0], path[1], "min".into()],
                    "with `absent: true` no line is claimed, so `min` has no meaning",
                );
                None
            }
            (false, Some(0)) => {
                self.error(
                    &[path[0], path[1], "min".into()],
                    "`min: 0` claims nothing; for no line at all write `absent: true`",
                );
                None
            }
            _ => Some(Claim::Log {
                query: query?,
                from,
                to,
                min: (!absent).then(|| entry.min.unwrap_or(1)),
            }),
        }
    }

    fn command_claim(&mut self, entry: &Evidence, path: &[Step<'static>; 2]) -> Option<Claim> {
        let number =
            self.command_number(entry.command.unwrap_or(0), &[path[0], path[1], "command".into()]);
        let Some(text) = &entry.contains else {
            self.error(path, "a `command` claim needs `contains`: the text its output shows");
            return None;
        };
        if text.chars().filter(|c| c.is_alphanumeric()).count() < SHORTEST_TEXT {
            self.error(
                &[path[0], path[1], "contains".into()],
                "this text is too short to show anything: quote the part of the output that does",
            );
            return None;
        }
        Some(Claim::Command { number: number?, contains: text.clone() })
    }

    fn intervention_claim(&mut self, entry: &Evidence, path: &[Step<'static>; 2]) -> Option<Claim> {
        let at = [path[0], path[1], "intervention".into()];
        let number = self.command_number(entry.intervention.unwrap_or(0), &at);
        if let Some(command) = number.and_then(|n| self.facts.command(n))
            && !command.is_change()
        {
            self.error(&at, format!("command {} changed nothing (`chaoslab history --mutating` lists those that did)", command.number));
            return None;
        }
        let mut sides = ["before", "after"].map(|side| {
            let text = if side == "before" { &entry.before } else { &entry.after };
            match text {
                Some(text) => self.query(text, [path[0], path[1], side.into()]),
                None => {
                    self.error(path, format!("an `intervention` claim needs `{side}`: the PromQL that held {side} the command"));
                    None
                }
            }
        });
        Some(Claim::Intervention {
            number: number?,
            before: sides[0].take()?,
            after: sides[1].take()?,
        })
    }

    /// The number of a command that exists.
    pub(super) fn command_number(&mut self, number: u32, path: &[Step<'_>]) -> Option<u32> {
        if self.facts.command(number).is_some() {
            return Some(number);
        }
        let numbers = self.facts.commands.iter().map(|c| c.number);
        let range = match (numbers.clone().min(), numbers.max()) {
            (Some(first), Some(last)) => format!("they go from {first} to {last}"),
            _ => "none is recorded yet".to_owned(),
        };
        self.error(path, format!("there is no command {number}; {range} (`chaoslab history`)"));
        None
    }

    fn required_time(
        &mut self,
        text: Option<&str>,
        path: &[Step<'static>; 2],
        field: &'static str,
    ) -> Option<UnixMs> {
        match text {
            Some(text) => self.time(text, &[path[0], path[1], field.into()]),
            None => {
                self.error(path, format!("this claim needs `{field}`: a time, as `T+00:02:10`"));
                None
            }
        }
    }

    fn outside(&mut self, path: &[Step<'_>], at: UnixMs) {
        let (recorded, page) = (self.facts.recorded, self.facts.page);
        let message = format!(
            "{} lies outside the record, which goes from {} to {}; the claim cannot be verified",
            since_page(at, page),
            since_page(recorded.from, page),
            since_page(recorded.to, page)
        );
        self.advise(path, message);
    }
}

fn named(fields: &[&str]) -> String {
    fields.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ")
}
