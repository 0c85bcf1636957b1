//! Times and days in words, from milliseconds and an offset: pure, so that server and browser
//! write the same.

use protocol::Timestamp;
use protocol::wire::Language;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub language: Language,
    /// Minutes east of UTC.
    pub offset: i32,
    pub now: Timestamp,
}

/// A day, counted from 1970-01-01 where the reader is.
pub type Day = i64;

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

pub fn day_of(at: Timestamp, offset: i32) -> Day {
    local(at, offset).div_euclid(DAY)
}

fn local(at: Timestamp, offset: i32) -> i64 {
    at.millis().saturating_add(i64::from(offset) * MINUTE)
}

impl Clock {
    /// `오후 3:07`, `3:07 PM`.
    pub fn time(&self, at: Timestamp) -> String {
        let minutes = local(at, self.offset).rem_euclid(DAY) / MINUTE;
        let (hour, minute) = (minutes / 60, minutes % 60);
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        match (self.language, hour < 12) {
            (Language::Korean, true) => format!("오전 {twelve}:{minute:02}"),
            (Language::Korean, false) => format!("오후 {twelve}:{minute:02}"),
            (Language::English, true) => format!("{twelve}:{minute:02} AM"),
            (Language::English, false) => format!("{twelve}:{minute:02} PM"),
        }
    }

    /// For a list: the time today, else the day.
    pub fn short(&self, at: Timestamp) -> String {
        let (day, today) = (day_of(at, self.offset), self.today());
        if day == today {
            return self.time(at);
        }
        if day == today - 1 {
            return self.yesterday().to_owned();
        }
        let (date, now) = (date_of(day), date_of(today));
        let same_year = date.year == now.year;
        match (self.language, same_year) {
            (Language::Korean, true) => format!("{}월 {}일", date.month, date.day),
            (Language::Korean, false) => format!("{}. {}. {}.", date.year, date.month, date.day),
            (Language::English, true) => format!("{} {}", month_name(date.month, 3), date.day),
            (Language::English, false) => {
                format!("{} {}, {}", month_name(date.month, 3), date.day, date.year)
            }
        }
    }

    /// For a separator: today, yesterday, or the whole date.
    pub fn day(&self, day: Day) -> String {
        let today = self.today();
        if day == today {
            return match self.language {
                Language::Korean => "오늘".to_owned(),
                Language::English => "Today".to_owned(),
            };
        }
        if day == today - 1 {
            return self.yesterday().to_owned();
        }
        let date = date_of(day);
        let weekday = weekday(day, self.language);
        let this_year = date.year == date_of(today).year;
        match (self.language, this_year) {
            (Language::Korean, true) => format!("{}월 {}일 {weekday}", date.month, date.day),
            (Language::Korean, false) => {
                format!("{}년 {}월 {}일 {weekday}", date.year, date.month, date.day)
            }
            (Language::English, true) => {
                format!("{weekday}, {} {}", month_name(date.month, 9), date.day)
            }
            (Language::English, false) => {
                format!(
                    "{weekday}, {} {}, {}",
                    month_name(date.month, 9),
                    date.day,
                    date.year
                )
            }
        }
    }

    fn today(&self) -> Day {
        day_of(self.now, self.offset)
    }

    fn yesterday(&self) -> &'static str {
        match self.language {
            Language::Korean => "어제",
            Language::English => "Yesterday",
        }
    }
}

/// The civil calendar from a count of days (Howard Hinnant's `civil_from_days`).
fn date_of(day: Day) -> Date {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
    }
}

fn month_name(month: i64, letters: usize) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name = usize::try_from(month - 1)
        .ok()
        .and_then(|at| NAMES.get(at))
        .copied()
        .unwrap_or("");
    name.get(..letters).unwrap_or(name)
}

fn weekday(day: Day, language: Language) -> &'static str {
    // 1970-01-01 was a Thursday.
    let at = (day + 4).rem_euclid(7);
    let names: [&'static str; 7] = match language {
        Language::Korean => [
            "일요일",
            "월요일",
            "화요일",
            "수요일",
            "목요일",
            "금요일",
            "토요일",
        ],
        Language::English => [
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
        ],
    };
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at))
        .copied()
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEOUL: i32 = 540;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn clock(language: Language) -> Clock {
        Clock {
            language,
            offset: SEOUL,
            now: at("2026-11-21T03:00:00Z"),
        }
    }

    #[test]
    fn noon_and_midnight_are_twelve() {
        let korean = clock(Language::Korean);
        assert_eq!(korean.time(at("2026-11-21T03:05:00Z")), "오후 12:05");
        assert_eq!(korean.time(at("2026-11-20T15:00:00Z")), "오전 12:00");
        let english = clock(Language::English);
        assert_eq!(english.time(at("2026-11-21T06:07:00Z")), "3:07 PM");
        assert_eq!(english.time(at("2026-11-20T22:30:00Z")), "7:30 AM");
    }

    #[test]
    fn a_list_shows_the_time_today_and_the_day_before_that() {
        let korean = clock(Language::Korean);
        assert_eq!(korean.short(at("2026-11-21T01:00:00Z")), "오전 10:00");
        assert_eq!(korean.short(at("2026-11-20T14:59:00Z")), "어제");
        assert_eq!(korean.short(at("2026-03-01T00:00:00Z")), "3월 1일");
        assert_eq!(korean.short(at("2025-12-31T00:00:00Z")), "2025. 12. 31.");
        let english = clock(Language::English);
        assert_eq!(english.short(at("2026-03-01T00:00:00Z")), "Mar 1");
        assert_eq!(english.short(at("2024-02-29T00:00:00Z")), "Feb 29, 2024");
    }

    #[test]
    fn a_separator_names_the_day() {
        let korean = clock(Language::Korean);
        let of = |text| day_of(at(text), SEOUL);
        assert_eq!(korean.day(of("2026-11-21T01:00:00Z")), "오늘");
        assert_eq!(korean.day(of("2026-11-20T01:00:00Z")), "어제");
        assert_eq!(korean.day(of("2026-11-02T01:00:00Z")), "11월 2일 월요일");
        assert_eq!(
            korean.day(of("2024-02-29T01:00:00Z")),
            "2024년 2월 29일 목요일"
        );
        let english = clock(Language::English);
        assert_eq!(
            english.day(of("2026-11-02T01:00:00Z")),
            "Monday, November 2"
        );
        assert_eq!(
            english.day(of("1999-12-31T01:00:00Z")),
            "Friday, December 31, 1999"
        );
    }
}
