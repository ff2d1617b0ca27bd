//! `chaoslab author new`: begins a scenario.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::lab::library::{LIBRARY_VARIABLE, Library};

/// Arguments of `author new`.
#[derive(Debug, Args)]
#[command(after_help = "Example: CHAOSLAB_LIBRARY=. chaoslab author new isr-shrink full-disk")]
pub struct Arguments {
    /// A family that is there
    family: String,
    /// The scenario's folder, named after its cause: small letters, digits and `-`
    slug: String,
}

/// The files of a scenario, which `author check` accepts. `{{`, `}}` are those of the templates;
/// `SERVICE` becomes a service of the family.
const FILES: [(&str, &str); 3] = [
    ("scenario.yaml", include_str!("new/scenario.yaml")),
    ("reference-rca.md", include_str!("new/reference-rca.md")),
    ("decoy-rca.md", include_str!("new/decoy-rca.md")),
];

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let checkout = std::env::var_os(LIBRARY_VARIABLE)
        .filter(|v| !v.is_empty())
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let library = Library::at(&checkout)?;
    library.family(&arguments.family)?;
    let slug = &arguments.slug;
    let is_slug = slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_slug {
        return Err(Failure::Usage(format!(
            "`{slug}` is no name for a folder of a scenario: use small letters, digits and `-`"
        )));
    }
    let folder = checkout.join("scenarios").join(&arguments.family).join(slug);
    if folder.exists() {
        return Err(Failure::Refused(format!("{} is there already", folder.display())));
    }
    let service = consumer(&library, &arguments.family, &checkout)?;
    std::fs::create_dir_all(&folder).map_err(Failure::io(format!("make {}", folder.display())))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, text.replace("SERVICE", &service))
            .map_err(Failure::io(format!("write {}", path.display())))?;
        context.output.line(path.display().to_string())?;
    }
    context
        .output
        .remark("what is marked TODO is yours; `chaoslab author check` tells what does not fit");
    Ok(())
}

/// The name of the family's first consumer as its file writes it, templates and all, so that the
/// example fits every seed.
fn consumer(library: &Library, family: &str, checkout: &Path) -> Result<String, Failure> {
    let path = checkout.join("scenarios").join(family).join("family.yaml");
    let text = library.family_files(family)?.family.text;
    let mut name = None;
    for line in text.lines().map(str::trim) {
        match line.strip_prefix("- name: ") {
            Some(rest) => name = Some(rest.trim_matches('"').to_owned()),
            None if line == "role: consumer" => break,
            None => {}
        }
    }
    name.ok_or_else(|| {
        Failure::Invalid(vec![format!(
            "{}:1:1: the family has no service that reads",
            path.display()
        )])
    })
}
