//! Which of the forms that an asset is kept in the browser likes best.

/// A content coding, in the order in which the server prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// Its name in `Content-Encoding`, if it needs one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// The best of `kept` by `Accept-Encoding`: the highest weight, and among equals the smallest
/// form. What forbids everything that there is gets the plain form all the same, since a browser
/// can do more with it than with an error.
pub fn choose(accept: &str, kept: &[Coding]) -> Coding {
    let mut best = (Coding::Identity, 0);
    for coding in [Coding::Brotli, Coding::Gzip, Coding::Identity] {
        if kept.contains(&coding) {
            let weight = weight(accept, coding);
            if weight > best.1 {
                best = (coding, weight);
            }
        }
    }
    best.0
}

/// In thousandths, as RFC 9110 §12.5.3 counts.
fn weight(accept: &str, coding: Coding) -> u16 {
    let mut any = None;
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        let named = match coding {
            Coding::Brotli => name.eq_ignore_ascii_case("br"),
            Coding::Gzip => ["gzip", "x-gzip"]
                .iter()
                .any(|gzip| name.eq_ignore_ascii_case(gzip)),
            Coding::Identity => name.eq_ignore_ascii_case("identity"),
        };
        if named {
            return weight;
        }
        if name == "*" {
            any = Some(weight);
        }
    }
    match (coding, any) {
        (_, Some(weight)) => weight,
        // Not named, the plain form is the last resort, not forbidden.
        (Coding::Identity, None) => 1,
        _ => 0,
    }
}

fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0).round() as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Coding; 3] = [Coding::Brotli, Coding::Gzip, Coding::Identity];

    #[test]
    fn the_smallest_form_that_is_understood_is_sent() {
        assert_eq!(choose("gzip, deflate, br, zstd", &ALL), Coding::Brotli);
        assert_eq!(choose("gzip, deflate", &ALL), Coding::Gzip);
        assert_eq!(choose("GZIP", &ALL), Coding::Gzip);
        assert_eq!(choose("*", &ALL), Coding::Brotli);
        assert_eq!(choose("", &ALL), Coding::Identity);
        assert_eq!(choose("zstd", &ALL), Coding::Identity);
    }

    #[test]
    fn weights_are_heard() {
        assert_eq!(choose("br;q=0.5, gzip;q=0.8", &ALL), Coding::Gzip);
        assert_eq!(choose("br;q=0, gzip", &ALL), Coding::Gzip);
        assert_eq!(choose("br;q=0, *", &ALL), Coding::Gzip);
        assert_eq!(choose("identity, gzip;q=0.2", &ALL), Coding::Identity);
        assert_eq!(choose("br ; q=1.000 , gzip;q=0.999", &ALL), Coding::Brotli);
        assert_eq!(choose("br;q=nonsense", &ALL), Coding::Identity);
        assert_eq!(choose("br;q=NaN", &ALL), Coding::Identity);
    }

    #[test]
    fn what_is_not_kept_is_not_chosen() {
        assert_eq!(choose("br, gzip", &[Coding::Identity]), Coding::Identity);
        assert_eq!(
            choose("br, identity;q=0", &[Coding::Identity]),
            Coding::Identity
        );
    }
}
