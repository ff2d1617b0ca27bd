//! The program on a terminal: a pseudo-terminal with somebody typing at it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::until;

const WITHIN: Duration = Duration::from_secs(30);

/// A terminal and the program on it.
pub struct Terminal {
    keys: File,
    line: OwnedFd,
    program: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    read: usize,
}

impl Terminal {
    /// Opens a terminal of this size and starts the program on it.
    pub fn open(program: &Command, columns: u16, rows: u16) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&screen).and_then(|()| unlockpt(&screen)).expect("it is ours");
        let name = ptsname(&screen, Vec::new()).expect("it has a name");
        let path = std::path::Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let line = File::options().read(true).write(true).open(path).expect("it opens");
        let mut keys = File::from(screen);
        set_size(&keys, columns, rows);
        let end = || Stdio::from(line.try_clone().expect("a descriptor"));
        // `setsid` makes it the terminal of the program, so that a new size is told to it.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        command
            .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR");
        let started =
            command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("the program starts");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, to) = (keys.try_clone().expect("a descriptor"), shown.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                to.lock().expect("nobody panicked").extend_from_slice(&buffer[..read]);
            }
        });
        keys.flush().expect("open");
        Self { keys, line: line.into(), program: started, shown, read: 0 }
    }

    /// Types.
    pub fn type_in(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    /// Gives the window another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        set_size(&self.keys, columns, rows);
    }

    /// Waits until this is shown, and gives what was shown since the last time up to its end.
    pub fn until(&mut self, wanted: &str) -> String {
        let deadline = std::time::Instant::now() + WITHIN;
        loop {
            let shown = self.everything();
            let new = &shown[self.read..];
            if let Some(at) = new.find(wanted) {
                let text = new[..at + wanted.len()].to_owned();
                self.read += text.len();
                return text;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "`{wanted}` is not shown; since the last look there is {new:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that was shown.
    pub fn everything(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("nobody panicked")).into_owned()
    }

    /// Whether the terminal shows what is typed by itself, as it does for a shell that waits.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.line)
            .expect("its modes")
            .local_modes
            .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// The process of the program.
    pub fn program(&mut self) -> &mut Child {
        &mut self.program
    }

    /// Waits for the program to end; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        let program = &mut self.program;
        until("the program to end", WITHIN, || program.try_wait().expect("a child")).code()
    }
}

fn set_size(terminal: &File, columns: u16, rows: u16) {
    tcsetwinsize(terminal, Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 })
        .expect("a size");
}
