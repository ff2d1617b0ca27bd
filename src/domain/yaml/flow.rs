//! A value written as YAML on one line, the way a person would.

use serde::Serialize;
use serde_json::Value;

/// The value on one line: words bare, other texts in single quotes. Reading it gives the same
/// value.
///
/// Fails only for a value that is no data, such as a map whose keys are not texts.
pub fn flow<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_value(value).map(|value| written(&value))
}

fn written(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), written(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-:/".contains(c))
        && !text.ends_with(':')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_word {
        text.to_owned()
    } else if text.chars().any(char::is_control)
        || text.contains(['\u{2028}', '\u{2029}', '\u{feff}'])
    {
        // JSON's escapes are a subset of those of YAML's double quotes.
        Value::from(text).to_string()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_the_same_value() {
        let value = serde_json::json!({
            "id": "E4", "promql": "a{b=\"it's\"} == 1 # no", "at": "T+00:01:00", "odd": ["", "null", "1", "x: y", "a\nb", "ｑ", "-", "#"],
            "min": 2, "absent": true, "none": null, "on": "broker:2",
        });
        let text = flow(&value).expect("it is data");
        insta::assert_snapshot!(text, @r#"{id: E4, promql: 'a{b="it''s"} == 1 # no', at: T+00:01:00, odd: ['', 'null', '1', 'x: y', "a\nb", 'ｑ', '-', '#'], min: 2, absent: true, none: null, 'on': broker:2}"#);
        assert_eq!(crate::domain::yaml::read::<Value>(&text, 1).expect("it is YAML").value, value);
    }
}
