//! How far a person's sight reaches, and the same as a condition in SQL.

use crate::ids::{AreaId, InstitutionId};
use diesel::prelude::*;

/// An area within somebody's scope, with its level in the tree (1 is the root).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeArea {
    pub id: AreaId,
    pub level: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    All,
    Areas(Vec<ScopeArea>),
    Institutions(Vec<InstitutionId>),
}

/// The area of each level above and at a place, kept on areas, institutions and hazards alike so that
/// "in this county" is an equality on one column whatever the depth of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct AreaColumns {
    pub area_1: AreaId,
    pub area_2: Option<AreaId>,
    pub area_3: Option<AreaId>,
    pub area_4: Option<AreaId>,
    pub area_5: Option<AreaId>,
    pub area_6: Option<AreaId>,
}

impl AreaColumns {
    pub const DEEPEST: u8 = 6;

    /// The columns of a root area.
    pub fn root(id: AreaId) -> Self {
        Self { area_1: id, area_2: None, area_3: None, area_4: None, area_5: None, area_6: None }
    }

    /// The areas from the root down.
    pub fn ids(&self) -> impl Iterator<Item = AreaId> {
        [Some(self.area_1), self.area_2, self.area_3, self.area_4, self.area_5, self.area_6]
            .into_iter()
            .flatten()
    }

    pub fn at_level(&self, level: u8) -> Option<AreaId> {
        self.ids().nth(usize::from(level).checked_sub(1)?)
    }

    pub fn deepest(&self) -> AreaId {
        self.ids().last().unwrap_or(self.area_1)
    }

    pub fn depth(&self) -> u8 {
        u8::try_from(self.ids().count()).unwrap_or(Self::DEEPEST)
    }

    /// The columns of a child of this area; `None` below the sixth level.
    pub fn child(&self, id: AreaId) -> Option<Self> {
        let mut below = *self;
        match self.depth() {
            1 => below.area_2 = Some(id),
            2 => below.area_3 = Some(id),
            3 => below.area_4 = Some(id),
            4 => below.area_5 = Some(id),
            5 => below.area_6 = Some(id),
            _ => return None,
        }
        Some(below)
    }

    pub fn contains(&self, area: AreaId) -> bool {
        self.ids().any(|id| id == area)
    }
}

impl Scope {
    /// Whether an institution at this place is within sight.
    pub fn covers(&self, institution: InstitutionId, areas: &AreaColumns) -> bool {
        match self {
            Self::All => true,
            Self::Areas(own) => own.iter().any(|area| areas.contains(area.id)),
            Self::Institutions(own) => own.contains(&institution),
        }
    }

    /// Whether a whole area is within sight.
    pub fn covers_area(&self, areas: &AreaColumns) -> bool {
        match self {
            Self::All => true,
            Self::Areas(own) => own.iter().any(|area| areas.contains(area.id)),
            Self::Institutions(_) => false,
        }
    }

    /// The level of the office this scope speaks for over a place: 0 for the whole, 1 for a root area…
    /// `None` where it has no say. A smaller number is the higher office.
    pub fn level_over(&self, areas: &AreaColumns) -> Option<u8> {
        match self {
            Self::All => Some(0),
            Self::Areas(own) => {
                own.iter().filter(|area| areas.contains(area.id)).map(|area| area.level).min()
            }
            Self::Institutions(_) => None,
        }
    }
}

/// The SQL condition "within this scope" for a table that has `area_1`…`area_6`.
/// `$institution` is the column that holds the institution.
#[macro_export]
macro_rules! in_scope {
    ($table:ident, $institution:ident, $scope:expr) => {{
        use diesel::prelude::*;
        use $crate::db::schema::$table;
        match $scope {
            $crate::access::Scope::Institutions(own) if own.len() == 1 => {
                let only = own.first().copied().unwrap_or($crate::ids::InstitutionId(uuid::Uuid::nil()));
                let condition: $crate::access::Condition<$table::table> =
                    Box::new($table::$institution.eq(only));
                condition
            }
            $crate::access::Scope::Institutions(own) => Box::new($table::$institution.eq_any(own.clone())),
            areas => $crate::in_area_scope!($table, areas),
        }
    }};
}

/// The SQL condition "within the areas of this scope"; a scope of institutions covers no area.
#[macro_export]
macro_rules! in_area_scope {
    ($table:ident, $scope:expr) => {{
        use diesel::prelude::*;
        use diesel::sql_types::Bool;
        use $crate::db::schema::$table;
        let condition: $crate::access::Condition<$table::table> = match $scope {
            $crate::access::Scope::All => Box::new(diesel::dsl::sql::<Bool>("1 = 1")),
            $crate::access::Scope::Areas(areas) => areas
                .iter()
                .map(|area| $crate::in_area!($table, i32::from(area.level), area.id))
                .reduce(|any, next| Box::new(any.or(next)))
                .unwrap_or_else(|| Box::new(diesel::dsl::sql::<Bool>("1 = 0"))),
            $crate::access::Scope::Institutions(_) => Box::new(diesel::dsl::sql::<Bool>("1 = 0")),
        };
        condition
    }};
}

/// A condition on the rows of one table, whatever it is made of.
pub type Condition<T> =
    Box<dyn BoxableExpression<T, crate::db::MultiBackend, SqlType = diesel::sql_types::Bool>>;

/// The SQL condition "in this area, which is of this level".
#[macro_export]
macro_rules! in_area {
    ($table:ident, $level:expr, $area:expr) => {{
        use diesel::prelude::*;
        use diesel::sql_types::Bool;
        use $crate::db::schema::$table;
        let condition: $crate::access::Condition<$table::table> = match $level {
            1 => Box::new($table::area_1.eq($area)),
            2 => Box::new($table::area_2.assume_not_null().eq($area)),
            3 => Box::new($table::area_3.assume_not_null().eq($area)),
            4 => Box::new($table::area_4.assume_not_null().eq($area)),
            5 => Box::new($table::area_5.assume_not_null().eq($area)),
            6 => Box::new($table::area_6.assume_not_null().eq($area)),
            _ => Box::new(diesel::dsl::sql::<Bool>("1 = 0")),
        };
        condition
    }};
}

/// The days that a list is narrowed to and its order, by the columns of the index that is read; the list goes on after the
/// place where a page ended.
#[macro_export]
macro_rules! in_order_of_days {
    ($query:ident, $day:expr, $id:expr, $by:ident) => {{
        let mut query = $query;
        if let Some(from) = $by.from {
            query = query.filter($day.ge(from));
        }
        if let Some(to) = $by.to {
            query = query.filter($day.le(to));
        }
        match ($by.after, $by.ascending) {
            (None, true) => query.order(($day.asc(), $id.asc())),
            (None, false) => query.order(($day.desc(), $id.desc())),
            (Some(place), true) => {
                let later = $day.gt(place.day).or($day.eq(place.day).and($id.gt(place.id)));
                query.filter($day.ge(place.day).and(later)).order(($day.asc(), $id.asc()))
            }
            (Some(place), false) => {
                let earlier = $day.lt(place.day).or($day.eq(place.day).and($id.lt(place.id)));
                query.filter($day.le(place.day).and(earlier)).order(($day.desc(), $id.desc()))
            }
        }
    }};
}
