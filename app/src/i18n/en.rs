//! English: plain sentence case.

use protocol::wire::Language;

use super::*;

pub static ENGLISH: Texts = Texts {
    language: Language::English,
    brand: "Madang",
    tagline: "The courtyard where your people gather.",
    welcome: WelcomeTexts {
        heading: "A calm place to talk",
        lead: "Madang is a chat that lives on your own server. Write to one person or to many, and pick up on any device where you left off.",
        points: [
            (
                "Nothing gets lost",
                "What you send is kept, even when the train enters a tunnel.",
            ),
            (
                "Yours",
                "Your words stay on the server you chose, and go when you delete them.",
            ),
            (
                "At home in Korean and English",
                "Every syllable arrives as you typed it.",
            ),
        ],
        log_in: "Log in",
        register: "Create an account",
        picture: [
            "Tea in the courtyard at three?",
            "I’ll bring persimmons.",
            "See you there 🍵",
        ],
        picture_names: ["Haneul", "Bada"],
    },
    account: AccountTexts {
        log_in: "Log in",
        register: "Create an account",
        username: "Username",
        username_hint: "2 to 32 characters: letters in any language, digits, dots, hyphens and underscores.",
        display_name: "Display name",
        display_name_hint: "What others see, up to 40 characters. You can leave it empty.",
        password: "Password",
        password_hint: "At least 8 characters.",
        no_account: "New here?",
        have_account: "Already have an account?",
        already_in: "You are logged in.",
        go_to_chat: "Go to your chats",
    },
    settings: SettingsTexts {
        title: "Settings",
        look: "Language and look",
        language: "Language",
        theme: "Theme",
        theme_system: "System",
        theme_light: "Light",
        theme_dark: "Dark",
        enter: "Key to send",
        enter_sends: "Enter sends",
        control_enter_sends: "Ctrl + Enter sends",
        profile: "Profile",
        save: "Save",
        saved: "Saved",
        change_password: "Change password",
        current_password: "Current password",
        new_password: "New password",
        password_changed: "Your password is changed. Your other devices were logged out.",
        devices: "Devices",
        devices_lead: "Where you are logged in. End what you do not know.",
        this_device: "This device",
        unknown_device: "Unknown device",
        last_used: |when| format!("Last used {when}"),
        end_session: "Log out",
        end_session_of: |device| format!("Log out {device}"),
        log_out: "Log out",
        log_out_sure: "Log out now?",
        log_out_unsent: |n| {
            if n == 1 {
                "1 message was not sent. If you log out, it is lost.".to_owned()
            } else {
                format!("{n} messages were not sent. If you log out, they are lost.")
            }
        },
        delete_account: "Delete account",
        delete_lead: "Your account and everything you wrote go for good. This cannot be undone.",
        delete_confirm: "Enter your password to confirm.",
        delete_final: "Delete for good",
        needs_script: "This part needs JavaScript.",
    },
    side: SideTexts {
        title: "Chats",
        rooms: "Rooms",
        search: "Search people and rooms",
        results: "Search results",
        your_rooms: "Your rooms",
        people: "People",
        no_hits: "Nobody found. Try another spelling.",
        searching: "Searching…",
        new_group: "New group",
        settings: "Settings",
        no_rooms: "No conversations yet",
        no_rooms_lead: "Search for a person above, or make a group.",
        nothing_said: "Nothing said yet",
        you_said: |text| format!("You: {text}"),
        someone_said: |name, text| format!("{name}: {text}"),
        unread: |n| {
            if n == 1 {
                "1 unread message".to_owned()
            } else {
                format!("{n} unread messages")
            }
        },
        online: "Online",
        offline: "Offline",
        yourself: "Notes to yourself",
        first_room: "Begin your first conversation",
        first_room_lead: |username| format!("Others find you as @{username}."),
        choose_room: "Choose a conversation",
        choose_room_lead: "Your rooms are on the left. Search to start a new one.",
        group_name: "Group name",
        group_people: "Add people",
        group_people_hint: "Search by name",
        make_group: "Make group",
        remove_person: |name| format!("Remove {name}"),
        add_person: |name| format!("Add {name}"),
        cancel: "Cancel",
        close: "Close",
        back: "Back to rooms",
    },
    room: RoomTexts {
        skip: "Skip to the conversation",
        messages_in: |room| format!("Messages in {room}"),
        members: "Members",
        member_count: |n| {
            if n == 1 {
                "1 member".to_owned()
            } else {
                format!("{n} members")
            }
        },
        here_count: |n, more| format!("{}{n} here now", if more { "At least " } else { "" }),
        you: "you",
        add_people: "Add people",
        rename: "Rename",
        room_name: "Room name",
        leave: "Leave room",
        leave_sure: "Leave this room?",
        leave_lead: "You stop receiving its messages. A member can add you again.",
        remove: "Remove",
        remove_member: |name| format!("Remove {name} from the room"),
        remove_lead: "They can no longer read it. Any member can add them again.",
        empty: "Nothing here yet. Say hello.",
        begins: "This is where the conversation begins.",
        loading: "Loading messages…",
        load_older: "Load earlier messages",
        earlier: "Earlier messages",
        latest: "Latest messages",
        new_messages: "New messages",
        new_since: |n| {
            if n == 1 {
                "1 new message".to_owned()
            } else {
                format!("{n} new messages")
            }
        },
        jump_latest: "Jump to latest",
        jump_new: |n| {
            if n == 1 {
                "Jump to latest, 1 new message".to_owned()
            } else {
                format!("Jump to latest, {n} new messages")
            }
        },
        typing_one: |name| format!("{name} is typing…"),
        typing_two: |a, b| format!("{a} and {b} are typing…"),
        typing_many: "Several people are typing…",
        names: |names, others| match (others, names) {
            (0, [names @ .., last]) if !names.is_empty() => {
                format!("{} and {last}", names.join(", "))
            }
            (0, names) => names.join(", "),
            (1, names) => format!("{} and 1 other", names.join(", ")),
            (n, names) => format!("{} and {n} others", names.join(", ")),
        },
        joined: |names| format!("{names} joined"),
        brought_in: |by, names| format!("{by} added {names}"),
        left: |name| format!("{name} left"),
        removed: |by, name| format!("{by} removed {name}"),
        renamed: |by, name| format!("{by} named the room “{name}”"),
        not_found: "This room is not here",
        not_found_lead: "It was removed, or you are not a member of it.",
        failed: "The room could not be opened",
        try_again: "Try again",
        page_not_found: "There is nothing at this address",
        page_not_found_lead: "Check the link, or start again from your chats.",
        to_start: "Go to the start page",
    },
    message: MessageTexts {
        by_at: |name, time| format!("{name}, {time}"),
        said: |name, text| format!("{name}: {text}"),
        deleted: "This message was deleted",
        edited: "edited",
        actions: "Message actions",
        react: "React",
        reply: "Reply",
        edit: "Edit",
        delete: "Delete",
        delete_sure: "Delete this message?",
        delete_lead: "It disappears for everyone. This cannot be undone.",
        reply_to: |name| format!("Reply to {name}"),
        original_missing: "Show the original message",
        go_to_original: "Go to the original message",
        reaction: |emoji, n| {
            if n == 1 {
                format!("{emoji}, 1 person")
            } else {
                format!("{emoji}, {n} people")
            }
        },
        emoji_picker: "Choose a reaction",
        other_emoji: "Another emoji",
        add_emoji: "Add",
        sending: "Sending…",
        not_sent: "Not sent",
        change_failed: "The change was not saved",
        retry: "Try again",
        discard: "Discard",
        copy: "Copy",
        copied: "Copied",
        not_read_by: |n| format!("Not yet read by {n}"),
        read_by_all: "Read by everyone",
        show_more: "Show more",
        show_less: "Show less",
        edit_box: "Edit message",
        save_edit: "Save",
        edit_empty: "An empty message cannot be saved. Write something, or delete the message.",
        deleted_person: "Deleted account",
        someone: "Someone",
    },
    composer: ComposerTexts {
        label: "Message",
        placeholder: |room| format!("Write to {room}"),
        send: "Send",
        replying_to: |name| format!("Replying to {name}"),
        stop_replying: "Cancel reply",
        too_long: |have, most| {
            format!(
                "This is {have} characters long. A message can have {most}. Shorten it or send it in parts."
            )
        },
        too_large: |have, most| {
            format!(
                "This takes {have} kB. A message can take {most} kB. Shorten it or send it in parts."
            )
        },
        not_kept: "What you wrote is still in the box.",
        not_sent: "This was not sent. You can copy it from here:",
    },
    state: StateTexts {
        connecting: "Connecting…",
        catching_up: "Catching up…",
        offline: "You are offline. What you write is sent when you are back.",
        signed_out: "You are logged out. Your drafts are kept.",
        log_in_again: "Log in again",
        try_now: "Try now",
        waiting: |n| {
            if n == 1 {
                "1 message waiting to be sent".to_owned()
            } else {
                format!("{n} messages waiting to be sent")
            }
        },
        not_sent: |n| {
            if n == 1 {
                "1 message not sent".to_owned()
            } else {
                format!("{n} messages not sent")
            }
        },
        unsent: "Not sent yet",
        trouble: "The server has a problem right now",
        close_notice: "Close notice",
        notices: "Notices",
    },
    keys: KeyTexts {
        title: "Keyboard",
        rows: [
            ("Enter", "Send"),
            ("Shift + Enter", "New line"),
            ("↑", "Edit my last message (in an empty box)"),
            ("Alt + ↑ ↓", "Previous or next room"),
            ("↑ ↓", "Move between messages (in the conversation)"),
            ("R, E, Delete", "Reply, edit, delete the chosen message"),
            ("Esc", "Close; then mark as read, and back to the box"),
            ("?", "These keys"),
        ],
    },
};
