//! The two tokens of a session: a short signed one that says who speaks without any look-up, and
//! a long random one that buys the next pair.

use std::fmt::Write as _;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use protocol::wire::code;
use protocol::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Principal, Refused, Secret};
use crate::store::TokenHash;

/// How long an access token is good for: what a stolen one is worth at most.
pub(super) const ACCESS_LIFETIME: Duration = Duration::from_secs(10 * 60);

const ISSUER: &str = "madang";
const AUDIENCE: &str = "madang";
/// The one algorithm. What a token's own header asks for is never followed.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Ours are about 400 bytes; nothing longer is worth decoding.
const MAX_LENGTH: usize = 1024;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

pub(super) struct Tokens {
    /// Names the key, so that tokens of another secret are refused before any arithmetic.
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub(super) fn new(secret: &Secret) -> Self {
        let key = derive(secret, b"madang access tokens");
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the machine's clock; the end is compared with ours instead.
        validation.validate_exp = false;
        Self {
            kid: hex(&derive(secret, b"madang key id")[..8]),
            encoding: EncodingKey::from_secret(&key),
            decoding: DecodingKey::from_secret(&key),
            validation,
        }
    }

    pub(super) fn sign(
        &self,
        user: UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<String, Refused> {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(ALGORITHM)
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            iat: now.millis() / 1000,
            exp: now.plus(ACCESS_LIFETIME).millis() / 1000,
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|error| {
            tracing::error!(%error, "an access token could not be signed");
            Refused::new(
                code::INTERNAL,
                "The server could not sign you in. Try again.",
            )
        })
    }

    pub(super) fn read(&self, token: &str, now: Timestamp) -> Result<Principal, Refused> {
        if token.len() > MAX_LENGTH {
            return Err(bad_token());
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| bad_token())?;
        if header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(bad_token());
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| bad_token())?
            .claims;
        let until = Timestamp::from_millis(claims.exp.saturating_mul(1000));
        if now >= until {
            return Err(Refused::new(
                code::UNAUTHENTICATED,
                "The access token has ended. Refresh it, or log in again.",
            ));
        }
        Ok(Principal {
            user: claims.sub,
            session: claims.sid,
            until,
        })
    }
}

/// Whether the token behind a principal was made before `moment`. A token tells whole seconds.
pub(super) fn made_before(who: Principal, moment: Timestamp) -> bool {
    who.until <= moment.plus(ACCESS_LIFETIME)
}

fn bad_token() -> Refused {
    Refused::new(
        code::UNAUTHENTICATED,
        "The access token is not one of ours. Log in again.",
    )
}

/// A new refresh token, and what the store keeps of it.
pub(super) fn new_refresh_token() -> Result<(String, TokenHash), Refused> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the machine gives no random numbers");
        Refused::new(
            code::INTERNAL,
            "The server could not sign you in. Try again.",
        )
    })?;
    let token = hex(&random);
    let hash = hash(&token);
    Ok((token, hash))
}

/// `None` for what cannot be a refresh token.
pub(super) fn hash_refresh_token(token: &str) -> Option<TokenHash> {
    let plausible = token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    plausible.then(|| hash(token))
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// One secret, a key for each use.
fn derive(secret: &Secret, label: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(label)
        .chain_update(secret.0)
        .finalize()
        .into()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_500);
    const USER: UserId = UserId(Uuid::from_u128(1));
    const SESSION: SessionId = SessionId(Uuid::from_u128(2));

    fn tokens() -> Tokens {
        Tokens::new(&Secret([7; 32]))
    }

    fn refused(token: &str) -> &'static str {
        tokens().read(token, NOW).unwrap_err().code
    }

    #[test]
    fn a_token_says_who_speaks_until_it_ends() {
        let tokens = tokens();
        let token = tokens.sign(USER, SESSION, NOW).unwrap();
        let who = tokens
            .read(&token, NOW.plus(Duration::from_secs(599)))
            .unwrap();
        assert_eq!((who.user, who.session), (USER, SESSION));
        let late = tokens.read(&token, NOW.plus(ACCESS_LIFETIME)).unwrap_err();
        assert_eq!(late.code, code::UNAUTHENTICATED);
    }

    #[test]
    fn a_token_of_another_secret_is_refused() {
        let token = Tokens::new(&Secret([8; 32]))
            .sign(USER, SESSION, NOW)
            .unwrap();
        assert_eq!(refused(&token), code::UNAUTHENTICATED);
    }

    #[test]
    fn a_token_changed_in_any_character_is_refused() {
        let token = tokens().sign(USER, SESSION, NOW).unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character of a base64 part may carry bits that say nothing.
            if let Ok(who) = tokens().read(&changed, NOW) {
                assert_eq!((who.user, who.session), (USER, SESSION), "at {at}");
            }
        }
        assert_eq!(refused(&token[..token.len() - 2]), code::UNAUTHENTICATED);
    }

    #[test]
    fn an_algorithm_that_the_token_asks_for_is_not_followed() {
        let tokens = tokens();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: USER,
            sid: SESSION,
            iat: 0,
            exp: i64::MAX / 1000,
        };
        let header = Header {
            kid: Some(tokens.kid.clone()),
            ..Header::new(Algorithm::HS384)
        };
        let token = jsonwebtoken::encode(&header, &claims, &tokens.encoding).unwrap();
        assert_eq!(refused(&token), code::UNAUTHENTICATED);
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!(
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.",
            token.split('.').nth(1).unwrap()
        );
        assert_eq!(refused(&unsigned), code::UNAUTHENTICATED);
    }

    #[test]
    fn a_token_for_someone_elses_audience_or_of_another_issuer_is_refused() {
        let tokens = tokens();
        for (iss, aud) in [("madang", "elsewhere"), ("elsewhere", "madang")] {
            let claims = Claims {
                iss: iss.into(),
                aud: aud.into(),
                sub: USER,
                sid: SESSION,
                iat: 0,
                exp: i64::MAX / 1000,
            };
            let header = Header {
                kid: Some(tokens.kid.clone()),
                ..Header::new(ALGORITHM)
            };
            let token = jsonwebtoken::encode(&header, &claims, &tokens.encoding).unwrap();
            assert_eq!(refused(&token), code::UNAUTHENTICATED);
        }
    }

    #[test]
    fn nonsense_is_refused_without_a_panic() {
        for token in [
            "",
            ".",
            "..",
            "a.b.c",
            "마당",
            "\0\0\0",
            &"x".repeat(100_000),
        ] {
            assert_eq!(refused(token), code::UNAUTHENTICATED);
        }
    }

    #[test]
    fn refresh_tokens_are_never_alike_and_only_their_hash_is_kept() {
        let (first, kept) = new_refresh_token().unwrap();
        let (second, _) = new_refresh_token().unwrap();
        assert_ne!(first, second);
        assert_eq!(hash_refresh_token(&first), Some(kept));
        assert!(!first.contains(&hex(&kept)));
        assert_eq!(hash_refresh_token("short"), None);
        assert_eq!(hash_refresh_token(&"g".repeat(64)), None);
    }
}
