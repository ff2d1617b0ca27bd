//! `chaoslab service`: what an operator may do to an application.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::recorded::{Entry, Recorded};
use crate::domain::workload::{edit_properties, properties_path};
use crate::domain::yaml::nearest;
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{Files, Lab};

/// Arguments of `service`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab service billing show\n  chaoslab service billing set rate=100\n  chaoslab service billing restart"
)]
pub struct Arguments {
    /// The service
    name: String,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Show its properties file
    Show,
    /// Set properties and restart it
    Set {
        /// What to set
        #[arg(required = true, value_name = "KEY=VALUE")]
        properties: Vec<String>,
    },
    /// Edit its properties file in $EDITOR; restarts it when something was changed
    Edit,
    /// Restart it
    Restart,
    /// Stop it
    Stop,
    /// Start it
    Start,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let lab = chosen.lab()?;
    known_service(&lab, &arguments.name)?;
    let act = Act { context, chosen: &chosen, lab: &lab, name: &arguments.name };
    match &arguments.deed {
        Deed::Show => act.show().await,
        Deed::Set { properties } => act.set(properties).await,
        Deed::Edit => act.edit().await,
        Deed::Restart => act.control(Control::Restart).await,
        Deed::Stop => act.control(Control::Stop).await,
        Deed::Start => act.control(Control::Start).await,
    }
}

fn known_service(lab: &Lab, name: &str) -> Result<(), Failure> {
    let names: Vec<_> = lab.services.iter().map(|s| s.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let near = nearest(name, names.iter().copied())
        .map(|n| format!("did you mean {n}? "))
        .unwrap_or_default();
    Err(Failure::Usage(format!(
        "the lab has no service `{name}`; {near}It has {}",
        names.join(", ")
    )))
}

struct Act<'a> {
    context: &'a Context,
    chosen: &'a Chosen,
    lab: &'a Lab,
    name: &'a str,
}

impl Act<'_> {
    async fn begin(&self, deed: &str, mutating: bool) -> Result<Recorded, Failure> {
        let text = format!("chaoslab service {} {deed}", self.name);
        Recorded::begin(
            self.context,
            self.chosen,
            Entry { kind: "service", node: self.name, text: &text, mutating },
        )
        .await
    }

    async fn properties(&self) -> Result<String, Failure> {
        Ok(self
            .chosen
            .engine()
            .await?
            .read_file(self.lab, self.name, &properties_path(self.name))
            .await?)
    }

    async fn show(&self) -> Result<(), Failure> {
        let recorded = self.begin("show", false).await?;
        let text = self.properties().await?;
        if self.context.output.json {
            let file = properties_path(self.name);
            self.context.output.value(
                &serde_json::json!({"service": self.name, "file": file, "properties": text}),
            )?;
        } else {
            self.context.output.text(&text)?;
        }
        recorded.end_with(&text).await
    }

    async fn set(&self, properties: &[String]) -> Result<(), Failure> {
        let pair = |p: &String| {
            let pair = p
                .split_once('=')
                .map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()))
                .filter(|(k, _)| !k.is_empty());
            pair.ok_or_else(|| Failure::Usage(format!("`{p}` is not KEY=VALUE")))
        };
        let changes: BTreeMap<_, _> = properties.iter().map(pair).collect::<Result<_, _>>()?;
        let recorded = self.begin(&format!("set {}", properties.join(" ")), true).await?;
        let before = self.properties().await?;
        self.put(recorded, &before, edit_properties(&before, &changes)).await
    }

    async fn edit(&self) -> Result<(), Failure> {
        let before = self.properties().await?;
        let after = edited(self.name, &before)?;
        if after == before {
            return self.context.output.line("nothing was changed");
        }
        let recorded = self.begin("edit", true).await?;
        self.put(recorded, &before, after).await
    }

    /// Writes the file, restarts the service, and tells what changed.
    async fn put(&self, recorded: Recorded, before: &str, after: String) -> Result<(), Failure> {
        let engine = self.chosen.engine().await?;
        engine
            .write_files(self.lab, self.name, &[(properties_path(self.name), after.clone())])
            .await?;
        supervisor::control(&engine, self.lab, self.name, self.name, Control::Restart).await?;
        let gone =
            before.lines().filter(|l| !after.lines().any(|a| a == *l)).map(|l| format!("- {l}\n"));
        let come =
            after.lines().filter(|l| !before.lines().any(|b| b == *l)).map(|l| format!("+ {l}\n"));
        let told = gone.chain(come).collect::<String>() + &format!("{} restarted\n", self.name);
        self.context.output.text(&told)?;
        recorded.end_with(&told).await
    }

    async fn control(&self, what: Control) -> Result<(), Failure> {
        let deed = what.name();
        let recorded = self.begin(deed, true).await?;
        let engine = self.chosen.engine().await?;
        supervisor::control(&engine, self.lab, self.name, self.name, what).await?;
        let told = format!("{}: {deed} done\n", self.name);
        self.context.output.text(&told)?;
        recorded.end_with(&told).await
    }
}

/// Lets the person edit a text in an editor of their choice.
fn edited(name: &str, text: &str) -> Result<String, Failure> {
    let path = std::env::temp_dir().join(format!("{name}-{}.properties", std::process::id()));
    let edit = || -> std::io::Result<String> {
        std::fs::write(&path, text)?;
        let editor = std::env::var("VISUAL")
            .or_else(|_| std::env::var("EDITOR"))
            .unwrap_or_else(|_| "vi".to_owned());
        let status = std::process::Command::new("sh")
            .args(["-c", &format!("{editor} \"$1\""), "sh"])
            .arg(&path)
            .status()?;
        if !status.success() {
            return Err(std::io::Error::other(format!("the editor ended with {status}")));
        }
        std::fs::read_to_string(&path)
    };
    let edited = edit();
    let _ = std::fs::remove_file(&path);
    edited.map_err(Failure::io("edit the properties"))
}
