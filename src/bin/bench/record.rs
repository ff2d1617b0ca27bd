//! Eight hours of record, as the keeper writes it: what a second costs to write, and what commands
//! and questions cost to answer.

use std::path::{Path, PathBuf};
use std::time::Instant;

use chaoslab::domain::recording::Recording;
use chaoslab::domain::review::write_ups::{REFERENCE, filled};
use chaoslab::domain::telemetry::logql::LogQuery;
use chaoslab::domain::telemetry::promql::Query;
use chaoslab::domain::topology::Placement;
use chaoslab::lab::engine::Lab;
use chaoslab::lab::facts;
use chaoslab::lab::library::Library;
use chaoslab::lab::run::{Briefing, Home, Run, RunFile, RunState, Sealed};
use chaoslab::lab::store::{FILE, Reader, Writer};

use crate::figures::{median, processor_seconds, resident};
use crate::peer::Prometheus;
use crate::questions::{CLAIMS, LOGQL, PROMQL, Question};
use crate::replay::{Besides, Replay};
use crate::{Failed, tell};

/// The run whose telemetry goes on: 2,900 series, of which a third moves each second.
const OF: (&str, &str, u64) = ("memory-pressure", "undersized-heap", 1);
const RUN: &str = "r-bench";
/// How often a figure is taken; the middle one is told.
const TIMES: usize = 5;
/// Over how many seconds the cost of one is taken, and before which the record is young.
const TICKS: usize = 60;
/// Seconds that are written before: what the keeper of that hour has had at hand for long.
const WARM: usize = 20;
const YOUNG: usize = 300;
/// The step of a question over all hours, in milliseconds.
const STEP: i64 = 60_000;

/// How many hours; `BENCH_HOURS` for a smaller record while something is worked on.
fn hours() -> Result<usize, Failed> {
    Ok(std::env::var("BENCH_HOURS").map_or(Ok(8), |hours| hours.parse())?)
}

/// Measures it all. The record is kept in `target/bench`; removed, it is made anew.
pub async fn measure_record() -> Result<(), Failed> {
    let hours = hours()?;
    let recording = recording()?;
    let home = Home::at(&std::path::absolute(format!("target/bench/{hours}h"))?);
    let run = match home.open(RUN).ok().filter(|run| run.folder().join("complete").exists()) {
        Some(run) => run,
        None => make(&home, &recording, hours)?,
    };
    let size = std::fs::metadata(run.folder().join(FILE))?.len() / (1024 * 1024);
    tell(&format!("\nrecord of {hours} h, {size} MiB"));
    keeper(&run, &recording, hours)?;
    commands(&home, &run)?;
    lines(&run)?;
    questions(&run, hours).await
}

fn recording() -> Result<Recording, Failed> {
    let (family, scenario, seed) = OF;
    let all = Library::open()?.recordings(family)?;
    let wanted = |r: &Recording| (r.head.scenario.as_str(), r.head.seed) == (scenario, seed);
    all.into_iter()
        .find(wanted)
        .ok_or_else(|| format!("no recording of {family}/{scenario}").into())
}

fn replay(recording: &Recording, hours: usize) -> Replay<'_> {
    Replay::of(recording, hours * 3600, Besides { lines: hours * 25_000, commands: hours * 63 })
}

/// Makes the run as it would lie there after so many hours, stopped and not yet graded.
fn make(home: &Home, recording: &Recording, hours: usize) -> Result<Run, Failed> {
    let (family, scenario, seed) = OF;
    let (facts, truth) = (&recording.head.facts, &recording.head.truth);
    let plan = Library::open()?.plan(family, scenario, seed)?;
    let salt = Sealed::salt()?;
    let file = RunFile {
        state: RunState::Closed,
        settled_at: Some(facts.baseline.to),
        baseline_ms: Some(facts.baseline.length()),
        paged_at: Some(facts.page),
        opened_at: Some(facts.opened),
        closed_at: Some(facts.recorded.from + (hours * 3_600_000) as i64),
        commitment: Some(truth.commitment(&salt)?),
        ..RunFile::new(RUN, family, "none", facts.recorded.from)
    };
    let run = home.create(&file)?;
    // What a cut-off bench left would be gone on with.
    remove_record(run.folder())?;
    let briefing = Briefing::from(&plan);
    run.write_briefing(&briefing)?;
    run.sealed().write("truth", truth)?;
    run.sealed().write("salt", &salt)?;
    run.sealed().write("plan", &plan)?;
    let lab = Lab {
        run: RUN.to_owned(),
        topology: plan.topology,
        services: plan.services,
        placement: Placement::default(),
    };
    run.write_lab(&lab)?;
    let text = Library::open()?.write_up(family, scenario, REFERENCE).ok_or("no reference")?;
    let mut facts = facts.clone();
    facts.run = RUN.to_owned();
    std::fs::write(run.rca(), full(&filled(&text, &recording.head.drawn, &facts)?))?;
    let mut writer = Writer::open(run.folder())?;
    let mut replay = replay(recording, hours);
    tell(&format!("making a record of {hours} h, {} series: some minutes", replay.series()));
    for second in 0..hours * 3600 {
        replay.write(second, &mut writer)?;
        // What is not measured need not be on disk each second.
        if second % 20 == 19 {
            writer.commit()?;
        }
        if second % 1800 == 1799 {
            tell(&format!("  {} min", (second + 1) / 60));
        }
    }
    for change in &facts.changes {
        writer.change(change.at, &change.what, "")?;
    }
    // As the keeper does while it goes on.
    let reader = Reader::open(run.folder())?;
    let (mut detector, _) = facts::detector(&file, &lab, &briefing, &reader)?;
    let until = reader.span()?.ok_or("an empty record")?.1;
    detector.advance(&reader, until)?;
    writer.detected_until(until, &detector.detections())?;
    drop(writer);
    std::fs::write(run.folder().join("complete"), "")?;
    std::fs::copy(run.folder().join("run.json"), run.folder().join("ungraded.json"))?;
    Ok(run)
}

fn remove_record(folder: &Path) -> Result<(), Failed> {
    for ending in ["", "-wal", "-shm"] {
        let path = folder.join(format!("{FILE}{ending}"));
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The reference with more claims, up to as many as count.
fn full(reference: &str) -> String {
    let claims = CLAIMS.iter().zip(91..).map(|(claim, k)| format!("  - {{id: E{k}, {claim}}}\n"));
    let after = "evidence:\n";
    reference.replacen(after, &format!("{after}{}", claims.collect::<String>()), 1)
}

/// What a second costs the keeper when the record is young and when it is old.
fn keeper(run: &Run, recording: &Recording, hours: usize) -> Result<(), Failed> {
    let folder = std::path::absolute("target/bench/keeper")?;
    std::fs::create_dir_all(&folder)?;
    remove_record(&folder)?;
    let mut replay = replay(recording, hours);
    let mut writer = Writer::open(&folder)?;
    for second in 0..YOUNG {
        replay.write(second, &mut writer)?;
        writer.commit()?;
    }
    let young = ticks(&mut replay, &mut writer, &folder, run, YOUNG)?;
    drop(writer);
    remove_record(&folder)?;
    std::fs::copy(run.folder().join(FILE), folder.join(FILE))?;
    let begun = Instant::now();
    let mut writer = Writer::open(&folder)?;
    let opened = begun.elapsed().as_secs_f64();
    let old = ticks(&mut replay, &mut writer, &folder, run, hours * 3600)?;
    drop(writer);
    remove_record(&folder)?;
    tell(&format!("\n| each second | minute 5 | hour {hours} | ratio |\n|---|---|---|---|"));
    row("written and committed", "ms", young.written, old.written);
    row("of the processor", "ms", young.processor, old.processor);
    row("detection goes on", "ms", young.detected, old.detected);
    row("memory", "MiB", young.memory, old.memory);
    let (opened, read) = (opened * 1000.0, old.read);
    tell(&format!(
        "\nAn old record is opened for writing in {opened:.0} ms. A detector that begins"
    ));
    tell(&format!("anew has read it in {read:.0} ms."));
    Ok(())
}

fn row(what: &str, unit: &str, young: f64, old: f64) {
    tell(&format!("| {what} | {young:.1} {unit} | {old:.1} {unit} | {:.2} |", old / young));
}

/// What one second of record costs, in milliseconds and MiB.
struct Tick {
    written: f64,
    processor: f64,
    detected: f64,
    memory: f64,
    /// What it took to read all that was there before.
    read: f64,
}

fn ticks(
    replay: &mut Replay<'_>,
    writer: &mut Writer,
    folder: &Path,
    run: &Run,
    from: usize,
) -> Result<Tick, Failed> {
    let reader = Reader::open(folder)?;
    let (file, lab) = (run.read()?, run.lab()?.ok_or("no lab")?);
    let (mut detector, _) = facts::detector(&file, &lab, &run.briefing()?, &reader)?;
    let begun = Instant::now();
    detector.advance(&reader, reader.span()?.ok_or("an empty record")?.1)?;
    let read = begun.elapsed().as_secs_f64() * 1000.0;
    let (mut written, mut processor, mut detected) = (0.0, 0.0, 0.0);
    for second in from..from + WARM {
        replay.write(second, writer)?;
        writer.commit()?;
    }
    for second in from + WARM..from + WARM + TICKS {
        let (begun, before) = (Instant::now(), processor_seconds("self")?);
        let at = replay.write(second, writer)?;
        writer.commit()?;
        written += begun.elapsed().as_secs_f64();
        processor += processor_seconds("self")? - before;
        // As often as the keeper goes on.
        if second % 5 == 4 {
            let begun = Instant::now();
            detector.advance(&reader, at)?;
            detected += begun.elapsed().as_secs_f64();
        }
    }
    let each = |seconds: f64| seconds * 1000.0 / TICKS as f64;
    let (written, processor, detected) = (each(written), each(processor), each(detected));
    Ok(Tick { written, processor, detected, memory: resident("self")?, read })
}

/// Whole commands, from their start to their end.
fn commands(home: &Home, run: &Run) -> Result<(), Failed> {
    tell("\n| command | time |\n|---|---|");
    for arguments in [&["--version"][..], &["status"], &["events"], &["rca", "check"], &["submit"]]
    {
        let mut taken = Vec::new();
        for _ in 0..TIMES {
            // A graded run is not graded again.
            std::fs::copy(run.folder().join("ungraded.json"), run.folder().join("run.json"))?;
            taken.push(command(home, arguments)?);
        }
        tell(&format!("| `{}` | {:.0} ms |", arguments.join(" "), median(taken) * 1000.0));
    }
    Ok(())
}

fn command(home: &Home, arguments: &[&str]) -> Result<f64, Failed> {
    let program: PathBuf = std::env::current_exe()?.with_file_name("chaoslab");
    let begun = Instant::now();
    let output = std::process::Command::new(program)
        .args(arguments)
        .env("CHAOSLAB_HOME", home.folder())
        .output()?;
    // 3: it was graded and did not pass; 4: a claim is not as it should be. Both are answers.
    match output.status.code() {
        Some(0 | 3 | 4) => Ok(begun.elapsed().as_secs_f64()),
        code => Err(format!(
            "{arguments:?} ended with {code:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into()),
    }
}

/// The middle of several times.
fn timed<T>(mut work: impl FnMut() -> Result<T, Failed>) -> Result<(T, f64), Failed> {
    let mut taken = Vec::new();
    loop {
        let begun = Instant::now();
        let done = work()?;
        taken.push(begun.elapsed().as_secs_f64());
        if taken.len() == TIMES {
            return Ok((done, median(taken)));
        }
    }
}

fn lines(run: &Run) -> Result<(), Failed> {
    tell("\n| LogQL over all | lines | time |\n|---|---|---|");
    for (name, logql) in LOGQL {
        let (lines, seconds) = timed(|| {
            let reader = Reader::open(run.folder())?;
            let (from, to) = reader.span()?.ok_or("an empty record")?;
            Ok(LogQuery::parse(logql)?.select(&reader, from, to)?.len())
        })?;
        tell(&format!("| {name} | {lines} | {:.0} ms |", seconds * 1000.0));
    }
    Ok(())
}

/// PromQL, here and in Prometheus, on the same samples.
async fn questions(run: &Run, hours: usize) -> Result<(), Failed> {
    let reader = Reader::open(run.folder())?;
    let (_, to) = reader.span()?.ok_or("an empty record")?;
    // What is before the rounds has gaps and restarts, and the beginning of a window.
    let from = to - (hours * 3_600_000) as i64 + 600_000;
    let prometheus = Prometheus::start(&reader, hours, to).await?;
    let asked = async {
        tell("\n| PromQL | series | chaoslab | Prometheus 2.42 | ratio |\n|---|---|---|---|---|");
        for question in &PROMQL {
            question_row(question, run, &prometheus, from, to).await?;
        }
        Ok(())
    };
    let asked = asked.await;
    prometheus.remove();
    asked
}

async fn question_row(
    question: &Question,
    run: &Run,
    prometheus: &Prometheus,
    from: i64,
    to: i64,
) -> Result<(), Failed> {
    let name = question.name;
    let theirs = prometheus.timed(question, from, to, STEP, TIMES).await?;
    let ours = timed(|| {
        let (reader, query) = (Reader::open(run.folder())?, Query::parse(question.promql)?);
        if question.over_all {
            return Ok(query.range(&reader, from, to, STEP)?.len());
        }
        match query.instant(&reader, to)? {
            chaoslab::domain::telemetry::promql::Value::Vector(elements) => Ok(elements.len()),
            _ => Err("a question of the bench is no vector".into()),
        }
    });
    let (series, seconds) = match ours {
        Ok(ours) => ours,
        Err(refused) => {
            tell(&format!("| {name} | | refused: {refused} | {:.0} ms | |", theirs.1 * 1000.0));
            return Ok(());
        }
    };
    if series != theirs.0 {
        return Err(format!("{name}: {series} series here, {} in Prometheus", theirs.0).into());
    }
    let (ours, theirs) = (seconds * 1000.0, theirs.1 * 1000.0);
    tell(&format!("| {name} | {series} | {ours:.0} ms | {theirs:.0} ms | {:.2} |", ours / theirs));
    Ok(())
}
