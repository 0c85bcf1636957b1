//! Accounts, seen by others and by their owner.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::Fields;
use crate::{SessionId, Timestamp, UserId};

/// A person as others see them. A deleted account keeps its id and loses its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl User {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            id: fields.take("id")?,
            username: fields.take("username")?,
            display_name: fields.take("displayName")?,
            deleted: fields.take_or_default("deleted")?,
        })
    }
}

/// `GET /api/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserDetails {
    #[serde(flatten)]
    pub user: User,
    pub created_at: Timestamp,
    /// The session that asked.
    pub session: SessionId,
}

impl<'de> Deserialize<'de> for UserDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl UserDetails {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            created_at: fields.take("createdAt")?,
            session: fields.take("session")?,
            user: fields.rest()?,
        })
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Register {
    pub username: String,
    pub password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    pub username: String,
    pub password: String,
}

/// `POST /api/auth/refresh`; a browser sends an empty body and its cookie.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    pub user: User,
    pub access_token: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    pub refresh_token: String,
}

/// `PATCH /api/me`: any of them. A new password needs the current one, and ends all other
/// sessions.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangeMe {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_password: Option<String>,
}

/// `DELETE /api/me`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteMe {
    pub password: String,
}

/// A signed-in device, in `GET /api/me/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Device {
    pub id: SessionId,
    /// What the browser or program called itself.
    pub agent: String,
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    /// Whether this is the session that asked.
    pub current: bool,
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::each(deserializer, Self::read)
    }
}

impl Device {
    fn read(mut fields: Fields) -> serde_json::Result<Self> {
        Ok(Self {
            id: fields.take("id")?,
            agent: fields.take("agent")?,
            created_at: fields.take("createdAt")?,
            used_at: fields.take("usedAt")?,
            current: fields.take("current")?,
        })
    }
}
