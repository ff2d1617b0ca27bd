//! Templates: `{{ name }}` in the strings of a scenario stands for what was drawn.

use minijinja::{Environment, UndefinedBehavior};

use super::draw::Drawn;

/// Fills a template. A name that was not drawn is refused, with those that were.
pub fn fill(template: &str, drawn: &Drawn) -> Result<String, String> {
    if !template.contains("{{") && !template.contains("{%") {
        return Ok(template.to_owned());
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.render_str(template, drawn).map_err(|error| match error.kind() {
        minijinja::ErrorKind::UndefinedError => {
            let names: Vec<_> = drawn.keys().map(String::as_str).collect();
            format!("the template uses a name that is not drawn; there are {}", names.join(", "))
        }
        _ => format!("the template cannot be read: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promql_passes_and_names_are_filled() {
        let drawn = [("victim".to_owned(), "2".to_owned())].into();
        assert_eq!(
            fill("up{node=\"kafka-{{ victim }}\"} == 1", &drawn),
            Ok("up{node=\"kafka-2\"} == 1".to_owned())
        );
        assert_eq!(
            fill("sum by (node) (up{job=\"kafka\"})", &drawn),
            Ok("sum by (node) (up{job=\"kafka\"})".to_owned())
        );
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let drawn = [("victim".to_owned(), "2".to_owned())].into();
        assert_eq!(
            fill("{{ victm }}", &drawn),
            Err("the template uses a name that is not drawn; there are victim".to_owned())
        );
    }
}
