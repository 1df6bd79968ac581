//! Reading the source tree: files, their code, what they import.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file of ours: where it is from the top of the tree, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

pub fn tree(folders: &[&str], endings: &[&str]) -> Vec<File> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        collect(&top.join(folder), endings, &mut found);
    }
    found.sort();
    let named = |path: PathBuf| File {
        text: std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        path: path.strip_prefix(top).unwrap().display().to_string(),
    };
    found.into_iter().map(named).collect()
}

fn collect(path: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if ["target", ".git", "node_modules", "dist"].contains(&name.as_str()) {
        return;
    }
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.for_each(|entry| collect(&entry, endings, found));
    } else if endings.iter().any(|ending| name.ends_with(ending)) {
        found.push(path.to_owned());
    }
}

pub fn sources() -> Vec<File> {
    tree(&["src"], &[".rs"])
}

impl File {
    /// The code proper: without comments and without the tests at its end.
    pub fn code(&self) -> String {
        let text = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The modules of this crate that the code names: `db::schema`, `http`, `hazards::model`…
    pub fn imports(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for part in self.code().split("crate::").skip(1) {
            match part.strip_prefix('{') {
                Some(group) => {
                    let group = group.split(';').next().unwrap();
                    let flat = group.split('{').map(|piece| piece.rsplit(", ").next().unwrap_or_default());
                    found.extend(flat.chain(group.split(", ")).map(path_of).filter(|path| !path.is_empty()));
                }
                None => drop(found.insert(path_of(part))),
            }
        }
        found
    }

    /// Whether the code names this module or something in it.
    pub fn names(&self, module: &str) -> bool {
        self.imports().iter().any(|path| path == module || path.starts_with(&format!("{module}::")))
    }

    pub fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path.starts_with(&format!("src/{place}")))
    }
}

fn path_of(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    text.trim().chars().take_while(|c| word(*c)).collect::<String>().trim_end_matches(':').to_owned()
}

/// The functions of a formatted file, each with its number of lines.
pub fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, after)) = line.split_once("fn ") else { continue };
        let head = before
            .trim()
            .split(' ')
            .all(|word| ["", "pub", "pub(super)", "pub(crate)", "async", "const"].contains(&word));
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        if head && let Some(length) = lines[at..].iter().position(|line| *line == end) {
            let name = after.split(['(', '<']).next().unwrap_or_default();
            found.push((name.to_owned(), length + 1));
        }
    }
    found
}

/// The handlers behind PUT, POST, PATCH and DELETE.
pub fn writing_handlers(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let write = |line: &str| {
        ["#[put(", "#[post(", "#[patch(", "#[delete("].iter().any(|start| line.starts_with(start))
    };
    let handlers = lines.iter().enumerate().filter(|(_, line)| write(line)).map(|(at, _)| {
        let line = lines[at..].iter().find(|line| line.starts_with("pub async fn ")).unwrap();
        line["pub async fn ".len()..].split(['(', '<']).next().unwrap().to_owned()
    });
    handlers.collect()
}
