//! What was refused, in a person's language. The server's sentence is English and the most
//! exact; other languages go by the stable code, and fall back to that sentence.

use protocol::wire::{Language, Problem, code};

pub(super) fn words(language: Language, problem: &Problem) -> String {
    let known = match language {
        Language::English => None,
        Language::Korean => korean(problem),
    };
    known.map_or_else(|| problem.detail.clone(), str::to_owned)
}

fn korean(problem: &Problem) -> Option<&'static str> {
    Some(match problem.code.as_str() {
        code::UNAUTHENTICATED => "로그인이 필요해요. 다시 로그인해 주세요.",
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
        code::BAD_NAME => "쓸 수 없는 이름이에요. 글자, 숫자, 점, 붙임표, 밑줄로 지어 주세요.",
        code::BAD_PASSWORD => "쓸 수 없는 비밀번호예요. 8자 이상으로, 아이디와 다르게 지어 주세요.",
        code::BAD_EMOJI => "이모지 하나만 넣어 주세요.",
        code::NAME_TAKEN => "이미 쓰고 있는 아이디예요. 다른 아이디를 골라 주세요.",
        code::TOO_FAST => "너무 빨라요. 잠시 뒤에 다시 해 주세요.",
        code::BUSY => "서버가 바빠요. 잠시 뒤에 다시 해 주세요.",
        code::UNAVAILABLE => "서버가 잠시 응답하지 않아요. 곧 다시 시도할게요.",
        code::INTERNAL => "서버에 문제가 생겼어요. 잠시 뒤에 다시 해 주세요.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_refusal_is_told_in_korean() {
        let problem = Problem::new(code::NAME_TAKEN, "The name is taken.");
        assert!(words(Language::Korean, &problem).contains("아이디"));
    }

    #[test]
    fn an_unknown_refusal_keeps_the_servers_sentence() {
        let problem = Problem::new("something_new", "The moon is full.");
        assert_eq!(words(Language::Korean, &problem), "The moon is full.");
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
