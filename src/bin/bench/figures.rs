//! Figures of processes, and what to make of several.

use crate::Failed;

/// User and system time of a process, in seconds (proc(5): fields 14 and 15 of stat, in clock
/// ticks). `self` is this one.
pub fn processor_seconds(pid: &str) -> Result<f64, Failed> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<_> =
        stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks: f64 = fields
        .get(11..13)
        .ok_or("a short stat")?
        .iter()
        .filter_map(|f| f.parse::<f64>().ok())
        .sum();
    Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
}

/// Resident memory of a process, in MiB.
pub fn resident(pid: &str) -> Result<f64, Failed> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<f64>().ok());
    Ok(resident.ok_or("a status without VmRSS")? / 1024.0)
}

/// The middle one of several figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
