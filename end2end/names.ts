/**
 * The accessible names that the tests go by, in both languages; they are the product's own words
 * (app/src/i18n), and stand nowhere else in the tests.
 */
export interface Names {
  locale: string;
  logIn: string;
  register: string;
  username: string;
  displayName: string;
  password: string;
  rooms: string;
  search: string;
  newGroup: string;
  groupName: string;
  groupPeople: string;
  makeGroup: string;
  addPerson: (name: string) => string;
  settings: string;
  language: string;
  theme: string;
  themeDark: string;
  themeLight: string;
  enterKey: string;
  enterSends: string;
  controlEnterSends: string;
  logOut: string;
  back: string;
  unread: (count: number) => string;
  online: string;
  you: string;
  messagesIn: (room: string) => string;
  foundAs: (username: string) => string;
  emptyRoom: string;
  newMessages: string;
  newCount: RegExp;
  jumpToLatest: RegExp;
  members: string;
  removeMember: (name: string) => string;
  remove: string;
  broughtIn: (by: string, name: string) => string;
  removed: (by: string, name: string) => string;
  roomFailed: string;
  tryAgain: string;
  typing: (name: string) => string;
  notFound: string;
  composer: string;
  send: string;
  replyingTo: (name: string) => string;
  actions: string;
  react: string;
  reply: string;
  edit: string;
  delete: string;
  emojiPicker: string;
  reaction: (emoji: string, count: number) => string;
  editBox: string;
  showOriginal: string;
  saveEdit: string;
  edited: string;
  deleted: string;
  sending: string;
  notReadBy: (count: number) => string;
  readByAll: string;
  waiting: (count: number) => string;
  unsent: (count: number) => string;
  notSent: string;
  changeFailed: string;
  copy: string;
  discard: string;
  cancel: string;
  offline: RegExp;
  connecting: string;
  catchingUp: string;
  signedOut: RegExp;
  today: string;
  timeOfDay: RegExp;
}

export const english: Names = {
  locale: "en-GB",
  logIn: "Log in",
  register: "Create an account",
  username: "Username",
  displayName: "Display name",
  password: "Password",
  rooms: "Your rooms",
  search: "Search people and rooms",
  newGroup: "New group",
  groupName: "Group name",
  groupPeople: "Add people",
  makeGroup: "Make group",
  addPerson: (name) => `Add ${name}`,
  settings: "Settings",
  language: "Language",
  theme: "Theme",
  themeDark: "Dark",
  themeLight: "Light",
  enterKey: "Key to send",
  enterSends: "Enter sends",
  controlEnterSends: "Ctrl + Enter sends",
  logOut: "Log out",
  back: "Back to rooms",
  unread: (count) => (count === 1 ? "1 unread message" : `${count} unread messages`),
  online: "Online",
  you: "You",
  messagesIn: (room) => `Messages in ${room}`,
  foundAs: (username) => `Others find you as @${username}.`,
  emptyRoom: "Nothing here yet. Say hello.",
  newMessages: "New messages",
  newCount: /^\d+ new messages?$/,
  jumpToLatest: /^Jump to latest/,
  members: "Members",
  removeMember: (name) => `Remove ${name} from the room`,
  remove: "Remove",
  broughtIn: (by, name) => `${by} added ${name}`,
  removed: (by, name) => `${by} removed ${name}`,
  roomFailed: "The room could not be opened",
  tryAgain: "Try again",
  typing: (name) => `${name} is typing…`,
  notFound: "This room is not here",
  composer: "Message",
  send: "Send",
  replyingTo: (name) => `Replying to ${name}`,
  actions: "Message actions",
  react: "React",
  reply: "Reply",
  edit: "Edit",
  delete: "Delete",
  emojiPicker: "Choose a reaction",
  reaction: (emoji, count) => (count === 1 ? `${emoji}, 1 person` : `${emoji}, ${count} people`),
  editBox: "Edit message",
  showOriginal: "Show the original message",
  saveEdit: "Save",
  edited: "edited",
  deleted: "This message was deleted",
  sending: "Sending…",
  notReadBy: (count) => `Not yet read by ${count}`,
  readByAll: "Read by everyone",
  waiting: (count) => (count === 1 ? "1 message waiting to be sent" : `${count} messages waiting to be sent`),
  unsent: (count) => (count === 1 ? "1 message not sent" : `${count} messages not sent`),
  notSent: "Not sent",
  changeFailed: "The change was not saved",
  copy: "Copy",
  discard: "Discard",
  cancel: "Cancel",
  offline: /^You are offline/,
  connecting: "Connecting…",
  catchingUp: "Catching up…",
  signedOut: /^You are logged out/,
  today: "Today",
  timeOfDay: /\d{1,2}:\d\d (AM|PM)/,
};

export const korean: Names = {
  locale: "ko-KR",
  logIn: "로그인",
  register: "가입하기",
  username: "아이디",
  displayName: "이름",
  password: "비밀번호",
  rooms: "내 대화방",
  search: "사람과 대화방 찾기",
  newGroup: "새 그룹",
  groupName: "그룹 이름",
  groupPeople: "함께할 사람",
  makeGroup: "그룹 만들기",
  addPerson: (name) => `${name} 추가`,
  settings: "설정",
  language: "언어",
  theme: "테마",
  themeDark: "어둡게",
  themeLight: "밝게",
  enterKey: "보내는 키",
  enterSends: "Enter로 보내기",
  controlEnterSends: "Ctrl + Enter로 보내기",
  logOut: "로그아웃",
  back: "대화방 목록으로",
  unread: (count) => `읽지 않은 메시지 ${count}개`,
  online: "온라인",
  you: "나",
  messagesIn: (room) => `${room} 메시지`,
  foundAs: (username) => `다른 사람은 이 이름으로 나를 찾아요: @${username}`,
  emptyRoom: "아직 아무 말도 없어요. 먼저 인사해 보세요.",
  newMessages: "새 메시지",
  newCount: /^새 메시지 \d+개$/,
  jumpToLatest: /^최신 메시지로/,
  members: "멤버",
  removeMember: (name) => `${name} 내보내기`,
  remove: "내보내기",
  broughtIn: (by, name) => `${by} 님이 ${name} 님을 초대했어요`,
  removed: (by, name) => `${by} 님이 ${name} 님을 내보냈어요`,
  roomFailed: "대화방을 열지 못했어요",
  tryAgain: "다시 시도",
  typing: (name) => `${name} 님이 입력하고 있어요…`,
  notFound: "이 대화방은 여기 없어요",
  composer: "메시지",
  send: "보내기",
  replyingTo: (name) => `${name} 님에게 답장하는 중`,
  actions: "메시지 작업",
  react: "공감",
  reply: "답장",
  edit: "수정",
  delete: "삭제",
  emojiPicker: "공감 고르기",
  reaction: (emoji, count) => `${emoji}, ${count}명`,
  editBox: "메시지 수정",
  showOriginal: "원래 메시지 보기",
  saveEdit: "저장",
  edited: "수정됨",
  deleted: "삭제된 메시지예요",
  sending: "보내는 중…",
  notReadBy: (count) => `${count}명이 아직 읽지 않음`,
  readByAll: "모두 읽음",
  waiting: (count) => `보낼 메시지 ${count}개`,
  unsent: (count) => `보내지 못한 메시지 ${count}개`,
  notSent: "보내지 못했어요",
  changeFailed: "바꾼 내용을 저장하지 못했어요",
  copy: "복사",
  discard: "버리기",
  cancel: "취소",
  offline: /^오프라인이에요/,
  connecting: "연결하는 중…",
  catchingUp: "놓친 메시지를 가져오는 중…",
  signedOut: /^로그아웃됐어요/,
  today: "오늘",
  timeOfDay: /(오전|오후) \d{1,2}:\d\d/,
};
