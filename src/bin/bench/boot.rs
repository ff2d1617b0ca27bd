//! What a lab costs: boots side by side with Kafka's own start flags, and the keeper of a whole lab
//! under load.

use std::time::{Duration, Instant};

use chaoslab::domain::scenario::Plan;
use chaoslab::domain::topology::properties::Startup;
use chaoslab::lab::engine::{Build, EngineError, Exec, Host, Lab, QUICKLY, Sweep, connect};
use chaoslab::lab::image::Image;
use chaoslab::lab::library::Library;
use chaoslab::lab::run::new_run_id;

use crate::figures::{median, processor_seconds, resident};
use crate::{Failed, tell};

/// Pairs of boots, lean and stock in turn.
const PAIRS: usize = 7;
/// Shows the resident memory of a machine's JVM.
const RESIDENT: &str = "grep VmRSS /proc/$(pgrep -o java)/status";
/// Over how long the keeper's use of a processor is taken.
const OVERHEAD_SECONDS: u64 = 30;

/// What one boot cost.
#[derive(Clone, Copy)]
struct Boot {
    seconds: f64,
    /// Resident memory of all JVMs, MiB.
    memory: f64,
}

/// Measures both.
pub async fn measure_labs() -> Result<(), Failed> {
    boots().await?;
    overhead().await
}

async fn boots() -> Result<(), Failed> {
    let library = Library::open()?;
    let image = Image::current(&library)?;
    let plan = library.plan("consumer-lag", "slow-processing", 1)?;
    let mut lean = Vec::new();
    let mut stock = Vec::new();
    tell(
        "boot: containers created to every broker listing three unfenced brokers; resident memory of the four JVMs",
    );
    for pair in 1..=PAIRS {
        let a = boot(&image.reference, &plan, Startup::Lean).await?;
        let b = boot(&image.reference, &plan, Startup::Stock).await?;
        tell(&format!(
            "  pair {pair}: lean {:.1} s {:.0} MiB, stock {:.1} s {:.0} MiB",
            a.seconds, a.memory, b.seconds, b.memory
        ));
        lean.push(a);
        stock.push(b);
    }
    let ratios = |of: fn(&Boot) -> f64| {
        lean.iter().zip(&stock).map(|(a, b)| of(a) / of(b)).collect::<Vec<_>>()
    };
    tell(&format!(
        "  time: ratio lean/stock, median of pairs {:.2}",
        median(ratios(|b| b.seconds))
    ));
    tell(&format!(
        "  memory: ratio lean/stock, median of pairs {:.2}",
        median(ratios(|b| b.memory))
    ));
    Ok(())
}

async fn boot(image: &str, plan: &Plan, startup: Startup) -> Result<Boot, Failed> {
    let run = new_run_id()?;
    let engine = connect().await?;
    let measured = measure(&engine, &run, image, plan, startup).await;
    engine.sweep(Some(&run)).await?;
    Ok(measured?)
}

async fn measure(
    engine: &Host,
    run: &str,
    image: &str,
    plan: &Plan,
    startup: Startup,
) -> Result<Boot, EngineError> {
    let placement = engine.reserve(run, &plan.topology, &plan.services).await?;
    let lab = Lab {
        run: run.to_owned(),
        topology: plan.topology.clone(),
        services: Vec::new(),
        placement,
    };
    let begun = Instant::now();
    engine.boot(&lab, image, startup).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut memory = 0.0;
    for node in &lab.topology.nodes {
        let shown = engine.run_ok(&lab, &node.name, &["sh", "-c", RESIDENT], QUICKLY).await?;
        memory += shown
            .split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
            / 1024.0;
    }
    Ok(Boot { seconds, memory })
}

/// The keeper of a whole lab under load, as a share of one processor.
async fn overhead() -> Result<(), Failed> {
    let home = std::env::temp_dir().join(format!("chaoslab-bench-{}", std::process::id()));
    let program = std::env::current_exe()?.with_file_name("chaoslab");
    let chaoslab = |arguments: &[&str]| {
        std::process::Command::new(&program).args(arguments).env("CHAOSLAB_HOME", &home).output()
    };
    let begun = Instant::now();
    let started =
        chaoslab(&["-q", "start", "isr-shrink", "--scenario", "capped-link", "--seed", "3"])?;
    tell(&format!("start to page (isr-shrink): {:.1} s", begun.elapsed().as_secs_f64()));
    let measured = if started.status.success() {
        keeper_share(&home).await
    } else {
        Err("the lab did not open".into())
    };
    chaoslab(&["-q", "stop"])?;
    let _ = std::fs::remove_dir_all(&home);
    let (share, resident) = measured?;
    tell(&format!(
        "keeper: {:.1} % of one processor over {OVERHEAD_SECONDS} s, {resident:.0} MiB resident",
        share * 100.0
    ));
    Ok(())
}

async fn keeper_share(home: &std::path::Path) -> Result<(f64, f64), Failed> {
    let run = std::fs::read_dir(home.join("runs"))?.next().ok_or("no run")??.path();
    let pid = std::fs::read_to_string(run.join("lock"))?.trim().to_owned();
    let before = processor_seconds(&pid)?;
    tokio::time::sleep(Duration::from_secs(OVERHEAD_SECONDS)).await;
    let share = (processor_seconds(&pid)? - before) / OVERHEAD_SECONDS as f64;
    Ok((share, resident(&pid)?))
}
