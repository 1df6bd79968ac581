//! Column types of our own, because the two databases share none for identifiers and instants.
//!
//! | here | SQLite | PostgreSQL |
//! |---|---|---|
//! | [`UuidSql`] | `BLOB`, 16 bytes | `uuid` |
//! | [`InstantSql`] | `INTEGER`, microseconds since 1970 | `timestamptz` |

use super::connection::MultiBackend;
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, HasSqlType, SqlType};
use diesel::sqlite::Sqlite;
use serde::{Deserialize, Serialize};
use std::io::Write;

#[derive(Debug, Clone, Copy, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct UuidSql;

#[derive(Debug, Clone, Copy, SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct InstantSql;

impl HasSqlType<UuidSql> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<UuidSql>(lookup)
    }
}

impl HasSqlType<InstantSql> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<InstantSql>(lookup)
    }
}

/// An identifier as the databases keep it. Domain code uses the named ids of [`crate::ids`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = UuidSql)]
pub struct RawUuid(pub uuid::Uuid);

impl ToSql<UuidSql, Pg> for RawUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<UuidSql, Sqlite> for RawUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl ToSql<UuidSql, MultiBackend> for RawUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((UuidSql, self));
        Ok(IsNull::No)
    }
}

impl FromSql<UuidSql, Pg> for RawUuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(uuid::Uuid::from_slice(value.as_bytes())?))
    }
}

impl FromSql<UuidSql, Sqlite> for RawUuid {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(uuid::Uuid::from_slice(&bytes)?))
    }
}

impl FromSql<UuidSql, MultiBackend> for RawUuid {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, UuidSql>()
    }
}

/// A moment in UTC, to the microsecond: what both databases can hold and compare exactly.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow, Serialize, Deserialize,
)]
#[diesel(sql_type = InstantSql)]
#[serde(try_from = "WrittenInstant", into = "DateTime<Utc>")]
pub struct Instant(DateTime<Utc>);

/// An instant as it is sent. RFC 3339 knows the years 0 to 9999, and PostgreSQL ends before chrono does.
#[derive(Deserialize)]
#[serde(transparent)]
struct WrittenInstant(DateTime<Utc>);

impl TryFrom<WrittenInstant> for Instant {
    type Error = &'static str;

    fn try_from(written: WrittenInstant) -> Result<Self, Self::Error> {
        if is_written_year(written.0.year()) {
            Ok(Self::new(written.0))
        } else {
            Err("not a year of RFC 3339")
        }
    }
}

/// Whether a year can stand in a date of the API, and in both databases.
pub fn is_written_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}

impl From<Instant> for DateTime<Utc> {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

impl Instant {
    /// Seconds between 1970 and PostgreSQL's own epoch, 2000-01-01.
    const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The instant so many microseconds after 1970; `None` outside the calendar's range.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    pub fn plus(self, span: chrono::TimeDelta) -> Self {
        Self(self.0.checked_add_signed(span).unwrap_or(self.0))
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Self {
        Self::new(at)
    }
}

impl std::fmt::Display for Instant {
    /// RFC 3339 in UTC with as many decimals as needed: the form of the API and of the audit chain.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

/// The OpenAPI schema of a text in a known format.
pub fn text_schema(
    format: utoipa::openapi::KnownFormat,
) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(format)))
        .into()
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        text_schema(utoipa::openapi::KnownFormat::DateTime)
    }
}

impl utoipa::ToSchema for Instant {}

impl ToSql<InstantSql, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.micros() - Self::POSTGRES_EPOCH_MICROS).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<InstantSql, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.micros());
        Ok(IsNull::No)
    }
}

impl ToSql<InstantSql, MultiBackend> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((InstantSql, self));
        Ok(IsNull::No)
    }
}

impl FromSql<InstantSql, Pg> for Instant {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        Self::from_micros(micros + Self::POSTGRES_EPOCH_MICROS)
            .ok_or_else(|| "an instant out of range".into())
    }
}

impl FromSql<InstantSql, Sqlite> for Instant {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        Self::from_micros(micros).ok_or_else(|| "an instant out of range".into())
    }
}

impl FromSql<InstantSql, MultiBackend> for Instant {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, InstantSql>()
    }
}
