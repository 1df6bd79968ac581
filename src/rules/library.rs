//! The rules as they stand in the database, kept in memory while they stay the same.

use super::document::Document;
use super::queries;
use super::resolve::Rules;
use crate::access::{ReadTx, WriteTx};
use crate::db::Conn;
use crate::ids::RulesStateId;
use crate::refusal::Outcome;
use std::sync::{Arc, PoisonError, RwLock};

/// The documents that come with the program. Of several ids of one kind the first is the default, the others are
/// there to be adopted. Released versions stay: records name them.
pub const EMBEDDED: [&str; 18] = [
    include_str!("../../rules/checklist.toml"),
    include_str!("../../rules/checklist-1.toml"),
    include_str!("../../rules/deadlines.toml"),
    include_str!("../../rules/deadlines-1.toml"),
    include_str!("../../rules/major_accident_criteria.toml"),
    include_str!("../../rules/major_fire_criteria.toml"),
    include_str!("../../rules/holidays.toml"),
    include_str!("../../rules/intervals-1.toml"),
    include_str!("../../rules/intervals.toml"),
    include_str!("../../rules/drills.toml"),
    include_str!("../../rules/drills-1.toml"),
    include_str!("../../rules/drills-us-k712.toml"),
    include_str!("../../rules/drills-us-k712-1.toml"),
    include_str!("../../rules/colours.toml"),
    include_str!("../../rules/elements.toml"),
    include_str!("../../rules/evacuation.toml"),
    include_str!("../../rules/plan_contents.toml"),
    include_str!("../../rules/notice_templates.toml"),
];

/// Where the rules are asked for. What is read once from the database is kept until the database says, by one short
/// word, that something changed: so all nodes agree, and a question costs one look at that word.
pub struct Library {
    embedded: Vec<Arc<Document>>,
    base: Arc<Rules>,
    seen: RwLock<(Option<RulesStateId>, Arc<Rules>)>,
}

impl Library {
    /// The documents that come with the program, and nothing else yet.
    pub fn embedded() -> Result<Self, String> {
        let mut embedded = Vec::new();
        for text in EMBEDDED {
            let document = Document::parse(text).map_err(|problems| {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!("a rule document of the program is not sound: {}", told.join("; "))
            })?;
            embedded.push(Arc::new(document));
        }
        let base = Arc::new(Rules::new(&embedded, Vec::new(), Vec::new()));
        Ok(Self { embedded, seen: RwLock::new((None, Arc::clone(&base))), base })
    }

    /// What comes with the program, whatever was loaded or adopted.
    pub fn base(&self) -> &Rules {
        &self.base
    }

    /// Whether this version comes with the program.
    pub fn embeds(&self, id: &str, version: u32) -> bool {
        self.embedded.iter().any(|document| document.head.id == id && document.head.version == version)
    }

    /// The rules as this transaction sees them.
    pub fn current(&self, conn: &mut Conn) -> Outcome<Arc<Rules>> {
        // The word first: what is read after it may only be newer, and then the word is another one, too.
        let state = queries::state(conn)?;
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if seen.0 == state {
                return Ok(Arc::clone(&seen.1));
            }
        }
        let rules = match state {
            None => Arc::clone(&self.base),
            Some(_) => {
                let loaded = queries::documents(conn)?;
                Arc::new(Rules::new(&self.embedded, loaded, queries::adoptions(conn)?))
            }
        };
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = (state, Arc::clone(&rules));
        Ok(rules)
    }
}

impl ReadTx<'_> {
    /// The rules as this transaction sees them.
    pub fn rules(&mut self) -> Outcome<Arc<Rules>> {
        self.office.rules.current(self.conn)
    }
}

impl WriteTx<'_> {
    /// The rules as this transaction sees them.
    pub fn rules(&mut self) -> Outcome<Arc<Rules>> {
        self.office.rules.current(self.conn)
    }
}
