//! Everything the program can say no to: one line per stable code, with the words people read.
//!
//! Domain code returns a [`Refusal`]; only `http/` knows which status a [`Kind`] becomes.

use serde::Serialize;

/// What sort of no it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Timeout,
    Conflict,
    Gone,
    Stale,
    TooLarge,
    AddressTooLong,
    UnsupportedType,
    Invalid,
    PreconditionRequired,
    TooMany,
    HeadersTooLarge,
    Internal,
    Busy,
    StorageFull,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $kind:ident, $zh:literal, $en:literal;)*) => {
        /// A stable code: clients translate and decide by it; it never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            pub fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }

            /// The title in Chinese and in English.
            pub fn titles(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

macro_rules! codes_of_fields {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)*) => {
        /// What is wrong with one field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FieldCode { $($name,)* }

        impl FieldCode {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What to tell people in Chinese and in English.
            pub fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

codes! {
    MalformedJson = "malformed_json", Malformed, "请求内容不是有效的 JSON", "The request body is not valid JSON";
    MalformedRequest = "malformed_request", Malformed, "请求格式有误", "The request is malformed";
    InvalidQuery = "invalid_query", Malformed, "查询参数有误", "A query parameter is not valid";
    InvalidCursor = "invalid_cursor", Malformed, "翻页标记无效，请从第一页重新开始", "The page cursor is not valid; start again from the first page";
    Unauthenticated = "unauthenticated", Unauthenticated, "请先登录", "Log in first";
    BadCredentials = "bad_credentials", Unauthenticated, "用户名或密码不正确", "User name or password is wrong";
    RefreshRefused = "refresh_refused", Unauthenticated, "登录已失效，请重新登录", "The session has ended; log in again";
    SecondFactorNeeded = "second_factor_needed", Unauthenticated, "请输入动态验证码", "A one-time code is needed";
    SecondFactorWrong = "second_factor_wrong", Unauthenticated, "动态验证码不正确或已使用", "The one-time code is wrong or was used";
    PasswordTokenRefused = "password_token_refused", Unauthenticated, "设置密码的链接无效、已使用或已过期", "The link for setting a password is wrong, used or expired";
    SetupTokenRefused = "setup_token_refused", Unauthenticated, "初始化口令无效或已使用", "The set-up token is wrong, used or expired";
    Forbidden = "forbidden", Forbidden, "您的角色无权进行此操作", "Your role may not do this";
    PasswordExpired = "password_expired", Forbidden, "请先修改密码", "Change your password first";
    SecondFactorMissing = "second_factor_missing", Forbidden, "请先启用动态验证码", "Set up a second factor first";
    ProofNeeded = "proof_needed", Forbidden, "请再次输入动态验证码", "Show your second factor again";
    StepNotYours = "step_not_yours", Forbidden, "您的角色不能办理这一步", "This step is not yours to take";
    NotFound = "not_found", NotFound, "未找到，或不在您的管辖范围内", "Not found, or outside your area";
    MethodNotAllowed = "method_not_allowed", MethodNotAllowed, "该地址不支持此请求方法", "This address does not take that method";
    RequestTimeout = "request_timeout", Timeout, "请求超时", "The request took too long";
    IdTaken = "id_taken", Conflict, "该编号已用于其他内容", "This id already stands for other content";
    CodeTaken = "code_taken", Conflict, "该代码已被使用", "This code is already in use";
    UsernameTaken = "username_taken", Conflict, "该用户名已被使用", "This user name is already in use";
    StepNotAllowed = "step_not_allowed", Conflict, "当前状态不能办理这一步", "The current state does not allow this step";
    SamePerson = "same_person", Conflict, "须由另一人办理", "Another person must do this";
    EvidenceMissing = "evidence_missing", Conflict, "证据照片尚未齐全", "Evidence photos are still missing";
    MeasureMissing = "measure_missing", Conflict, "尚未填写整改措施", "No rectification measure has been stated";
    FivePartsMissing = "five_parts_missing", Conflict, "重大隐患须落实措施、资金、责任人、期限和预案", "A major hazard needs measures, funds, a responsible person, a deadline and a contingency plan";
    AcceptanceByLister = "acceptance_by_lister", Forbidden, "须由挂牌督办单位验收", "The listing body must accept this";
    ExtensionPending = "extension_pending", Conflict, "已有一份延期申请待审批", "An extension request is already waiting";
    ExtensionLate = "extension_late", Conflict, "已到整改期限，不能再申请延期", "The deadline has passed; an extension can no longer be asked for";
    NothingPending = "nothing_pending", Conflict, "没有待审批的申请", "Nothing is waiting for a decision";
    ReopenLate = "reopen_late", Conflict, "已超过可重新立项的期限", "It was closed too long ago to reopen";
    InstitutionNotOperating = "institution_not_operating", Conflict, "该机构已注销，不能再登记新内容", "The institution is closed; nothing new can be registered for it";
    CommandOverlap = "command_overlap", Conflict, "该时段已有现场指挥官排班，请先注明替换哪些", "Somebody commands in that time already; say which assignments this replaces";
    ResidentLeft = "resident_left", Conflict, "该老人已离院，记录不再保留个人信息", "This resident has left; the row holds nothing personal any more";
    NobodyToVisit = "nobody_to_visit", Conflict, "没有待检查的机构", "There is no institution left to visit";
    TooFewInspectors = "too_few_inspectors", Conflict, "除去须回避的，检查员人数不足", "Not enough inspectors are left who need not avoid this institution";
    EvidenceStored = "evidence_stored", Conflict, "该证据已存有其他内容，不能替换", "This evidence already holds other bytes and cannot be replaced";
    EvidenceNotStored = "evidence_not_stored", NotFound, "照片尚未上传", "The photo has not been uploaded yet";
    FileExpired = "file_expired", Gone, "文件已过期，请重新导出", "The file is no longer kept; export it again";
    FileNotReady = "file_not_ready", Conflict, "文件尚未生成", "The file is not ready yet";
    NoPreview = "no_preview", NotFound, "该文件无法生成预览，原件已保存", "No preview can be made; the original is kept";
    AreaInUse = "area_in_use", Conflict, "该区划下仍有下级区划、机构或用户", "The area still holds areas, institutions or users";
    AreaCycle = "area_cycle", Conflict, "不能移到自己或下级区划之下", "An area cannot move below itself";
    AreaTooDeep = "area_too_deep", Conflict, "区划层级最多六级", "Areas have at most six levels";
    LastAdmin = "last_admin", Conflict, "至少须保留一名可登录的管理员", "At least one administrator must be able to log in";
    SecondFactorSet = "second_factor_set", Conflict, "已启用动态验证码", "A second factor is already set up";
    SecondFactorAbsent = "second_factor_absent", Conflict, "尚未启用动态验证码", "No second factor is set up";
    SecondFactorOff = "second_factor_off", Conflict, "系统未开放动态验证码", "Second factors are switched off here";
    NoRuleInForce = "no_rule_in_force", Conflict, "当日没有适用的规则文件", "No rule document was in force there on that day";
    HolidaysUnknown = "holidays_unknown", Conflict, "该年度的节假日安排尚未录入，无法按工作日计算期限", "The holidays of that year are not known, so working days cannot be counted";
    PlanPartsMissing = "plan_parts_missing", Conflict, "预案缺少必备内容", "The plan lacks parts that are required";
    RuleInUse = "rule_in_use", Conflict, "该规则文件仍在采用，不能停用", "The rule document is still adopted";
    RuleRetired = "rule_retired", Conflict, "该规则文件已停用，不能采用", "The rule document was retired and cannot be adopted";
    SetupDone = "setup_done", Conflict, "系统已初始化", "The system is already set up";
    Stale = "stale", Stale, "内容已被他人更新，请刷新后重试", "Someone changed this meanwhile; reload and try again";
    PayloadTooLarge = "payload_too_large", TooLarge, "内容过大", "The content is too large";
    AddressTooLong = "address_too_long", AddressTooLong, "请求地址过长", "The address is too long";
    HeadersTooLarge = "headers_too_large", HeadersTooLarge, "请求头过大", "The headers are too large";
    PictureTooLarge = "picture_too_large", TooLarge, "图片尺寸超出限制", "The picture exceeds the size limits";
    UnsupportedMediaType = "unsupported_media_type", UnsupportedType, "不支持的内容类型", "This content type is not supported";
    UnsupportedPicture = "unsupported_picture", UnsupportedType, "文件不是支持的图片（JPEG、PNG、WebP、HEIC）", "The file is not a supported picture (JPEG, PNG, WebP, HEIC)";
    Invalid = "invalid", Invalid, "填写内容有误", "Some fields are not valid";
    DamagedPicture = "damaged_picture", Invalid, "图片已损坏或与声明不符", "The picture is damaged or not what it was declared to be";
    UnreadableFile = "unreadable_file", Invalid, "文件无法读取或不是所需的表格", "The file cannot be read, or holds no such table";
    DigestMismatch = "digest_mismatch", Invalid, "内容与声明的摘要不符，请重新上传", "The content does not match its declared digest; upload it again";
    WeakPassword = "weak_password", Invalid, "密码过短或过于常见", "The password is too short or too common";
    PreconditionRequired = "precondition_required", PreconditionRequired, "请附上所修改的版本（If-Match）", "Say which version you are changing (If-Match)";
    LoginThrottled = "login_throttled", TooMany, "尝试次数过多，请稍后再试；仍无法登录时请联系管理员", "Too many attempts; try again later, or ask an administrator";
    TooManyRequests = "too_many_requests", TooMany, "请求过于频繁，请稍后再试", "Too many requests; try again later";
    Internal = "internal", Internal, "服务器出错，请稍后再试", "Something went wrong on the server";
    Busy = "busy", Busy, "系统繁忙，请稍后再试", "The server is busy; try again shortly";
    Unavailable = "unavailable", Busy, "系统暂时不可用，请稍后再试", "The server is unavailable for the moment; try again";
    StorageFull = "storage_full", StorageFull, "存储空间不足，未保存", "Storage is full; nothing was saved";
}

codes_of_fields! {
    Required = "required", "必填", "is required";
    TooShort = "too_short", "内容过短", "is too short";
    TooLong = "too_long", "内容过长", "is too long";
    BadFormat = "bad_format", "格式不正确", "is not in the right form";
    OutOfRange = "out_of_range", "超出允许范围", "is out of range";
    UnknownValue = "unknown_value", "不是允许的取值", "is not one of the allowed values";
    UnknownField = "unknown_field", "不认识的字段", "is not a known field";
    UnknownReference = "unknown_reference", "所指对象不存在", "refers to something that does not exist";
    Control = "control_character", "含有不允许的字符", "contains a character that is not allowed";
    Duplicate = "duplicate", "重复", "appears twice";
    CheckCharacter = "check_character", "校验码不正确", "has a wrong check character";
    InFuture = "in_future", "不能晚于现在", "must not be in the future";
    TooEarly = "too_early", "日期过早", "is too early";
    TooLate = "too_late", "日期过晚", "is too late";
    Ambiguous = "ambiguous", "有多种读法，请写明", "can be read in more than one way";
    Mismatch = "mismatch", "与其他内容不一致", "does not agree with the rest";
    NotAllowedHere = "not_allowed_here", "此处不能填写", "cannot be given here";
    TooMany = "too_many", "数量过多", "has too many entries";
    IdNumber = "id_number", "不要填写身份证号", "must not hold an identity number";
    TooSimple = "too_simple", "须包含大写字母、小写字母、数字、其他字符中的至少三种", "needs three of: capital letters, small letters, digits, other characters";
    TooCommon = "too_common", "过于常见", "is too common";
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body, or the name of the parameter.
    pub pointer: String,
    pub code: FieldCode,
    /// Where in the text that the pointer names, for texts of many lines.
    pub spot: Option<Spot>,
}

/// A place in a text, and what is wrong there in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Counted from 1.
    pub line: usize,
    pub path: String,
    pub reason: String,
}

/// A no, with all a client needs to act on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: Code,
    pub detail: Option<String>,
    pub fields: Vec<FieldError>,
    /// The state that stands in the way, for the client to show.
    pub current: Option<serde_json::Value>,
    /// After how many seconds it may be worth asking again, where that is known.
    pub retry_after: Option<i64>,
}

impl Refusal {
    pub fn new(code: Code) -> Self {
        Self { code, detail: None, fields: Vec::new(), current: None, retry_after: None }
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn field(mut self, pointer: impl Into<String>, code: FieldCode) -> Self {
        self.fields.push(FieldError { pointer: pointer.into(), code, spot: None });
        self
    }

    /// The same for a place in a text.
    pub fn field_at(mut self, pointer: impl Into<String>, code: FieldCode, spot: Spot) -> Self {
        self.fields.push(FieldError { pointer: pointer.into(), code, spot: Some(spot) });
        self
    }

    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn current(mut self, state: impl Serialize) -> Self {
        self.current = serde_json::to_value(state).ok();
        self
    }

    /// The one field that is wrong.
    pub fn invalid(pointer: impl Into<String>, code: FieldCode) -> Self {
        Self::new(Code::Invalid).field(pointer, code)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// Why something did not happen: a no that the caller can act on, or a fault of ours or of the machine.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("refused: {}", .0.code.as_str())]
    Refused(Refusal),
    #[error("database: {0}")]
    Database(diesel::result::Error),
    #[error("two changes collided")]
    Collision,
    #[error("evidence store: {0}")]
    Store(String),
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("the storage is full")]
    StorageFull,
    #[error("too much work is waiting")]
    Busy,
    #[error("{0}")]
    Internal(&'static str),
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// Whether the same work may succeed if it simply starts again.
    pub fn is_collision(&self) -> bool {
        use diesel::result::DatabaseErrorKind as Kind;
        use diesel::result::Error;
        match self {
            Self::Collision => true,
            Self::Database(Error::DatabaseError(Kind::UniqueViolation | Kind::SerializationFailure, _)) => {
                true
            }
            Self::Database(Error::DatabaseError(_, info)) => {
                info.message().contains("deadlock detected") || info.message().contains("lock timeout")
            }
            _ => false,
        }
    }

    /// Whether the disk did not do what it was told, or gave back what was never written to it.
    pub(crate) fn is_disk_fault(&self) -> bool {
        matches!(self, Self::Unavailable(text) if is_disk_fault(text))
    }

    pub(crate) fn disk_fault() -> Self {
        Self::Unavailable(DISK_FAULTS[0].into())
    }

    /// The same failure again, for everyone whose change went down with one commit.
    pub(crate) fn restated(&self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::StorageFull => Self::StorageFull,
            Self::Collision => Self::Collision,
            Self::Busy => Self::Busy,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::NotFound => Code::NotFound.into(),
            Error::DatabaseError(_, ref info) if is_full(info.message()) => Self::StorageFull,
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unavailable(error.to_string())
            }
            Error::DatabaseError(_, ref info)
                if is_disk_fault(info.message()) || is_out_of_reach(info.message()) =>
            {
                Self::Unavailable(error.to_string())
            }
            Error::BrokenTransactionManager => Self::Unavailable("the connection is broken".into()),
            other => Self::Database(other),
        }
    }
}

fn is_full(message: &str) -> bool {
    message.contains("database or disk is full") || message.contains("No space left on device")
}

/// SQLite's words for a disk that fails, and for one that lied.
const DISK_FAULTS: [&str; 3] =
    ["disk I/O error", "database disk image is malformed", "file is not a database"];

fn is_disk_fault(message: &str) -> bool {
    DISK_FAULTS.iter().any(|fault| message.contains(fault))
}

/// SQLite's words for what passes: another process holds the lock for longer than anybody should wait, or a file
/// cannot be opened or written now.
const OUT_OF_REACH: [&str; 4] = [
    "database is locked",
    "database table is locked",
    "unable to open database file",
    "attempt to write a readonly database",
];

fn is_out_of_reach(message: &str) -> bool {
    OUT_OF_REACH.iter().any(|words| message.contains(words))
}
