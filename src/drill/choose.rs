//! Which run is meant, and what may be done with it in the state it is in.

use super::error::{DrillError, InvalidRequest, Refusal};
use super::notice::{Notice, Notices};
use crate::domain::rca::moment::Moment;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Host, Lab, connect};
use crate::lab::keeper::clock::{charged, now};
pub use crate::lab::run::Home;
use crate::lab::run::{Briefing, Run, RunFile, RunState};
use crate::lab::store::Reader;

/// A run that has been chosen, with its state as it was then.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The run.
    pub run: Run,
    /// Its state.
    pub file: RunFile,
}

/// The run of this id; else the only live one; else the latest that is not graded; else the
/// latest.
pub fn chosen(home: &Home, id: Option<&str>, notices: &dyn Notices) -> Result<Chosen, DrillError> {
    if let Some(id) = id {
        return Chosen::of(home.open(id)?);
    }
    let mut runs = Vec::new();
    for run in home.list()? {
        // A folder that cannot be read is told by name, unless another run is meant anyway.
        match run.read() {
            Ok(file) => runs.push(Chosen { run, file }),
            Err(error) => notices.notify(Notice::Unreadable(error)),
        }
    }
    let position = position(&runs.iter().map(|c| &c.file).collect::<Vec<_>>())?;
    Ok(runs.swap_remove(position))
}

/// Which of all runs, oldest first, is meant when none was named.
fn position(files: &[&RunFile]) -> Result<usize, DrillError> {
    let live: Vec<_> = files.iter().filter(|f| f.state.is_live()).map(|f| f.id.clone()).collect();
    if live.len() > 1 {
        return Err(InvalidRequest::SeveralLive(live).into());
    }
    let is_ungraded = |f: &&RunFile| f.state == RunState::Closed && f.graded.is_none();
    let position = files
        .iter()
        .position(|f| f.state.is_live())
        .or_else(|| files.iter().rposition(is_ungraded))
        .or(files.len().checked_sub(1));
    Ok(position.ok_or(Refusal::NoRun)?)
}

/// The chosen run, if a learner may look at its record: once it has opened, and after it was
/// stopped.
pub fn readable(
    home: &Home,
    id: Option<&str>,
    notices: &dyn Notices,
) -> Result<Chosen, DrillError> {
    let chosen = chosen(home, id, notices)?;
    chosen.is_readable()?;
    Ok(chosen)
}

/// The chosen run, if a learner may act on its lab: while it is open.
pub fn open(home: &Home, id: Option<&str>, notices: &dyn Notices) -> Result<Chosen, DrillError> {
    let chosen = readable(home, id, notices)?;
    match chosen.file.state {
        RunState::Open => {
            chosen.in_time()?;
            Ok(chosen)
        }
        _ => Err(Refusal::Stopped(chosen.file.id).into()),
    }
}

/// Refuses what would give away a drill of this family that is not graded.
pub(super) fn spoils_nothing(
    home: &Home,
    family: &str,
    what: &'static str,
) -> Result<(), DrillError> {
    for run in home.list()? {
        // Of a run that cannot be read nothing can be given away.
        let Ok(file) = run.read() else { continue };
        if file.family == family && file.can_be_spoiled() {
            return Err(Refusal::WouldSpoil { what, run: file.id }.into());
        }
    }
    Ok(())
}

fn never_opened(file: &RunFile) -> Refusal {
    Refusal::NeverOpened {
        run: file.id.clone(),
        family: file.family.clone(),
        why: file.invalid.as_ref().map(|i| i.reason.clone()),
    }
}

impl Chosen {
    /// A run, in the state it is in now.
    pub fn of(run: Run) -> Result<Self, DrillError> {
        let file = run.read()?;
        Ok(Self { run, file })
    }

    fn is_readable(&self) -> Result<(), Refusal> {
        match self.file.state {
            RunState::Open => Ok(()),
            RunState::Closed if self.file.opened_at.is_some() => Ok(()),
            state if state.is_staging() => {
                Err(Refusal::NotOpenYet { run: self.file.id.clone(), state })
            }
            _ => Err(never_opened(&self.file)),
        }
    }

    /// Refuses what would give the run away before it is graded.
    pub fn spoils_nothing(&self, what: &'static str) -> Result<(), Refusal> {
        match self.file.can_be_spoiled() {
            true => Err(Refusal::WouldSpoil { what, run: self.file.id.clone() }),
            false => Ok(()),
        }
    }

    /// The lab of the run.
    pub fn lab(&self) -> Result<Lab, DrillError> {
        Ok(self.run.lab()?.ok_or_else(|| never_opened(&self.file))?)
    }

    /// Refuses what may be done within the time limit only.
    pub fn in_time(&self) -> Result<(), DrillError> {
        match self.file.time_left_ms(charged(&self.file)) {
            Some(left) if left < 0 => Err(Refusal::TimeOver {
                run: self.file.id.clone(),
                minutes: self.file.time_limit_ms.unwrap_or_default() / 60_000,
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// What the learner was told at the start.
    pub fn briefing(&self) -> Result<Briefing, DrillError> {
        Ok(self.run.briefing()?)
    }

    /// A reader of the record.
    pub fn reader(&self) -> Result<Reader, DrillError> {
        Ok(Reader::open(self.run.folder())?)
    }

    /// A time as the learner wrote it: an instant, or how long ago, as `90s` or `5m`, counted from
    /// the last recorded second.
    pub fn moment(&self, text: &str) -> Result<UnixMs, DrillError> {
        if let Some(ago) = stretch_ms(text) {
            return Ok(self.last_second(&self.reader()?)? - ago);
        }
        let page = self.file.paged_at.unwrap_or(self.file.created_at);
        Ok(Moment::parse(text).map_err(InvalidRequest::from)?.place(page))
    }

    /// The engine its lab stands on.
    pub(super) async fn engine(&self) -> Result<Host, DrillError> {
        Ok(connect().await?)
    }

    /// The last recorded second, in milliseconds since the epoch.
    pub fn last_second(&self, reader: &Reader) -> Result<UnixMs, DrillError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::notice::Told;
    use crate::lab::run::{Graded, Invalid};

    fn file(id: &str, state: RunState, graded: bool) -> RunFile {
        let graded = graded.then_some(Graded { score: 80_000, passed: true });
        RunFile { state, graded, ..RunFile::new(id, "isr-shrink", "image", 1) }
    }

    fn meant(files: &[RunFile]) -> Option<&str> {
        position(&files.iter().collect::<Vec<_>>()).ok().map(|at| files[at].id.as_str())
    }

    #[test]
    fn a_live_run_comes_before_an_ungraded_one_and_that_before_the_latest() {
        use RunState::{Booting, Closed, Invalid, Open};
        let graded = file("graded", Closed, true);
        let older = file("older", Closed, false);
        let newer = file("newer", Closed, false);
        let invalid = file("invalid", Invalid, false);
        let all = |files: &[&RunFile]| files.iter().map(|f| (*f).clone()).collect::<Vec<_>>();
        for live in [file("open", Open, false), file("booting", Booting, false)] {
            assert_eq!(meant(&all(&[&older, &live, &newer])), Some(live.id.as_str()));
        }
        assert_eq!(meant(&all(&[&older, &newer, &graded, &invalid])), Some("newer"));
        assert_eq!(meant(&all(&[&graded, &invalid])), Some("invalid"));
    }

    #[test]
    fn without_a_run_or_with_several_live_ones_none_is_chosen() {
        assert!(matches!(position(&[]), Err(DrillError::Refused(Refusal::NoRun))));
        let (a, b) = (file("a", RunState::Open, false), file("b", RunState::Created, false));
        let Err(DrillError::InvalidRequest(InvalidRequest::SeveralLive(live))) =
            position(&[&a, &b])
        else {
            panic!("several are live");
        };
        assert_eq!(live, ["a", "b"]);
    }

    #[test]
    fn what_may_be_done_follows_from_the_state() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        let told = Told::default();
        let mut run = file("r-000001", RunState::Settling, false);
        home.create(&run).expect("made");
        let id = Some("r-000001");
        let mut seen = Vec::new();
        for (state, opened_at, limit) in [
            (RunState::Settling, None, None),
            (RunState::Open, Some(1), None),
            (RunState::Open, Some(1), Some(60_000)),
            (RunState::Closed, Some(1), None),
            (RunState::Invalid, None, None),
        ] {
            (run.state, run.opened_at, run.time_limit_ms) = (state, opened_at, limit);
            run.invalid = (state == RunState::Invalid)
                .then(|| Invalid { during: RunState::Settling, reason: "no baseline".to_owned() });
            home.create(&run).expect("written");
            let refused = |done: Result<Chosen, DrillError>| match done {
                Ok(_) => "allowed",
                Err(DrillError::Refused(Refusal::NotOpenYet { .. })) => "not open yet",
                Err(DrillError::Refused(Refusal::NeverOpened { .. })) => "never opened",
                Err(DrillError::Refused(Refusal::Stopped(_))) => "stopped",
                Err(DrillError::Refused(Refusal::TimeOver { minutes: 1, .. })) => "time over",
                Err(other) => panic!("{other}"),
            };
            seen.push((refused(readable(&home, id, &told)), refused(open(&home, id, &told))));
        }
        assert_eq!(
            seen,
            [
                ("not open yet", "not open yet"),
                ("allowed", "allowed"),
                ("allowed", "time over"),
                ("allowed", "stopped"),
                ("never opened", "never opened"),
            ]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_told_and_another_run_is_chosen() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        home.create(&file("r-000001", RunState::Open, false)).expect("made");
        let broken = home.create(&file("r-000002", RunState::Open, false)).expect("made");
        std::fs::write(broken.folder().join("run.json"), "{").expect("written");
        let told = Told::default();
        assert_eq!(chosen(&home, None, &told).expect("chosen").file.id, "r-000001");
        let told = told.0.into_inner();
        assert!(told.len() == 1 && told[0].starts_with("note: "), "{told:?}");
    }

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
