//! The `chaoslab` program. What it does is in the library; `chaoslab::cli` is its table of
//! contents.

fn main() -> std::process::ExitCode {
    chaoslab::cli::run()
}
