//! How hard a drill is: how much the feed gives away, and what goes on beside the fault.

use serde::{Deserialize, Serialize};

/// The level of a drill, 1 to 4. Every scenario can be drilled at each.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u8", into = "u8")]
pub enum Level {
    /// 1: the change that started it is listed, among few others.
    Guided,
    /// 2: what is listed is drawn, whatever the cause.
    #[default]
    Practice,
    /// 3: besides, a change with a visible and harmless effect of its own, and an entry that is
    /// true and points elsewhere.
    Misled,
    /// 4: besides, a second, milder disturbance, and gaps in the metrics.
    Production,
}

impl Level {
    /// All of them, the easiest first.
    pub const ALL: [Self; 4] = [Self::Guided, Self::Practice, Self::Misled, Self::Production];

    /// Its number, 1 to 4.
    pub fn number(self) -> u8 {
        match self {
            Self::Guided => 1,
            Self::Practice => 2,
            Self::Misled => 3,
            Self::Production => 4,
        }
    }
}

impl TryFrom<u8> for Level {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.number() == number);
        found.ok_or_else(|| format!("there is no level {number}; levels are 1 to 4"))
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.number()
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse::<u8>();
        number.map_err(|_| format!("`{text}` is not a level; levels are 1 to 4"))?.try_into()
    }
}
