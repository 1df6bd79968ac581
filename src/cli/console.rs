//! Speaking to the person at the terminal: plain lines, or JSON when asked.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Write;

pub struct Console {
    json: bool,
    /// Bars that move at the same time each keep their own line.
    bars: MultiProgress,
}

impl Console {
    pub fn new(json: bool) -> Self {
        Self { json, bars: MultiProgress::new() }
    }

    /// A line for people; silent when JSON was asked for.
    pub fn say(&self, text: &str) {
        if !self.json {
            self.line(text);
        }
    }

    /// The answer in both forms.
    pub fn answer(&self, text: &str, json: &impl Serialize) {
        if self.json {
            self.line(&serde_json::to_string(json).unwrap_or_default());
        } else {
            self.line(text);
        }
    }

    /// Output that is the same in both forms. A reader who has gone away (`| head`) is no fault of ours.
    pub fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    pub fn error(&self, text: &str) {
        let text = if self.json {
            serde_json::json!({ "error": text }).to_string()
        } else {
            format!("anlao: {text}")
        };
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// A progress bar on the error stream, where it does not mix with answers.
    pub fn progress(&self, what: &str, total: u64) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg:<24} {bar:32} {human_pos}/{human_len} {eta}");
        let bar = self.bars.add(ProgressBar::new(total).with_message(what.to_owned()));
        bar.set_style(style.unwrap_or_else(|_error| ProgressStyle::default_bar()));
        bar
    }
}
