//! The learner's own terminal while a shell has it.

use std::io::{IsTerminal, Write};

use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::exit::Failure;
use crate::drill::terminal::Window;

/// What a program on the other side may have left on that a shell here does not want: pasting
/// marked, the cursor hidden, a colour.
const PLAIN_AGAIN: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[0m\r\n";

/// Whether somebody sits at our input.
pub fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
}

/// The size of the terminal; zeros when it does not know.
pub fn window() -> Window {
    let size = tcgetwinsize(stdout()).or_else(|_| tcgetwinsize(stdin()));
    size.map_or(Window { columns: 0, rows: 0 }, |size| Window {
        columns: size.ws_col,
        rows: size.ws_row,
    })
}

/// Every key is the other side's, Ctrl-C too, until this is dropped.
#[derive(Debug)]
pub struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Takes the terminal.
    pub fn enter() -> Result<Self, Failure> {
        let failed =
            |error: rustix::io::Errno| Failure::io("take the terminal for the shell")(error.into());
        let before = tcgetattr(stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw).map_err(failed)?;
        // What a panic says is to be read.
        let (earlier, termios) = (std::panic::take_hook(), before.clone());
        std::panic::set_hook(Box::new(move |panic| {
            let _ = tcsetattr(stdin(), OptionalActions::Now, &termios);
            earlier(panic);
        }));
        Ok(Self { before })
    }

    /// Gives the terminal back from a session that was cut off.
    pub fn cut_off(self) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(PLAIN_AGAIN).and_then(|()| out.flush());
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// The signals a session heeds. From now on none of them ends the program by itself.
#[derive(Debug)]
pub struct Signals {
    /// The window has another size.
    pub resized: Signal,
    ending: [Signal; 4],
}

impl Signals {
    /// Listens to them.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::io("listen to signals"));
        let ending = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::quit(),
        ];
        let [a, b, c, d] = ending;
        Ok(Self {
            resized: listen(SignalKind::window_change())?,
            ending: [listen(a)?, listen(b)?, listen(c)?, listen(d)?],
        })
    }

    /// Waits for one of these: the window has another size, or the program is to end.
    pub async fn next(&mut self) -> Heard {
        let [a, b, c, d] = &mut self.ending;
        tokio::select! {
            _ = self.resized.recv() => Heard::Resized,
            _ = a.recv() => Heard::End,
            _ = b.recv() => Heard::End,
            _ = c.recv() => Heard::End,
            _ = d.recv() => Heard::End,
        }
    }
}

/// What a signal said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The window has another size.
    Resized,
    /// The program is to end.
    End,
}
