//! What is staged: families, the causes inside them, and the plan a seed makes of one.

pub mod cause;
pub mod draw;
pub mod family;
pub mod feed;
pub mod gaps;
pub mod level;
pub mod plan;
pub mod source;
pub mod template;

pub use cause::Scenario;
pub use draw::{Drawn, Seed};
pub use family::Family;
pub use feed::Drawing;
pub use level::Level;
pub use plan::Plan;
