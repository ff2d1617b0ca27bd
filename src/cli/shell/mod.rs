//! `chaoslab shell`: an interactive shell on a machine of the lab, each command recorded.

mod number;
mod terminal;

use clap::Args;

use self::terminal::{Heard, RawMode, Signals, is_interactive, window};
use super::context::Context;
use super::exit::Failure;
use super::input;
use crate::drill::terminal::{Event, Setting, Terminal, Window, prepare};

/// Arguments of `shell`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab shell\n  chaoslab shell kafka-2\n  chaoslab shell kafka-2 < look.sh"
)]
pub struct Arguments {
    /// The machine: a node, a service or the toolbox; the toolbox when not given
    node: Option<String>,
}

/// What programs on the other side must know of this terminal.
const PASSED_ON: [&str; 3] = ["TERM", "COLORTERM", "NO_COLOR"];

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let mut signals = Signals::listen()?;
    let window = is_interactive().then(window);
    let passed_on =
        PASSED_ON.iter().filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let environment = passed_on.filter(|_| window.is_some()).collect();
    let setting = Setting { window, environment };
    let prepared = prepare(&chosen, arguments.node.as_deref(), setting, &context.output).await?;
    if window.is_some() {
        context.output.remark(format!(
            "a shell on {}; what you run gets a number in `chaoslab history`. Ctrl-D ends it",
            prepared.node()
        ));
    }
    let raw = window.map(|_| RawMode::enter()).transpose()?;
    let mut terminal = prepared.start().await?;
    let feeding = terminal.input().map(|input| tokio::spawn(input::pass_on(input)));
    let followed = follow(context, terminal, window, &mut signals).await;
    if let Some(feeding) = feeding {
        feeding.abort();
    }
    match followed {
        Ok(ended) => {
            drop(raw);
            if window.is_some() {
                context.output.remark(format!("commands recorded: {}", ended.recorded));
            }
            match ended.exit.unwrap_or(0) {
                0 => Ok(()),
                code => Err(Failure::Passed(u8::try_from(code).unwrap_or(255))),
            }
        }
        Err(failure) => {
            if let Some(raw) = raw {
                raw.cut_off();
            }
            Err(failure)
        }
    }
}

/// How a shell ended.
struct Ended {
    /// Its exit code, where it is known.
    exit: Option<i64>,
    /// How many commands were recorded.
    recorded: usize,
}

/// Shows what happens in a shell until it ends.
async fn follow(
    context: &Context,
    mut terminal: Terminal,
    mut window: Option<Window>,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let mut ended = Ended { exit: None, recorded: 0 };
    loop {
        let event = tokio::select! {
            event = terminal.next() => event?,
            heard = signals.next() => match heard {
                Heard::Resized => {
                    if let Some(window) = &mut window {
                        *window = terminal::window();
                        // A shell that ends in this moment has no size.
                        let _ = terminal.resize(*window).await;
                    }
                    continue;
                }
                Heard::End => {
                    terminal.leave().await?;
                    return Err(Failure::Passed(130));
                }
            },
        };
        match event {
            Some(Event::Output(bytes)) => context.output.bytes(&bytes)?,
            Some(Event::Command { number, begin }) => {
                ended.recorded += 1;
                number::show(context.output, window, number, &begin)?;
            }
            Some(Event::Changed { number, changed }) => {
                number::changed(context.output, window, number, changed)?;
            }
            Some(Event::Ended(exit)) => ended.exit = exit,
            None => return Ok(ended),
        }
    }
}
