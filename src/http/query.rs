//! What lists are narrowed and sorted by, as it is written in a query.

use crate::db::sql_types::is_written_year;
use crate::refusal::{Code, FieldCode, Refusal};
use chrono::{Datelike, NaiveDate};

/// That a parameter cannot be so.
pub fn invalid_query(parameter: &str, code: FieldCode) -> Refusal {
    Refusal::new(Code::InvalidQuery).field(parameter, code)
}

/// Whether a list begins with the earliest: `sort` is `key`, or `-key` for the latest first, which it is when absent.
pub fn ascending(sort: Option<&str>, key: &str) -> Result<bool, Refusal> {
    match sort.map(|sort| sort.strip_prefix('-').map_or((true, sort), |key| (false, key))) {
        None => Ok(false),
        Some((ascending, by)) if by == key => Ok(ascending),
        Some(_) => Err(invalid_query("sort", FieldCode::UnknownValue)),
    }
}

/// One value or several with commas; none when absent.
pub fn several<T>(
    parameter: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let parsed = text.split(',').map(parse).collect::<Option<Vec<T>>>();
    parsed.ok_or_else(|| invalid_query(parameter, FieldCode::UnknownValue))
}

/// Days are asked for in years that can be written.
pub fn check_days(days: &[(&str, Option<NaiveDate>)]) -> Result<(), Refusal> {
    match days.iter().find(|(_, day)| day.is_some_and(|day| !is_written_year(day.year()))) {
        Some((parameter, _)) => Err(invalid_query(parameter, FieldCode::OutOfRange)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_sorts_a_list() {
        for (sort, expected) in
            [(None, Some(false)), (Some("on_day"), Some(true)), (Some("-on_day"), Some(false))]
        {
            assert_eq!(ascending(sort, "on_day").ok(), expected, "{sort:?}");
        }
        for sort in ["", "-", "--on_day", "on_day-", "day"] {
            assert!(ascending(Some(sort), "on_day").is_err(), "{sort}");
        }
    }

    #[test]
    fn several_values_are_all_known() {
        let parse = |text: &str| text.parse::<u8>().ok();
        assert_eq!(several("n", Some("1,2"), parse).unwrap(), [1, 2]);
        assert!(several("n", None, parse).unwrap().is_empty());
        for text in ["", "1,", "1,x"] {
            assert!(several("n", Some(text), parse).is_err(), "{text}");
        }
    }
}
