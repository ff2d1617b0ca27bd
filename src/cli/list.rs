//! `chaoslab list`: the families. Never a cause.

use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use crate::lab::library::Library;

pub fn run(context: &Context) -> Result<(), Failure> {
    let library = Library::open()?;
    let families: Vec<_> = library
        .families()
        .into_iter()
        .map(|name| Ok((name.clone(), library.family(&name)?)))
        .collect::<Result<_, Failure>>()?;
    if context.output.json {
        let value = |(name, f): &(String, crate::domain::scenario::Family)| json!({"family": name, "symptom": f.title, "level": f.level, "minutes": f.minutes, "trains": f.trains});
        return context.output.value(&families.iter().map(value).collect::<Vec<_>>());
    }
    let rows = families.iter().map(|(name, f)| {
        vec![
            name.clone(),
            f.title.clone(),
            f.level.to_string(),
            f.minutes.to_string(),
            f.trains.join("; "),
        ]
    });
    context.output.table(&["family", "symptom", "level", "minutes", "trains"], rows)
}
