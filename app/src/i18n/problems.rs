//! What was refused, in a person's language. The server's sentence is English and the most
//! exact; other languages say the rule that was broken, with its numbers, go by the stable code
//! where there is none, and fall back to that sentence.

use protocol::wire::{Language, Problem, code, rule};

pub(super) fn words(language: Language, problem: &Problem) -> String {
    let known = match language {
        Language::English => None,
        Language::Korean => broken_in_korean(problem).or_else(|| refused_in_korean(problem)),
    };
    known.unwrap_or_else(|| problem.detail.clone())
}

/// What the text was meant for, as the topic of a sentence.
fn topic(problem: &Problem) -> &'static str {
    match problem.field.as_deref() {
        Some("body") => "메시지는",
        Some("username") => "아이디는",
        Some("displayName") => "이름은",
        Some("name") => "대화방 이름은",
        Some("password") => "비밀번호는",
        Some("emoji") => "공감은",
        _ => "이 글은",
    }
}

fn broken_in_korean(problem: &Problem) -> Option<String> {
    let topic = topic(problem);
    let limit = problem.limit.unwrap_or_default();
    let given = problem.given.unwrap_or_default();
    Some(match problem.rule.as_deref()? {
        rule::EMPTY => format!("{topic} 비워 둘 수 없어요. 보이는 글자를 입력해 주세요."),
        rule::TOO_SHORT => {
            format!("{topic} {limit}자 이상이어야 해요. 지금은 {given}자예요. 더 길게 지어 주세요.")
        }
        rule::TOO_LONG => {
            format!("{topic} {limit}자까지 쓸 수 있어요. 지금은 {given}자예요. 줄여 주세요.")
        }
        rule::TOO_MANY_BYTES => format!(
            "{topic} {limit}바이트까지 쓸 수 있어요. 지금은 {given}바이트예요. 줄여 주세요."
        ),
        rule::BAD_CHARACTER if problem.field.as_deref() == Some("username") => {
            "아이디에는 글자, 숫자, 점, 붙임표, 밑줄만 쓸 수 있어요. 다르게 지어 주세요.".to_owned()
        }
        rule::BAD_CHARACTER => {
            format!("{topic} 보이지 않는 글자를 담을 수 없어요. 그 글자를 지워 주세요.")
        }
        rule::NO_LETTER => "아이디에는 글자나 숫자가 하나는 있어야 해요.".to_owned(),
        rule::MIXED_DIRECTIONS => {
            "아이디에는 쓰는 방향이 다른 글자를 섞을 수 없어요. 한 가지 글자로 지어 주세요."
                .to_owned()
        }
        rule::MIXED_SCRIPTS => "아이디에는 로마자, 그리스 문자, 키릴 문자를 섞을 수 없어요. \
                                한 가지 글자로 지어 주세요."
            .to_owned(),
        rule::TOO_MANY_MARKS => {
            "한 글자에 붙은 부호가 너무 많아 읽을 수 없어요. 줄여 주세요.".to_owned()
        }
        rule::ROOM_FULL => format!("대화방이 가득 찼어요. {limit}명까지 함께할 수 있어요."),
        rule::TOO_MANY_ROOMS => format!("한 사람이 함께할 수 있는 대화방은 {limit}개까지예요."),
        rule::TOO_MANY_REACTIONS => {
            format!("메시지 하나에 서로 다른 공감은 {limit}가지까지 달 수 있어요.")
        }
        rule::DIRECT_ROOM => "둘만의 대화에서는 할 수 없어요.".to_owned(),
        rule::ONLY_ITS_MAKER => "대화방을 만든 사람만 할 수 있어요.".to_owned(),
        rule::REGISTRATION_CLOSED => {
            "이 서버는 새로 가입을 받지 않아요. 운영하는 사람에게 물어보세요.".to_owned()
        }
        rule::NO_ATTACHMENTS => "아직 파일을 보낼 수 없어요. 글만 보내 주세요.".to_owned(),
        _ => return None,
    })
}

fn refused_in_korean(problem: &Problem) -> Option<String> {
    let again = match problem.retry_after {
        Some(seconds) => format!("{seconds}초 뒤에 다시 해 주세요."),
        None => "잠시 뒤에 다시 해 주세요.".to_owned(),
    };
    let words = match problem.code.as_str() {
        code::TOO_FAST => return Some(format!("너무 자주 했어요. {again}")),
        code::BUSY => return Some(format!("서버가 바빠요. {again}")),
        code::BAD_REQUEST => "서버가 알아듣지 못한 요청이에요. 새로고침하고 다시 해 주세요.",
        code::UNAUTHENTICATED => "로그인이 필요해요. 다시 로그인해 주세요.",
        code::WRONG_LOGIN if problem.field.is_some() => {
            "비밀번호가 맞지 않아요. 확인하고 다시 입력해 주세요."
        }
        code::WRONG_LOGIN => "아이디나 비밀번호가 맞지 않아요. 확인하고 다시 입력해 주세요.",
        code::FORBIDDEN => "권한이 없어요.",
        code::WRONG_ORIGIN => {
            "다른 사이트에서 온 요청이라 받지 않았어요. 새로고침하고 다시 해 주세요."
        }
        code::NOT_FOUND => "찾을 수 없어요.",
        code::ROOM_NOT_FOUND => "대화방을 찾을 수 없어요. 삭제됐거나 멤버가 아니에요.",
        code::MESSAGE_NOT_FOUND => "메시지를 찾을 수 없어요.",
        code::USER_NOT_FOUND => "그런 사용자가 없어요.",
        code::MESSAGE_DELETED => "이미 삭제된 메시지예요.",
        code::NOT_AUTHOR => "내가 쓴 메시지만 바꿀 수 있어요.",
        code::EMPTY => "내용을 입력해 주세요.",
        code::TOO_LONG => "너무 길어요. 줄여서 다시 보내 주세요.",
        code::TOO_LARGE => "너무 커요. 줄여서 다시 보내 주세요.",
        code::BAD_TEXT => "쓸 수 없는 글자가 들어 있어요. 지우고 다시 보내 주세요.",
        code::BAD_NAME => "쓸 수 없는 이름이에요. 다르게 지어 주세요.",
        code::BAD_PASSWORD => "쓸 수 없는 비밀번호예요. 8자 이상으로 지어 주세요.",
        code::BAD_EMOJI => "이모지 하나만 넣어 주세요.",
        code::NAME_TAKEN => "이미 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요.",
        code::ID_TAKEN => "같은 번호로 보낸 다른 것이 이미 있어요. 버리고 새로 보내 주세요.",
        code::METHOD_NOT_ALLOWED => "이 주소에서는 할 수 없는 요청이에요.",
        code::UNAVAILABLE => {
            "서버가 잠시 응답하지 않아요. 사라진 것은 없으니 잠시 뒤에 다시 해 주세요."
        }
        code::CANNOT_WRITE => {
            "서버가 지금은 아무것도 저장할 수 없어요. 디스크가 가득 찼거나 읽기 전용이에요. 사라진 것은 없으니 잠시 뒤에 다시 해 주세요."
        }
        code::INTERNAL => "서버에 문제가 생겼어요. 잠시 뒤에 다시 해 주세요.",
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use protocol::rules::{Field, TextError};
    use protocol::wire::Broken;

    use super::*;

    fn korean(problem: impl Into<Problem>) -> String {
        words(Language::Korean, &problem.into())
    }

    #[test]
    fn a_known_refusal_is_told_in_korean() {
        let problem = Problem::new(code::NAME_TAKEN, "The name is taken.");
        assert!(korean(problem).contains("아이디"));
    }

    #[test]
    fn a_broken_rule_is_told_in_korean_with_its_field_and_its_numbers() {
        let short = TextError::TooShort {
            field: Field::Username,
            least: 2,
            given: 1,
        };
        assert_eq!(
            korean(short),
            "아이디는 2자 이상이어야 해요. 지금은 1자예요. 더 길게 지어 주세요."
        );
        let long = TextError::TooLong {
            field: Field::Message,
            limit: 10_000,
            given: 10_001,
        };
        let said = korean(long);
        assert!(said.contains("메시지") && said.contains("10000자") && said.contains("10001자"));
        let field = Field::RoomName;
        let character = '\u{200B}';
        let said = korean(TextError::BadCharacter { field, character });
        assert!(
            said.contains("대화방 이름") && !said.contains("밑줄"),
            "{said}"
        );
        let field = Field::DisplayName;
        assert!(korean(TextError::Empty { field }).starts_with("이름은 비워"));
        assert!(korean(TextError::BadUsername { character: '!' }).contains("밑줄"));
    }

    #[test]
    fn a_limit_is_told_in_korean_with_its_number() {
        let broken = Broken::limited(rule::TOO_MANY_ROOMS, 1_000, None);
        let problem = Problem::new(code::TOO_LARGE, "").breaking(broken);
        assert!(korean(problem).contains("1000개까지"));
    }

    #[test]
    fn how_long_to_wait_is_told_in_korean() {
        let mut problem = Problem::new(code::TOO_FAST, "Too many messages. Try again in 7 s.");
        problem.retry_after = Some(7);
        assert!(korean(problem).contains("7초 뒤에"));
    }

    #[test]
    fn no_code_of_the_server_is_without_korean_words() {
        for code in [
            code::BAD_REQUEST,
            code::ID_TAKEN,
            code::METHOD_NOT_ALLOWED,
            code::CANNOT_WRITE,
            code::UNAVAILABLE,
        ] {
            assert_ne!(korean(Problem::new(code, "English.")), "English.", "{code}");
        }
    }

    #[test]
    fn an_unknown_refusal_keeps_the_servers_sentence() {
        let problem = Problem::new("something_new", "The moon is full.")
            .breaking(protocol::wire::Broken::new("full_moon"));
        assert_eq!(korean(problem), "The moon is full.");
    }

    #[test]
    fn english_uses_the_servers_sentence() {
        let problem = Problem::new(code::TOO_LONG, "At most 10,000 characters.");
        assert_eq!(
            words(Language::English, &problem),
            "At most 10,000 characters."
        );
    }
}
