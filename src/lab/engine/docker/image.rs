//! Images on the engine.

use std::collections::HashMap;

use bollard::query_parameters::{
    BuildImageOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptions,
};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{DockerEngine, failed, within};
use crate::lab::engine::{Built, EngineError, Images, Recipe, Refusal};

impl Images for DockerEngine {
    async fn has_image(&self, reference: &str) -> Result<bool, EngineError> {
        let operation = format!("look for the image {reference}");
        let inspected = self.docker.inspect_image(reference);
        match within(operation, self.patience.answers, inspected).await {
            Ok(_) => Ok(true),
            Err(EngineError::Operation { source: Refusal::NotFound(_), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn build_image(
        &self,
        recipe: Recipe<'_>,
        mut tell: impl FnMut(&str),
    ) -> Result<Result<(), String>, EngineError> {
        let (label, value) = recipe.label;
        let arguments: HashMap<_, _> =
            recipe.arguments.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let options = BuildImageOptionsBuilder::default()
            .dockerfile("Dockerfile")
            .t(recipe.reference)
            .rm(true)
            .forcerm(true)
            .labels(&HashMap::from([(label.to_owned(), value.to_owned())]))
            .buildargs(&arguments)
            .build();
        let operation = || format!("build the image {}", recipe.reference);
        let context = bollard::body_full(recipe.context.into());
        let mut steps = self.docker.build_image(options, None, Some(context));
        loop {
            let step = timeout(self.patience.builds, steps.next()).await.map_err(|_| {
                let seconds = self.patience.builds.as_secs();
                failed(operation())(Refusal::Unanswered { seconds })
            })?;
            let Some(step) = step else { return Ok(Ok(())) };
            let step = step.map_err(failed(operation()))?;
            if let Some(error) = step.error_detail {
                return Ok(Err(error.message.unwrap_or_default().trim().to_owned()));
            }
            tell(&step.stream.unwrap_or_default());
        }
    }

    async fn images(&self, label: (&str, &str)) -> Result<Vec<Built>, EngineError> {
        let (label, value) = label;
        let filters = HashMap::from([("label".to_owned(), vec![format!("{label}={value}")])]);
        let options = ListImagesOptionsBuilder::default().filters(&filters).build();
        let listed = self.docker.list_images(Some(options));
        let images = within("list the images", self.patience.answers, listed).await?;
        let built = |image: bollard::models::ImageSummary| Built {
            references: image.repo_tags,
            created: image.created,
        };
        Ok(images.into_iter().map(built).collect())
    }

    async fn remove_image(&self, reference: &str) -> Result<(), EngineError> {
        let removed = self.docker.remove_image(reference, None::<RemoveImageOptions>, None);
        within(format!("remove the image {reference}"), self.patience.works, removed)
            .await
            .map(|_| ())
    }
}
