//! What commands share: the home, the chosen run, the way to its keeper and to the engine.

use std::time::Duration;

use super::exit::Failure;
use super::output::Output;
use crate::domain::rca::moment::{Moment, rfc3339, since_page};
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::Lab;
use crate::lab::engine::{Host, connect};
use crate::lab::keeper::clock::now;
use crate::lab::keeper::protocol::KeeperClient;
use crate::lab::run::{Briefing, Home, Run, RunFile, RunState};
use crate::lab::store::Reader;
use crate::lab::wait;

/// How long a keeper may take to listen after it was started.
const KEEPER_WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of all runs.
    pub home: Home,
    /// Where to write.
    pub output: Output,
    /// `--run`, when it was given.
    pub run: Option<String>,
}

/// A run that has been chosen, with its state as it was then.
#[derive(Debug)]
pub struct Chosen {
    /// The run.
    pub run: Run,
    /// Its state.
    pub file: RunFile,
}

impl Context {
    /// The run named by `--run`; else the only live one; else the latest that is not graded; else
    /// the latest.
    pub fn chosen(&self) -> Result<Chosen, Failure> {
        if let Some(id) = &self.run {
            let run = self.home.open(id)?;
            let file = run.read()?;
            return Ok(Chosen { run, file });
        }
        let mut runs = Vec::new();
        for run in self.home.list()? {
            // A folder that cannot be read is told by name, unless another run is meant anyway.
            match run.read() {
                Ok(file) => runs.push(Chosen { run, file }),
                Err(error) => self.output.remark(format!("note: {error}")),
            }
        }
        let live: Vec<_> =
            runs.iter().filter(|c| c.file.state.is_live()).map(|c| c.file.id.clone()).collect();
        if live.len() > 1 {
            return Err(Failure::Usage(format!(
                "several runs are live: {}. Say which with --run",
                live.join(", ")
            )));
        }
        let graded = |c: &Chosen| c.file.graded.is_some();
        let position = runs
            .iter()
            .position(|c| c.file.state.is_live())
            .or_else(|| runs.iter().rposition(|c| c.file.state == RunState::Closed && !graded(c)))
            .or(runs.len().checked_sub(1));
        let position = position.ok_or_else(|| {
            Failure::Refused("there is no run yet: `chaoslab start FAMILY` begins one, `chaoslab list` shows the families".to_owned())
        })?;
        Ok(runs.swap_remove(position))
    }

    /// The chosen run, if a learner may look at its record: once it has opened, and after it was
    /// stopped.
    pub fn readable(&self) -> Result<Chosen, Failure> {
        let chosen = self.chosen()?;
        match chosen.file.state {
            RunState::Open => Ok(chosen),
            RunState::Closed if chosen.file.opened_at.is_some() => Ok(chosen),
            state if state.is_staging() => Err(Failure::Refused(format!(
                "the run {} is not open yet ({state}): `chaoslab status` tells when it is",
                chosen.file.id
            ))),
            _ => Err(Failure::Refused(never_opened(&chosen.file))),
        }
    }

    /// The chosen run, if a learner may act on its lab: while it is open.
    pub fn open(&self) -> Result<Chosen, Failure> {
        let chosen = self.readable()?;
        match chosen.file.state {
            RunState::Open => {
                chosen.in_time()?;
                Ok(chosen)
            }
            _ => Err(Failure::Refused(format!(
                "the run {} was stopped: its record can be read (`query`, `logs`, `history`), its machines are gone",
                chosen.file.id
            ))),
        }
    }

    /// Times as people read them: RFC 3339, and the distance to the page beside it.
    pub fn time(&self, file: &RunFile, at: UnixMs) -> String {
        match file.paged_at {
            Some(page) => format!(
                "{}  {}",
                rfc3339(at / 1000 * 1000),
                since_page(at / 1000 * 1000, page / 1000 * 1000)
            ),
            None => rfc3339(at / 1000 * 1000),
        }
    }
}

fn never_opened(file: &RunFile) -> String {
    let why = file.invalid.as_ref().map(|i| format!(": {}", i.reason)).unwrap_or_default();
    format!(
        "the run {} never opened{why}. `chaoslab start {}` begins another",
        file.id, file.family
    )
}

impl Chosen {
    /// The lab of the run.
    pub fn lab(&self) -> Result<Lab, Failure> {
        self.run.lab()?.ok_or_else(|| Failure::Refused(never_opened(&self.file)))
    }

    /// Refuses what may be done within the time limit only.
    pub fn in_time(&self) -> Result<(), Failure> {
        match self.file.time_left_ms(now()) {
            Some(left) if left < 0 => Err(Failure::Refused(format!(
                "the time of {} is over: it was limited to {} min. Its record can be read; `chaoslab submit --give-up` opens the truth, \
                 unscored, and `chaoslab stop` takes the lab down",
                self.file.id,
                self.file.time_limit_ms.unwrap_or_default() / 60_000
            ))),
            _ => Ok(()),
        }
    }

    /// What the learner was told at the start.
    pub fn briefing(&self) -> Result<Briefing, Failure> {
        Ok(self.run.briefing()?)
    }

    /// A reader of the record.
    pub fn reader(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(self.run.folder())?)
    }

    /// A time as the learner wrote it: an instant, or how long ago, as `90s` or `5m`, counted from
    /// the last recorded second.
    pub fn moment(&self, text: &str) -> Result<UnixMs, Failure> {
        if let Some(ago) = stretch_ms(text) {
            return Ok(self.last_second(&self.reader()?)? - ago);
        }
        let page = self.file.paged_at.unwrap_or(self.file.created_at);
        Ok(Moment::parse(text).map_err(Failure::Usage)?.place(page))
    }

    /// The engine.
    pub async fn engine(&self) -> Result<Host, Failure> {
        Ok(connect().await?)
    }

    /// A connection to the run's keeper, started again when it has died.
    pub async fn keeper(&self, output: Output) -> Result<KeeperClient, Failure> {
        if !self.run.is_kept()? {
            output.remark(format!(
                "the background process of {} had died; starting it again (the record has a gap)",
                self.run.id
            ));
            spawn_keeper(&self.run)?;
        }
        let connected = wait::until(KEEPER_WITHIN, ASK_EVERY, async || {
            Ok::<_, Failure>(KeeperClient::connect(self.run.folder()).await.ok())
        });
        connected.await?.ok_or_else(|| {
            Failure::Refused(format!(
                "the background process of {} does not answer; `chaoslab stop` ends it",
                self.run.id
            ))
        })
    }

    /// The last recorded second.
    pub fn last_second(&self, reader: &Reader) -> Result<UnixMs, Failure> {
        Ok(reader.span()?.map_or_else(now, |(_, last)| last))
    }
}

/// A stretch of time in milliseconds, as Prometheus writes durations of one unit: `500ms`, `90s`,
/// `5m`, `2h`.
pub fn stretch_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    text[..digits].parse::<i64>().ok()?.checked_mul(unit)
}

/// Starts the keeper of a run as a process of its own that outlives this one.
pub fn spawn_keeper(run: &Run) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(Failure::io("find this program"))?;
    let home = run.folder().ancestors().nth(2).unwrap_or(run.folder());
    let spawned = std::process::Command::new(program)
        .args(["keep", &run.id])
        .env("CHAOSLAB_HOME", home)
        .current_dir("/")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    spawned.map(|_| ()).map_err(Failure::io("start the background process of the run"))
}

#[cfg(test)]
mod tests {
    use super::stretch_ms;

    #[test]
    fn how_long_ago_is_told_from_instants() {
        assert_eq!(
            ["500ms", "90s", "5m", "2h"].map(stretch_ms),
            [Some(500), Some(90_000), Some(300_000), Some(7_200_000)]
        );
        assert_eq!(
            ["10", "s", "T-00:00:10", "2026-01-31T12:00:00Z", "5d", "99999999999999999999h"]
                .map(stretch_ms),
            [None; 6]
        );
    }
}
