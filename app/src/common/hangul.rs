//! Names found by initial consonants, as Koreans look for them: ㅁㄷ finds 마당.

/// In the order of their syllables.
const INITIALS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";

/// Input methods join consonants that can end a syllable together.
const JOINED: &[(char, &str)] = &[
    ('ㄳ', "ㄱㅅ"),
    ('ㄵ', "ㄴㅈ"),
    ('ㄶ', "ㄴㅎ"),
    ('ㄺ', "ㄹㄱ"),
    ('ㄻ', "ㄹㅁ"),
    ('ㄼ', "ㄹㅂ"),
    ('ㄽ', "ㄹㅅ"),
    ('ㄾ', "ㄹㅌ"),
    ('ㄿ', "ㄹㅍ"),
    ('ㅀ', "ㄹㅎ"),
    ('ㅄ', "ㅂㅅ"),
];

/// Whether the name has the query in it. Spaces between words do not matter.
pub fn finds(query: &str, name: &str) -> bool {
    let query = apart(query);
    let name = apart(name);
    query.is_empty()
        || name.windows(query.len()).any(|part| {
            part.iter()
                .zip(&query)
                .all(|(has, asked)| fits(*has, *asked))
        })
}

/// Whether there is an initial consonant in it.
pub fn has_initials(query: &str) -> bool {
    apart(query).iter().any(|c| INITIALS.contains(*c))
}

fn apart(text: &str) -> Vec<char> {
    let mut letters = Vec::new();
    for c in text.to_lowercase().chars().filter(|c| !c.is_whitespace()) {
        match JOINED.iter().find(|(joined, _)| *joined == c) {
            Some((_, parts)) => letters.extend(parts.chars()),
            None => letters.push(c),
        }
    }
    letters
}

fn fits(has: char, asked: char) -> bool {
    has == asked || initial(has) == Some(asked)
}

fn initial(syllable: char) -> Option<char> {
    let at = u32::from(syllable).checked_sub(u32::from('가'))? / 588;
    INITIALS.chars().nth(usize::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_consonants_find_a_name_wherever_they_stand() {
        assert!(finds("ㅁㄷ", "마당"));
        assert!(finds("ㅎㄱㄷ", "홍길동"));
        assert!(finds("ㄱㄷ", "홍길동"));
        assert!(finds("마ㄷ", "마당"));
        assert!(finds("ㅆㄱ", "쌀국수"));
        assert!(!finds("ㅁㄷ", "바다"));
        assert!(!finds("ㅁㄷㄱ", "마당"));
        assert!(!finds("ㄷ", "힣 abc"));
    }

    #[test]
    fn what_an_input_method_has_joined_is_taken_apart() {
        assert!(finds("ㄳ", "김수"));
        assert!(finds("ㅀ", "라하"));
        assert!(has_initials("ㄳ") && has_initials("김ㅅ"));
        assert!(!has_initials("김수") && !has_initials("kim ㅏ"));
    }

    #[test]
    fn anything_else_is_found_as_it_is_written() {
        assert!(finds("court", "The Courtyard"));
        assert!(finds("주말산", "주말 산행"));
        assert!(finds("ㅈㅁ ㅅㅎ", "주말 산행"));
        assert!(finds("ㅋㅋ", "ㅋㅋ방"));
        assert!(!finds("마", "만두"));
    }
}
