//! What a home owes of plans, drills, rosters and training, as of a day: satisfied, due, overdue or not applicable, with the
//! clause and the evidence.

pub mod facts;
