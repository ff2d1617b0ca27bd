//! The image of the lab's machines.

use std::time::Instant;

use serde::Serialize;

use super::error::DrillError;
use super::notice::{Notice, Notices};
use crate::lab::engine::{Images, connect};
use crate::lab::image::Image;
use crate::lab::library::Library;

/// The image, current from now on.
#[derive(Debug, Clone, Serialize)]
pub struct Built {
    /// Its name and tag.
    pub image: String,
    /// Whether it had to be built.
    pub built: bool,
    /// How long that took.
    pub seconds: u64,
}

/// Builds the image, if it is not current.
pub async fn build(notices: &dyn Notices) -> Result<Built, DrillError> {
    let engine = connect().await?;
    let image = Image::current(&Library::open()?)?;
    let (begun, is_current) = (Instant::now(), image.is_built(&engine).await?);
    if !is_current {
        make(&image, &engine, notices).await?;
    }
    let seconds = begun.elapsed().as_secs();
    Ok(Built { image: image.reference, built: !is_current, seconds })
}

/// The image, built when it is not current.
pub(super) async fn current(
    library: &Library,
    engine: &impl Images,
    notices: &dyn Notices,
) -> Result<Image, DrillError> {
    let image = Image::current(library)?;
    if !image.is_built(engine).await? {
        make(&image, engine, notices).await?;
    }
    Ok(image)
}

async fn make(
    image: &Image,
    engine: &impl Images,
    notices: &dyn Notices,
) -> Result<(), DrillError> {
    Ok(image.build(engine, |step| notices.notify(Notice::Image(step.to_owned()))).await?)
}
