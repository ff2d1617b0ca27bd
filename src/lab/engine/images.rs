//! Images on the engine.

use super::EngineError;

/// What an image is built from.
#[derive(Debug, Clone)]
pub struct Recipe<'a> {
    /// The name and tag it gets.
    pub reference: &'a str,
    /// A label it gets, with its value.
    pub label: (&'a str, &'a str),
    /// Arguments of the build.
    pub arguments: &'a [(&'a str, &'a str)],
    /// The build context, as a tar archive with its Dockerfile.
    pub context: Vec<u8>,
}

/// An image that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its names and tags.
    pub references: Vec<String>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
}

/// Builds and lists images.
#[allow(async_fn_in_trait)]
pub trait Images {
    /// Whether there is an image of this name and tag.
    async fn has_image(&self, reference: &str) -> Result<bool, EngineError>;

    /// Builds an image, telling what the build prints; gives what a step that failed said.
    async fn build_image(
        &self,
        recipe: Recipe<'_>,
        tell: impl FnMut(&str),
    ) -> Result<Result<(), String>, EngineError>;

    /// The images that carry a label with this value.
    async fn images(&self, label: (&str, &str)) -> Result<Vec<Built>, EngineError>;

    /// Removes an image; the engine refuses while a container uses it.
    async fn remove_image(&self, reference: &str) -> Result<(), EngineError>;
}
