//! Finds the web addresses in what people wrote. Only `http` and `https`: any other scheme could
//! run something.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Link(String),
}

pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = next_scheme(text, at) {
        let end = end_of_link(text, found.start);
        if end <= found.host {
            at = found.host;
            continue;
        }
        if plain < found.start {
            pieces.push(Piece::Text(text[plain..found.start].to_owned()));
        }
        pieces.push(Piece::Link(text[found.start..end].to_owned()));
        plain = end;
        at = end;
    }
    if plain < text.len() {
        pieces.push(Piece::Text(text[plain..].to_owned()));
    }
    pieces
}

struct Scheme {
    start: usize,
    host: usize,
}

fn next_scheme(text: &str, from: usize) -> Option<Scheme> {
    let mut at = from;
    loop {
        let start = at + text[at..].find("http")?;
        let rest = &text[start..];
        let length = ["https://", "http://"]
            .into_iter()
            .find(|s| rest.starts_with(s))
            .map(str::len);
        let in_a_word = text[..start]
            .chars()
            .next_back()
            .is_some_and(|c| c.is_ascii_alphanumeric());
        match length {
            Some(length) if !in_a_word => {
                return Some(Scheme {
                    start,
                    host: start + length,
                });
            }
            _ => at = start + "http".len(),
        }
    }
}

/// Up to the first character that cannot be in an address, without the punctuation that belongs
/// to the sentence around it.
fn end_of_link(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let stop = rest.find(ends_link).unwrap_or(rest.len());
    let mut link = &rest[..stop];
    while let Some(last) = link.chars().next_back() {
        let sentence = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
            ')' => unbalanced(link, '(', ')'),
            ']' => unbalanced(link, '[', ']'),
            _ => false,
        };
        if !sentence {
            break;
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    start + link.len()
}

/// Hangul ends an address as well: in Korean a particle follows without a space. Characters that
/// turn the direction of the text end it too, since they could make it look like another.
fn ends_link(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^')
        || matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7A3}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
        || matches!(
            c,
            '“' | '”' | '‘' | '’' | '」' | '「' | '。' | '、' | '）' | '（'
        )
}

fn unbalanced(link: &str, open: char, close: char) -> bool {
    link.matches(close).count() > link.matches(open).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<String> {
        pieces(text)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Link(link) => Some(link),
                Piece::Text(_) => None,
            })
            .collect()
    }

    #[test]
    fn an_address_in_a_sentence_is_found_without_the_sentences_punctuation() {
        assert_eq!(
            links("See https://example.com/a?b=c."),
            ["https://example.com/a?b=c"]
        );
        assert_eq!(links("(http://example.com)"), ["http://example.com"]);
        assert_eq!(
            links("https://en.wikipedia.org/wiki/Ma_(tool)"),
            ["https://en.wikipedia.org/wiki/Ma_(tool)"]
        );
    }

    #[test]
    fn a_korean_particle_ends_the_address() {
        assert_eq!(
            links("https://example.com/길에서 https://example.com를"),
            ["https://example.com/", "https://example.com"]
        );
    }

    #[test]
    fn only_web_addresses_become_links() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://x.y",
            "xhttp://a.b",
            "https://",
            "http",
        ] {
            assert_eq!(links(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn nothing_that_was_written_is_lost() {
        for text in [
            "",
            "a",
            "http",
            "https://a.b https://c.d",
            "가 https://a.b나\n다",
            "https://https://a",
        ] {
            let joined: String = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Link(text) => text,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn what_turns_the_direction_of_text_ends_an_address() {
        assert_eq!(links("https://a.b/\u{202E}gpj.exe"), ["https://a.b/"]);
    }
}
