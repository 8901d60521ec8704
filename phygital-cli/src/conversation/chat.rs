//! `conversation chat`: the customer is played, by hand or from a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::time::Duration;

use phygital_core::vocab::Timestamp;
use serde::Serialize;

use super::stage::{Line, Stage};
use crate::conversation_arguments::Chat;
use crate::failure::{Exit, Failure};
use crate::output::{Output, clean};
use crate::settings::name;
use crate::shop::Shop;

/// How long it takes her to answer.
const THINKING: Duration = Duration::from_secs(60);

/// A line as programs read it.
#[derive(Debug, Serialize)]
struct View<'l> {
    at: Timestamp,
    who: &'static str,
    text: &'l str,
}

/// Plays a topic until the lines end.
pub(super) fn chat(shop: &Shop, with: &Chat, output: &mut Output) -> Result<Exit, Failure> {
    let topic = super::read(&with.file)?.map_err(|error| super::bad(&with.file, &error))?;
    let mut stage = Stage::new(topic, &with.brand, shop.now()?)?;
    let said = stage.open(with.language.as_deref())?;
    show(said, output)?;
    let (mut lines, shown): (Box<dyn BufRead>, bool) = match &with.script {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure::io(&name(path), &error))?;
            (Box::new(BufReader::new(file)), true)
        }
        // What is typed stands on the terminal already.
        None => (Box::new(BufReader::new(io::stdin())), !io::stdin().is_terminal()),
    };
    let mut number = 0;
    loop {
        output.flush()?;
        let mut line = String::new();
        number += 1;
        let read = lines.read_line(&mut line).map_err(|error| Failure::io("the lines", &error))?;
        if read == 0 {
            return Ok(Exit::Done);
        }
        let line = line.trim_end_matches(['\n', '\r']);
        let said = match line.strip_prefix('/') {
            Some(direction) => {
                let (word, rest) = direction.split_once(' ').unwrap_or((direction, ""));
                let done = direct(&mut stage, word, rest.trim());
                done.map_err(|failure| if with.script.is_some() { failure.at_line(number) } else { failure })
            }
            None => {
                stage.wait(THINKING)?;
                if shown {
                    show(vec![stage.line("she", line)], output)?;
                }
                stage.text(line)
            }
        };
        match said {
            Ok(said) => show(said, output)?,
            // A slip at the keyboard ends no play.
            Err(failure) if with.script.is_none() && failure.exit == Exit::Misuse => output.refusal(&failure),
            Err(failure) => return Err(failure),
        }
    }
}

/// A line for the stage.
fn direct(stage: &mut Stage, word: &str, rest: &str) -> Result<Vec<Line>, Failure> {
    match word {
        "wait" => stage.wait(span(rest).ok_or_else(|| misuse("a time to wait such as 90m, 26h or 3d"))?),
        "fact" => {
            let (attribute, value) = rest
                .split_once('=')
                .ok_or_else(|| misuse("an attribute and a value such as size.shoes=38"))?;
            stage.fact(attribute.trim(), value.trim())
        }
        "person" => stage.person(),
        "back" => stage.back(),
        "open" => stage.open(Some(rest).filter(|language| !language.is_empty())),
        "known" => stage.known(),
        _ => Err(misuse("/wait, /fact, /person, /back, /open or /known")),
    }
}

fn misuse(expected: &str) -> Failure {
    Failure::misuse("bad_line", format!("expected {expected}"))
}

/// A span such as `90m`, `26h` or `3d`, at most ten years.
fn span(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let minutes = match unit {
        'm' => count,
        'h' => count.checked_mul(60)?,
        'd' => count.checked_mul(24 * 60)?,
        _ => return None,
    };
    (minutes <= 10 * 366 * 24 * 60).then(|| Duration::from_secs(minutes * 60))
}

fn show(lines: Vec<Line>, output: &mut Output) -> Result<(), Failure> {
    for Line { at, who, text } in lines {
        if output.is_json() {
            output.object(&View { at, who, text: &text })?;
            continue;
        }
        let time = at.to_string();
        let time = time.get(..16).unwrap_or(&time).replace('T', " ");
        let mut parts = text.split('\n');
        let first = parts.next().unwrap_or_default();
        output.text(format_args!("{time}  {who:>5}  {}", clean(first)))?;
        for part in parts {
            output.text(format_args!("{:25}{}", "", clean(part)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_and_an_end() {
        assert_eq!(span("90m"), Some(Duration::from_secs(5_400)));
        assert_eq!(span("3d"), Some(Duration::from_secs(3 * 86_400)));
        for bad in ["", "h", "3", "3w", "-3h", "99999999999999999999d", "9999999d", "3\u{e9}"] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}
