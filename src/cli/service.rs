//! `chaoslab service`: what an operator may do to an application.

use clap::{Args, Subcommand};

use super::context::Context;
use super::exit::Failure;
use crate::drill::recorded::Numbered;
use crate::drill::release::RolledBack;
use crate::drill::service::{Changed, Control, Service, service};

/// Arguments of `service`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab service billing show\n  chaoslab service billing set linger.ms=20\n  chaoslab service billing rollback"
)]
pub struct Arguments {
    /// The service
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
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
    /// Go back to the version that ran before, and restart it
    Rollback,
    /// Restart it
    Restart,
    /// Stop it
    Stop,
    /// Start it
    Start,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let service = service(&context.open()?, &arguments.name)?;
    match &arguments.action {
        Action::Show => show(context, &service).await,
        Action::Set { properties } => {
            tell(context, service.set(properties, &context.output).await?).await
        }
        Action::Edit => edit(context, &service).await,
        Action::Rollback => roll_back(context, &service).await,
        Action::Restart => control(context, &service, Control::Restart).await,
        Action::Stop => control(context, &service, Control::Stop).await,
        Action::Start => control(context, &service, Control::Start).await,
    }
}

async fn show(context: &Context, service: &Service) -> Result<(), Failure> {
    let shown = service.show(&context.output).await?;
    if context.output.json {
        context.output.value(&shown.value)?;
    } else {
        context.output.text(&shown.value.properties)?;
    }
    // In the record it stands as the file does, however it was shown.
    let text = shown.value.properties.clone();
    Ok(shown.shown(&text).await?)
}

async fn edit(context: &Context, service: &Service) -> Result<(), Failure> {
    let before = service.properties().await?;
    let after = edited(&before.service, &before.properties)?;
    if after == before.properties {
        return context.output.line("nothing was changed");
    }
    tell(context, service.replace(&before.properties, after, &context.output).await?).await
}

async fn roll_back(context: &Context, service: &Service) -> Result<(), Failure> {
    let done = service.roll_back(&context.output).await?;
    let RolledBack { changed, from, to, running } = &done.value;
    let name = &changed.service;
    let told = match running {
        true => format!("{name}: {to} is running again, {from} no longer\n"),
        false => format!(
            "{name}: {to} was started in place of {from} and is not seen running yet; \
             `chaoslab logs {name}` shows why\n"
        ),
    };
    if context.output.json {
        context.output.value(&done.value)?;
    } else {
        context.output.text(&told)?;
    }
    Ok(done.shown(&told).await?)
}

async fn control(context: &Context, service: &Service, what: Control) -> Result<(), Failure> {
    let done = service.control(what, &context.output).await?;
    let told = format!("{}: {} done\n", service.name(), what.name());
    context.output.text(&told)?;
    Ok(done.shown(&told).await?)
}

async fn tell(context: &Context, changed: Numbered<Changed>) -> Result<(), Failure> {
    let Changed { service, gone, come } = &changed.value;
    let gone = gone.iter().map(|l| format!("- {l}\n"));
    let come = come.iter().map(|l| format!("+ {l}\n"));
    let told = gone.chain(come).collect::<String>() + &format!("{service} restarted\n");
    context.output.text(&told)?;
    Ok(changed.shown(&told).await?)
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
