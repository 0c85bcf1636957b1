//! What may be typed and what may not, as people would type it.

use super::*;

#[test]
fn a_password_is_counted_in_characters_and_bounded_in_bytes() {
    assert_eq!(password("비밀번호여덟자임"), Ok(()));
    let short = password("1234567").unwrap_err();
    assert_eq!(short.code(), code::BAD_PASSWORD);
    assert!(short.to_string().contains("at least 8"));
    assert!(password(&"x".repeat(MAX_PASSWORD_BYTES)).is_ok());
    assert!(password(&"x".repeat(MAX_PASSWORD_BYTES + 1)).is_err());
}

#[test]
fn what_cannot_be_seen_is_blank() {
    for blank in [
        "",
        " \n\t",
        "\u{200B}",
        "\u{3164}",
        "\u{2800} \u{202E}\u{2066}",
    ] {
        assert!(is_blank(blank), "{blank:?}");
        assert_eq!(
            message_bytes(blank),
            Err(TextError::Empty {
                field: Field::Message
            })
        );
    }
    assert!(!is_blank("ㅋ"));
}

#[test]
fn a_refusal_names_its_field_and_its_code() {
    let problem = Problem::from(message_bytes("a\0b").unwrap_err());
    assert_eq!(problem.code, code::BAD_TEXT);
    assert_eq!(problem.field.as_deref(), Some("body"));
    assert!(problem.detail.contains("NUL"));
    assert_eq!(
        message_bytes(&"x".repeat(MAX_MESSAGE_BYTES + 1))
            .unwrap_err()
            .code(),
        code::TOO_LONG
    );
}

#[test]
fn a_forbidden_character_is_spelled_so_that_it_can_be_found() {
    let error = TextError::BadUsername {
        character: '\u{200B}',
    };
    assert!(error.to_string().contains("the invisible character U+200B"));
    let error = TextError::BadUsername { character: '#' };
    assert!(error.to_string().contains("`#` (U+0023)"));
}

#[cfg(feature = "text")]
mod with_tables {
    use super::*;

    #[test]
    fn a_message_is_composed_and_otherwise_left_as_it_is() {
        assert_eq!(message("ㅎㅏ 한글").unwrap(), "ㅎㅏ 한글");
        assert_eq!(
            message("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}").unwrap(),
            "한글"
        );
        assert_eq!(message("  a\r\n\tb  ").unwrap(), "  a\r\n\tb  ");
    }

    #[test]
    fn a_message_is_counted_in_what_looks_like_one_character() {
        assert!(message(&"👨‍👩‍👧‍👦".repeat(4_000)).is_ok());
        assert!(message(&"가".repeat(MAX_MESSAGE)).is_ok());
        let long = message(&"가".repeat(MAX_MESSAGE + 1)).unwrap_err();
        assert_eq!(long.code(), code::TOO_LONG);
        assert!(long.to_string().contains("10000"));
    }

    #[test]
    fn marks_without_end_are_stopped_by_the_bytes() {
        let zalgo = format!("a{}", "\u{301}".repeat(MAX_MESSAGE_BYTES / 2));
        assert_eq!(message(&zalgo).unwrap_err().code(), code::TOO_LONG);
    }

    #[test]
    fn a_message_cannot_turn_around_what_follows_it() {
        assert_eq!(message("a\u{202E}b").unwrap(), "a\u{202E}b\u{202C}");
        assert_eq!(
            message("\u{2067}\u{202B}a").unwrap(),
            "\u{2067}\u{202B}a\u{202C}\u{2069}"
        );
        assert_eq!(
            message("\u{2067}\u{202B}a\u{2069}b").unwrap(),
            "\u{2067}\u{202B}a\u{2069}b"
        );
        assert_eq!(message("a\u{2069}\u{202C}b").unwrap(), "ab");
        assert_eq!(
            message("\u{2066}\u{202C}a\u{2069}").unwrap(),
            "\u{2066}a\u{2069}"
        );
    }

    #[test]
    fn a_display_name_is_one_clean_line() {
        assert_eq!(display_name("  김\u{3000}철수  ").unwrap(), "김 철수");
        assert_eq!(display_name("علی\u{200C}رضا").unwrap(), "علی\u{200C}رضا");
        assert_eq!(display_name("葛\u{E0100}城").unwrap(), "葛\u{E0100}城");
        assert_eq!(display_name("Zoë 👩‍💻 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿").unwrap(), "Zoë 👩‍💻 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿");
        for bad in [
            "a\nb",
            "a\u{202E}b",
            "a\u{200B}b",
            "a\u{200D}b",
            "a\u{1160}",
        ] {
            assert_eq!(
                display_name(bad).unwrap_err().code(),
                code::BAD_NAME,
                "{bad:?}"
            );
        }
        assert_eq!(display_name(" \u{200B}").unwrap_err().code(), code::EMPTY);
        assert!(display_name(&"이".repeat(MAX_NAME)).is_ok());
        assert_eq!(
            display_name(&"이".repeat(MAX_NAME + 1)).unwrap_err().code(),
            code::TOO_LONG
        );
        assert_eq!(
            display_name(&format!("a{}", "\u{301}".repeat(40))),
            Err(TextError::TooManyMarks {
                field: Field::DisplayName
            })
        );
        assert!(room_name(&"방".repeat(MAX_ROOM_NAME)).is_ok());
    }

    #[test]
    fn a_username_keeps_to_one_of_the_scripts_that_look_the_same() {
        for mixed in ["раypal", "pаypal", "αdmin", "adminα", "иvan", "ωд"] {
            let refused = username(mixed).unwrap_err();
            assert_eq!(refused, TextError::MixedScripts, "{mixed}");
            // Whoever has such a name already may come in by it.
            assert!(username_to_find(mixed).is_some());
        }
        for kept in ["иван_7", "Νίκος", "josé", "mina김", "ﾊﾅhana"] {
            let name = username(kept).unwrap();
            assert_eq!(username_to_find(kept), Some(name.folded));
        }
        assert_eq!(username_to_find("not a name"), None);
    }

    #[test]
    fn usernames_that_differ_only_in_case_or_width_are_the_same() {
        let name = username("  Ａlice.Kim ").unwrap();
        assert_eq!(name.shown, "Alice.Kim");
        assert_eq!(name.folded, "alice.kim");
        assert_eq!(username("김철수").unwrap().folded, "김철수");
        assert_eq!(
            username("김철수").unwrap(),
            username("\u{1100}\u{1175}\u{11B7}\u{110E}\u{1165}\u{11AF}\u{1109}\u{116E}").unwrap()
        );
        assert!(username("สวัสดี").is_ok());
        assert!(username("user_1-x").is_ok());
    }

    #[test]
    fn a_username_has_nothing_to_hide() {
        for bad in [
            "a b",
            "a\u{200D}b",
            "a&b",
            "a/b",
            "a@b",
            "김\u{3164}",
            "👍👍",
            "a\0b",
            "._-",
            "가",
            "aא",
            "a.\u{301}b",
        ] {
            assert_eq!(username(bad).unwrap_err().code(), code::BAD_NAME, "{bad:?}");
        }
        assert_eq!(username("").unwrap_err().code(), code::EMPTY);
        assert_eq!(
            username(&"a".repeat(33)).unwrap_err().code(),
            code::TOO_LONG
        );
    }

    /// All planes in which characters are assigned.
    fn characters() -> impl Iterator<Item = char> {
        ('\0'..='\u{33FFF}').chain('\u{E0000}'..='\u{E0FFF}')
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for letter in characters() {
            let once = fold(&letter.to_string());
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(letter));
        }
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("ＡＢＣ"), "abc");
    }

    #[test]
    fn a_reaction_is_exactly_one_emoji() {
        for good in ["👍", "👍🏽", "❤️", "🇰🇷", "1️⃣", "👩‍💻", "👩🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "😀"]
        {
            assert_eq!(emoji(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "a",
            "1",
            "👍👍",
            "👍a",
            " 👍",
            "한",
            "🇰",
            "\u{200D}",
            "\u{FE0F}",
            "a\u{FE0F}",
            "👍\u{200D}",
            "❤\u{E0041}",
            "👍\u{301}",
        ] {
            assert_eq!(emoji(bad).unwrap_err().code(), code::BAD_EMOJI, "{bad:?}");
        }
        assert!(emoji(&format!("👍{}", "\u{FE0F}".repeat(40))).is_err());
    }

    #[test]
    fn an_emoji_has_one_spelling() {
        assert_eq!(emoji("❤").unwrap(), emoji("❤️").unwrap());
        assert_eq!(emoji("1\u{20E3}").unwrap(), "1️⃣");
    }

    #[test]
    fn no_character_makes_the_rules_panic() {
        for letter in characters() {
            let text = letter.to_string();
            let _ = (
                emoji(&text),
                display_name(&text),
                username(&text),
                message(&text),
            );
        }
    }
}
